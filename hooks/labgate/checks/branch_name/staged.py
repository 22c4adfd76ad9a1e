"""Whether the branch of a commit in progress needs a full check. On the commit hook's path."""

from __future__ import annotations

from labgate.checks.branch_name.check import Facts, check, forbids_commits
from labgate.values.refnames import HEADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.proposed_commit import ProposedCommit


def suspects(commit: ProposedCommit) -> bool:
    """Return whether the name may be wrong, by itself or beside another one that differs in case, or the branch."""
    ref = commit.branch
    if ref is None or not ref.startswith(HEADS):
        return False
    if commit.is_plain and forbids_commits(ref, commit.policy):
        return True
    if ref != ref.lower():
        # Only now a process reads the other names, as one of them may differ in case.
        from labgate.checks.branch_name.facts import collides

        if collides(commit.place, ref):
            return True
    return next(check(Facts(ref, created=True), commit.policy), None) is not None

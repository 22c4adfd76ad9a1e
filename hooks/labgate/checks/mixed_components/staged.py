"""Whether a commit in progress may mix components. On the commit hook's path."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.proposed_commit import ProposedCommit


def suspects(commit: ProposedCommit) -> bool:
    """Return whether several files are staged where components must not be mixed."""
    if not applies(commit):
        return False
    staged = commit.staged
    return staged is None or len(staged.records) > 2


def applies(commit: ProposedCommit) -> bool:
    """Return whether the policy has components, and the branch is not one of research."""
    table = commit.policy.table
    if not table["mixed-components"]["components"]:
        return False
    return commit.kind not in table["research-gate"]["sources"]

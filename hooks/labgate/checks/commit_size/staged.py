"""Whether the size of a commit in progress needs a full check. On the commit hook's path."""

from __future__ import annotations

from labgate.checks.commit_size.check import Facts, check
from labgate.checks.commit_size.section import CommitSize
from labgate.git.raw import weigh
from labgate.values.batch import Batch
from labgate.values.refnames import short_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.commit_size.section import Limits
    from labgate.scene.proposed_commit import ProposedCommit


def suspects(commit: ProposedCommit) -> bool:
    """Return whether the commit may be too large, or cannot be measured."""
    if not limits(commit):
        return False
    facts = weighed(commit)
    if facts is None or next(check(facts, commit.policy), None) is not None:
        return True
    protected = commit.policy.section(CommitSize).limits.get("protected")
    if protected is None or (protected.series_lines is None and protected.series_commits is None):
        return False
    from labgate.checks.commit_size.budget import may_be_near

    return may_be_near(commit, facts)


def limits(commit: ProposedCommit) -> tuple[Limits, ...]:
    """Return the limits that apply or only warn: of the branch's own kind, and of protected branches."""
    by_kind = commit.policy.section(CommitSize).limits
    return tuple(by_kind[kind] for kind in (commit.kind, _preview(commit)) if kind in by_kind)


def weighed(commit: ProposedCommit) -> Facts | None:
    """Return the staged change without the trunk's exemptions; ``None`` if git cannot say what a merge adds.

    Bytes are only read if one of the limits is in bytes.
    """
    staged = commit.staged
    if staged is None:
        return None
    sizes = any(limit.bytes is not None or limit.file_bytes is not None for limit in limits(commit))
    files = weigh(commit.place.git(), {"": staged.records}, sizes=sizes)[""]
    return Facts(
        (Batch(None, "", files, parents=staged.parents),),
        commit.kind,
        _preview(commit),
        source=None if commit.branch is None else short_ref(commit.branch),
        staged=True,
        temporary_index=commit.place.temporary_index,
    )


def _preview(commit: ProposedCommit) -> str | None:
    """Return the kind whose limits only warn. Research moves fast: it is measured on its way to a protected branch."""
    # The typed section is too much for the commit hook's path.
    sources = commit.policy.table["research-gate"]["sources"]
    return None if commit.kind in ("protected", *sources) else "protected"

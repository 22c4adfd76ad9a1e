"""The size of a commit in progress by what counts in it, for one that is not small with all of its files."""

from __future__ import annotations

from labgate.checks.commit_size.budget import may_be_near
from labgate.checks.commit_size.check import Facts, fits, series_size
from labgate.git.raw import weigh
from labgate.scene.proposed_commit import ProposedCommit
from labgate.values.batch import Batch
from labgate.values.refnames import short_ref


def exceeds(commit: ProposedCommit, preview_kind: str | None, *, sizes: bool) -> bool:
    """Return whether the commit may be too large, cannot be measured, or may use half of its series' limits.

    The arguments are those of ``weighed``.
    """
    facts = weighed(commit, preview_kind, sizes=sizes)
    if facts is None or not fits(facts, commit.policy):
        return True
    return may_be_near(commit, *series_size(facts, commit.policy))


def weighed(commit: ProposedCommit, preview_kind: str | None, *, sizes: bool) -> Facts | None:
    """Return the staged change without the trunk's exemptions; ``None`` if git cannot say what a merge adds.

    ``preview_kind`` is the kind whose limits only warn. Without ``sizes`` every file has 0 bytes.
    """
    staged = commit.staged
    if staged is None:
        return None
    files = weigh(commit.place.git(), {"": staged.records}, sizes=sizes)[""]
    return Facts(
        (Batch(None, "", files, parents=staged.parents),),
        commit.kind,
        preview_kind,
        source=None if commit.branch is None else short_ref(commit.branch),
        staged=True,
        temporary_index=commit.place.temporary_index,
    )

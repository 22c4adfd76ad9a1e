"""Whether a review of one commit holds for the judged change: it has the same commit, or the same content.

A review holds exactly (the commit is the reviewed one), by its delta (the change is the same, byte for byte, on any tip
of the target), or by replay (git merges the reviewed commit to the judged tree, without conflicts). A range is compared
as a whole, so it may land as a merge, squashed or rebased.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from labgate.git import commits as git_commits
from labgate.git.commits import Merge, has_commit, merge, merge_bases, tree_of
from labgate.git.repository import Repository
from labgate.reviews.approvals import (
    CONFLICT,
    LANDED_OTHERWISE,
    NEEDS_GIT,
    NOT_HERE,
    OTHER_CONTENT,
    STALE_COMMITS,
    UNBOUND,
    UNRELATED,
)
from labgate.reviews.delta import EMPTY, delta_id
from labgate.values.errors import UndecidedError
from labgate.values.phrases import quote
from labgate.values.refnames import is_oid
from labgate.values.value import Value

_PROBLEMS = {git_commits.CONFLICT: CONFLICT, git_commits.UNRELATED: UNRELATED, git_commits.TOO_OLD: NEEDS_GIT}


class TargetMove(Value):
    """How a target moves, in full commit oids.

    ``old`` is its tip before, ``None`` if it is created. ``new`` is the head of an open change, which the code host has
    not merged yet, or, if ``landed``, the new tip of the target: its tree is the result.
    """

    old: str | None
    new: str
    landed: bool = False


class Carried(Value):
    """For each reviewed commit why its review does not hold, ``None`` if it does.

    ``unfetched`` has an error, with the command that fixes it, for each commit that is not here; its flaw is
    ``NOT_HERE``. If that decides, raise the first of them.
    """

    flaws: Mapping[str, str | None]
    unfetched: tuple[UndecidedError, ...]

    @property
    def here(self) -> tuple[str, ...]:
        """The reviewed commits that are in this clone."""
        return tuple(commit for commit, flaw in self.flaws.items() if flaw not in (NOT_HERE, UNBOUND))


def carried_all(
    repository: Repository, reviewed: Iterable[str], move: TargetMove, remote: str | None = None
) -> Carried:
    """Compare several reviewed commits with one move; missing ones can be fetched from ``remote``."""
    comparison = _Comparison(repository, move)
    commits = tuple(dict.fromkeys(reviewed))
    errors = {commit: error for commit in commits if (error := comparison.unfetched(commit, remote)) is not None}
    flaws = {commit: NOT_HERE if commit in errors else comparison.flaw(commit) for commit in commits}
    return Carried(flaws, tuple(errors.values()))


def bound_flaw(repository: Repository, delta: str, reviewed: str, move: TargetMove) -> str | None:
    """Return why a review of a delta, read at one commit, does not hold for a move; ``None`` if it does.

    An equal delta is enough; if it is not equal, the commit must be here for the comparison.
    """
    comparison = _Comparison(repository, move)
    if reviewed == move.new or comparison.is_delta(delta):
        return None
    if not has_commit(repository, reviewed):
        return LANDED_OTHERWISE if move.landed else OTHER_CONTENT
    flaw = comparison.carried(reviewed)
    return OTHER_CONTENT if flaw == STALE_COMMITS else flaw


class _Comparison:
    """One move; values that do not depend on the reviewed commit are computed once."""

    def __init__(self, repository: Repository, move: TargetMove) -> None:
        self.repository = repository
        self.move = move

    def unfetched(self, reviewed: str, remote: str | None) -> UndecidedError | None:
        """Return the error for a commit that is not here, ``None`` if it is."""
        if not is_oid(reviewed) or reviewed == self.move.new or has_commit(self.repository, reviewed):
            return None
        source = quote(remote or self.repository.usual_remote or "origin")
        return UndecidedError(f"the approved commit {reviewed} is not in this clone", f"git fetch {source} {reviewed}")

    def is_delta(self, delta: str) -> bool:
        """Return whether the move has this delta-id; no move has the one of an empty change."""
        old, new = self.move.old, self.move.new
        if old is None or delta == EMPTY:
            return False
        return delta == (delta_id(self.repository, old, new) if self.move.landed else self._delta(old, new))

    def carried(self, reviewed: str) -> str | None:
        """Return why the move does not have the reviewed content, apart from conflicts with the target."""
        if self.move.old is None or self.move.landed:
            return self.flaw(reviewed)
        return self._replayed(self.move.old, reviewed, self._merged)

    def flaw(self, reviewed: str) -> str | None:
        if not is_oid(reviewed):
            return UNBOUND
        if self.move.old is None:
            # A created target gets the whole tree of the head, without a merge.
            same = reviewed == self.move.new or tree_of(self.repository, reviewed) == self._tree
            return None if same else self._stale
        if not self.move.landed:
            return self._open(self.move.old, reviewed)
        if self._has_delta(self.move.old, reviewed, delta_id(self.repository, self.move.old, self.move.new)):
            return None
        return self._replayed(self.move.old, reviewed, Merge(git_commits.CLEAN, self._tree))

    def _open(self, old: str, reviewed: str) -> str | None:
        result = self._merged
        if reviewed == self.move.new or self._has_delta(old, reviewed, self._delta(old, self.move.new)):
            # The resolution of a conflict would be a change that nobody has reviewed.
            return _PROBLEMS.get(result.outcome)
        return self._replayed(old, reviewed, result)

    def _replayed(self, old: str, reviewed: str, result: Merge) -> str | None:
        """Return why the reviewed commit, merged into the target, does not give the result."""
        again = merge(self.repository, old, reviewed)
        if git_commits.TOO_OLD in (again.outcome, result.outcome):
            return NEEDS_GIT
        same = again.tree is not None and again.tree == result.tree
        # A reviewed commit that brings nothing to the target any more does not cover the new commits.
        return None if same and again.tree != tree_of(self.repository, old) else self._stale

    def _has_delta(self, old: str, reviewed: str, delta: str | None) -> bool:
        return delta is not None and delta != EMPTY and self._delta(old, reviewed) == delta

    def _delta(self, old: str, head: str) -> str | None:
        """Return the changes of a head since its merge base; ``None`` if there is not exactly one."""
        bases = merge_bases(self.repository, old, head)
        return delta_id(self.repository, bases[0], head) if len(bases) == 1 else None

    @cached_property
    def _merged(self) -> Merge:
        return merge(self.repository, self.move.old or self.move.new, self.move.new)

    @cached_property
    def _tree(self) -> str:
        return tree_of(self.repository, self.move.new)

    @property
    def _stale(self) -> str:
        return LANDED_OTHERWISE if self.move.landed else STALE_COMMITS

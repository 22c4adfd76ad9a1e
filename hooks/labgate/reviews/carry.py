"""Whether a review of one commit holds for what is judged now: the same commit, or the same content.

A review holds exactly (the commit is the one that was reviewed), by its delta (what it changes is the same, byte for
byte, wherever the target has moved to), or by replay (git, left alone, merges what was reviewed to the tree that is
judged). A range is compared as a whole, so it may land as a merge, squashed or rebased.
"""

from __future__ import annotations

import shlex
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
from labgate.values.refnames import is_oid
from labgate.values.value import Value

_PROBLEMS = {git_commits.CONFLICT: CONFLICT, git_commits.UNRELATED: UNRELATED, git_commits.TOO_OLD: NEEDS_GIT}


class TargetMove(Value):
    """How a target moves, in full commit oids.

    ``old`` is its tip before, ``None`` where it is created. ``new`` is the head of an open change, which the code host
    is still to merge, or, where ``landed``, the tip that the target moved to: its tree is the result.
    """

    old: str | None
    new: str
    landed: bool = False


class Carried(Value):
    """For each reviewed commit why its review does not hold, ``None`` where it does.

    ``unfetched`` has an error, with the command that fixes it, for each commit that is not here; its flaw is
    ``NOT_HERE``. Where that decides, raise the first of them.
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
    """Compare several reviewed commits with one move; ``remote`` is where missing ones would be fetched from."""
    comparison = _Comparison(repository, move)
    commits = tuple(dict.fromkeys(reviewed))
    errors = {commit: error for commit in commits if (error := comparison.unfetched(commit, remote)) is not None}
    flaws = {commit: NOT_HERE if commit in errors else comparison.flaw(commit) for commit in commits}
    return Carried(flaws, tuple(errors.values()))


def bound_flaw(repository: Repository, delta: str, reviewed: str, move: TargetMove) -> str | None:
    """Say why a review of a delta, read at one commit, does not hold for a move; ``None`` where it does.

    The delta alone is enough where it is the same by now; where it is not, the commit must be here to be compared.
    """
    comparison = _Comparison(repository, move)
    if reviewed == move.new or comparison.is_delta(delta):
        return None
    if not has_commit(repository, reviewed):
        return LANDED_OTHERWISE if move.landed else OTHER_CONTENT
    flaw = comparison.carried(reviewed)
    return OTHER_CONTENT if flaw == STALE_COMMITS else flaw


class _Comparison:
    """One move; what does not depend on the reviewed commit is computed once."""

    def __init__(self, repository: Repository, move: TargetMove) -> None:
        self.repository = repository
        self.move = move

    def unfetched(self, reviewed: str, remote: str | None) -> UndecidedError | None:
        """Return what to say of a commit that is not here, ``None`` where it is."""
        if not is_oid(reviewed) or reviewed == self.move.new or has_commit(self.repository, reviewed):
            return None
        source = shlex.quote(remote or self.repository.usual_remote or "origin")
        return UndecidedError(f"the approved commit {reviewed} is not in this clone", f"git fetch {source} {reviewed}")

    def is_delta(self, delta: str) -> bool:
        """Say whether what moves has this delta-id; nothing has the one of no change."""
        old, new = self.move.old, self.move.new
        if old is None or delta == EMPTY:
            return False
        return delta == (delta_id(self.repository, old, new) if self.move.landed else self._delta(old, new))

    def carried(self, reviewed: str) -> str | None:
        """Say why what was reviewed is not what moves, whatever a conflict with the target may ask for later."""
        if self.move.old is None or self.move.landed:
            return self.flaw(reviewed)
        return self._replayed(self.move.old, reviewed, self._merged)

    def flaw(self, reviewed: str) -> str | None:
        if not is_oid(reviewed):
            return UNBOUND
        if self.move.old is None:
            # Nothing is merged into a target that is created: it gets the whole tree of the head.
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
            # What would settle a conflict is a change that nobody has seen yet.
            return _PROBLEMS.get(result.outcome)
        return self._replayed(old, reviewed, result)

    def _replayed(self, old: str, reviewed: str, result: Merge) -> str | None:
        """Say why what was reviewed, merged into the target, does not give the result."""
        again = merge(self.repository, old, reviewed)
        if git_commits.TOO_OLD in (again.outcome, result.outcome):
            return NEEDS_GIT
        same = again.tree is not None and again.tree == result.tree
        # What brings nothing to the target any more has said nothing of the commits that come now.
        return None if same and again.tree != tree_of(self.repository, old) else self._stale

    def _has_delta(self, old: str, reviewed: str, delta: str | None) -> bool:
        return delta is not None and delta != EMPTY and self._delta(old, reviewed) == delta

    def _delta(self, old: str, head: str) -> str | None:
        """Return what a head changes since it left the target; ``None`` where that is no single place."""
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

"""The landings on a first-parent line, as the review markers on it tell.

A marker that is bound to content says where its landing begins: above the commit from which the reviewed content is the
reviewed change. One that is not bound covers the commits below it, down to the next merge or marker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labgate.git.commits import has_commit, is_ancestor, merge
from labgate.git.repository import Repository
from labgate.reviews.delta import EMPTY, delta_id
from labgate.reviews.markers import Binding, binding_of, landings_named
from labgate.values.ref_update import Commit
from labgate.values.value import Value

#: The most commits below a marker that are compared with it, and the most comparisons for one line. Each is a process.
_BELOW, _ALL = 400, 4000


class Run(Value):
    """Commits of a line that landed together. ``old`` is the commit below them, ``None`` at a root, ``new`` the last.

    ``doubtful`` are its lowest commits, oldest first, if they undo each other and are by an author of the others:
    whether they landed with the others or before, the content does not tell. ``cut`` is whether a limit ended the
    search for where a bound marker among them begins, so that it is taken for one that is not bound.
    """

    old: str | None
    new: str
    doubtful: tuple[str, ...] = ()
    cut: bool = False


def landed_runs(repository: Repository, below: Commit | None, line: Sequence[Commit]) -> tuple[Run, ...]:
    """Return the landings on a part of a first-parent line, oldest first.

    ``line`` has its commits, oldest first, and ``below`` is the commit below them, ``None`` if they start at a root.
    Commits that no marker covers are landings of their own.
    """
    outside = [] if below is None else [below]
    return tuple(_Line(repository, [*outside, *line]).runs(len(outside)))


class _Line:
    """The commits of a line, oldest first; places are their indexes."""

    def __init__(self, repository: Repository, commits: Sequence[Commit]) -> None:
        self._repository = repository
        self._commits = commits
        self._trees = {commit.oid: commit.tree for commit in commits}
        self._left = _ALL
        self._cut: set[str] = set()

    def runs(self, first: int) -> Iterator[Run]:
        """Yield the landings from a place on."""
        for start, end in self._bound(first):
            lowest = self._undone(start, end, first)
            yield from self._unbound(self._commits[first : lowest + 1])
            doubtful = tuple(commit.oid for commit in self._commits[lowest + 1 : start + 1])
            yield Run(self._commits[lowest].oid, self._commits[end].oid, doubtful)
            first = end + 1
        yield from self._unbound(self._commits[first:])

    def _bound(self, first: int) -> list[tuple[int, int]]:
        """Return the landings whose start a marker gives: the place below each, and its last one."""
        starts: dict[int, int] = {}
        found: list[tuple[int, int]] = []
        for at in range(first, len(self._commits)):
            start = self._start(at, starts)
            if start is not None:
                starts[at] = start
                while found and found[-1][1] > start:
                    found.pop()  # a later marker covers it too
                found.append((start, at))
        return [(start, self._last(end)) for start, end in found]

    def _last(self, end: int) -> int:
        """Return the last of the empty commits right above a marker: they cover what it covers."""
        while end + 1 < len(self._commits) and self._is_empty(end + 1) and not self._is_late(end + 1):
            end += 1
        return end

    def _start(self, at: int, starts: dict[int, int]) -> int | None:
        """Return the place below the landing that ends at a marker, ``None`` if it is not bound or not found.

        ``starts`` are those found for lower markers.
        """
        if not self._is_empty(at) or self._is_late(at):
            return None
        binding = binding_of(self._commits[at])[0]
        if binding is None or binding.delta == EMPTY:
            return None
        below = list(self._below(at, starts))
        same = next((place for place in below if self._compares(at) and self._has_delta(place, at, binding)), None)
        return self._replayed(below, at, binding) if same is None else same

    def _below(self, at: int, starts: dict[int, int]) -> Iterator[int]:
        """Yield the places that may be below the landing of a marker, the newest first.

        None is inside a landing that is known, and none below a late review, which is never part of a change.
        """
        place = at - 1
        while place >= max(0, at - _BELOW):
            if self._commits[place].tree != self._commits[at].tree:
                yield place
            if self._is_empty(place) and self._is_late(place):
                return
            place = starts.get(place, place - 1)
        if place >= 0:
            self._cut.add(self._commits[at].oid)

    def _has_delta(self, place: int, at: int, binding: Binding) -> bool:
        return delta_id(self._repository, self._commits[place].tree, self._commits[at].tree) == binding.delta

    def _replayed(self, below: Sequence[int], at: int, binding: Binding) -> int | None:
        """Return the place onto which the reviewed commit was rebased, ``None`` if it was not or is not here.

        Above that place the reviewed commit gives the same tree too, as the commits there are a part of it.
        """
        found = None
        if not has_commit(self._repository, binding.oid) or is_ancestor(
            self._repository, binding.oid, self._commits[at].oid
        ):
            return None
        for place in below:
            if not self._compares(at):
                return None
            same = merge(self._repository, self._commits[place].oid, binding.oid).tree == self._commits[at].tree
            if not same and found is not None:
                break
            found = place if same else None
        while found is not None and self._is_empty(found + 1):
            found += 1
        return found

    def _undone(self, start: int, end: int, first: int) -> int:
        """Return the lowest place with the content of ``start``, with only commits between by authors of the landing.

        A change may try something and revert it first.
        """
        authors = {self._commits[at].author.key for at in range(start + 1, end + 1) if not self._is_empty(at)}
        lowest = at = start
        while at >= first and self._is_plain(at) and self._commits[at].author.key in authors:
            at -= 1
            if at >= 0 and self._commits[at].tree == self._commits[start].tree:
                lowest = at
        return lowest

    def _unbound(self, commits: Sequence[Commit]) -> Iterator[Run]:
        """Yield commits as landings; empty ones, such as review markers, join the commits they cover.

        These are the commits below, up to the next merge or marker; right above a merge it is that merge.
        """
        group: list[Commit] = []
        marked = False
        for commit in commits:
            empty = commit.changes_nothing(self._trees)
            late = empty and bool(landings_named(commit))
            ends = marked or len(commit.parents) > 1 or (bool(group) and len(group[-1].parents) > 1)
            if late or (ends and not empty):
                yield from self._closed(group, together=marked)
                group, marked = [], False
            if late:
                # It only covers the landing that it names.
                yield from self._closed([commit], together=False)
                continue
            marked = marked or empty
            group.append(commit)
        yield from self._closed(group, together=marked)

    def _closed(self, group: Sequence[Commit], *, together: bool) -> Iterator[Run]:
        """Yield commits as one landing, or else each as its own."""
        if together:
            cut = any(commit.oid in self._cut for commit in group)
            yield Run(next(iter(group[0].parents), None), group[-1].oid, cut=cut)
        else:
            yield from (Run(next(iter(commit.parents), None), commit.oid) for commit in group)

    def _compares(self, at: int) -> bool:
        """Return whether one more comparison for a marker is within the limit, and count it."""
        self._left -= 1
        if self._left < 0:
            self._cut.add(self._commits[at].oid)
        return self._left >= 0

    def _is_empty(self, at: int) -> bool:
        return self._commits[at].changes_nothing(self._trees)

    def _is_late(self, at: int) -> bool:
        return bool(landings_named(self._commits[at]))

    def _is_plain(self, at: int) -> bool:
        return len(self._commits[at].parents) == 1 and not self._is_empty(at)

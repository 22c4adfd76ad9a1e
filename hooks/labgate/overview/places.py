"""The place of branches relative to the trunk: ahead, behind, and the commits that are their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from labgate.git.history import read_history
from labgate.git.repository import Repository
from labgate.research.commit_graph import NEVER
from labgate.research.history_graph import HistoryGraph
from labgate.values.value import Value


class Place(Value):
    """The place of a tip. ``own`` are its commits since it last started from the trunk or merged it, newest first.

    Those of them that the trunk has, ``merged``, landed by a merge. ``fork`` is the place, on the trunk's line, of the
    commit (``start``) that it starts from; -1 and ``None`` if the two have no common history.
    """

    ahead: int
    behind: int
    own: tuple[str, ...]
    merged: frozenset[str]
    fork: int
    start: str | None


class Places:
    """All history of a trunk and of some tips (full oids), read at once. Raises: ``GitError`` if it cannot be read."""

    def __init__(self, repository: Repository, trunk: str, tips: Sequence[str]) -> None:
        self.graph = HistoryGraph(read_history(repository, [trunk, *tips]))
        self.trunk = trunk
        self.times = self.graph.times
        self._chain = self.graph.chain(trunk)
        counts = [0] * len(self._chain.commits)
        for depth in self._chain.landed.values():
            counts[depth] += 1
        #: How many commits each commit of the trunk's line reaches.
        self._reached = list(accumulate(counts))

    def of(self, tip: str) -> Place:
        """Return the place of one of the tips."""
        landed, fork = self._chain.landed, self._chain.fork[tip]
        seen: set[str] = set()
        stack = [tip]
        while stack:
            oid = stack.pop()
            if oid not in seen and landed.get(oid, NEVER) > fork:
                seen.add(oid)
                stack += self.graph.parents[oid]
        own = tuple(sorted(seen, key=self.graph.history.place))
        merged = frozenset(oid for oid in own if oid in landed)
        shared = self._reached[fork] if fork >= 0 else 0
        return Place(
            len(own) - len(merged),
            self._reached[-1] - shared - len(merged),
            own,
            merged,
            fork,
            self._chain.commits.get(fork),
        )

    def landings(self, fork: int, before: str | None = None) -> tuple[str, ...]:
        """Return the commits of the trunk, newest first, that came after a depth of its line, and after ``before``.

        ``before`` is an earlier tip of the trunk, ``None`` for any.
        """
        # An earlier tip of the trunk is on its line: it reaches what landed up to there.
        known = fork if before is None else max(fork, self._chain.landed[before])
        return tuple(oid for oid, depth in self._chain.landed.items() if depth > known)

    @property
    def last(self) -> int:
        """The place of the trunk's tip on its line."""
        return self._chain.landed[self.trunk]

    def landed(self, oid: str) -> int | None:
        """Return the place of the first commit of the trunk's line that reaches a commit, ``None`` if none does."""
        return self._chain.landed.get(oid)

    def at(self, place: int) -> str | None:
        """Return the commit at a place of the trunk's line, ``None`` if there is none."""
        return self._chain.commits.get(place)

    def had(self, before: str) -> bool:
        """Return whether the trunk had a commit as its tip before."""
        return before in self._chain.landed and self._chain.commits.get(self._chain.landed[before]) == before

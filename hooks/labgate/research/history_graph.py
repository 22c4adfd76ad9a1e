"""The commit graph of all history, walked by number: a repository has hundreds of thousands of commits."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.git.history import NONE, ByCommit, History
from labgate.research.commit_graph import Chain, CommitGraph, bits_of_tips, joined


class HistoryGraph(CommitGraph):
    """The graph of a whole history, with the same answers as ``CommitGraph`` in a tenth of its memory."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.history = history

    @property
    def times(self) -> Mapping[str, int]:
        """The committer time of each commit in seconds since the epoch."""
        return ByCommit(self.history, self.history.times)

    def chain(self, tip: str | None) -> Chain:
        """Return the chain up to ``tip`` (``None``: an empty one) with the place of every commit."""
        history = self.history
        line = array("i")
        number = None if tip is None else history.number(tip)
        while number is not None and number != NONE:
            line.append(number)
            number = history.first[number]
        line.reverse()
        landed = ByCommit(history, self._landed(line), NONE)
        return Chain(_Line(history, line), landed, ByCommit(history, self._forks(line)))

    def _landed(self, line: Sequence[int]) -> array[int]:
        found = array("i", (NONE,)) * len(self.history)
        for depth, number in enumerate(line):
            stack = [number]
            while stack:
                at = stack.pop()
                if found[at] == NONE:
                    found[at] = depth
                    stack += self.history.parents(at)
        return found

    def _forks(self, line: Sequence[int]) -> array[int]:
        found = array("i", (NONE,)) * len(self.history)
        for depth, number in enumerate(line):
            found[number] = depth
        # Parents have the higher numbers. A parent on the line was there before its child is asked.
        for number in range(len(found) - 1, -1, -1):
            if found[number] == NONE:
                found[number] = max((found[parent] for parent in self.history.parents(number)), default=NONE)
        return found

    def reached(self, tips: Sequence[str], chain: Chain | None = None, since: int = 0) -> Mapping[str, int]:
        history = self.history
        found = [0] * len(history)
        early = bytes(len(history)) if chain is None else self._landed_before(chain, since)
        for oid, bits in bits_of_tips(tips).items():
            number = history.number(oid)
            if number is not None:
                found[number] = bits
        for number, mine in enumerate(found):
            if mine and early[number]:
                found[number] = 0
            elif mine:
                for parent in history.parents(number):
                    if not early[parent]:
                        found[parent] = joined(found[parent], mine)
        return ByCommit(history, found, 0)

    def _landed_before(self, chain: Chain, since: int) -> bytearray:
        """Return 1 for each commit, by number, that the chain reaches below a depth."""
        found = bytearray(len(self.history))
        last = chain.commits.get(since - 1)
        return found if last is None else self._reach([last], found)

    def held(self, tips: Sequence[str], oids: Iterable[str]) -> set[str]:
        """Return those of some commits that the tips reach."""
        found = self._reach(tips, bytearray(len(self.history)))
        return {oid for oid in oids if found[self.history.place(oid)]}

    def _reach(self, tips: Iterable[str], found: bytearray) -> bytearray:
        stack = [number for number in map(self.history.number, tips) if number is not None]
        while stack:
            at = stack.pop()
            if not found[at]:
                found[at] = 1
                stack += self.history.parents(at)
        return found


class _Line(Mapping[int, str]):
    """The commits of a chain by depth."""

    def __init__(self, history: History, numbers: Sequence[int]) -> None:
        self._history = history
        self._numbers = numbers

    def __getitem__(self, depth: int) -> str:
        if not 0 <= depth < len(self._numbers):
            raise KeyError(depth)
        return self._history.oid(self._numbers[depth])

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._numbers)))

    def __len__(self) -> int:
        return len(self._numbers)

"""The commit graph in memory: which commits reach which, and when each landed on a first-parent chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.values.value import Value

#: Later than any place on a chain.
NEVER = 1 << 60


class Chain(Value):
    """A first-parent chain, its commits by depth (0 is the oldest), and the place of every commit relative to it.

    ``landed`` is the depth of the first commit of the chain that reaches a commit (``NEVER``: none does); ``fork`` is
    the depth of the last commit of the chain that a commit reaches (-1: none).
    """

    commits: Mapping[int, str]
    landed: Mapping[str, int]
    fork: Mapping[str, int]

    def depth(self, oid: str) -> int | None:
        """Return the depth of a commit of the chain, ``None`` for any other."""
        depth = self.landed.get(oid, NEVER)
        return depth if self.commits.get(depth) == oid else None


class CommitGraph:
    """Commits with their parents, children before parents (``git rev-list --topo-order --parents``)."""

    def __init__(self, parents: Mapping[str, Sequence[str]]) -> None:
        self.parents = parents
        self._last: tuple[Sequence[str], Mapping[str, int]] | None = None

    def parent(self, oid: str) -> str | None:
        """Return the first parent of a commit, ``None`` for a root."""
        return next(iter(self.parents[oid]), None)

    def first_parents(self, tip: str) -> Iterator[str]:
        """Yield the first-parent chain of a commit in this graph, the newest first."""
        oid: str | None = tip
        while oid is not None and oid in self.parents:
            yield oid
            oid = self.parent(oid)

    def chain(self, tip: str) -> Chain:
        """Return the chain up to ``tip`` with the place of every commit."""
        commits = dict(enumerate([*self.first_parents(tip)][::-1]))
        landed: dict[str, int] = {}
        for depth, oid in commits.items():
            stack = [oid]
            while stack:
                at = stack.pop()
                if at not in landed:
                    landed[at] = depth
                    stack += self.parents.get(at, ())
        depths = {oid: depth for depth, oid in commits.items()}
        fork: dict[str, int] = {}
        for oid in reversed(list(self.parents)):
            own = depths.get(oid)
            fork[oid] = own if own is not None else max((fork.get(p, -1) for p in self.parents[oid]), default=-1)
        return Chain(commits, landed, fork)

    def reached(self, tips: Sequence[str], chain: Chain | None = None, since: int = 0) -> Mapping[str, int]:
        """Return for each commit that some of the tips reach a bit set of these tips, children before parents.

        Commits that landed on ``chain`` below the depth ``since`` are left out. The answer must not be changed.
        """
        everywhere = chain is None or since <= 0
        if everywhere and self._last is not None and self._last[0] == tips:
            return self._last[1]
        left = bits_of_tips(tips)
        found: dict[str, int] = {}
        for oid, parents in self.parents.items():
            mine = left.pop(oid, 0)
            if mine and (everywhere or chain is None or chain.landed.get(oid, NEVER) >= since):
                found[oid] = mine
                for parent in parents:
                    known = left.get(parent)
                    left[parent] = mine if known is None else joined(known, mine)
        if everywhere:
            self._last = ([*tips], found)
        return found

    def ancestors(self, tips: Iterable[str]) -> set[str]:
        """Return the given commits and all commits that they reach."""
        seen: set[str] = set()
        stack = list(tips)
        while stack:
            at = stack.pop()
            if at not in seen and at in self.parents:
                seen.add(at)
                stack += self.parents[at]
        return seen


def bits_of_tips(tips: Sequence[str]) -> dict[str, int]:
    """Return for each tip the bits of its places."""
    found: dict[str, int] = {}
    for bit, oid in enumerate(tips):
        found[oid] = found.get(oid, 0) | 1 << bit
    return found


def joined(one: int, other: int) -> int:
    """Return the union of two bit sets: one of the two if it has all of the other.

    The commits of a branch then share their set. With ten thousand branches each set takes a kilobyte.
    """
    both = one | other
    return one if both == one else other if both == other else both


def bits_of(number: int) -> list[int]:
    """Return the indexes of the bits that are set in a number, lowest first."""
    if number.bit_count() == 1:
        return [number.bit_length() - 1]
    found = []
    while number:
        low = number & -number
        found.append(low.bit_length() - 1)
        number ^= low
    return found

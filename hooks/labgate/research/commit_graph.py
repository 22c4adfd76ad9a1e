"""History in memory: which commits reach which, and when each came to the branch that is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from labgate.values.value import Value

#: Later than any place on a chain.
NEVER = 1 << 60


class Line(Value):
    """A first-parent chain, commits by depth, and where every commit stands to it.

    ``landed`` is the depth of the first commit of the chain that reaches a commit (``NEVER``: none does); ``fork`` is
    the depth of the last commit of the chain that a commit reaches (-1: none).
    """

    chain: Mapping[int, str]
    landed: Mapping[str, int]
    fork: Mapping[str, int]


class History:
    """Commits with their parents, children before parents (``git rev-list --topo-order --parents``)."""

    def __init__(self, parents: Mapping[str, Sequence[str]]) -> None:
        self.parents = parents

    def chain(self, oid: str) -> list[str]:
        """Return the first-parent chain up to a commit, oldest first, as far as this history goes."""
        found = []
        at: str | None = oid
        while at is not None and at in self.parents:
            found.append(at)
            at = next(iter(self.parents[at]), None)
        return found[::-1]

    def line(self, tip: str) -> Line:
        """Return how every commit stands to the chain up to ``tip``."""
        chain = self.chain(tip)
        landed: dict[str, int] = {}
        for depth, oid in enumerate(chain):
            stack = [oid]
            while stack:
                at = stack.pop()
                if at not in landed:
                    landed[at] = depth
                    stack += self.parents.get(at, ())
        depths = {oid: depth for depth, oid in enumerate(chain)}
        fork: dict[str, int] = {}
        for oid in reversed(list(self.parents)):
            own = depths.get(oid)
            fork[oid] = own if own is not None else max((fork.get(p, -1) for p in self.parents[oid]), default=-1)
        return Line(dict(enumerate(chain)), landed, fork)

    def reached(self, tips: Sequence[str]) -> dict[str, int]:
        """Return for each commit a bit set of the tips that reach it."""
        bits = dict.fromkeys(self.parents, 0)
        for bit, oid in enumerate(tips):
            if oid in bits:
                bits[oid] |= 1 << bit
        for oid, parents in self.parents.items():
            mine = bits[oid]
            if mine:
                for parent in parents:
                    if parent in bits:
                        bits[parent] |= mine
        return bits

    def without(self, tips: Iterable[str]) -> set[str]:
        """Return the commits that the given ones reach."""
        seen: set[str] = set()
        stack = list(tips)
        while stack:
            at = stack.pop()
            if at not in seen and at in self.parents:
                seen.add(at)
                stack += self.parents[at]
        return seen


def bits_of(number: int) -> list[int]:
    """Return the places of the bits that are set in a number, lowest first."""
    if number and not number & number - 1:
        return [number.bit_length() - 1]
    found = []
    while number:
        low = number & -number
        found.append(low.bit_length() - 1)
        number ^= low
    return found

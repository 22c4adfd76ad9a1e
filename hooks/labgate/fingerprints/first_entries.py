"""What a row of commits on a chain has first: the features that the chain did not have before each of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from labgate.fingerprints import postings
from labgate.fingerprints.documents import Document
from labgate.fingerprints.features import FEATURE_BITS, KIND_BITS

#: Features are compared in ranges by their highest bits: a set of all would need much memory, and small slices time.
_RANGE_BITS = 3
_KIND = (1 << KIND_BITS) - 1


class FirstEntries:
    """Finds the first entries of ``documents``, of which the first one has the given ``depth``.

    ``known`` returns the depth at which the chain had each of some sorted features, if it had it.
    """

    def __init__(
        self, documents: Sequence[Document], depth: int, known: Callable[[Sequence[int]], Mapping[int, int]]
    ) -> None:
        self._documents = documents
        self._depth = depth
        self._known = known
        #: The features that are new in each document, sorted.
        self.novel = [array("Q") for _ in documents]
        #: All entries by part: also of what only counts as had, and each time that there is a patch id.
        self.parts: list[array[int]] = [array("Q") for _ in range(postings.PARTS)]

    def find(self) -> None:
        """Fill ``novel`` and ``parts``."""
        starts = [[0, 0] for _ in self._documents]
        for number in range(1 << _RANGE_BITS):
            end = number + 1 << FEATURE_BITS - _RANGE_BITS
            sides = [_below(item, start, end) for item, start in zip(self._documents, starts, strict=True)]
            for part, entries in postings.split(self._in_range(sides), entries=True):
                self.parts[part].extend(entries)

    def _in_range(self, sides: Sequence[tuple[Sequence[int], Sequence[int]]]) -> array[int]:
        """Return the sorted entries of a range of features, of which each document has some, and some as had."""
        wanted = set[int]().union(*(side for both in sides for side in both))
        ids = frozenset([feature for feature in wanted if feature & _KIND in postings.IDS])
        seen, later = self._before(sorted(wanted))
        entries: list[int] = []
        for place, (mine, had) in enumerate(sides):
            depth = self._depth + place
            seen |= later.get(depth, frozenset())
            if had:
                quiet = set(had) - seen
                seen |= quiet
                entries += postings.entries(quiet, depth)
            if mine:
                every = set(mine)
                new = every - seen
                seen |= new
                found = sorted(new | every & ids)
                self.novel[place].extend(found)
                entries += postings.entries(found, depth)
        entries.sort()
        return array("Q", entries)

    def _before(self, features: Sequence[int]) -> tuple[set[int], dict[int, set[int]]]:
        """Return those of some features that the chain had before the documents, and those that it gets with each."""
        depths = self._known(features)
        later: dict[int, set[int]] = {}
        for feature, depth in depths.items():
            if depth >= self._depth:
                later.setdefault(depth, set()).add(feature)
        return set(depths).difference(*later.values()), later


def _below(item: Document, start: list[int], end: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return the features of a document from ``start`` on that are below ``end``, and those that it only had.

    ``start`` becomes the place of the next ones.
    """
    found = []
    for side, features in enumerate((item.features, item.had)):
        first = start[side]
        start[side] = bisect_left(features, end, first)
        found.append(features[first : start[side]])
    return found[0], found[1]

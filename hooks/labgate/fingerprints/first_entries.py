"""What a row of commits on a chain has first: the features that the chain did not have before each of them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from labgate.fingerprints import postings
from labgate.fingerprints.documents import Document
from labgate.fingerprints.postings import VALUE_BITS

#: Features are compared in ranges by their highest bits: a table of all would need much memory, and small slices time.
_RANGE_BITS = 5
_VALUE = postings.VALUES - 1


class FirstEntries:
    """Finds the first entries of ``documents``, oldest first.

    Their features are copied, and each range of them is freed once it is compared.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        #: The documents without their features.
        self.heads: list[Document] = []
        self._ranges = [(_Rows(), _Rows()) for _ in range(1 << _RANGE_BITS)]
        for item in documents:
            self._take(item)
        #: The features that are new in each document, sorted.
        self.novel = [array("Q") for _ in self.heads]
        #: All entries by part: also of what only counts as had, and each time that there is a patch id.
        self.parts: list[array[int]] = [array("Q") for _ in range(postings.PARTS)]

    def _take(self, item: Document) -> None:
        place = len(self.heads)
        self.heads.append(item.changed(features=(), had=()))
        for which, features in enumerate((item.features, item.had)):
            for number, mine in postings.split(features, entries=False, bits=_RANGE_BITS):
                self._ranges[number][which].add(place, mine)

    def find(self, depth: int, known: Callable[[Sequence[int]], Mapping[int, int]]) -> None:
        """Fill ``novel`` and ``parts``. It works once.

        The first document has the given ``depth``. ``known`` returns the depth at which the chain had each of some
        sorted features, if it had it.
        """
        self._ranges.reverse()
        while self._ranges:
            for part, entries in postings.split(self._in_range(*self._ranges.pop(), depth, known), entries=True):
                self.parts[part].extend(entries)

    def _in_range(
        self, rows: _Rows, quiet_rows: _Rows, depth: int, known: Callable[[Sequence[int]], Mapping[int, int]]
    ) -> array[int]:
        """Return the sorted entries of a range of features, of which each document has some, and some as had."""
        first, quiet = rows.first_depths(depth), quiet_rows.first_depths(depth)
        ids = {feature for feature in first if postings.is_id(feature)}
        for feature in ids:
            del first[feature]
        for feature, at in [*quiet.items()]:
            if first.get(feature, at) < at:
                del quiet[feature]
        first.update(quiet)
        found = _unknown(sorted([feature << VALUE_BITS | at for feature, at in first.items()]), known)
        again = [one << VALUE_BITS | depth + at for at, mine in rows if ids for one in ids.intersection(mine)]
        found = sorted([*found, *again])
        novel = self.novel
        for entry in [entry for entry in found if entry >> VALUE_BITS not in quiet] if quiet else found:
            novel[(entry & _VALUE) - depth].append(entry >> VALUE_BITS)
        return array("Q", found)


class _Rows:
    """Features of documents in a range: each row has the place of its document."""

    __slots__ = ("_ends", "_features", "_places")

    def __init__(self) -> None:
        self._features = array("Q")
        self._places = array("L")
        self._ends = array("L")

    def add(self, place: int, features: Sequence[int]) -> None:
        self._features.extend(features)
        self._places.append(place)
        self._ends.append(len(self._features))

    def __iter__(self) -> Iterator[tuple[int, Sequence[int]]]:
        start = 0
        for place, end in zip(self._places, self._ends, strict=True):
            yield place, self._features[start:end]
            start = end

    def first_depths(self, depth: int) -> dict[int, int]:
        """Return the depth of the first document that has each feature; the first of all has the given one."""
        found: dict[int, int] = {}
        # What an older commit has replaces what the newer ones have.
        for at in range(len(self._places) - 1, -1, -1):
            mine = self._features[self._ends[at - 1] if at else 0 : self._ends[at]]
            found.update(dict.fromkeys(mine, depth + self._places[at]))
        return found


def _unknown(entries: list[int], known: Callable[[Sequence[int]], Mapping[int, int]]) -> list[int]:
    """Return those of some sorted entries that a chain has not before; merges may bring it any depth."""
    depths = known([entry >> VALUE_BITS for entry in entries])
    if not depths:
        return entries
    never = postings.VALUES
    return [entry for entry in entries if depths.get(entry >> VALUE_BITS, never) > entry & _VALUE]

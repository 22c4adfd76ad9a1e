"""The small pieces of a past as one posting list: a main that was swapped often has dozens, each in 64 parts."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from labgate.fingerprints import postings
from labgate.fingerprints.past import Piece

#: The most entries of all pieces that are joined: two megabytes, which are made again in each process.
MOST_ENTRIES = 250_000
_VALUE = postings.VALUES - 1


class JoinedPieces:
    """The list of the pieces that were asked for last. ``read`` returns all entries of a segment, in any order.

    ``size`` returns their number.
    """

    def __init__(self, read: Callable[[int], array[int]], size: Callable[[int], int]) -> None:
        self._read = read
        self._size = size
        self._sizes: dict[int, int] = {}
        self._pieces: tuple[Piece, ...] = ()
        self._joined = array("Q")

    def small(self, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """Return the smallest of some pieces, as many as are joined; one alone is not."""
        found, left = [], MOST_ENTRIES
        if len(pieces) < 3:  # a chain and the one that it left: nothing is gained
            return ()
        for piece in sorted(pieces, key=lambda piece: self._entries(piece[0])):
            left -= self._entries(piece[0])
            if left < 0:
                break
            found.append(piece)
        return tuple(found) if len(found) > 1 else ()

    def of(self, pieces: tuple[Piece, ...]) -> array[int]:
        """Return the sorted entries of pieces, with the depths at which the past had them."""
        if pieces != self._pieces:
            entries = list[int]()
            for segment, places, at in pieces:
                mine = (entry for entry in self._read(segment) if entry & _VALUE in places)
                entries += mine if at is None else (entry & ~_VALUE | at for entry in mine)
            entries.sort()
            self._joined = array("Q", entries)
            self._pieces = pieces
        return self._joined

    def clear(self) -> None:
        self._sizes.clear()
        self._pieces, self._joined = (), array("Q")

    def _entries(self, segment: int) -> int:
        if segment not in self._sizes:
            self._sizes[segment] = self._size(segment)
        return self._sizes[segment]

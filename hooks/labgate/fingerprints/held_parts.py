"""The parts of posting lists that were read last: a long history has more than memory is for."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable

#: Bytes of all parts in memory: the lists of some 50,000 commits. Of more, those that were used last stay.
MOST_BYTES = 24_000_000


class HeldParts:
    """Parts by owner and number. ``read`` returns one that is not held; one that is too large by itself is not kept."""

    def __init__(self, read: Callable[[int, int], array[int]]) -> None:
        self._read = read
        self._parts: OrderedDict[tuple[int, int], array[int]] = OrderedDict()
        #: Bytes that are held.
        self.size = 0

    def of(self, owner: int, part: int) -> array[int]:
        """Return a part of a list. Raises: as ``read`` does."""
        place = (owner, part)
        held = self._parts.get(place)
        if held is not None:
            self._parts.move_to_end(place)
            return held
        found = self._read(owner, part)
        self._parts[place] = found
        self.size += _bytes(found)
        while self.size > MOST_BYTES:
            self.size -= _bytes(self._parts.popitem(last=False)[1])
        return found

    def has(self, owner: int, part: int) -> bool:
        """Return whether a part of a list is held."""
        return (owner, part) in self._parts

    def clear(self) -> None:
        self._parts.clear()
        self.size = 0


def _bytes(part: array[int]) -> int:
    return len(part) * part.itemsize

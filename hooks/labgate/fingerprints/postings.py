"""Sorted runs of packed numbers: which documents have a unit, or when a branch first had it, in eight bytes an entry.

An entry is a 44-bit unit and a 20-bit value. A table of rows in SQLite takes twice the space (docs/adr/0011).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from labgate.fingerprints.features import KIND_BITS

#: An entry is ``unit << VALUE_BITS | value``.
VALUE_BITS = 20
VALUES = 1 << VALUE_BITS
_VALUE = VALUES - 1
#: Kinds of a packed unit beside those of ``units``: an id of a whole patch, of its code, of a file as it is left.
EXACT, CORE, FILE = 13, 14, 15
#: A stored run is cut by the highest bits of its units, so that a question reads only what it needs.
PART_BITS = 6
PARTS = 1 << PART_BITS
_PART_SHIFT = 64 - PART_BITS


def packed_name(kind: int, digest: bytes) -> int:
    """Return a packed unit that stands for an id of at least five bytes."""
    return int.from_bytes(digest[:5], "big") << KIND_BITS | kind


def kind(unit: int) -> int:
    """Return the kind of a packed unit."""
    return unit & 15


def entries(units: Iterable[int], value: int) -> list[int]:
    """Return an entry for each packed unit."""
    return [unit << VALUE_BITS | value for unit in units]


def from_blob(blob: bytes | memoryview) -> array[int]:
    """Return numbers from the bytes of ``to_blob``."""
    found = array("Q")
    found.frombytes(blob)
    return found


def to_blob(numbers: Iterable[int]) -> bytes:
    """Return numbers as bytes, eight each."""
    packed = numbers if isinstance(numbers, array) else array("Q", numbers)
    return packed.tobytes()


def split(numbers: Sequence[int], *, entries: bool) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield the parts that a sorted sequence of entries, or of packed units, has numbers in, with these."""
    shift = _PART_SHIFT if entries else _PART_SHIFT - VALUE_BITS
    start = 0
    while start < len(numbers):
        part = numbers[start] >> shift
        end = bisect_left(numbers, (part + 1) << shift, start)
        yield part, numbers[start:end]
        start = end


def parted(rows: Iterable[tuple[Sequence[int], int]]) -> list[array[int]]:
    """Return by part the entries of sorted units, each row with its value; those of a part stand row by row."""
    parts = [array("Q") for _ in range(PARTS)]
    for units, value in rows:
        for part, mine in split(entries(units, value), entries=True):
            parts[part].extend(mine)
    return parts


def find(run: array[int], units: Sequence[int]) -> list[int]:
    """Return every entry of a sorted run whose unit is among the given packed ones."""
    if len(units) * 24 > len(run):
        wanted = set(units)
        return [entry for entry in run if entry >> VALUE_BITS in wanted]
    found = []
    size = len(run)
    for unit in units:
        low = unit << VALUE_BITS
        at = bisect_left(run, low)
        while at < size and run[at] <= low | _VALUE:
            found.append(run[at])
            at += 1
    return found


def is_id(unit: int) -> bool:
    """Say whether a packed unit is an id of a patch: the same one may come more than once, and each time tells."""
    return unit & 15 in (EXACT, CORE)

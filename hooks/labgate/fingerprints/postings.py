"""Posting lists: the documents that have a feature, or when a branch first had it, in eight bytes an entry.

An entry is a 44-bit feature and a 20-bit value; a list is sorted. A table of rows in SQLite takes twice the space
(docs/adr/0011).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from labgate.fingerprints.kinds import FEATURE_BITS, KIND_BITS

#: An entry is ``feature << VALUE_BITS | value``.
VALUE_BITS = 20
VALUES = 1 << VALUE_BITS
_VALUE = VALUES - 1
#: Kinds beside those of ``features``: the id of a whole patch, of its code, of a file's content as the patch leaves it,
#: and of the content of a file that is only formatted.
FORM, EXACT, CORE, BLOB = 12, 13, 14, 15
#: The kinds of patch ids: one may occur more than once, and each time counts.
IDS = (EXACT, CORE)
#: A stored list is split by the highest bits of its features, so that a query reads only what it needs.
PART_BITS = 6
PARTS = 1 << PART_BITS
#: The features that are looked up together: as Python's numbers in sets they take some fifteen times as many bytes.
RANGE = 50_000


def packed_id(kind: int, digest: bytes) -> int:
    """Return the feature for an id of at least five bytes."""
    return int.from_bytes(digest[:5], "big") << KIND_BITS | kind


def kind(feature: int) -> int:
    """Return the kind of a feature."""
    return feature & 15


def entries(features: Iterable[int], value: int) -> list[int]:
    """Return an entry for each feature."""
    return [feature << VALUE_BITS | value for feature in features]


def split(numbers: Sequence[int], *, entries: bool, bits: int = PART_BITS) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield each part with its numbers in a sorted sequence of entries, or of features; ``bits`` tell the part."""
    shift = FEATURE_BITS - bits + (VALUE_BITS if entries else 0)
    start = 0
    while start < len(numbers):
        part = numbers[start] >> shift
        end = bisect_left(numbers, (part + 1) << shift, start)
        yield part, numbers[start:end]
        start = end


def parted(rows: Iterable[tuple[Sequence[int], int]]) -> list[array[int]]:
    """Return the entries of rows of sorted features, each row with its value, by part; a part keeps the row order."""
    parts = [array("Q") for _ in range(PARTS)]
    for features, value in rows:
        for part, mine in split(entries(features, value), entries=True):
            parts[part].extend(mine)
    return parts


def ranges(rows: Sequence[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    """Yield what rows of sorted features have in one range of features after the other, about ``RANGE`` in each."""
    bits = (sum(map(len, rows)) // RANGE).bit_length()
    starts = [0] * len(rows)
    for number in range(1 << bits):
        end = number + 1 << FEATURE_BITS - bits
        ends = [bisect_left(row, end, start) for row, start in zip(rows, starts, strict=True)]
        yield [row[start:end] for row, start, end in zip(rows, starts, ends, strict=True)]
        starts = ends


def find(postings: array[int], features: Sequence[int]) -> list[int]:
    """Return every entry of a sorted list whose feature is among sorted ones; what is beyond them is not read."""
    if not postings or not features:
        return []
    start = bisect_left(postings, features[0] << VALUE_BITS)
    end = bisect_left(postings, (features[-1] + 1) << VALUE_BITS, start)
    if len(features) * 24 > end - start:
        wanted = set(features)
        return [entry for entry in postings[start:end] if entry >> VALUE_BITS in wanted]
    found = []
    for feature in features:
        low = feature << VALUE_BITS
        start = at = bisect_left(postings, low, start, end)
        while at < end and postings[at] <= low | _VALUE:
            found.append(postings[at])
            at += 1
    return found


def is_id(feature: int) -> bool:
    """Return whether a feature is a patch id."""
    return feature & 15 in IDS

"""Filters: a set of bits that tells which features a part of a posting list has not, in some of the part's bytes.

Each feature sets two bits; one of which a bit is not set was never added (Bloom, "Space/time trade-offs in hash coding
with allowable errors", 1970). Of features that are random and were not added, about one in a hundred passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labgate.fingerprints.kinds import FEATURE_BITS, KIND_BITS
from labgate.fingerprints.postings import PART_BITS

#: The fewest bits for an entry; a feature has about two. Their number is a power of two, and at least a kilobyte.
_EACH, _LEAST = 8, 1 << 13
#: The bits of a feature that differ within a part. The lowest of them are its kind.
_OWN = FEATURE_BITS - PART_BITS


def extended(known: bytes | memoryview, entries: int, new: Iterable[int]) -> bytes | None:
    """Return a filter with ``new`` features of its part; ``None`` if it is too small for so many ``entries``."""
    return _filled(bytearray(known), new) if len(known) == _size(entries) else None


def made(entries: int, features: Iterable[int]) -> bytes:
    """Return the filter of the features of a part with so many ``entries``."""
    return _filled(bytearray(_size(entries)), features)


def passing(known: bytes | memoryview, features: Sequence[int]) -> list[int]:
    """Return those features of a part that its filter may have, in their order."""
    bits, high = _places(known)
    first = [one for one in features if known[(at := one >> KIND_BITS & bits) >> 3] >> (at & 7) & 1]
    return [one for one in first if known[(at := one >> high & bits) >> 3] >> (at & 7) & 1]


def _filled(known: bytearray, features: Iterable[int]) -> bytes:
    bits, high = _places(known)
    for one in features:
        at = one >> KIND_BITS & bits
        known[at >> 3] |= 1 << (at & 7)
        at = one >> high & bits
        known[at >> 3] |= 1 << (at & 7)
    return bytes(known)


def _places(known: bytes | bytearray | memoryview) -> tuple[int, int]:
    """Return the mask of a place in a filter, and the shift that leaves a feature's highest bits for one."""
    bits = (len(known) << 3) - 1
    return bits, _OWN - bits.bit_length()


def _size(entries: int) -> int:
    """Return the bytes of a filter: a power of two."""
    return 1 << (max(_EACH * entries, _LEAST) - 1).bit_length() - 3

"""A checksum over what is kept, and over where it belongs: SQLite and plain files have none, and a disk may forget."""

from __future__ import annotations

import zlib

_SIZE = 4


def sealed(content: bytes, *names: object) -> bytes:
    """Return content with a checksum of it and of what it belongs to: against accidents (CRC-32), not people."""
    return content + _seal(content, names)


def opened(blob: bytes, *names: object) -> memoryview | None:
    """Return the content of ``sealed``, in place: a run has hundreds of kilobytes.

    ``None`` where it, or what it belongs to, is not what it was.
    """
    content = memoryview(blob)[:-_SIZE]
    return content if _seal(content, names) == blob[-_SIZE:] else None


def _seal(content: bytes | memoryview, names: tuple[object, ...]) -> bytes:
    return zlib.crc32(repr(names).encode(), zlib.crc32(content)).to_bytes(_SIZE, "big")

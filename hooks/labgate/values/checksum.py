"""A checksum over stored content and its place: SQLite and plain files have none, and disks lose data.

It detects accidents, not attacks. On the commit hook's path, where ``light`` checksums avoid zlib: to load that
library takes longer than to read a policy.
"""

from __future__ import annotations

_SIZE = 4
#: The largest prime of 32 bits: no flipped bit leaves the remainder as it was.
_PRIME = 2**32 - 5


def with_checksum(content: bytes, *names: object, light: bool = False) -> bytes:
    """Return content with a checksum of it and of the ``names`` of what it belongs to.

    The checksum is CRC-32, or a ``light`` one: the remainder of all bytes read as one number, which is as fast for
    some 10 kB.
    """
    return content + _checksum(content, names, light=light).to_bytes(_SIZE, "big")


def verified(blob: bytes, *names: object, light: bool = False) -> memoryview | None:
    """Return the content of ``with_checksum``, in place: a run has hundreds of kilobytes.

    ``None`` if the content or the names have changed.
    """
    content = memoryview(blob)[:-_SIZE]
    return content if _checksum(content, names, light=light) == int.from_bytes(blob[-_SIZE:], "big") else None


def _checksum(content: bytes | memoryview, names: tuple[object, ...], *, light: bool) -> int:
    place = repr(names).encode()
    if light:
        return int.from_bytes(b"".join((place, content)), "big") % _PRIME
    return _crc32(place, _crc32(content))


def _load_crc32(content: bytes | memoryview, start: int = 0) -> int:
    """Return a CRC-32. From the first call on ``_crc32`` is that of zlib: an import for each page takes longer."""
    global _crc32  # noqa: PLW0603  (a value of the module, set once)
    from zlib import crc32

    _crc32 = crc32
    return crc32(content, start)


_crc32 = _load_crc32

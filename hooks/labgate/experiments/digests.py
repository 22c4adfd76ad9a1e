"""Digests of artifacts and inputs."""

from __future__ import annotations

import hashlib

from labgate.values.foreign import open_foreign

_CHUNK = 1 << 20


def digests_of(path: str, *, md5: bool = False) -> dict[str, str]:
    """Return the hexadecimal digests of a file's content: ``sha256``, and ``md5`` if asked, which DVC uses.

    Raises: ``OSError`` when it cannot be read.
    """
    # MD5 only finds a file in DVC's store; it protects nothing.
    hashes = [hashlib.sha256(), *([hashlib.md5(usedforsecurity=False)] if md5 else [])]
    with open_foreign(path) as stream:
        while chunk := stream.read(_CHUNK):
            for one in hashes:
                one.update(chunk)
    return {one.name: one.hexdigest() for one in hashes}

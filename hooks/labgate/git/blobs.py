"""Read the content of blobs, some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labgate.git.raw import blob_sizes
from labgate.git.runner import Git

#: Bytes that one process of git sends at most, unless one blob alone has more.
_MOST_AT_ONCE = 32 * 10**6


def read_blobs(git: Git, oids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each blob (full oid) with its content. Raises: ``MissingObjectError`` when one is not in this clone."""
    group: list[str] = []
    total = 0
    for oid, size in sorted(blob_sizes(git, set(oids)).items()):
        if group and total + size > _MOST_AT_ONCE:
            yield from _read(git, group)
            group, total = [], 0
        group.append(oid)
        total += size
    if group:
        yield from _read(git, group)


def _read(git: Git, oids: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield blobs by one process (git-cat-file, "BATCH OUTPUT")."""
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    output = git.run("cat-file", "--batch", "--buffer", stdin=asked)
    at = 0
    for oid in oids:
        end = output.index(b"\n", at)
        size = int(output[at:end].rpartition(b" ")[2])
        yield oid, output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1

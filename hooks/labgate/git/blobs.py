"""Read the content of objects, some at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from labgate.git.raw import blob_sizes
from labgate.git.runner import Git

#: Bytes that one process of git sends at most, unless one object alone has more.
_MOST_AT_ONCE = 32 * 10**6


def read_blobs(git: Git, oids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each blob (full oid) with its content. Raises: ``MissingObjectError`` when one is not in this clone."""
    return read_sized(git, dict(sorted(blob_sizes(git, set(oids)).items())))


def weigh_named(git: Git, names: Iterable[str], kind: str, most: int) -> dict[str, tuple[str, int]]:
    """Return oid and size in bytes of those named objects that are here, have a kind and at most ``most`` bytes.

    Raises: ``GitError``.
    """
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        return {}
    words = ("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--buffer")
    answers = git.run(*words, stdin=os.fsencode("".join(f"{name}\n" for name in wanted)))
    rows = zip(wanted, answers.decode("ascii", "replace").splitlines(), strict=True)
    found = {}
    for name, line in rows:
        oid, type_, size = (*line.split(" "), "", "")[:3]
        if type_ == kind and size.isdigit() and int(size) <= most:
            found[name] = (oid, int(size))
    return found


def read_sized(git: Git, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield the content of each object, given with its size in bytes. Raises: ``GitError``."""
    group: list[str] = []
    total = 0
    for oid, size in sizes.items():
        if group and total + size > _MOST_AT_ONCE:
            yield from _read(git, group)
            group, total = [], 0
        group.append(oid)
        total += size
    if group:
        yield from _read(git, group)


def _read(git: Git, oids: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield objects by one process (git-cat-file, "BATCH OUTPUT")."""
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    output = git.run("cat-file", "--batch", "--buffer", stdin=asked)
    at = 0
    for oid in oids:
        end = output.index(b"\n", at)
        size = int(output[at:end].rpartition(b" ")[2])
        yield oid, output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1

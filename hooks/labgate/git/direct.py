"""What files of git say without a process of git: the tree of an index, and the parents of a new commit.

On the commit hook's path. Both are ``None`` where only git can tell: packed objects, an index that is split or has
paths without content.
"""

from __future__ import annotations

import os

from labgate.values.files import read_end, read_start
from labgate.values.refnames import is_oid

#: Of an index its last bytes are read, more of them until the tree is among them: its paths come first.
_ENDS = (2**15, 2**20)
_HEADER = 12
#: Bytes of a commit's own file, and of the commit, that are read: its tree and its parents stand first.
_MOST_BYTES = 2**16


def index_tree(path: str, digits: int) -> str | None:
    """Return the tree (full oid, of so many ``digits``) that git will make of an index for a commit.

    git keeps it in the index (gitformat-index, "Cache tree"), and brings it up to date before it starts pre-commit.
    """
    for most in _ENDS:
        try:
            header, end = read_start(path, _HEADER), read_end(path, most)
        except OSError:
            return None
        found = _cached_tree(end, int.from_bytes(header[8:], "big"), digits // 2)
        if found is not None or len(end) < most:
            return found
    return None


def _cached_tree(end: bytes, entries: int, size: int) -> str | None:
    """Return the tree in the end of an index with so many entries and oids of ``size`` bytes."""
    at = end.rfind(b"TREE")
    while at >= 0:
        if _ends_well(end, at, size) and end[at + 8 : at + 9] == b"\0":
            counts, _, rest = end[at + 9 :].partition(b"\n")
            # Fewer where a path has no content yet, and where another file has the rest of the index.
            if counts.partition(b" ")[0] == b"%d" % entries:
                return rest[:size].hex()
        at = end.rfind(b"TREE", 0, at)
    return None


def _ends_well(end: bytes, at: int, size: int) -> bool:
    """Return whether extensions, one after the other, reach from here to the checksum at the end of an index."""
    while at < len(end) - size:
        at += 8 + int.from_bytes(end[at + 4 : at + 8], "big")
    return at == len(end) - size


def loose_commit(folder: str, oid: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the tree and the parents (full oids) of a commit that has a file of its own, as a new one has.

    ``folder`` is that of the objects (gitrepository-layout). As in ``raw``, the file is read as git reads it.
    """
    from zlib import decompressobj, error

    try:
        start = read_start(os.path.join(folder, oid[:2], oid[2:]), _MOST_BYTES)
        text = decompressobj().decompress(start, _MOST_BYTES)
    except (OSError, error):
        return None
    kind, _, content = text.partition(b"\0")
    head, author, _ = content.partition(b"\nauthor ")
    lines = [line.partition(" ") for line in head.decode("ascii", "replace").split("\n")]
    words = [word for word, _, _ in lines]
    oids = [name for _, _, name in lines]
    if not (kind.startswith(b"commit ") and author and words == ["tree", *["parent"] * (len(words) - 1)]):
        return None
    return (oids[0], tuple(oids[1:])) if all(map(is_oid, oids)) else None

"""The delta-id: a hash of a change's content, to which a review is bound."""

from __future__ import annotations

import hashlib

from labgate.git.raw import PLAIN
from labgate.git.repository import Repository

_RAW = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-relative", *PLAIN)

#: The delta-id of two equal trees.
EMPTY = hashlib.sha256(b"").hexdigest()


def delta_id(repository: Repository, old: str, new: str) -> str:
    """Return the SHA-256, as 64 hexadecimal digits, of the raw diff between two trees or commits (full oids).

    The input of the hash is git's raw output format (git-diff-tree, "RAW OUTPUT FORMAT") with ``-z``, for each file
    that differs::

        :<old mode> <new mode> <old oid> <new oid> <status> NUL <path> NUL

    Modes are six octal digits and oids are full, each all zeros where the file is absent. The status is ``A``, ``D``,
    ``M`` or ``T``: a rename is a deletion and an addition. The path is the bytes of the tree, unquoted, from the root.
    Files are in git's order of trees, with nothing before, between or after them. Equal trees give ``EMPTY``.

    The same files with the same bytes on both sides give the same id: commits, messages, people, dates and equal files
    do not change it. Raises: ``MissingObjectError`` when a tree is not in this clone.
    """
    return hashlib.sha256(repository.objects.run(*_RAW, old, new)).hexdigest()

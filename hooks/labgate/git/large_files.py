"""The changed lines of files that are too large for git's diff, which would hold both versions and all of their lines.

A table of counts takes the same memory for any file.
"""

from __future__ import annotations

from array import array

from labgate.git.runner import BOUNDED, Git

#: The places of the table: so many that two lines which differ rarely share one.
_PLACES = 1 << 21
#: git looks for a NUL in so many bytes (xdiff-interface.c, ``buffer_is_binary``).
_FIRST_BYTES = 8000


def changed_lines(git: Git, old: str, new: str) -> tuple[int, int] | None:
    """Return how many lines a new blob has more, and has less, than an old one; a line that only moved is neither.

    An oid of zeros names no blob. ``None`` for a binary file, which has no lines. Raises: ``GitError``.
    """
    table = array("q", bytes(8 * _PLACES))
    if not all(_count(git, oid, table, step) for oid, step in ((new, 1), (old, -1)) if oid.strip("0")):
        return None
    return sum(count for count in table if count > 0), -sum(count for count in table if count < 0)


def _count(git: Git, oid: str, table: array[int], step: int) -> bool:
    """Count the lines of a blob; return whether it has lines."""
    seen = 0
    for line in git.stream(*BOUNDED, "cat-file", "blob", oid):
        if seen < _FIRST_BYTES and b"\0" in line[: _FIRST_BYTES - seen]:
            return False
        seen += len(line) + 1
        table[hash(line) % _PLACES] += step
    return True

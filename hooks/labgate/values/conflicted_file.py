"""A file that a merge would leave in conflict."""

from __future__ import annotations

from labgate.values.value import Value


class ConflictedFile(Value):
    """A file in conflict, and the latest commits of the branch and of its base that change it (full oids).

    Neither is known if there was no time to look.
    """

    path: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]

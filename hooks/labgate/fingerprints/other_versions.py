"""Index files of other versions of labgate in a clone, and which of them nobody has used for long."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress

from labgate.fingerprints.storage import discard
from labgate.values.databases import identity_of
from labgate.values.files import RefusedFileError, stat_own, touch_own
from labgate.values.value import Value

#: An index that was not used for so many days is deleted when another version builds one: it can be computed again.
UNUSED_DAYS = 30
_DAY = 86_400
_START, _END = "index-", ".sqlite"


class OtherIndex(Value):
    """An index file of another version: its size in bytes, and when it was last used, in seconds since 1970."""

    path: str
    version: str
    bytes: int
    used: int


def version_of(path: str) -> str | None:
    """Return the version that the name of an index file tells, ``None`` if it is not the name of one."""
    name = os.path.basename(path)
    version = name[len(_START) : -len(_END)]
    numbers = version.split(".")
    whole = len(numbers) == 2 and all(number.isascii() and number.isdigit() for number in numbers)
    return version if whole and name == f"{_START}{version}{_END}" else None


def other_indexes(path: str) -> Iterator[OtherIndex]:
    """Yield the index files beside this version's, which has the given path; what is not labgate's is left out."""
    folder, own = os.path.split(path)
    names: list[str] = []
    with suppress(OSError):
        names = sorted(os.listdir(folder))
    for name in names:
        other = os.path.join(folder, name)
        version = version_of(other)
        if version is None or name == own:
            continue
        with suppress(RefusedFileError, OSError):
            stat = stat_own(other)
            if stat is not None:
                yield OtherIndex(other, version, stat.st_size, int(stat.st_mtime))


def note_use(path: str) -> None:
    """Give an index file the current time, at most once a day: a reader does not change it otherwise."""
    with suppress(RefusedFileError, OSError):
        stat = stat_own(path)
        if stat is not None and abs(time.time() - stat.st_mtime) > _DAY:
            touch_own(path)


def remove_unused(path: str) -> None:
    """Remove the index files of other versions that nobody has used for ``UNUSED_DAYS``, as far as that is allowed."""
    for other in other_indexes(path):
        if time.time() - other.used > UNUSED_DAYS * _DAY:
            discard(other.path, identity_of(other.path), patience=0)

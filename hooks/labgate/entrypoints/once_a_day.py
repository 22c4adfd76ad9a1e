"""Lines that a clone gets at most once a day. The time stamp of an empty file is that of the last one."""

from __future__ import annotations

import os

from labgate import FOLDER

_DAY = 86_400


def is_due(common_dir: str, name: str) -> bool:
    """Return whether the line ``name`` was not printed in the last 24 hours, or this cannot be known."""
    import time

    from labgate.values.files import stat_own

    try:
        stat = stat_own(_path(common_dir, name))
    except OSError:
        return True
    return stat is None or not 0 <= time.time() - stat.st_mtime < _DAY


def note(common_dir: str, name: str) -> None:
    """Remember that the line is printed now. Raises: ``OSError`` when it cannot be written."""
    from labgate.values.files import write_own

    write_own(_path(common_dir, name), b"")


def _path(common_dir: str, name: str) -> str:
    return os.path.join(common_dir, FOLDER, name)

"""Copy a file so that others see the old one or the whole new one, and clear what was left of such files."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress

from labgate.experiments.artifacts import is_record, is_unfinished, temporary_name

#: After so many seconds nobody is writing an unfinished file any more.
_ABANDONED = 3600


def copy_whole(source: str, target: str) -> None:
    """Copy content, mode and time stamps; the folder is made. Raises: ``OSError``, and ``target`` is as before."""
    os.makedirs(os.path.dirname(target) or os.curdir, exist_ok=True)
    temporary = temporary_name(target)
    try:
        shutil.copy2(source, temporary)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def clear_unfinished(folder: str) -> None:
    """Delete what killed processes have left beside artifacts: records and copies that are not whole."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if is_unfinished(entry.name) and is_record(entry.name):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < time.time() - _ABANDONED:
                        os.unlink(entry.path)

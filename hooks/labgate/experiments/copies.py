"""Copy a file so that others see the old one or the whole new one."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from labgate.experiments.artifacts import temporary_name


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

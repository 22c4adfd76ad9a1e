"""Read somebody else's file of any size in parts; ``values.files`` reads a small one whole."""

from __future__ import annotations

import os
import stat
from io import FileIO

from labgate.values.files import RefusedFileError


def open_foreign(path: str) -> FileIO:
    """Open a file to read; links are followed, and a pipe without a writer holds nobody up.

    Raises: ``OSError`` when it cannot be read or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open(descriptor, "rb", buffering=0)
    os.close(descriptor)
    raise RefusedFileError(path, "is not a regular file")

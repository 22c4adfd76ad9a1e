"""Files of labgate's own that one process at a time writes to."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from io import FileIO

from labgate.values.files import open_own

#: How long to wait between two attempts to lock a file, in seconds.
_TURN = 0.005
#: Largest file that only is a lock, or a note of a few words.
_MOST_BYTES = 2**16


def locked(path: str, patience: float, limit: int = _MOST_BYTES) -> FileIO:
    """Lock a file of labgate's own and return it, open to read and append. It is made if it is missing.

    The lock is released when the file is closed or the process is killed (flock(2)). Raises: ``RefusedFileError``
    when it is not labgate's or has more than ``limit`` bytes, ``TimeoutError`` when another process kept the lock for
    ``patience`` seconds, ``OSError``.
    """
    stream = open_own(path, limit, append=True)
    try:
        _wait(stream, path, patience)
    except BaseException:
        stream.close()
        raise
    return stream


def _wait(stream: FileIO, path: str, patience: float) -> None:
    end = time.monotonic() + patience
    while not _locks(stream):
        if time.monotonic() > end:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), path)
        time.sleep(_TURN)


def _locks(stream: FileIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

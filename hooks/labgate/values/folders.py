"""Folders of labgate's own in a git directory: made, filled and removed, and never reached through a link."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress

from labgate.values.files import open_folder
from labgate.values.foreign import open_foreign

_CHUNK = 1 << 20
_LAST_STREAM = 2


def make_own_folder(path: str) -> None:
    """Make a folder of labgate's own if it is missing, and those between it and labgate's.

    Raises: ``RefusedFileError`` when it or one of them is a link or not labgate's, ``OSError``.
    """
    os.close(open_folder(os.path.join(path, ""), make=True))


def names_in_own(path: str) -> list[str]:
    """Return the names in a folder of labgate's own. Raises: as ``make_own_folder``; ``OSError`` when there is none."""
    folder = open_folder(os.path.join(path, ""))
    try:
        return os.listdir(folder)
    finally:
        os.close(folder)


def remove_own_folder(path: str) -> None:
    """Remove a folder of labgate's own with all that is in it, as far as possible; links in it are not followed."""
    with suppress(OSError):
        os.close(open_folder(os.path.join(path, "")))
        shutil.rmtree(path, ignore_errors=True)


def new_own(path: str, *, append: bool = False) -> int:
    """Create a file of labgate's own and return its descriptor, which the caller closes. Its folder is made too.

    Raises: ``FileExistsError``, and as ``make_own_folder``.
    """
    folder = open_folder(path, make=True)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        flags |= os.O_APPEND if append else 0
        descriptor = os.open(os.path.basename(path), flags, 0o666, dir_fd=folder)
    finally:
        os.close(folder)
    if descriptor > _LAST_STREAM:
        return descriptor
    # Of a standard stream that was closed: a command would write to it.
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _LAST_STREAM + 1)
    finally:
        os.close(descriptor)


def copy_to_own(source: str, target: str) -> None:
    """Copy somebody else's file, with its time stamps, to a new file of labgate's own.

    Raises: ``OSError`` when the source is missing or is not a regular file, and as ``new_own``.
    """
    with open_foreign(source) as reading, open(new_own(target), "wb", buffering=0) as writing:
        stamp = os.fstat(reading.fileno())
        shutil.copyfileobj(reading, writing, _CHUNK)
        os.utime(writing.fileno(), ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

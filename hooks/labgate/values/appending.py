"""Append to files in one write, so that what several processes append is never mixed."""

from __future__ import annotations

import errno
import os
from io import FileIO


def append(path: str, content: bytes) -> None:
    """Append to somebody else's file in one write, and create it if it is missing. Raises: ``OSError``."""
    with open(path, "ab", buffering=0) as stream:
        append_to(stream, content)


def append_to(stream: FileIO, content: bytes) -> None:
    """Append to an open file in one write. Raises: ``OSError`` when not all of it could be written."""
    if stream.write(content) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), stream.name)

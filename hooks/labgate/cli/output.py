"""Where a command's result goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from io import StringIO
from typing import TYPE_CHECKING

from labgate.values.files import append, write_whole

if TYPE_CHECKING:
    from labgate.report import Renderer
    from labgate.values.report import Report


def deliver(report: Report, render: Renderer, path: str | None) -> None:
    """Render the report to a file, or to standard output when ``path`` is ``None`` or ``-``.

    Raises ``OSError`` when the file cannot be written; a file that was there is then as it was.
    """
    if path is None or path == "-":
        render(report, sys.stdout)
        return
    text = StringIO()
    render(report, text)
    write_output(path, text.getvalue())


def write_output(path: str, content: str | bytes, *, new: bool = False) -> None:
    """Write a file that a user named, whole or not at all. A symbolic link stays one.

    With ``new`` nothing is replaced: ``FileExistsError`` is raised where something has the name by now. What is no
    regular file (``/dev/null``, a pipe) is written to as it stands: replacing it would break the machine.
    """
    data = _encoded(content) if isinstance(content, str) else content
    if new:
        write_whole(path, data, put=_give_name)
    elif os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as stream:
            stream.write(data)
    else:
        write_whole(os.path.realpath(path), data)


def _give_name(temporary: str, target: str) -> None:
    """Move a file to a name that nothing has. Raised: ``FileExistsError``."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links; here somebody else could come in between.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.replace(temporary, target)
    else:
        os.unlink(temporary)


def append_output(path: str, content: str) -> None:
    """Add text to the end of a file that a CI system named. Raises: ``OSError``."""
    append(path, _encoded(content))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")

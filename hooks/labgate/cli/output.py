"""Where a command's result goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from io import StringIO
from typing import TYPE_CHECKING

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
    write_whole(path, text.getvalue())


def write_whole(path: str, content: str | bytes, *, new: bool = False) -> None:
    """Write a file in one step that another process sees as before or after, never half (rename(2), link(2)).

    With ``new`` nothing is replaced: ``FileExistsError`` is raised where something has the name by now. What is no
    regular file (``/dev/null``, a pipe) is written to as it stands: replacing it would break the machine.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    before = os.stat(path).st_mode if os.path.exists(path) else None
    if before is not None and not stat.S_ISREG(before) and not new:
        with open(path, "wb") as stream:
            stream.write(data)
        return
    target = path if new else os.path.realpath(path)  # a symbolic link stays one
    temporary = f"{target}.{secrets.token_hex(8)}.tmp"
    # Not tempfile: its files are private to the user, and a CI system must be able to read the report.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(handle, "wb") as stream:
            stream.write(data)
        if before is not None:
            os.chmod(temporary, stat.S_IMODE(before))
        if new:
            _give_name(temporary, target)
        else:
            os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


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


def append(path: str, content: str) -> None:
    """Add text to the end of a file, made where it is not there, in one write. Raises ``OSError``."""
    with open(path, "ab") as stream:
        stream.write(content.encode("utf-8", "backslashreplace"))

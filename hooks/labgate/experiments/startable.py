"""Whether the system can start a command, before anything is done for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from labgate.values.errors import UsageError
from labgate.values.files import read_start
from labgate.values.phrases import quote

_LONGEST_LINE = 256


def require_startable(command: tuple[str, ...], directory: str, environ: Mapping[str, str]) -> None:
    """Check that a command can be started in a directory. Raises: ``UsageError`` with the reason.

    What only the system knows, such as another machine's program, is not seen here.
    """
    name = command[0]
    if os.sep in name:
        path = os.path.join(directory, name)
        found = path if os.access(path, os.X_OK) and os.path.isfile(path) else None
    else:
        path, found = name, shutil.which(name, path=environ.get("PATH", os.defpath))
    if found is None:
        raise UsageError(*_reason(name, path))
    interpreter = _interpreter(found)
    if interpreter == "" or (interpreter and not os.access(os.path.join(directory, interpreter), os.X_OK)):
        message = f"cannot start {name}: its first line names {interpreter or 'no program'}, which cannot be started"
        raise UsageError(message, f"head -1 {quote(found)}")


def _reason(name: str, path: str) -> tuple[str, str]:
    """Return why a command cannot be started, and what helps."""
    if os.path.isdir(path):
        return f"cannot start {name}: it is a folder", f"ls {quote(path)}"
    if os.path.isfile(path):
        return f"cannot start {name}: it is not executable", f"chmod +x {quote(os.path.normpath(path))}"
    if os.sep in name:
        return f"cannot start {name}: there is no such file", f"ls {quote(os.path.dirname(os.path.normpath(path)))}"
    if os.path.isfile(os.path.join(os.curdir, name)):
        return f"cannot start {name}: there is no such command", f"labgate experiment run -- {quote(f'./{name}')}"
    return f"cannot start {name}: there is no such command", f"command -v {quote(name)}"


def _interpreter(path: str) -> str | None:
    """Return the program that a script's first line names, ``""`` if a text has none, ``None`` for other programs."""
    try:
        start = read_start(path, _LONGEST_LINE)
    except OSError:
        return None
    if start.startswith(b"#!"):
        words = start[2:].split(b"\n", 1)[0].split()
        return os.fsdecode(words[0]) if words else ""
    # execve(2) refuses a text (ENOEXEC); only a shell would guess that it is one of its scripts.
    return None if b"\0" in start else ""

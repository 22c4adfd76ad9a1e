"""What Python on macOS does not have or does differently, for a process that runs on Linux.

It is a module for the start of an interpreter (``site``, "import lines"): see ``make_interpreter_of_macos``. The file
system, the shell and git remain those of Linux.
"""

from __future__ import annotations

import builtins
import fcntl
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ABSENT = {
    os: ("memfd_create", "pidfd_open", "pipe2", "sched_getaffinity", "eventfd", "getxattr", "setxattr", "listxattr"),
    fcntl: ("F_SETPIPE_SZ", "F_GETPIPE_SZ"),
    select: ("epoll",),
    signal: ("sigtimedwait", "sigwaitinfo", "pidfd_send_signal"),
}
_ABSENT[os] += ("waitid", "posix_fadvise", "copy_file_range", "splice", "O_PATH", "O_TMPFILE")


def make_interpreter_of_macos(folder: Path) -> str:
    """Return a Python that finds labgate under ``-I`` and behaves as on macOS."""
    from support.isolated import make_interpreter

    python = make_interpreter(folder)
    [packages] = folder.glob("lib/python3*/site-packages")
    (packages / "as_on_macos.py").write_text(Path(__file__).read_text(encoding="utf-8") + "\n\napply()\n")
    (packages / "as_on_macos.pth").write_text("import as_on_macos\n")
    return python


def apply() -> None:
    """Take away what only Linux has, for the rest of this process."""
    states = {name: getattr(os, name) for name in ("open", "read", "close", "listdir")}
    sys.platform = "darwin"
    for module, names in _ABSENT.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for name in ("open", "stat", "lstat", "listdir", "scandir"):
        call = getattr(os, name)
        setattr(os, name, _without_proc(call))
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if call in able:
                able.add(getattr(os, name))
    vars(builtins)["open"] = _without_proc(builtins.open)
    vars(os)["killpg"] = _killpg(os.killpg, states)


def _without_proc(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(path: Any = ".", *args: Any, **options: Any) -> Any:
        if isinstance(path, str | bytes | os.PathLike) and (os.fsdecode(path) + "/").startswith("/proc/"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return call(path, *args, **options)

    return called


def _killpg(call: Callable[[int, int], None], real: dict[str, Any]) -> Callable[[int, int], None]:
    """Refuse a signal to a group of zombies, as XNU does (EPERM), where Linux takes it."""

    def called(group: int, number: int) -> None:
        states = []
        for name in filter(str.isdigit, real["listdir"]("/proc")):
            try:
                handle = real["open"](f"/proc/{name}/stat", os.O_RDONLY)
            except OSError:
                continue
            try:
                state, _, found = real["read"](handle, 4096).rpartition(b") ")[2].split()[:3]
            finally:
                real["close"](handle)
            if int(found) == group:
                states.append(state)
        if states and set(states) <= {b"Z"}:
            raise PermissionError(1, "Operation not permitted")
        call(group, number)

    return called

"""The processes of a run: signals for them, and whether some are left.

The command leads a session and a process group of its own. A child that made another session is still found on Linux,
by the run's variable in its environment (proc(5), ``/proc/PID/environ``); elsewhere only the group is.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = "/proc"


class Family:
    """The processes of one run. ``leader`` is the command's pid, ``marker`` is ``NAME=VALUE`` in their environment."""

    __slots__ = ("_marker", "leader")

    def __init__(self, leader: int, marker: str) -> None:
        self.leader = leader
        self._marker = os.fsencode(marker)

    def send_leader(self, number: int) -> None:
        """Send a signal to the command alone, if it still runs and was not waited for."""
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.leader, number)

    def send_group(self, number: int) -> None:
        """Send a signal to the command's process group, as a terminal does."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.leader, number)

    def send_all(self, number: int) -> None:
        """Send a signal to every process of the run."""
        self.send_group(number)
        for pid in self._strays():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def end(self) -> None:
        """Tell every process to end, also one that is suspended (SIGSTOP) and would not see it."""
        self.send_all(signal.SIGTERM)
        self.send_all(signal.SIGCONT)

    def is_left(self) -> bool:
        """Return whether a process of the run is alive; a zombie is not."""
        if not os.path.isdir(f"{_PROC}/self"):
            # macOS refuses a signal to a group that has only zombies (EPERM).
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.leader, 0)
                return True
            return False
        return next(self._members(), None) is not None

    def _strays(self) -> Iterator[int]:
        """Yield the processes outside of the command's group."""
        return (pid for pid, group in self._members() if group != self.leader)

    def _members(self) -> Iterator[tuple[int, int]]:
        """Yield pid and process group of each living process of the run; nothing without ``/proc``."""
        me = os.getpid()
        with suppress(OSError):
            for name in os.listdir(_PROC):
                if not name.isdigit() or int(name) == me:
                    continue
                found = _status(name)
                if found is not None and (self.leader in found or self._is_marked(name)):
                    yield int(name), found[0]

    def _is_marked(self, name: str) -> bool:
        with suppress(OSError), open(f"{_PROC}/{name}/environ", "rb") as stream:
            return self._marker in stream.read().split(b"\0")
        return False


def _status(name: str) -> tuple[int, int] | None:
    """Return process group and session of a process, ``None`` if it has ended (proc(5), ``/proc/PID/stat``)."""
    try:
        with open(f"{_PROC}/{name}/stat", "rb") as stream:
            text = stream.read()
    except OSError:
        return None
    # The program's name stands in parentheses and may contain anything.
    state, _, group, session = text[text.rindex(b")") + 2 :].split()[:4]
    return None if state in (b"Z", b"X") else (int(group), int(session))

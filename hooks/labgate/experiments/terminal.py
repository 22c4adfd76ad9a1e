"""A pseudo-terminal between a command and the terminal that labgate was started on.

Each standard stream that is a terminal becomes the pseudo-terminal for the command, so progress bars, ``breakpoint()``
and Ctrl-C work as without labgate (pty(7), termios(3)).
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import tty
from contextlib import suppress

#: The four numbers of a window's size: rows, columns, and both in pixels (ioctl_tty(2), TIOCGWINSZ).
_WINDOW = struct.Struct("HHHH")
_OUTPUT_MODES = 1


class Terminal:
    """A pseudo-terminal for the standard streams that are terminals.

    ``streams`` has 0, 1 or 2 for each that is on it, ``output`` where its output goes: 1 or 2. ``reads`` says whether
    what is typed goes to the command. ``master`` is labgate's end, ``slave`` the command's.
    """

    def __init__(self, terminals: frozenset[int], *, foreground: bool) -> None:
        self.output = 1 if 1 in terminals else 2
        self.reads = 0 in terminals and foreground
        self.streams = terminals if self.reads else terminals - {0}
        self._before = termios.tcgetattr(self.output)
        self._is_raw = False
        self.master, self.slave = os.openpty()
        termios.tcsetattr(self.slave, termios.TCSANOW, self._before)
        self.resize()

    def resize(self) -> None:
        """Give the pseudo-terminal the size of the real one; the system tells the command (SIGWINCH)."""
        with suppress(OSError):
            size = fcntl.ioctl(self.output, termios.TIOCGWINSZ, bytes(_WINDOW.size))
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def adopt(self) -> None:
        """Make it the controlling terminal of this process, which leads a session: for the command before it starts."""
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def started(self) -> None:
        """Give the command's end away, and pass on keys as they are typed: Ctrl-C too is only a byte then."""
        os.close(self.slave)
        if not self.reads:
            return
        self._is_raw = True
        tty.setraw(0, termios.TCSANOW)
        if not {1, 2} <= self.streams:
            # Another program writes here too, such as the ``tee`` of a pipe, and needs its line feeds as they were.
            modes = termios.tcgetattr(0)
            modes[_OUTPUT_MODES] = self._before[_OUTPUT_MODES]
            termios.tcsetattr(0, termios.TCSANOW, modes)

    def line_end(self) -> bytes:
        """Return what ends a line of labgate's own on the real terminal."""
        return b"\r\n" if self._is_raw else b"\n"

    def close(self) -> None:
        """Set the real terminal as it was, and close the pseudo-terminal."""
        if self._is_raw:
            self._is_raw = False
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._before)
        with suppress(OSError):
            os.close(self.master)


def terminal_here() -> Terminal | None:
    """Return a pseudo-terminal for the standard streams, ``None`` where neither output is a terminal."""
    terminals = frozenset(stream for stream in (0, 1, 2) if _is_terminal(stream))
    if not terminals & {1, 2}:
        return None
    return Terminal(terminals, foreground=is_foreground())


def is_foreground() -> bool:
    """Return whether this process may read the terminal on its standard input; true where that is no terminal.

    The system stops a process in the background that reads (SIGTTIN).
    """
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True


def _is_terminal(stream: int) -> bool:
    try:
        return os.isatty(stream)
    except OSError:
        return False

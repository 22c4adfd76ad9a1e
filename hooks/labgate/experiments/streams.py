"""The output of a command on its way: each byte goes to the log and on to where it would have gone without labgate."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.experiments.log import Log

#: A pipe that is ready takes as many bytes without blocking (POSIX, PIPE_BUF; 4,096 on Linux).
_AT_ONCE = 4096
_CHUNK = 1 << 16
#: How many bytes may wait for a slow reader before the command has to wait too, as it would without labgate.
_WAITING = 1 << 20
#: How long a pseudo-terminal must be quiet to be empty, as unlike a pipe it hands over a little later; and how long it
#: is read at most, as a child may write to it for hours. In seconds.
_QUIET, _AT_MOST = 0.2, 2.0


class Sink:
    """Where bytes go, in order. ``problem`` is why it takes no more, ``None`` while it does."""

    __slots__ = ("_waiting", "descriptor", "problem")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.problem: OSError | None = None
        self._waiting = bytearray()

    @property
    def is_waiting(self) -> bool:
        """Whether bytes are left to write."""
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether it should be given no more for now."""
        return len(self._waiting) >= _WAITING

    def take(self, content: bytes) -> None:
        """Add bytes; they are dropped once there is a ``problem``."""
        if self.problem is None:
            self._waiting += content

    def flow(self) -> None:
        """Write what does not block: called when the descriptor is ready."""
        try:
            done = os.write(self.descriptor, self._waiting[:_AT_ONCE])
        except BlockingIOError:
            return
        except OSError as error:
            self.problem = error
            self._waiting.clear()
            return
        del self._waiting[:done]


class Source:
    """A descriptor of the command's output; each byte goes to ``log`` and ``sink``. ``is_open`` until it is drained."""

    __slots__ = ("_ends", "_last", "_left", "_log", "descriptor", "is_open", "sink")

    def __init__(self, descriptor: int, sink: Sink, log: Log | None) -> None:
        self.descriptor = descriptor
        self.sink = sink
        self.is_open = True
        self._log = log
        self._left: int | None = None
        self._ends: float | None = None
        self._last: float = 0.0

    def flow(self, now: float) -> bool:
        """Read what is there; return whether there was something. ``now`` is in seconds, as ``time.monotonic``."""
        try:
            content = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            # The last process on a pseudo-terminal has ended (EIO).
            content = b""
        if not content:
            self.close()
            return False
        self.sink.take(content)
        if self._log is not None:
            self._log.write(content)
        if self._left is not None:
            self._left -= len(content)
        if self._ends is not None:
            self._ends = min(now + _QUIET, self._last)
        self.drop_if_done(now)
        return True

    def command_ended(self, now: float, *, is_terminal: bool) -> None:
        """Read on only as far as the command has written: a child of it may keep the other end open for hours."""
        if is_terminal:
            self._ends, self._last = now + _QUIET, now + _AT_MOST
        elif self.is_open:
            self._left = _readable(self.descriptor)
        self.drop_if_done(now)

    def drop_if_done(self, now: float) -> None:
        """Close it once everything that the command wrote was read."""
        if self.sink.is_full:
            # It was not read for now.
            self._last += 0 if self._ends is None else max(0.0, now + _QUIET - self._ends)
            self._ends = None if self._ends is None else max(self._ends, now + _QUIET)
        drained = self._left is not None and self._left <= 0
        if self.is_open and (drained or (self._ends is not None and now >= self._ends)):
            self.close()

    def close(self) -> None:
        """Close the descriptor; without a reader, a process that writes on gets SIGPIPE, as without labgate."""
        if self.is_open:
            self.is_open = False
            with suppress(OSError):
                os.close(self.descriptor)


def _readable(descriptor: int) -> int:
    """Return how many bytes are waiting in a pipe (ioctl FIONREAD, pipe(7))."""
    found = fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
    return int(struct.unpack("i", found)[0])

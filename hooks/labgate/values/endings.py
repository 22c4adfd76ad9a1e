"""What must be undone when a process is told to end (SIGTERM, SIGHUP), as it is when it ends by itself.

Python ends there and then, whatever ``finally`` says. On the commit hook's path: signals are only heeded once there is
something to undo.
"""

from __future__ import annotations

# The module below ``signal``, which wraps it in enumerations: these take longer to import than a hook may take.
import _signal  # type: ignore[import-not-found]
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

#: Programs that this process has started and that have not ended, with the id of the process that started them.
CHILDREN: dict[int, int] = {}
#: How long, in seconds, a program that is told to end may take.
_PATIENCE = 2.0
#: What is to be undone, and the id of the process that is to do it: a copy of it (fork) is not.
_DUTIES: dict[Callable[[], object], int] = {}


def undo_at_end(duty: Callable[[], object]) -> None:
    """Have ``duty`` called when the process is told to end before ``undone`` is called with it."""
    if not _DUTIES:
        _heed_signals()
    _DUTIES[duty] = os.getpid()


def undone(duty: Callable[[], object]) -> None:
    """Say that there is nothing left to undo."""
    _DUTIES.pop(duty, None)


def _heed_signals() -> None:
    for number in (_signal.SIGTERM, _signal.SIGHUP):
        # Under nohup a hangup is ignored, and stays so.
        if _signal.getsignal(number) == _signal.SIG_DFL:
            try:
                _signal.signal(number, _end)
            except ValueError:
                return  # Python lets only the main thread do this


def _end(number: int, _: FrameType | None) -> None:
    """End as the signal asks, with nothing left behind."""
    from contextlib import suppress

    _signal.signal(number, _signal.SIG_IGN)
    me = os.getpid()
    for child in [child for child, parent in CHILDREN.items() if parent == me]:
        _stop(child)
    for duty in [duty for duty, owner in _DUTIES.items() if owner == me]:
        with suppress(Exception):
            duty()
    _signal.signal(number, _signal.SIG_DFL)
    os.kill(me, number)


def _stop(child: int) -> None:
    """End a program, for what it writes meanwhile would stay; git removes its own temporary files."""
    import time
    from contextlib import suppress

    with suppress(OSError):
        os.kill(child, _signal.SIGTERM)
        limit = time.monotonic() + _PATIENCE
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > limit:
                os.kill(child, _signal.SIGKILL)
            time.sleep(0.01)

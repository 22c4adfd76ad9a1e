"""Clean-up when a process gets a signal to end (SIGTERM, SIGHUP), as when it ends by itself.

Python ends immediately, without ``finally``. On the commit hook's path: signals are only handled once there is
something to undo.
"""

from __future__ import annotations

# The module below ``signal``, whose enumerations take too long to import for a hook.
import _signal  # type: ignore[import-not-found]
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

#: Running programs that this process has started, with the id of the process that started them.
CHILDREN: dict[int, int] = {}
#: Why programs of them were killed because they would never have ended.
ENDED: dict[int, Exception] = {}
#: Seconds that a program may take to end after the signal.
_PATIENCE = 2.0
#: The clean-ups, and the id of the process that does them: a fork of it does not.
_DUTIES: dict[Callable[[], object], int] = {}


def undo_at_end(duty: Callable[[], object]) -> None:
    """Have ``duty`` called if the process gets a signal to end before ``undone`` is called with it."""
    if not _DUTIES:
        _heed_signals()
    _DUTIES[duty] = os.getpid()


def undone(duty: Callable[[], object]) -> None:
    """Cancel a clean-up that was done."""
    _DUTIES.pop(duty, None)


def _heed_signals() -> None:
    for number in (_signal.SIGTERM, _signal.SIGHUP):
        # Under nohup a hangup is ignored, and stays ignored.
        if _signal.getsignal(number) == _signal.SIG_DFL:
            try:
                _signal.signal(number, _end)
            except ValueError:
                return  # Python lets only the main thread do this


def _end(number: int, _: FrameType | None) -> None:
    """Clean up and end with the signal."""
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
    """End a program, whose output would otherwise stay; git removes its own temporary files."""
    import time
    from contextlib import suppress

    with suppress(OSError):
        os.kill(child, _signal.SIGTERM)
        limit = time.monotonic() + _PATIENCE
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > limit:
                os.kill(child, _signal.SIGKILL)
            time.sleep(0.01)

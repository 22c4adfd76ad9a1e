"""One line about the index: the first push in a large clone reads all of its history, which may take minutes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

#: Fewer commits than these take a second or two.
MANY = 2000
#: Seconds between two updates of the line.
_PAUSE = 0.2


class Indexing:
    """Says on a stream that many commits are indexed; on a terminal it counts them, elsewhere it says so once.

    Call it with what they are, how many of them are done, and how many there are. Close it before other lines.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._width = 0
        self._since = 0.0

    def __call__(self, doing: str, done: int, total: int) -> None:
        if total < MANY or (self._width and not self._live):
            return
        if not self._live:
            self._write(f"labgate: indexing {total:,} {doing}; later runs only read what is new\n")
            return
        now = time.monotonic()
        if done == total or now - self._since >= _PAUSE:
            self._since = now
            self._write(f"\rlabgate: indexing {done:,} of {total:,} {doing}".ljust(self._width))

    def close(self) -> None:
        """End the line."""
        if self._live and self._width:
            self._write("\n")
            self._width = 0

    def _write(self, text: str) -> None:
        self._width = len(text)
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # Nobody reads it; the work goes on.
            self._live = False

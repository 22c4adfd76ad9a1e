"""A progress bar for long tasks, on a terminal only."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from labgate.cli.settings import is_quiet
from labgate.report.escape import safe

if TYPE_CHECKING:
    from typing import TextIO

    # click has no public name for the type that ``click.progressbar`` returns.
    from click._termui_impl import ProgressBar

#: Seconds before a bar is shown: short tasks need none.
PATIENCE = 0.5


class Bars:
    """Shows one task at a time; call it with the task's name, the amount done and the total.

    Close it at the end, which restores the terminal's cursor.
    """

    def __init__(self, stream: TextIO | None = None, patience: float = PATIENCE) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._patience = patience
        self._doing: str | None = None
        self._done = 0
        self._since = 0.0
        self._bar: ProgressBar[int] | None = None
        self._quiet = is_quiet() or not self._stream.isatty()

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Update the bar; ``total`` 0 means that there is nothing to do."""
        if self._quiet:
            return
        if doing != self._doing or done < self._done:
            self.close()
            self._doing, self._since = doing, time.monotonic()
        self._done = done
        if self._bar is None:
            if done >= total or time.monotonic() - self._since < self._patience:
                return
            self._bar = click.progressbar(length=total, label=safe(doing), file=self._stream)
            self._bar.render_progress()
        self._bar.length = total
        self._bar.update(done - self._bar.pos)

    def close(self) -> None:
        """End the current bar, so that other lines can be written."""
        if self._bar is not None:
            self._bar.render_finish()
        self._bar = self._doing = None
        self._done = 0

    def make_room(self, stream: TextIO) -> None:
        """End the bar, and show no other one, if output to ``stream`` goes to the same terminal."""
        if stream.isatty():
            self.close()
            self._quiet = True

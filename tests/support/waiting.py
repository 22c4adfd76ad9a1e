"""Patience without waiting, and a search of everything that a failure shows for what it must not show."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from labgate.forge.http import Patience
from labgate.values.errors import UndecidedError

TOKEN = "secret-3f9c1e7ab5"  # noqa: S105 (what the tests look for)
#: When a clock starts, in seconds since 1970: 2027-01-15 08:00:00 UTC.
START = 1_800_000_000


@dataclass
class Clock:
    """Time that passes only by sleeping; ``slept`` has each sleep in seconds."""

    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def patience(self, timeout: float = 10.0, budget: float = 60.0) -> Patience:
        return Patience(timeout, budget, self.sleep, lambda: sum(self.slept), lambda: START + sum(self.slept))


def refused(ask: Callable[[], object], *, echoed: bool = False) -> UndecidedError:
    """Return the error that asking ends in. Neither it nor its traceback shows the token.

    Nor do the local variables on the way, unless the host itself ``echoed`` it.
    """
    with pytest.raises(UndecidedError) as caught:
        ask()
    error = caught.value
    assert "\n" not in error.message
    assert error.help
    trace = traceback.TracebackException.from_exception(error, capture_locals=not echoed)
    shown = "\n".join([str(error), repr(error), error.message, error.help, *trace.format()])
    assert TOKEN not in shown
    assert base64.b64encode(TOKEN.encode()).decode() not in shown
    return error

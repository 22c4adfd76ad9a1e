"""A code host on this machine, and a clock that nobody has to wait for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.forge import FakeHost
from support.waiting import Clock


@pytest.fixture
def host() -> Iterator[FakeHost]:
    with FakeHost() as host:
        yield host


@pytest.fixture
def clock() -> Clock:
    return Clock()

"""Bars: on a terminal, for what takes long, one at a time."""

from __future__ import annotations

import io

import pytest

from labgate.cli.progress import Bars

SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_no_terminal_stays_empty() -> None:
    stream = io.StringIO()
    bars = Bars(stream, patience=0)
    for done in range(5):
        bars("research commits", done, 5)
    bars.close()
    assert stream.getvalue() == ""


def test_what_takes_long_is_shown_with_its_share_and_the_cursor_comes_back() -> None:
    stream = Terminal()
    bars = Bars(stream, patience=0)
    for done in (1, 2, 4):
        bars("research commits", done, 4)
    bars.close()
    shown = stream.getvalue()
    assert "research commits" in shown
    assert shown.index(" 25%") < shown.index(" 50%") < shown.index("100%")
    assert shown.rindex(SHOWN) > shown.rindex(HIDDEN)
    assert shown.endswith("\n")


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param([], id="nothing-to-do"),
        pytest.param([("one", 0, 0)], id="nothing-of-nothing"),
        pytest.param([("one", 7, 7)], id="all-at-once"),
        pytest.param([("one", 1, 3), ("one", 2, 3), ("one", 3, 3), ("two", 1, 3)], id="soon-over"),
    ],
)
def test_what_is_soon_over_needs_no_bar(calls: list[tuple[str, int, int]]) -> None:
    stream = Terminal()
    bars = Bars(stream, patience=60)
    for call in calls:
        bars(*call)
    bars.close()
    assert stream.getvalue() == ""


def test_another_thing_has_a_bar_of_its_own() -> None:
    stream = Terminal()
    bars = Bars(stream, patience=0)
    bars("research commits", 3, 4)
    bars("commits of the branch", 1, 2)
    bars("commits of the branch", 0, 2)
    bars.close()
    assert stream.getvalue().count(SHOWN) == 3
    assert [line.rpartition("%")[0][-3:] for line in stream.getvalue().split("\n")[:-1]] == [" 75", " 50", "  0"]


def test_where_something_else_is_to_be_written_the_bar_ends_for_good() -> None:
    stream = Terminal()
    bars = Bars(stream, patience=0)
    bars("research commits", 1, 4)
    bars.make_room(io.StringIO())
    bars("research commits", 2, 4)
    assert stream.getvalue().count(SHOWN) == 0
    bars.make_room(stream)
    bars("research commits", 3, 4)
    bars.close()
    assert stream.getvalue().count(SHOWN) == 1
    assert " 75%" not in stream.getvalue()


def test_the_name_of_what_is_done_is_made_safe() -> None:
    stream = Terminal()
    bars = Bars(stream, patience=0)
    bars("x\x1b[31m", 1, 2)
    bars.close()
    assert "x\\x1b[31m" in stream.getvalue()

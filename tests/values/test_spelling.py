"""Which known words a misspelt one may have been meant for."""

from __future__ import annotations

import pytest

from labgate.values.spelling import nearest

KNOWN = ("trunk", "kinds", "levels", "LG201", "LG212", "Names")


@pytest.mark.parametrize(
    ("word", "near"),
    [("trunc", ["trunk"]), ("KIND", ["kinds"]), ("LG2O1", ["LG201"]), ("names", ["Names"]), ("xyz", []), ("", [])],
)
def test_the_nearest_known_word(word: str, near: list[str]) -> None:
    assert nearest(word, KNOWN) == near


def test_the_nearest_comes_first_and_no_more_than_wanted() -> None:
    known = [f"research/window-{number}" for number in range(3)] + ["research/windows", "main"]
    assert nearest("research/windows", known, most=3) == ["research/windows", "research/window-0", "research/window-1"]


def test_nothing_is_near_where_nothing_is_known() -> None:
    assert nearest("trunk", ()) == []

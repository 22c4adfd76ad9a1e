"""Phrases that messages share."""

from __future__ import annotations

import pytest

from labgate.values.phrases import alternatives, count, short_oid, size


@pytest.mark.parametrize(("number", "phrase"), [(0, "0 lines"), (1, "1 line"), (2, "2 lines"), (1200, "1,200 lines")])
def test_count(number: int, phrase: str) -> None:
    assert count(number, "line") == phrase


@pytest.mark.parametrize(
    ("number", "phrase"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1500, "1.5 kB"),
        (500_000, "500 kB"),
        (2_100_000, "2.1 MB"),
        (3 * 10**9, "3 GB"),
    ],
)
def test_size(number: int, phrase: str) -> None:
    assert size(number) == phrase


@pytest.mark.parametrize(
    ("items", "phrase"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "c"], "a, b or c"),
        (list("abcdefghij"), "one of a, b, c, d, e, f, g, h, ... (10 in all)"),
    ],
)
def test_alternatives(items: list[str], phrase: str) -> None:
    assert alternatives(items) == phrase


def test_short_oid() -> None:
    assert short_oid("0123456789abcdef" * 4) == "0123456789ab"

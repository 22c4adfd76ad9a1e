"""What headers say about waiting and about the next page."""

from __future__ import annotations

import pytest

from labgate.forge.http import is_limit, is_passing, next_link, requested_wait, utc

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "Fri, 99 Jan 2027 08:00:30 GMT"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000090"}, 90),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1800000090"}, 90),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000"}, 0),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "nan"}, None),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1800000090"}, None),
        ({"retry-after": "3", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000090"}, 3),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert requested_wait(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "limit", "passing"),
    [
        (403, {}, False, False),
        (403, {"x-ratelimit-remaining": "12"}, False, False),
        (403, {"x-ratelimit-remaining": "0"}, True, True),
        (403, {"retry-after": "1"}, True, True),
        (429, {}, True, True),
        (503, {"retry-after": "1"}, False, True),
        (401, {"x-ratelimit-remaining": "0"}, False, False),
        (200, {"x-ratelimit-remaining": "0"}, False, False),
        (404, {"retry-after": "1"}, False, False),
    ],
)
def test_which_refusals_pass(status: int, headers: dict[str, str], limit: bool, passing: bool) -> None:
    assert (is_limit(status, headers), is_passing(status, headers)) == (limit, passing)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ('<https://h/a?page=2>; rel="next"', "https://h/a?page=2"),
        ('<https://h/a?page=1>; rel="prev", <https://h/a?page=3>; rel="next"', "https://h/a?page=3"),
        ('<https://h/a,b;c>; title="x"; rel="last next"', "https://h/a,b;c"),
        ("<https://h/a>;rel=next", "https://h/a"),
        ('<https://h/a>; REL="NEXT"', "https://h/a"),
        ('<https://h/a>; rel="nextish"', None),
        ('<https://h/a>; rel="last"', None),
        ("next", None),
    ],
)
def test_the_next_page(header: str, target: str | None) -> None:
    assert next_link(header) == target


def test_an_instant_beyond_the_calendar_is_still_a_text() -> None:
    assert utc(NOW) == "2027-01-15 08:00:00 UTC"
    assert utc(1e14) == "the end of time"

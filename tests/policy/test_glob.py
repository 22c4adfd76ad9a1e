"""Globs match paths as gitignore does for what both share, and never take exponential time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.policy.glob import Glob


@pytest.mark.parametrize(
    ("text", "path", "matches"),
    [
        pytest.param("*.lock", "poetry.lock", True, id="no-slash-at-the-root"),
        pytest.param("*.lock", "a/b/poetry.lock", True, id="no-slash-at-any-depth"),
        pytest.param("*.lock", "poetry.lock/x", False, id="no-slash-is-not-about-folders"),
        pytest.param("*.lock", "poetry.locks", False, id="no-slash-whole-segment"),
        pytest.param("/setup.py", "setup.py", True, id="leading-slash-at-the-root"),
        pytest.param("/setup.py", "a/setup.py", False, id="leading-slash-only-at-the-root"),
        pytest.param("vendor/**", "vendor/a", True, id="all-in-a-folder"),
        pytest.param("vendor/**", "vendor/a/b", True, id="all-below-a-folder"),
        pytest.param("vendor/**", "vendor", True, id="the-folder-as-a-submodule"),
        pytest.param("vendor/**", "a/vendor/b", False, id="a-slash-anchors"),
        pytest.param("vendor/*", "vendor/a", True, id="one-segment"),
        pytest.param("vendor/*", "vendor/a/b", False, id="a-star-stays-in-its-segment"),
        pytest.param("**/metrics.json", "metrics.json", True, id="no-folder-at-all"),
        pytest.param("**/metrics.json", "a/b/metrics.json", True, id="any-folders-first"),
        pytest.param("experiments/**/metrics.json", "experiments/metrics.json", True, id="no-folder-between"),
        pytest.param("experiments/**/metrics.json", "experiments/a/b/metrics.json", True, id="folders-between"),
        pytest.param(
            "experiments/**/metrics.json", "experiments/a/metrics.jsonl", False, id="folders-but-another-name"
        ),
        pytest.param("a/**/b/**/c", "a/b/x/b/c", True, id="two-double-stars"),
        pytest.param("a/**/b/**/c", "a/x/c", False, id="two-double-stars-missing-middle"),
        pytest.param("**", "a/b", True, id="everything"),
        pytest.param("a?c", "x/abc", True, id="question-mark"),
        pytest.param("a?c", "ac", False, id="question-mark-is-one-character"),
        pytest.param("a?c", "a/c", False, id="question-mark-is-no-slash"),
        pytest.param("v*-*x", "v1-2x", True, id="two-stars-in-a-segment"),
        pytest.param("app/[id]/x", "app/[id]/x", True, id="brackets-are-themselves"),
        pytest.param("app/[id]/x", "app/i/x", False, id="brackets-are-no-class"),
        pytest.param("*.{a,b}", "x.a", False, id="braces-are-no-choice"),
        pytest.param("github.com/acme-research/*", "github.com/acme-research/models", True, id="repository"),
        pytest.param("github.com/acme-research/*", "github.com/acme/models", False, id="another-owner"),
        pytest.param("github.com/acme-research/*", "evil.org/github.com/acme-research/x", False, id="another-host"),
        pytest.param("Readme", "README", False, id="case-counts"),
    ],
)
def test_a_glob_matches(text: str, path: str, matches: bool) -> None:
    assert Glob(text).matches(path) is matches


def slow(glob: list[str], path: list[str]) -> bool:
    """Match segments by the definition alone."""
    if not glob:
        return not path
    if glob[0] == "**":
        return any(slow(glob[1:], path[skip:]) for skip in range(len(path) + 1))
    return bool(path) and slow_segment(glob[0], path[0]) and slow(glob[1:], path[1:])


def slow_segment(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return any(slow_segment(glob[1:], name[skip:]) for skip in range(len(name) + 1))
    return bool(name) and glob[0] in ("?", name[0]) and slow_segment(glob[1:], name[1:])


@given(
    st.lists(st.one_of(st.just("**"), st.text("ab*?", min_size=1, max_size=4)), min_size=1, max_size=5),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6),
)
def test_a_glob_matches_what_its_definition_says(glob: list[str], path: list[str]) -> None:
    anywhere = ["**"] if len(glob) == 1 else []
    assert Glob("/".join(glob)).matches("/".join(path)) is slow(anywhere + glob, path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("*a" * 40 + "b", "a" * 1000, id="stars-in-a-segment"),
        pytest.param("**/a/" * 40 + "b", "a/" * 1000 + "a", id="double-stars"),
        pytest.param("**/*a*a*a*b/" * 20 + "b", "aaaaaaaaaa/" * 200 + "a", id="both"),
    ],
)
def test_an_evil_glob_ends_soon(text: str, path: str) -> None:
    # Without the bound these would run for longer than anybody waits; the product of the lengths is a moment.
    start = time.process_time()
    assert not Glob(text).matches(path)
    assert time.process_time() - start < 5


def test_globs_are_equal_when_their_texts_are() -> None:
    assert Glob("a/*") == Glob("a/*")
    assert Glob("a/*") != Glob("a/**")
    assert {Glob("a"), Glob("a")} == {Glob("a")}
    assert repr(Glob("a")) == "Glob('a')"

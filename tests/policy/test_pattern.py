"""Patterns mean what ``re`` means by them, and take linear time whatever the pattern."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.strategies._internal.strategies import FilteredStrategy

from labgate.policy import pattern, pattern_text
from labgate.policy.pattern import MAX_VALUE, Pattern
from labgate.policy.pattern_text import PatternError

ALPHABET = "abAZ09_-. \n/é"

literals = st.sampled_from(["a", "b", "-", "_", "/", "0", "é", r"\.", r"\-", r"\+", "."])
escapes = st.sampled_from([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S"])
class_items = st.sampled_from(["a", "b", "_", ".", "a-z", "0-9", "A-Z", r"\d", r"\W", r"\s", r"\]", r"\-", "+", "/"])
classes = st.builds(
    lambda negated, items, hyphen: f"[{negated}{''.join(items)}{hyphen}]",
    st.sampled_from(["", "^"]),
    st.lists(class_items, min_size=1, max_size=4),
    st.sampled_from(["", "-"]),
)
quantifiers = st.sampled_from(
    ["", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,1}", "{1,3}", "{0}", "{2,}", "{1,2}?"]
)


def larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.builds(lambda opening, text: f"{opening}{text})", st.sampled_from(["(", "(?:"]), smaller)
    pieces = st.builds(lambda atom, quantifier: atom + quantifier, st.one_of(literals, classes, groups), quantifiers)
    sequences = st.lists(pieces, max_size=4).map("".join)
    return st.lists(sequences, min_size=1, max_size=3).map("|".join)


def within_limits(text: str) -> bool:
    """Say whether a pattern is small enough; one that is refused for any other reason stays, and fails its test."""
    try:
        Pattern(text)
    except PatternError as error:
        return (
            not str(error)
            .partition(": ")[2]
            .startswith(("a pattern has at most", "the repetitions multiply", "groups nest"))
        )
    return True


patterns = st.recursive(st.one_of(literals, escapes, classes), larger, max_leaves=8).filter(within_limits)
#: ``re`` needs time that doubles with each character of a value that nearly matches: a longer one would take hours.
LONGEST = 12
values = st.text(ALPHABET, max_size=LONGEST)
#: Some patterns need it even for these. So long ``re`` is waited for, in seconds of this process's own time.
PATIENCE = 0.02


@contextlib.contextmanager
def patience_with_re() -> Iterator[None]:
    """Give up an example for which ``re`` searches too long: it looks for signals while it does."""

    def give_up(_: int, at: FrameType | None) -> None:
        # Python runs this as soon as it can. Only what called re must see it end: the next signal does.
        if at is not None and at.f_code in SEARCHING:
            raise UnsatisfiedAssumption

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def re_matches(text: str, value: str) -> bool:
    expression = re.compile(text, re.ASCII)
    with patience_with_re():
        return expression.fullmatch(value) is not None


#: What calls ``re``: here, and in hypothesis for what it generates.
SEARCHING = (re_matches.__code__, FilteredStrategy.do_filtered_draw.__code__)


@given(
    st.builds(
        lambda start, text, end: start + text + end, st.sampled_from(["", "^"]), patterns, st.sampled_from(["", "$"])
    ),
    st.lists(values, min_size=1, max_size=8),
)
def test_a_pattern_matches_what_re_matches(text: str, tried: list[str]) -> None:
    for value in tried:
        assert Pattern(text).fullmatch(value) == re_matches(text, value)


@given(patterns, st.data())
def test_a_pattern_matches_what_re_would_generate(text: str, data: st.DataObject) -> None:
    # Random values seldom match; these always do, and so does one of their neighbours now and then.
    with patience_with_re():
        # Whatever is generated is matched by re itself, too.
        value = data.draw(st.from_regex(re.compile(text, re.ASCII), fullmatch=True))
    assume(len(value) < 80)
    assert Pattern(text).fullmatch(value)
    nearby = value[: min(len(value) - 1, LONGEST)]
    assert Pattern(text).fullmatch(nearby) == re_matches(text, nearby)


@given(patterns, values, st.integers(0, 4), st.integers(0, 12))
def test_ends_are_all_the_places_where_a_match_may_end(text: str, value: str, start: int, stop: int) -> None:
    stop = min(stop, len(value))
    expected = [end for end in range(start + 1, stop + 1) if re_matches(text, value[start:end])]
    assert list(Pattern(text).ends(value, start, stop)) == expected


def test_an_example_that_takes_re_hours_is_given_up() -> None:
    with pytest.raises(UnsatisfiedAssumption):
        re_matches("((a+)+)+b", "a" * 60)


def steps(work: Callable[[], object]) -> int:
    """Return how many lines of the engine run: a clock that no other process disturbs."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        nonlocal count
        if frame.f_code.co_filename not in (pattern.__file__, pattern_text.__file__):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        pytest.param("(a+)+b", "a", id="nested-plus"),
        pytest.param(r"^(\w+-?)+$", "a", id="words-with-optional-hyphens"),
        pytest.param("(?:a?){30}a{30}", "a", id="thirty-optional-then-thirty"),
        pytest.param("(a|a)*b", "a", id="the-same-branch-twice"),
        pytest.param("(a|aa)+!", "a", id="overlapping-branches"),
        pytest.param("(.*)*(.*)*(.*)*x", "ab", id="stars-of-everything"),
        pytest.param("((a{0,9}){0,9}){0,9}b", "a", id="repetitions-multiplied"),
    ],
)
def test_an_evil_pattern_takes_linear_steps(text: str, unit: str) -> None:
    def match(length: int) -> Callable[[], bool]:
        value = (unit * length)[: length - 1] + "!"
        return lambda: Pattern(text).fullmatch(value)

    base, double = steps(match(200)), steps(match(400))
    assert double - base <= 200 * 3000, "at most three lines a state and character"
    assert double <= 2.2 * base


def test_a_pattern_remembers_what_it_has_seen() -> None:
    compiled = Pattern("[a-z]+(-[a-z]+)*")
    value = "some-long-name" * 10
    first = steps(lambda: compiled.fullmatch(value))
    assert steps(lambda: compiled.fullmatch(value)) < first


def test_a_pattern_forgets_before_its_memory_grows_without_end() -> None:
    compiled = Pattern(".*")
    assert all(compiled.fullmatch(chr(code)) for code in range(0x100, 0x3000))
    assert len(compiled._moves) <= pattern.MAX_MOVES


def test_a_value_longer_than_any_name_does_not_match() -> None:
    assert Pattern("a*").fullmatch("a" * MAX_VALUE)
    assert not Pattern("a*").fullmatch("a" * (MAX_VALUE + 1))


def test_groups_side_by_side_are_not_deep() -> None:
    assert Pattern("(a)" * 50).fullmatch("a" * 50)


@pytest.mark.parametrize(("text", "admits"), [("[a-z/]+", True), (".*", True), ("[^a]", True), ("[a-z]+", False)])
def test_a_pattern_says_which_characters_it_admits(text: str, admits: bool) -> None:
    assert Pattern(text).admits("/") is admits


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        pytest.param("x(?=y)", 1, "lookahead, (?=, is not supported", id="lookahead"),
        pytest.param("(?!y)x", 0, "lookahead, (?!, is not supported", id="negative-lookahead"),
        pytest.param("(?<=y)x", 0, "lookbehind, (?<=, is not supported", id="lookbehind"),
        pytest.param("(?<!y)x", 0, "lookbehind, (?<!, is not supported", id="negative-lookbehind"),
        pytest.param("(?P<n>x)", 0, "a named group, (?P<, is not supported", id="named-group"),
        pytest.param("(?>x)", 0, "an atomic group, (?>, is not supported", id="atomic-group"),
        pytest.param("(?i)x", 0, "a flag, (?, is not supported", id="flag"),
        pytest.param("(?#x)", 0, "a comment, (?#, is not supported", id="comment"),
        pytest.param(r"(x)\1", 3, r"a backreference, \1, is not supported", id="backreference"),
        pytest.param(r"\bx", 0, r"the escape \b is not supported", id="word-boundary"),
        pytest.param(r"\x41", 0, r"the escape \x is not supported", id="hexadecimal-escape"),
        pytest.param("x\\", 1, r"nothing comes after this \; a literal one is \\", id="backslash-at-the-end"),
        pytest.param("(x", 0, r"this ( is never closed; a literal one is \(", id="open-group"),
        pytest.param("x)", 1, r"this ) closes nothing; a literal one is \)", id="closed-group"),
        pytest.param("[x", 0, r"this [ is never closed; a literal one is \[", id="open-class"),
        pytest.param("[]", 0, r"this [ is never closed; a literal one is \[", id="empty-class"),
        pytest.param("[z-a]", 1, "z-a is no range of characters", id="range-upside-down"),
        pytest.param(r"[a-\d]", 1, r"a-\d is no range of characters", id="range-to-a-class"),
        pytest.param(
            "[[:alpha:]]", 1, r"a POSIX class, [:, is not supported; use \w, \d, \s or a range", id="posix-class"
        ),
        pytest.param("*x", 0, r"there is nothing before this *; a literal one is \*", id="star-first"),
        pytest.param("a|+", 2, r"there is nothing before this +; a literal one is \+", id="plus-first-in-a-branch"),
        pytest.param("{2}", 0, r"there is nothing to repeat before this {; a literal one is \{", id="braces-first"),
        pytest.param("x{,2}", 1, r"a repetition is {m}, {m,} or {m,n}; a literal brace is \{", id="no-lower-bound"),
        pytest.param("x{a}", 1, r"a repetition is {m}, {m,} or {m,n}; a literal brace is \{", id="no-number"),
        pytest.param("x{3,2}", 1, "{3,2} ends below its start", id="bounds-upside-down"),
        pytest.param("x**", 2, "two quantifiers in a row are not supported; put the first one in a group", id="two"),
        pytest.param("x*+", 2, "a possessive quantifier is not supported", id="possessive"),
        pytest.param("x^", 1, r"^ is only supported at the start; a literal one is \^", id="start-in-the-middle"),
        pytest.param("x$y", 1, r"$ is only supported at the end; a literal one is \$", id="end-in-the-middle"),
        pytest.param("x{1001}", 0, "the repetitions multiply to more than 1000 states", id="too-many-states"),
        pytest.param("((x{99}){99}){99}", 0, "the repetitions multiply to more than 1000 states", id="multiplied"),
        pytest.param("((){999}){999}", 0, "the repetitions multiply to more than 1000 states", id="empty-multiplied"),
        pytest.param("x" * 501, 500, "a pattern has at most 500 characters", id="too-long"),
        pytest.param("(" * 41 + ")" * 41, 40, "groups nest at most 40 deep", id="too-deep"),
    ],
)
def test_what_is_not_supported_is_named_with_its_place(text: str, position: int, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        Pattern(text)
    assert str(caught.value) == f"character {position + 1}: {reason}"
    assert str(caught.value) == f"character {position + 1}: {reason}"


@given(st.text("ab()[]{}|*+?^$\\.-,01:<=!P#d ", max_size=20))
def test_no_text_does_anything_but_compile_or_raise(text: str) -> None:
    with contextlib.suppress(PatternError):
        Pattern(text).fullmatch("ab01")

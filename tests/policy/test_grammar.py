"""Fields and name templates: what fits, how a name is cut, and that no name takes long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.policy.grammar import (
    DEFAULT_PATTERN,
    ISSUE_PATTERN,
    MAX_LEGAL_CUT,
    MAX_TEXT,
    Field,
    Template,
    TemplateError,
)
from labgate.policy.pattern import Pattern

Rules = dict[str, "list[str] | str"]


def template(text: str, rules: Rules | None = None) -> Template:
    return Template(text, {name: Field(name, rule) for name, rule in (rules or {}).items()})


@pytest.mark.parametrize(
    ("value", "legal"),
    [
        pytest.param("a", True, id="one-letter"),
        pytest.param("0", True, id="one-digit"),
        pytest.param("new-loss.v2_b", True, id="words-joined-by-hyphens"),
        pytest.param("Fix", True, id="capitals"),
        pytest.param("", False, id="empty"),
        pytest.param("a--b", False, id="two-hyphens"),
        pytest.param("-a", False, id="hyphen-first"),
        pytest.param("a-", False, id="hyphen-last"),
        pytest.param(".a", False, id="dot-first"),
        pytest.param("a/b", False, id="slash"),
        pytest.param("é", False, id="not-ascii"),
        pytest.param("a b", False, id="space"),
        pytest.param("a\n", False, id="line-end"),
    ],
)
def test_a_field_without_a_rule_allows_words_joined_by_hyphens(value: str, legal: bool) -> None:
    assert Field("slug").allows(value) is legal
    assert (re.fullmatch(DEFAULT_PATTERN, value) is not None) is legal


@pytest.mark.parametrize(
    ("value", "legal"), [("12", True), ("012", True), ("", False), ("a1", False), ("\u0661", False)]
)
def test_an_issue_is_a_number(value: str, legal: bool) -> None:
    assert Field("issue").allows(value) is legal


@given(st.text("aZ0._-/\u0661", max_size=8), st.integers(0, 3), st.integers(0, 3))
def test_the_defaults_match_as_their_patterns_do(text: str, start: int, less: int) -> None:
    """They are matched by hand, as compiling a pattern delays every commit."""
    stop = max(start, len(text) - less)
    for name, pattern in (("slug", Pattern(DEFAULT_PATTERN)), ("issue", Pattern(ISSUE_PATTERN))):
        field = Field(name)
        assert field.allows(text) is (text != "" and pattern.fullmatch(text))
        assert list(field.ends(text, start, min(stop, len(text)))) == list(
            pattern.ends(text, start, min(stop, len(text)))
        )
        assert field.spans is pattern.admits("/")


def test_an_issue_with_a_rule_is_what_the_rule_says() -> None:
    assert Field("issue", "[A-Z]+-[0-9]+").allows("ABC-12")


def test_a_field_of_words_allows_these_words_only() -> None:
    field = Field("type", ["feature", "fix"])
    assert field.words == ("feature", "fix")
    assert field.pattern_text is None
    assert [value for value in ("feature", "fix", "fi", "fixx", "") if field.allows(value)] == ["feature", "fix"]


def test_the_ends_of_words_come_shortest_first() -> None:
    field = Field("x", ["aaaaaaaa", "a", "aa", "b"])
    assert list(field.ends("-aaaaaaaaa", 1, 9)) == [2, 3, 9]
    assert list(field.ends("-aaaaaaaaa", 1, 8)) == [2, 3]


def test_a_field_with_a_pattern_never_allows_the_empty_value() -> None:
    field = Field("x", ".*")
    assert (field.words, field.pattern_text) == (None, ".*")
    assert not field.allows("")
    assert field.allows("anything/at all")


@pytest.mark.parametrize(
    ("rule", "spans"), [(None, False), ("[a-z]+", False), ("[a-z/]+", True), (["a", "b"], False), (["a/b"], True)]
)
def test_a_field_spans_segments_only_where_its_own_rule_says_so(rule: list[str] | str | None, spans: bool) -> None:
    assert Field("x", rule).spans is spans


@pytest.mark.parametrize(
    ("text", "rules", "ref", "values"),
    [
        pytest.param("main", {}, "refs/heads/main", {}, id="literal"),
        pytest.param("main", {}, "refs/heads/mainly", None, id="literal-is-whole"),
        pytest.param("main", {}, "refs/tags/main", None, id="a-name-is-a-branch"),
        pytest.param("main", {}, "main", None, id="a-short-name-is-no-refname"),
        pytest.param("research/{topic}", {}, "refs/heads/research/loss", {"topic": "loss"}, id="field"),
        pytest.param("research/{topic}", {}, "refs/heads/research/a--b", {"topic": "a--b"}, id="illegal-value-fits"),
        pytest.param("research/{topic}", {}, "refs/heads/research/", None, id="empty-value"),
        pytest.param("research/{topic}", {}, "refs/heads/research/a/b", None, id="no-slash-in-a-value"),
        pytest.param(
            "research/{topic}", {"topic": "[a-z/]+"}, "refs/heads/research/a/b", {"topic": "a/b"}, id="own-slash"
        ),
        pytest.param("refs/tags/v*", {}, "refs/tags/v1.0", {}, id="tag"),
        pytest.param("refs/tags/v*", {}, "refs/tags/v", {}, id="a-star-may-be-empty"),
        pytest.param("refs/tags/v*", {}, "refs/tags/v1/x", None, id="a-star-stays-in-its-segment"),
        pytest.param("refs/tags/v*", {}, "refs/heads/refs/tags/v1", None, id="a-full-ref-is-no-branch"),
        pytest.param("dependabot/**", {}, "refs/heads/dependabot/npm/x-1.0", {}, id="double-star"),
        pytest.param("dependabot/**", {}, "refs/heads/dependabot", None, id="double-star-at-the-end-is-not-nothing"),
        pytest.param("dependabot/**", {}, "refs/heads/dependabots/x", None, id="double-star-whole-segments"),
        pytest.param("**/wip", {}, "refs/heads/wip", {}, id="double-star-may-be-nothing"),
        pytest.param("**/wip", {}, "refs/heads/a/b/wip", {}, id="double-star-first"),
        pytest.param("**/wip", {}, "refs/heads/a/bwip", None, id="double-star-first-whole-segments"),
        pytest.param("u/**/{x}/end", {}, "refs/heads/u/a/b/end", {"x": "b"}, id="double-star-then-field"),
        pytest.param("a/**/**/b", {}, "refs/heads/a/b", {}, id="double-stars-in-a-row"),
        pytest.param("**", {}, "refs/heads/a/b", {}, id="only-a-double-star"),
        pytest.param("{a}-{b}", {}, "refs/heads/x-y-z", {"a": "x", "b": "y-z"}, id="leftmost-shortest"),
        pytest.param("{a}{b}", {}, "refs/heads/xyz", {"a": "x", "b": "yz"}, id="adjacent-fields"),
        pytest.param("{a}{b}", {}, "refs/heads/x", None, id="adjacent-fields-need-a-character-each"),
        pytest.param("{a}-{b}", {"a": "x-y"}, "refs/heads/x-y-z", {"a": "x-y", "b": "z"}, id="legal-before-shortest"),
        pytest.param(
            "{a}-{b}", {"a": ["x", "x-y"], "b": ["z"]}, "refs/heads/x-y-z", {"a": "x-y", "b": "z"}, id="words"
        ),
        pytest.param("{a}-{b}", {"a": ["q"]}, "refs/heads/x-y-z", {"a": "x", "b": "y-z"}, id="no-legal-cut"),
        pytest.param("{a}-{b}", {"a": "[a-z-]+"}, "refs/heads/x-y-z", {"a": "x", "b": "y-z"}, id="shortest-legal"),
        pytest.param(
            "experiment--{service}--{handle}",
            {"service": ["housing"], "handle": "[a-z0-9-]+"},
            "refs/heads/experiment--housing--a--b",
            {"service": "housing", "handle": "a--b"},
            id="experiment",
        ),
        pytest.param("{a}-x/{b}", {}, "refs/heads/1-x-x/2", {"a": "1-x", "b": "2"}, id="a-later-literal-may-be-meant"),
        pytest.param("{a}/x/{b}", {"a": "[a-z/]+"}, "refs/heads/p/x/q", {"a": "p", "b": "q"}, id="spanning-first"),
        pytest.param("{a}/{b}", {"a": "[a-z/]+"}, "refs/heads/p/q/r", {"a": "p/q", "b": "r"}, id="spanning-reaches-on"),
    ],
)
def test_a_template_fits_a_refname(text: str, rules: Rules, ref: str, values: dict[str, str] | None) -> None:
    assert template(text, rules).fits(ref) == values


pieces = st.one_of(st.sampled_from(["{a}", "{b}", "{c}", "*"]), st.text("x-", min_size=1, max_size=2))
segments = st.one_of(
    st.just("**"), st.lists(pieces, min_size=1, max_size=3).map("".join).filter(lambda text: "**" not in text)
)
texts = (
    st.lists(segments, min_size=1, max_size=4).map("/".join).filter(lambda text: all(text.count(f) < 2 for f in "abc"))
)
sets_of_rules = st.dictionaries(
    st.sampled_from("abc"),
    st.one_of(
        st.sampled_from(["x+", "[x-]+", "[x/]+", ".*", "-x|x-", "y"]),
        st.lists(st.sampled_from(["x", "x-", "-", "x/x", "y"]), min_size=1, max_size=3, unique=True),
    ),
)
names = st.lists(st.text("x-y", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@settings(max_examples=500)
@given(texts, sets_of_rules, names)
def test_a_template_fits_what_its_definition_says(text: str, rules: Rules, name: str) -> None:
    made = template(text, rules)
    ref = f"refs/heads/{name}"
    cuts = every_cut(made, 0, ref)
    legal = [cut for cut in cuts if made.bad_field(cut) is None]
    assert made.fits(ref) == next(iter(legal or cuts), None)


def every_cut(made: Template, index: int, rest: str) -> list[dict[str, str]]:
    """Return all values that a template's tokens can take, those with shorter first values first."""
    if index == len(made.tokens):
        return [] if rest else [{}]
    token = made.tokens[index]
    found = []
    for end in range(len(rest) + 1):
        piece = rest[:end]
        if isinstance(token, str):
            fits = piece == token
        elif isinstance(token, Field):
            fits = piece != "" and (token.spans or "/" not in piece)
        else:
            fits = {1: "/" not in piece, 2: piece == "" or piece.endswith("/"), 3: piece != ""}[token]
        if fits:
            own = {token.name: piece} if isinstance(token, Field) else {}
            found += [own | values for values in every_cut(made, index + 1, rest[end:])]
    return found


@pytest.mark.parametrize("length", [MAX_LEGAL_CUT - 20, 30_000], ids=["as-long-as-is-cut-with-care", "very-long"])
@pytest.mark.parametrize(
    ("text", "rules", "unit", "end"),
    [
        pytest.param("{a}-{b}-{c}-{d}/z{e}", {}, "a-", "/x", id="fields-and-a-wrong-end"),
        pytest.param(
            "{a}-{b}-{c}-{d}", {"a": ".*", "b": ".*", "c": ".*", "d": "x+"}, "a-", "", id="patterns-of-anything"
        ),
        pytest.param("{a}{b}{c}{d}", {"a": ".*", "b": ".*", "c": ".*", "d": "x+"}, "a/", "a", id="adjacent-patterns"),
        pytest.param("*a*a*a*a*a*{x}b", {"x": "a*c"}, "a", "b", id="stars"),
        pytest.param("**/a/**/a/**/a/**/b*", {}, "a/", "a", id="double-stars"),
    ],
)
def test_an_evil_name_is_cut_soon(text: str, rules: Rules, unit: str, end: str, length: int) -> None:
    made = template(text, rules)
    ref = f"refs/heads/{unit * (length // len(unit))}{end}"
    start = time.process_time()
    made.fits(ref)
    # A moment; exponential time, or the square of the long name, would be minutes at least.
    assert time.process_time() - start < 5


def test_a_long_name_is_still_cut() -> None:
    long = "a" * MAX_LEGAL_CUT
    assert template("{a}-{b}").fits(f"refs/heads/{long}-b") == {"a": long, "b": "b"}


def test_the_first_illegal_field_is_named() -> None:
    made = template("{a}-{b}", {"a": ["x"], "b": ["y"]})
    assert made.bad_field({"a": "x", "b": "y"}) is None
    assert made.bad_field({"a": "x", "b": "z"}) == "b"
    assert made.bad_field({"b": "z", "a": "z"}) == "a"


@pytest.mark.parametrize(
    ("text", "prefix", "fields", "literal"),
    [
        pytest.param("main", "refs/heads/main", (), True, id="literal"),
        pytest.param("research/{topic}", "refs/heads/research/", ("topic",), False, id="field"),
        pytest.param("{issue}-{slug}", "refs/heads/", ("issue", "slug"), False, id="field-first"),
        pytest.param("dependabot/**", "refs/heads/dependabot/", (), False, id="double-star"),
        pytest.param("refs/tags/v*", "refs/tags/v", (), False, id="tag"),
        pytest.param("refs/tags/v1", "refs/tags/v1", (), True, id="literal-tag"),
    ],
)
def test_a_template_describes_itself(text: str, prefix: str, fields: tuple[str, ...], literal: bool) -> None:
    made = template(text)
    assert (made.text, made.literal_prefix, tuple(made.fields), made.is_literal) == (text, prefix, fields, literal)


def test_a_field_without_a_rule_is_the_default_one() -> None:
    made = template("{a}/{b}", {"a": ["x"], "unused": ["y"]})
    assert made.fields == {"a": Field("a", ["x"]), "b": Field("b")}


@pytest.mark.parametrize(
    ("text", "values", "name"),
    [
        ("main", {}, "main"),
        ("experiment--{service}--{handle}", {"service": "s", "handle": "h"}, "experiment--s--h"),
        ("refs/pull/{n}/head", {"n": "7"}, "refs/pull/7/head"),
    ],
    ids=["literal", "branch", "full-ref"],
)
def test_a_template_is_filled(text: str, values: dict[str, str], name: str) -> None:
    assert template(text).fill(values) == name


def test_a_template_with_a_star_cannot_be_filled() -> None:
    with pytest.raises(ValueError, match="has a star"):
        template("v*").fill({})


def test_a_template_is_not_filled_without_all_its_values() -> None:
    with pytest.raises(KeyError):
        template("{a}").fill({})


@given(st.lists(st.from_regex(DEFAULT_PATTERN, fullmatch=True), min_size=2, max_size=2))
def test_what_legal_values_make_fits_again(chosen: list[str]) -> None:
    made = template("exp--{service}--{handle}")
    values = dict(zip(("service", "handle"), chosen, strict=True))
    if len("".join(chosen)) < MAX_LEGAL_CUT // 2:
        assert made.fits("refs/heads/" + made.fill(values)) == values


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        pytest.param("x/{a", 2, "this { is never closed", id="open-field"),
        pytest.param("x}", 1, "this } closes nothing", id="closed-field"),
        pytest.param("{}", 0, "a field is {name}: a-z first, then a-z, 0-9, - and _", id="field-without-a-name"),
        pytest.param("{A}", 0, "a field is {name}: a-z first, then a-z, 0-9, - and _", id="capital"),
        pytest.param("{a}/{a}", 4, "{a} is used a second time", id="same-field-twice"),
        pytest.param("a**", 1, "** matches whole segments, so it must be alone between slashes", id="after-text"),
        pytest.param("**a", 0, "** matches whole segments, so it must be alone between slashes", id="before-text"),
        pytest.param("***", 0, "** matches whole segments, so it must be alone between slashes", id="three-stars"),
        pytest.param("x" * (MAX_TEXT + 1), MAX_TEXT, f"a name has at most {MAX_TEXT} characters", id="too-long"),
    ],
)
def test_a_malformed_template_is_refused_with_its_place(text: str, position: int, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        template(text)
    assert str(caught.value) == f"character {position + 1}: {reason}"


def test_templates_and_fields_are_values() -> None:
    assert template("{a}") == template("{a}")
    assert template("{a}") != template("{a}", {"a": ["x"]})
    assert {template("{a}"), template("{a}")} == {template("{a}")}
    assert {Field("a", ["x"]), Field("a", ["x"])} == {Field("a", ["x"])}

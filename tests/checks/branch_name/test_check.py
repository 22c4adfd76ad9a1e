"""branch-name judges values: which names are accepted and which are refused, by which rule and at which level."""

from __future__ import annotations

import pytest

from labgate.checks.branch_name.check import Base, Facts, check
from labgate.checks.branch_name.rules import Character
from labgate.values.finding import Finding
from labgate.values.refnames import MOST_CHARACTERS, collisions, unsafe_reasons
from support.policies import STRICT, policy

OID = "0123456789abcdef0123456789abcdef01234567"


def judge(
    ref: str, *siblings: str, created: bool = True, base: Base | None = None, deleted: bool = False
) -> list[Finding]:
    return list(check(Facts(ref, created, siblings, base, "origin", deleted), policy()))


def codes(findings: list[Finding]) -> list[str]:
    return [finding.rule.code for finding in findings]


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "release/1.2",
        "research/bigger-batches",
        "experiment--housing--ada",
        "experiment--ranker--ada-2-b",
        "feature/login",
        "fix/Login_2",
        "12-login",
        "dependabot/npm_and_yarn/@types/node-1.0",
    ],
)
def test_a_name_of_the_grammar_is_accepted(name: str) -> None:
    assert judge(f"refs/heads/{name}", "refs/heads/main", "refs/remotes/origin/main") == []


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("foo", "feature/foo"),
        ("fix_login", "fix/login"),
        ("Fix_Login", "fix/Login"),
        ("feature/a/b", "feature/a-b"),
        ("research", "feature/research"),
        ("experiment/ranker/ada", "experiment--ranker--ada"),
        ("mian", "feature/mian"),
        ("Research/x", "research/x"),  # it begins as research, so it is research, of no legal name
    ],
)
def test_a_name_of_no_kind_is_refused_with_the_nearest_legal_one(name: str, suggestion: str) -> None:
    (finding,) = judge(f"refs/heads/{name}")
    assert (finding.rule.code, finding.level, finding.ref) == ("LG101", "error", f"refs/heads/{name}")
    assert finding.data["suggestion"] == suggestion
    assert finding.data["forms"] == (
        "research/{topic}",
        "experiment--{service}--{handle}",
        "{type}/{slug}",
        "{issue}-{slug}",
    )


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("feature-foo", "feature/foo"),
        ("Research/x", "research/x"),
        ("researh/x", "research/x"),
        ("reserch_x", "research/x"),
        ("Feature/Foo", "feature/Foo"),
        ("fix-PROJ-7-login", "fix/PROJ-7/login"),
        ("FIX/proj-7/login", "fix/PROJ-7/login"),
    ],
)
def test_under_a_strict_grammar_the_kind_that_is_meant_is_found(name: str, suggestion: str) -> None:
    (finding,) = check(Facts(f"refs/heads/{name}", created=True), policy(STRICT))
    assert (finding.rule.code, finding.data["suggestion"]) == ("LG101", suggestion)


@pytest.mark.parametrize(
    ("name", "kind", "field", "value", "suggestion"),
    [
        ("experiment--typo--ada", "experiment", "service", "typo", "experiment--housing--ada"),
        ("experiment--hosing--ada", "experiment", "service", "hosing", "experiment--housing--ada"),
        ("experiment--rankr--ada", "experiment", "service", "rankr", "experiment--ranker--ada"),
        ("experiment--ranker--Ada_L", "experiment", "handle", "Ada_L", "experiment--ranker--ada-l"),
        ("feat/login", "topic", "type", "feat", "feature/login"),
        ("researh/x", "topic", "type", "researh", "research/x"),
        ("feature-foo", "topic", "issue", "feature", "feature/foo"),
        ("release/-1", "protected", "version", "-1", "release/1"),
    ],
)
def test_an_illegal_field_is_named_with_what_is_expected(
    name: str, kind: str, field: str, value: str, suggestion: str
) -> None:
    (finding,) = judge(f"refs/heads/{name}")
    data = finding.data
    assert (finding.rule.code, data["kind"], data["field"], data["value"]) == ("LG102", kind, field, value)
    assert data["suggestion"] == suggestion


def test_a_field_with_a_list_is_expected_to_hold_one_of_its_words_and_any_other_to_fit_its_pattern() -> None:
    (listed,), (free,) = judge("refs/heads/experiment--typo--ada"), judge("refs/heads/experiment--ranker--Ada")
    assert (listed.data["words"], listed.data["pattern"]) == (("housing", "ranker"), None)
    assert (free.data["words"], free.data["pattern"]) == (None, "[a-z0-9-]+")


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("HEAD", ["reserved"]),
        ("@", ["reserved"]),
        (OID, ["object-id"]),
        (OID.upper(), ["object-id"]),
        ("ab" * 32, ["object-id"]),
        ("-x", ["leading-dash"]),
        ("--output=x", ["leading-dash"]),
        ("refs/heads/main", ["refs-prefix"]),
        ("feature/" + "x" * MOST_CHARACTERS, ["too-long"]),
        ("a;touch x", ["characters"]),
        ("$(id)", ["characters"]),
        ("a`b", ["characters"]),
        ("a'b", ["characters"]),
        ("a&&b", ["characters"]),
        ("-é", ["leading-dash", "characters"]),
    ],
)
def test_a_name_that_passes_for_something_else_is_unsafe(name: str, reasons: list[str]) -> None:
    (finding,) = judge(f"refs/heads/{name}")
    assert (finding.rule.code, finding.data["reasons"]) == ("LG103", tuple(reasons))


@pytest.mark.parametrize(
    "name",
    ["HEAD/x", "head", "a@b", OID[:-1], OID + "0", "x" + OID[1:], "x-", "a/-b", "x/refs/y", "y" * MOST_CHARACTERS],
)
def test_a_name_that_only_looks_a_little_like_it_is_safe(name: str) -> None:
    assert unsafe_reasons(name) == []


@pytest.mark.parametrize(
    ("name", "code", "means", "suggestion"),
    [
        ("research/a\u202eb", "U+202E", "RIGHT-TO-LEFT OVERRIDE", "research/ab"),
        ("research/a\u200bb", "U+200B", "ZERO WIDTH SPACE", "research/ab"),
        ("research/a\u0085b", "U+0085", "CONTROL OR UNNAMED", "research/ab"),
        ("research/a\u2028b", "U+2028", "LINE SEPARATOR", "research/a-b"),
        ("research/a\u3164b", "U+3164", "HANGUL FILLER", "research/ab"),
        ("rese\u0430rch/x", "U+0430", "CYRILLIC SMALL LETTER A", "research/x"),
        ("f\u03bfo/x", "U+03BF", "GREEK SMALL LETTER OMICRON", "feature/foo-x"),
        ("research/caf\u00e9", "U+00E9", "LATIN SMALL LETTER E WITH ACUTE", "research/cafe"),
        ("research/cafe\u0301", "U+0301", "COMBINING ACUTE ACCENT", "research/cafe"),
        ("research/\uff41", "U+FF41", "FULLWIDTH LATIN SMALL LETTER A", "research/a"),
        ("research/a\u2013b", "U+2013", "EN DASH", "research/a-b"),
        ("research/a\udcffb", "U+DCFF", "BYTE FF, NOT UTF-8", "research/ab"),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str) else value,
)
def test_a_letter_outside_ascii_is_unsafe_and_named(name: str, code: str, means: str, suggestion: str) -> None:
    (finding,) = judge(f"refs/heads/{name}")
    assert finding.rule.code == "LG103"
    assert finding.data["characters"] == (Character(code, means),)
    assert finding.data["suggestion"] == suggestion


def test_each_offending_character_is_named_once_in_order() -> None:
    (finding,) = judge("refs/heads/a b\u0430 ")
    assert [character.code for character in finding.data["characters"]] == ["U+0020", "U+0430"]


def test_nobody_is_led_from_a_look_alike_to_the_protected_branch() -> None:
    (finding,) = judge("refs/heads/m\u0430in")
    assert finding.data["suggestion"] == "feature/main"


def test_what_is_not_created_is_a_note() -> None:
    levels = [
        finding.level
        for name, sibling in (("foo", "x"), ("experiment--typo--ada", "x"), ("-x", "x"), ("research/X", "research/x"))
        for finding in judge(f"refs/heads/{name}", f"refs/heads/{sibling}", created=False)
    ]
    assert levels == ["note"] * 4


@pytest.mark.parametrize("ref", ["refs/notes/commits", "refs/pull/1/head", "refs/remotes/origin/x y", "HEAD"])
def test_refs_outside_heads_and_tags_are_not_judged(ref: str) -> None:
    assert judge(ref) == []


def test_a_deletion_is_not_judged() -> None:
    assert judge("refs/heads/foo bar", deleted=True) == []


def test_a_bot_is_exempt_whatever_its_name_holds_and_beside_whatever_it_stands() -> None:
    base = Base("refs/heads/main", 9, "refs/heads/research/x", 1, "research")
    assert judge("refs/heads/dependabot/a b;c", "refs/heads/dependabot/A b;c", base=base) == []


@pytest.mark.parametrize("ref", ["refs/tags/anything", "refs/tags/v1.0", "refs/tags/a/b-c"])
def test_a_tag_may_have_any_safe_name(ref: str) -> None:
    assert judge(ref, "refs/tags/other", "refs/heads/anything") == []


def test_a_tag_is_unsafe_and_collides_like_a_branch() -> None:
    assert codes(judge("refs/tags/HEAD")) == ["LG103"]
    assert codes(judge("refs/tags/V1", "refs/tags/v1")) == ["LG104"]


@pytest.mark.parametrize(
    ("ref", "sibling"),
    [
        ("refs/heads/research/X", "refs/heads/research/x"),
        ("refs/heads/research/x", "refs/heads/research/X"),
        ("refs/tags/Rc1", "refs/tags/rc1"),
        ("refs/heads/research/caf\u00e9", "refs/heads/research/cafe\u0301"),
        ("refs/heads/research/cafe\u0301", "refs/heads/research/CAF\u00c9"),
        ("refs/heads/research/stra\u00dfe", "refs/heads/research/strasse"),
        ("refs/heads/research/\u212a", "refs/heads/research/k"),
    ],
    ids=ascii,
)
def test_names_that_one_file_system_takes_for_one_collide(ref: str, sibling: str) -> None:
    findings = judge(ref, "refs/heads/other", sibling, ref)
    assert findings[-1].rule.code == "LG104"
    assert findings[-1].data["others"] == (sibling,)


@pytest.mark.parametrize(
    ("ref", "sibling"),
    [
        ("refs/heads/research/x", "refs/heads/research/x"),
        ("refs/heads/research/x", "refs/tags/research/X"),
        ("refs/heads/research/x", "refs/remotes/origin/research/X"),
        ("refs/heads/research/e", "refs/heads/research/\u00e9"),
    ],
    ids=ascii,
)
def test_the_ref_itself_another_namespace_and_another_letter_do_not_collide(ref: str, sibling: str) -> None:
    assert collisions(ref, (sibling,)) == []


def test_a_collision_is_found_beside_an_unknown_kind() -> None:
    findings = judge("refs/heads/Main", "refs/heads/main")
    assert codes(findings) == ["LG101", "LG104"]
    assert {finding.data["suggestion"] for finding in findings} == {"feature/Main"}


def test_the_suggestion_for_a_collision_is_a_name_that_is_free() -> None:
    taken = ("refs/heads/feature/x", "refs/heads/feature/x-2", "refs/heads/feature/X-3")
    (finding,) = judge("refs/heads/feature/X", *taken)
    assert finding.data["suggestion"] == "feature/X-4"


def test_the_suggestion_is_not_in_the_way_of_a_sibling() -> None:
    (finding,) = judge("refs/heads/fix_login", "refs/heads/fix/login/again", "refs/heads/fix/login-2")
    assert finding.data["suggestion"] == "fix/login-3"


@pytest.mark.parametrize(
    ("declared", "other", "wrong"),
    [(3, 1, True), (1, 0, True), (2, 2, False), (0, 0, False), (1, 2, False)],
    ids=["the other is nearer", "the other is its tip", "a tie", "a tie at the tip", "the declared is nearer"],
)
def test_the_base_is_wrong_only_where_another_kind_is_nearer(declared: int, other: int, wrong: bool) -> None:
    base = Base("refs/remotes/origin/main", declared, "refs/remotes/origin/research/x", other, "research")
    findings = judge("refs/heads/feature/x", base=base)
    assert codes(findings) == (["LG105"] if wrong else [])
    for finding in findings:
        assert (finding.level, finding.data["kind"], finding.data["other_kind"]) == ("warning", "topic", "research")


def test_a_thousand_siblings_change_nothing() -> None:
    assert judge("refs/heads/research/x", *(f"refs/heads/research/t{number}" for number in range(1000))) == []

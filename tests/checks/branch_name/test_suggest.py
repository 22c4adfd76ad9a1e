"""The nearest legal name, when there is one, is legal, whatever was asked for."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.checks.branch_name.check import Facts, check
from labgate.checks.branch_name.suggest import nearest
from labgate.values.lookalikes import plain
from support.policies import STRICT, TEAM, policy

WORDS = st.sampled_from(
    [
        *("feature", "Feature", "fix", "research", "experiment", "housing", "ranker", "main", "release", "dependabot"),
        *("x", "7", "PROJ-7", "HEAD", "refs/heads/", "-", "--", "/", "_", ".", "..", ".lock", " ", "@", "@{", "~"),
        *("\u0430", "\u3164"),
    ]
)
NAMES = st.one_of(st.lists(WORDS, min_size=1, max_size=8).map("".join), st.text(min_size=1, max_size=260))


@pytest.mark.parametrize("text", [TEAM, STRICT], ids=["many kinds", "few kinds"])
@given(name=NAMES, siblings=st.lists(NAMES.map("refs/heads/".__add__), max_size=4))
@settings(deadline=None)
def test_a_suggestion_is_a_name_that_the_check_accepts(text: str, name: str, siblings: list[str]) -> None:
    suggestion = nearest(f"refs/heads/{name}", policy(text), tuple(siblings))
    if suggestion is not None:
        ref = f"refs/heads/{suggestion}"
        rest = tuple(sibling for sibling in siblings if sibling != f"refs/heads/{name}")
        assert list(check(Facts(ref, created=True, siblings=rest), policy(text))) == []
        assert not any(sibling == ref or sibling.startswith(f"{ref}/") for sibling in rest)
        assert not any(ref.startswith(f"{sibling}/") for sibling in rest)


@given(name=NAMES)
@settings(deadline=None)
def test_a_suggested_tag_is_a_name_that_the_check_accepts(name: str) -> None:
    suggestion = nearest(f"refs/tags/{name}", policy(), ())
    if suggestion is not None:
        assert list(check(Facts(f"refs/tags/{suggestion}", created=True), policy())) == []


@given(names=st.lists(NAMES, min_size=20, max_size=20))
@settings(deadline=None, max_examples=10)
def test_git_takes_a_suggestion_for_a_branch_name(names: list[str]) -> None:
    for name in names:
        suggestion = nearest(f"refs/heads/{name}", policy(), ())
        if suggestion is not None:
            subprocess.run(["git", "check-ref-format", "--branch", suggestion], check=True, capture_output=True)


@given(name=st.text(alphabet="abcdefghij0123456789", min_size=1, max_size=30))
@settings(deadline=None)
def test_every_plain_word_has_a_legal_name_near_it(name: str) -> None:
    assert nearest(f"refs/heads/{name}", policy(), ()) is not None


@given(name=NAMES, protected=st.sampled_from(["main", "release/1", "dependabot/x"]))
@settings(deadline=None)
def test_no_suggestion_leads_to_a_protected_branch_or_into_the_bots_exemption(name: str, protected: str) -> None:
    for asked in (name, f"{protected}\u200b", protected.upper()):
        was = policy().classify(f"refs/heads/{asked}").name
        suggestion = nearest(f"refs/heads/{asked}", policy(), ())
        if suggestion is not None:
            assert policy().classify(f"refs/heads/{suggestion}").name not in {"protected", "bot"} - {was}


@pytest.mark.parametrize(
    ("text", "likeness"),
    [
        ("ab-1/x", "ab-1/x"),
        ("\u043c\u0430in", "main"),
        ("\u03bdalue", "value"),
        ("M\u00fcller \u00d8re", "Muller Ore"),
        ("\uff46\uff4f\uff4f", "foo"),
        ("a\u200b\u200d\ufeffb\u2066", "ab"),
        ("\u115f\u1160\u3164\uffa0\u2800", ""),
        ("\u042f\u0431", "Yab"),
        ("\u4e2d", "-"),
        ("\ud800", ""),
    ],
    ids=ascii,
)
def test_the_plain_text_that_a_name_stands_for(text: str, likeness: str) -> None:
    assert plain(text) == likeness


@given(text=st.text())
def test_plain_text_is_printable_ascii(text: str) -> None:
    assert plain(text).isascii()
    assert plain(text).isprintable()

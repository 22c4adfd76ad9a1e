"""research-gate's words: one line with the strongest evidence, and the command that goes with it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from labgate.checks.research_gate.check import Facts, check
from labgate.checks.research_gate.reviews import QuorumNotMet
from labgate.reviews.quorum import JudgedClaim
from labgate.values.finding import Evidence
from support.findings import Words, only, words
from support.policies import TEAM, policy

ONE, TWO, THREE = "97d3fcd62a44" + "0" * 28, "2" * 40, "3" * 40
ORIGIN, LATER = "6b3eafe01122" + "0" * 28, "7" * 40
SOURCE = "refs/remotes/origin/research/shiv"
REVIEW = "labgate review approve research/shiv --by "
PEOPLE = """
[reviews.people.ada]
emails = ["ada@example.org"]
"""
#: Two groups that are called like keys of the quorum.
ALIKE = """
[reviews]
quorum = { total = 1, affiliations = 1, groups = { total = 1, affiliations = 1 } }
[reviews.groups.total]
people = ["lin"]
paths = ["core/**"]
[reviews.groups.affiliations]
people = ["lin"]
paths = ["core/**"]
[reviews.people.ada]
emails = ["ada@example.org"]
affiliation = "uni-a"
[reviews.people.lin]
emails = ["lin@example.org"]
"""


def say(*evidence: Evidence, **more: Any) -> Words:
    """Return the words of the one finding that this evidence makes."""
    proven = {oid for item in evidence if item.proves for oid in item.commits}
    hinted = {oid for item in evidence if not item.proves for oid in item.commits} - proven
    order = (THREE, TWO, ONE)
    facts = Facts(
        "refs/heads/main",
        "origin",
        evidence=evidence,
        branch=more.pop("branch", "research/shiv"),
        needing=tuple(oid for oid in order if oid in proven),
        suspected=tuple(oid for oid in order if oid in hinted),
        **more,
    )
    (finding,) = check(facts, policy(TEAM + PEOPLE))
    return words(finding)


def similar(*commits: str, score: float = 11.23, lines: int | None = 9, **changes: Any) -> Evidence:
    options: dict[str, Any] = {"source_ref": SOURCE, "source_commits": (ORIGIN,), "decisive": True} | changes
    return Evidence("similarity", commits=commits, score=score, matched_lines=lines, **options)


def exact(method: str, *commits: str, lines: int | None = None, **changes: Any) -> Evidence:
    options: dict[str, Any] = {"source_ref": SOURCE, "source_commits": (ORIGIN,), "decisive": True} | changes
    return Evidence(method, commits=commits, matched_lines=lines, **options)


def test_an_alarm_names_the_commit_its_source_the_lines_and_the_score_and_asks_for_a_review() -> None:
    said = say(similar(ONE))
    assert said.message == (
        "1 commit looks like origin/research/shiv: 97d3fcd62a44 like 6b3eafe01122, 9 lines shared, "
        "similarity 11.2 (warns from 6)"
    )
    assert said.help == f"{REVIEW}ada  # once ada has reviewed it"


def test_of_several_commits_the_one_most_alike_is_shown() -> None:
    said = say(similar(TWO, score=6.5, lines=4), similar(ONE))
    assert said.message.startswith(
        "2 commits look like origin/research/shiv: 97d3fcd62a44 like 6b3eafe01122, 9 lines shared"
    )


def test_one_shared_line_and_more_sources_are_said_right() -> None:
    said = say(similar(ONE, lines=1, source_commits=(ORIGIN, LATER)))
    assert ": 97d3fcd62a44 like 6b3eafe01122 and 1 more, 1 line shared, similarity 11.2 (warns from 6)" in said.message


@pytest.mark.parametrize("lines", [None, 0])
def test_without_a_whole_line_in_common_none_is_counted(lines: int | None) -> None:
    assert ": 97d3fcd62a44 like 6b3eafe01122, similarity 11.2 (warns from 6)" in say(similar(ONE, lines=lines)).message
    assert ": 97d3fcd62a44, similarity 11.2 (warns from 6)" in say(similar(ONE, lines=lines, source_commits=())).message


def test_a_source_without_a_ref_and_without_known_commits() -> None:
    said = say(similar(ONE, source_ref=None, source_commits=()))
    assert said.message == (
        "1 commit looks like a deleted branch: 97d3fcd62a44, 9 lines shared, similarity 11.2 (warns from 6)"
    )


def test_an_alarm_says_which_review_does_not_count() -> None:
    stranger = JudgedClaim(TWO, "eve@example.org", frozenset({ONE}), None, {})
    said = say(similar(ONE), claims=(stranger,))
    assert said.message.endswith(
        "similarity 11.2 (warns from 6); not counted: eve@example.org: not listed in [reviews.people]"
    )


@pytest.mark.parametrize(
    ("hint", "reason"),
    [
        ("landed-first", "main had it first"),
        ("noise-only", "only short lines, dependency versions, or lock, generated, ignored or vendored files"),
        ("boilerplate", "only boilerplate"),
        ("small", "too little text to be sure"),
        ("below-alarm", "below the threshold of 6"),
        ("mechanical", "a mechanical change"),
        ("something-new", "something-new"),
        (None, "not decisive"),
    ],
)
def test_a_hint_says_why_it_is_only_one_and_how_to_see_it(hint: str | None, reason: str) -> None:
    said = say(similar(ONE, score=4.56, lines=3, decisive=False, hint=hint))
    assert said.message == (
        "1 commit looks like origin/research/shiv: 97d3fcd62a44 like 6b3eafe01122, 3 lines shared, "
        f"similarity 4.6 (warns from 6); only a hint: {reason}"
    )
    assert said.help == "labgate trace --show 97d3fcd62a44"


def test_an_exact_hint_names_its_method() -> None:
    said = say(exact("patch-id", ONE, lines=12, decisive=False, hint="landed-first"))
    assert said.message == (
        "1 commit looks like origin/research/shiv: same change as 6b3eafe01122, 12 lines; "
        "only a hint: main had it first"
    )


@pytest.mark.parametrize(
    ("evidence", "ways"),
    [
        pytest.param((exact("ancestry", ONE),), "same commit", id="ancestry alone as ever"),
        pytest.param((exact("trailer", ONE),), "its message points to 6b3eafe01122", id="a trailer"),
        pytest.param((exact("patch-id", ONE, lines=1),), "same change as 6b3eafe01122, 1 line", id="one line"),
        pytest.param(
            (exact("squash", ONE, lines=1200, source_commits=(ORIGIN, LATER, TWO)),),
            "squash of 6b3eafe01122 and 2 more, 1,200 lines",
            id="a squash",
        ),
        pytest.param((exact("blob", ONE, source_commits=()),), "same file", id="no known source"),
        pytest.param(
            (exact("patch-id", ONE, lines=5), exact("blob", ONE, lines=9), exact("patch-id", ONE, lines=7)),
            "same change as 6b3eafe01122, 5 lines; same file",
            id="two methods, the first in detail",
        ),
        pytest.param(
            (exact("ancestry", ONE), exact("squash", ONE)),
            "same commit; squash of 6b3eafe01122",
            id="ancestry and another",
        ),
    ],
)
def test_what_is_proven_shows_its_strongest_evidence(evidence: tuple[Evidence, ...], ways: str) -> None:
    assert say(*evidence).message == f"1 unreviewed commit from origin/research/shiv ({ways})"


@pytest.mark.parametrize(
    ("people", "paths", "missing"),
    [
        (("ada",), {"core/a.py"}, "total, affiliations"),
        (("ada",), {"docs/a.md"}, None),
        ((), {"docs/a.md"}, "reviewers, more affiliations"),
        ((), {"core/a.py"}, "reviewers, total, affiliations, more affiliations"),
    ],
    ids=["groups", "nothing", "the quorum", "both"],
)
def test_a_group_is_no_part_of_the_quorum_of_the_same_name(
    people: tuple[str, ...], paths: set[str], missing: str | None
) -> None:
    claims = tuple(JudgedClaim(TWO, f"{name}@example.org", frozenset({ONE}), None, {}) for name in people)
    facts = Facts("refs/heads/main", "origin", needing=(ONE,), paths=frozenset(paths), claims=claims)
    found = list(check(facts, policy(TEAM + ALIKE)))
    if missing is None:
        assert found == []
        return
    finding = only(QuorumNotMet, found)
    assert finding.message().endswith(f"; still missing: {missing}")
    # In the data each name stands once, and its parts tell the two apart.
    assert finding.missing == ("total", "affiliations")
    assert len(finding.missing_parts) == len(missing.split(", "))


def test_a_foreign_branch_name_is_one_word_of_the_command() -> None:
    said = say(similar(ONE), branch="research/a'; touch x; '")
    assert said.help is not None
    words = shlex.split(said.help, comments=True)
    assert words == ["labgate", "review", "approve", "research/a'; touch x; '", "--by", "ada"]


def test_what_is_on_no_branch_is_reviewed_by_its_name() -> None:
    said = say(similar(ONE), branch=None)
    assert said.help == "labgate review approve 97d3fcd62a44 --by ada  # once ada has reviewed it"

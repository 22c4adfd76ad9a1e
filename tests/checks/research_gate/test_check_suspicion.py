"""research-gate judged on evidence that proves nothing: what becomes LG202, and at which level."""

from __future__ import annotations

from typing import Any

import pytest

from labgate.checks.research_gate.assessment import Reviewer
from labgate.checks.research_gate.check import Facts, check, review_state
from labgate.checks.research_gate.research import SuspectedResearch, UnreviewedResearch
from labgate.gate.judge import levelled
from labgate.policy.model import Policy
from labgate.reviews.quorum import JudgedClaim
from labgate.values.finding import Evidence
from support.findings import only
from support.policies import parse_policy

POLICY = """
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[reviews]
quorum = { total = 1, groups = { core = 1 } }
[reviews.groups.core]
people = ["lin"]
paths = ["core/**"]
[reviews.people.ada]
emails = ["ada@example.org"]
[reviews.people.lin]
emails = ["lin@example.org"]
"""
ONE, TWO, MARKER, ORIGIN = "1" * 40, "2" * 40, "e" * 40, "f" * 40
X, Y = "refs/remotes/origin/research/x", "refs/remotes/origin/research/y"


def policy(extra: str = "", text: str = POLICY) -> Policy:
    return parse_policy(text + extra, "labgate.toml")


def alarm(*commits: str, source: str | None = X, score: float = 11.0) -> Evidence:
    return Evidence("similarity", True, source, commits, (ORIGIN,), score, 9, terms=(("T", score),))


def below(*commits: str, source: str | None = X, score: float = 4.5) -> Evidence:
    return Evidence("similarity", False, source, commits, (ORIGIN,), score, 3, hint="below-alarm")


def exact(*commits: str, source: str | None = X, hint: str | None = None, method: str = "patch-id") -> Evidence:
    return Evidence(method, hint is None, source, commits, (ORIGIN,), matched_lines=12, hint=hint)


def facts(*evidence: Evidence, **more: Any) -> Facts:
    """Return a push of two commits to main, with what the evidence says of them."""
    proven = {oid for item in evidence if item.proves for oid in item.commits}
    hinted = {oid for item in evidence if not item.proves for oid in item.commits} - proven
    options: dict[str, Any] = {
        "evidence": evidence,
        "needing": tuple(oid for oid in (TWO, ONE) if oid in proven),
        "suspected": tuple(oid for oid in (TWO, ONE) if oid in hinted),
        "subjects": {ONE: "First", TWO: "Second"},
    }
    return Facts("refs/heads/main", "origin", **(options | more))


def claim(email: str, *covers: str, wrote: str | None = None) -> JudgedClaim:
    return JudgedClaim(MARKER, email, frozenset(covers), None, {} if wrote is None else {email: wrote})


def said(judged: Facts, by: Policy | None = None) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(item.rule.code, item.level, item.oids) for item in check(judged, by or policy())]


def suspicion(judged: Facts) -> SuspectedResearch:
    return only(SuspectedResearch, check(judged, policy()))


def test_an_alarm_is_a_warning_and_a_score_below_it_a_note() -> None:
    assert said(facts(alarm(ONE))) == [("LG202", "warning", (ONE,))]
    assert said(facts(below(ONE))) == [("LG202", "note", (ONE,))]


@pytest.mark.parametrize("method", ["trailer", "patch-id", "squash", "blob"])
@pytest.mark.parametrize("hint", ["landed-first", "noise-only", "boilerplate", "small", "mechanical"])
def test_an_exact_match_that_decides_nothing_is_a_note(method: str, hint: str) -> None:
    assert said(facts(exact(ONE, method=method, hint=hint))) == [("LG202", "note", (ONE,))]


@pytest.mark.parametrize("method", ["ancestry", "trailer", "patch-id", "squash", "blob"])
def test_an_exact_match_that_decides_is_no_suspicion(method: str) -> None:
    assert [code for code, *_ in said(facts(exact(ONE, method=method)))] == ["LG201"]


@pytest.mark.parametrize("source", [X, Y, None], ids=["the same source", "another source", "a deleted source"])
def test_what_is_proven_to_be_research_is_not_suspected_too(source: str | None) -> None:
    judged = facts(exact(ONE), alarm(ONE, source=source), below(ONE, source=source))
    assert said(judged) == [("LG201", "error", (ONE,))]
    assert [item.method for item in only(UnreviewedResearch, check(judged, policy())).evidence] == ["patch-id"]


def test_its_neighbour_is_suspected_still() -> None:
    judged = facts(exact(ONE), alarm(TWO, ONE))
    assert said(judged) == [("LG201", "error", (ONE,)), ("LG202", "warning", (TWO,))]
    assert [item.commits for item in list(check(judged, policy()))[1].evidence] == [(TWO,)]


def test_of_what_is_proven_and_reviewed_nothing_is_said() -> None:
    assert said(facts(exact(ONE), alarm(ONE, source=Y), claims=(claim("ada@example.org", ONE),))) == []


def test_commits_of_one_source_are_one_finding() -> None:
    judged = facts(alarm(ONE, score=7.0), alarm(TWO, score=9.0))
    assert said(judged) == [("LG202", "warning", (TWO, ONE))]
    assert [item.score for item in suspicion(judged).evidence] == [9.0, 7.0]


def test_alarms_and_hints_of_one_source_are_two_findings() -> None:
    assert said(facts(below(TWO), alarm(ONE))) == [("LG202", "warning", (ONE,)), ("LG202", "note", (TWO,))]


def test_a_commit_with_an_alarm_and_a_hint_of_one_source_is_an_alarm_with_both() -> None:
    finding = suspicion(facts(below(ONE), exact(ONE, hint="small"), alarm(ONE)))
    assert (finding.level, finding.oids) == ("warning", (ONE,))
    assert [(item.method, item.decisive) for item in finding.evidence] == [
        ("similarity", True),
        ("patch-id", False),
        ("similarity", False),
    ]


def test_evidence_for_several_commits_is_split_between_alarm_and_hint() -> None:
    warned, noted = check(facts(alarm(ONE), below(TWO, ONE)), policy())
    assert [item.commits for item in warned.evidence] == [(ONE,), (ONE,)]
    assert [item.commits for item in noted.evidence] == [(TWO,)]


def test_each_source_has_its_own_finding() -> None:
    judged = facts(alarm(ONE), alarm(ONE, source=Y), below(TWO, source=None))
    found = list(check(judged, policy()))
    assert [item.level for item in found] == ["warning", "warning", "note"]
    assert [item.source for item in found if isinstance(item, SuspectedResearch)] == [X, Y, None]


def test_a_suspicion_says_where_it_is_what_it_stands_on_and_who_could_review_it() -> None:
    found = suspicion(facts(alarm(ONE)))
    assert (found.source, found.target, found.ref, found.remote) == (X, "refs/heads/main", "refs/heads/main", "origin")
    assert (found.subjects, found.alarm, found.score, found.terms) == (("First",), True, 11.0, {"T": 11.0})
    assert (found.reviewers, found.advised) == ((Reviewer("ada", "ada@example.org"),), ("ada",))
    assert suspicion(facts(below(ONE))).alarm is False


@pytest.mark.parametrize("evidence", [alarm(ONE), below(ONE), exact(ONE, hint="small")], ids=["alarm", "below", "hint"])
def test_a_review_that_meets_the_quorum_silences_it(evidence: Evidence) -> None:
    assert said(facts(evidence, claims=(claim("ada@example.org", ONE),))) == []


@pytest.mark.parametrize(
    "refused",
    [claim("eve@example.org", ONE), claim("ada@example.org", ONE, wrote=ONE), claim("ada@example.org", TWO)],
    ids=["by a stranger", "by its author", "of another commit"],
)
def test_a_review_that_does_not_count_does_not(refused: JudgedClaim) -> None:
    assert said(facts(alarm(ONE), claims=(refused,))) == [("LG202", "warning", (ONE,))]


def test_only_the_commit_without_a_review_is_named() -> None:
    assert said(facts(alarm(TWO, ONE), claims=(claim("ada@example.org", ONE),))) == [("LG202", "warning", (TWO,))]


def test_a_group_is_asked_for_the_paths_of_the_suspected_commits() -> None:
    by_ada = (claim("ada@example.org", ONE),)
    assert said(facts(alarm(ONE), claims=by_ada, suspected_paths=frozenset({"docs/a.md"}))) == []
    judged = facts(alarm(ONE), claims=by_ada, suspected_paths=frozenset({"core/a.py"}))
    assert said(judged) == [("LG202", "warning", (ONE,))]
    assert suspicion(judged).advised == ("lin",)


def test_a_group_is_not_asked_for_proven_commits_because_of_a_suspected_path() -> None:
    by_ada = (claim("ada@example.org", ONE, TWO),)
    judged = facts(exact(ONE), below(TWO), claims=by_ada, suspected_paths=frozenset({"core/a.py"}))
    assert said(judged) == [("LG202", "note", (TWO,))]
    state = review_state(judged, policy())
    assert state is not None
    assert (state.reached, state.missing) == ("trailer", ())


def test_suspicion_alone_needs_no_review() -> None:
    by_author = claim("ada@example.org", ONE, wrote=ONE)
    judged = facts(alarm(ONE), below(TWO), claims=(by_author,))
    assert {code for code, *_ in said(judged)} == {"LG202"}
    assert review_state(judged, policy()) is None


def test_a_refused_review_of_a_suspected_commit_is_not_held_against_a_proven_one() -> None:
    stranger = claim("eve@example.org", TWO)
    judged = facts(exact(ONE), alarm(TWO), claims=(stranger,))
    proven, suspected = check(judged, policy())
    assert only(UnreviewedResearch, [proven]).not_counted == ()
    assert len(only(SuspectedResearch, [suspected]).not_counted) == 1
    state = review_state(judged, policy())
    assert state is not None
    assert state.not_counted == ()


def test_where_everything_needs_review_a_suspicion_stands_beside_it() -> None:
    judged = facts(alarm(ONE), needing=(TWO, ONE))
    assert said(judged) == [("LG205", "error", (TWO, ONE)), ("LG202", "warning", (ONE,))]


@pytest.mark.parametrize(
    ("level", "expected"),
    [("error", ["error", "note"]), ("note", ["note", "note"]), ("off", [])],
)
def test_the_policy_raises_an_alarm_and_never_a_hint(level: str, expected: list[str]) -> None:
    judged, by = facts(alarm(ONE), below(TWO)), policy(f'\n[levels]\nLG202 = "{level}"\n')
    found = [levelled(item, by, "protected") for item in check(judged, by)]
    assert [item.level for item in found if item is not None] == expected


def test_nothing_is_found_where_nothing_is_alike() -> None:
    assert said(facts()) == []

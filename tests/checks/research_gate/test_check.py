"""research-gate judged on values: which facts make which finding."""

from __future__ import annotations

import pytest

from labgate.checks.research_gate.assessment import Reviewer
from labgate.checks.research_gate.check import Facts, check, review_state
from labgate.checks.research_gate.research import UnreviewedResearch
from labgate.checks.research_gate.reviews import QuorumNotMet
from labgate.policy.model import Policy
from labgate.reviews.quorum import JudgedClaim, Part
from labgate.values.finding import Evidence, Finding
from support.findings import only
from support.policies import parse_policy

POLICY = """
version = 1
trunk = "main"
[kinds.protected]
names = ["main", "release/{version}"]
[kinds.research]
names = ["research/{topic}"]
targets = ["research"]
[research-gate]
deletable = ["release/{version}"]
[reviews]
quorum = { total = 1, groups = { core = 1 } }
machines = ["noreply@github.com"]
[reviews.groups.core]
people = ["lin"]
paths = ["core/**"]
[reviews.people.ada]
emails = ["ada@example.org", "ada@home.example"]
[reviews.people.lin]
emails = ["lin@example.org"]
"""
ONE, TWO, MARKER = "1" * 40, "2" * 40, "e" * 40
SOURCE = "refs/remotes/origin/research/x"


def policy(extra: str = "") -> Policy:
    return parse_policy(POLICY + extra, "labgate.toml")


def facts(*claims: JudgedClaim, paths: frozenset[str] = frozenset(), **more: object) -> Facts:
    """Return a push of two research commits to main."""
    evidence = Evidence("ancestry", True, SOURCE, (TWO, ONE), (TWO, ONE))
    return Facts(
        ref="refs/heads/main",
        remote="origin",
        evidence=(evidence,),
        needing=(TWO, ONE),
        paths=paths,
        claims=claims,
        **more,  # type: ignore[arg-type]
    )


def claim(email: str | None, *covers: str, flaw: str | None = None, wrote: str | None = None) -> JudgedClaim:
    """Return a review marker for these commits; ``wrote`` makes its person a contributor."""
    contributors = {} if wrote is None or email is None else {email: wrote}
    return JudgedClaim(MARKER, email, frozenset(covers), flaw, contributors)


def codes(found: list[Finding]) -> list[str]:
    return [finding.rule.code for finding in found]


def test_without_a_marker_both_commits_are_named_once_with_their_source() -> None:
    finding = only(UnreviewedResearch, check(facts(), policy()))
    assert (finding.oids, finding.source) == ((TWO, ONE), SOURCE)
    assert finding.reviewers == (Reviewer("ada", "ada@example.org"),)


def test_one_listed_stranger_to_the_code_is_enough() -> None:
    judged = facts(claim("ada@example.org", ONE, TWO))
    assert list(check(judged, policy())) == []
    state = review_state(judged, policy())
    assert state is not None
    assert (state.reached, state.counted, state.missing) == ("trailer", ("ada",), ())


def test_only_the_commit_that_no_marker_covers_is_named() -> None:
    (finding,) = check(facts(claim("ada@example.org", ONE)), policy())
    assert (finding.rule.code, finding.oids) == ("LG201", (TWO,))
    assert finding.evidence[0].source_commits == (TWO,)


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (claim("eve@example.org", ONE, TWO), "not listed in [reviews.people]"),
        (claim("noreply@github.com", ONE, TWO), "a machine identity"),
        (claim("ada@example.org", ONE, TWO, flaw="outside the trailer block"), "outside the trailer block"),
        (claim(None, ONE, TWO, flaw="no Name <email>"), "no Name <email>"),
    ],
    ids=["a stranger", "a machine", "a flawed line", "no email"],
)
def test_a_marker_that_does_not_count_says_why(refused: JudgedClaim, reason: str) -> None:
    judged = facts(refused)
    finding = only(UnreviewedResearch, check(judged, policy()))
    assert [item.reason for item in finding.not_counted] == [reason]
    state = review_state(judged, policy())
    assert state is not None
    assert [item.reason for item in state.not_counted] == [reason]


def test_who_contributed_under_another_address_reviews_himself() -> None:
    judged = JudgedClaim(MARKER, "ada@example.org", frozenset({ONE, TWO}), None, {"ada@home.example": ONE})
    found = list(check(facts(judged), policy()))
    assert codes(found) == ["LG201", "LG204"]
    assert found[1].data == {"person": "ada", "marker": MARKER, "wrote": ONE, "change": None, "sought": None}


def test_a_self_review_beside_a_met_quorum_is_no_finding() -> None:
    judged = facts(claim("ada@example.org", ONE, TWO, wrote=ONE), claim("lin@example.org", ONE, TWO))
    assert list(check(judged, policy())) == []
    state = review_state(judged, policy())
    assert state is not None
    assert [(item.person, item.reason) for item in state.not_counted] == [("ada", "self-review")]


def test_a_group_is_asked_only_for_its_own_paths() -> None:
    by_ada = claim("ada@example.org", ONE, TWO)
    assert list(check(facts(by_ada, paths=frozenset({"docs/a.md"})), policy())) == []
    finding = only(QuorumNotMet, check(facts(by_ada, paths=frozenset({"core/a.py"})), policy()))
    assert (finding.missing, finding.missing_parts) == (("core",), (Part("core", group=True),))
    assert finding.advised == ("lin",)


def test_with_nobody_left_to_review_no_reviewer_is_proposed() -> None:
    everybody = frozenset({"ada@example.org", "lin@example.org"})
    finding = only(UnreviewedResearch, check(facts(contributors=everybody), policy()))
    assert (finding.reviewers, finding.advised) == (None, ())


def test_where_everything_needs_review_other_commits_lack_a_quorum() -> None:
    judged = Facts("refs/heads/main", "origin", needing=(ONE,))
    (finding,) = check(judged, policy())
    assert (finding.rule.code, finding.oids) == ("LG205", (ONE,))


@pytest.mark.parametrize(
    ("ref", "how", "expected"),
    [
        ("refs/heads/main", "deleted", ["LG211"]),
        ("refs/heads/main", "non-fast-forward", ["LG211"]),
        ("refs/heads/main", "unknown-tip", ["LG211"]),
        ("refs/heads/release/1.0", "deleted", []),
        ("refs/heads/release/1.0", "non-fast-forward", ["LG211"]),
    ],
)
def test_a_protected_ref_keeps_its_history_unless_it_may_be_deleted(ref: str, how: str, expected: list[str]) -> None:
    judged = Facts(ref, "origin", rewrite=how)
    assert codes(list(check(judged, policy()))) == expected


@pytest.mark.parametrize(("stated", "level"), [(True, "error"), (False, "note")])
def test_a_kind_lands_where_its_targets_say(stated: bool, level: str) -> None:
    judged = Facts(
        "refs/heads/main",
        "origin",
        source="research/x",
        source_kind="research",
        source_stated=stated,
    )
    (finding,) = check(judged, policy())
    assert (finding.rule.code, finding.level) == ("LG212", level)

"""research-gate at assurance forge: which approvals and requests for changes make which finding."""

from __future__ import annotations

from typing import Any

import pytest

from labgate.checks.research_gate.assessment import NamedChange, RefusedReview
from labgate.checks.research_gate.check import Facts, check, review_state
from labgate.checks.research_gate.research import UnreviewedResearch
from labgate.checks.research_gate.reviews import QuorumNotMet
from labgate.policy.model import Policy
from labgate.reviews.approvals import (
    CONFLICT,
    NEEDS_GIT,
    NOT_HERE,
    STALE_COMMITS,
    TAKEN_BACK,
    UNBOUND,
    ChangeName,
    JudgedApproval,
)
from labgate.reviews.quorum import MERE_CLAIM, UNLISTED_CONTRIBUTOR, JudgedClaim
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED
from labgate.values.finding import Evidence, Finding
from labgate.values.report import ReviewState
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
assurance = "forge"
quorum = { total = TOTAL }
[reviews.people.ada]
emails = ["ada@example.org"]
github = "ada-l"
[reviews.people.lin]
emails = ["lin@example.org"]
github = "Lin"
gitlab = "lin"
[reviews.people.kim]
emails = ["kim@example.org"]
"""
ONE, TWO, HEAD = "1" * 40, "2" * 40, "a" * 40
SOURCE = "refs/remotes/origin/research/x"
CHANGE = ChangeName("github", 7, "https://github.com/acme/models/pull/7", "eve")
NAMED = NamedChange(7, "https://github.com/acme/models/pull/7", "github")


def policy(total: int = 1, assurance: str = "forge") -> Policy:
    return parse_policy(POLICY.replace("TOTAL", str(total)).replace('"forge"', f'"{assurance}"'), "labgate.toml")


def facts(*approvals: JudgedApproval, **more: Any) -> Facts:
    """Return a pull request of two research commits to main."""
    options: dict[str, Any] = {
        "evidence": (Evidence("ancestry", True, SOURCE, (TWO, ONE), (TWO, ONE)),),
        "needing": (TWO, ONE),
        "approvals": approvals,
        "change": CHANGE,
    }
    return Facts("refs/heads/main", "origin", **(options | more))


def word(
    person: str | None,
    state: str = APPROVED,
    flaw: str | None = None,
    *,
    wrote: str | None = None,
    own: bool = False,
    commit: str | None = HEAD,
) -> JudgedApproval:
    contributors = {} if wrote is None else {f"{person}@example.org": wrote}
    covers = frozenset({ONE, TWO})
    return JudgedApproval(person or "stranger", person, state, commit, flaw, covers, contributors, own)


def found(judged: Facts, by: Policy | None = None) -> list[Finding]:
    return list(check(judged, by or policy()))


def codes(judged: Facts, by: Policy | None = None) -> list[str]:
    return [finding.rule.code for finding in found(judged, by)]


def state(judged: Facts, by: Policy | None = None) -> ReviewState:
    result = review_state(judged, by or policy())
    assert result is not None
    return result


def test_without_an_approval_the_change_and_who_could_approve_it_are_named() -> None:
    finding = only(UnreviewedResearch, found(facts()))
    assert (finding.assurance, finding.change, finding.strangers) == ("forge", NAMED, ())
    assert finding.advised == ("ada",)
    assert state(facts()).reached == "none"


def test_the_approval_of_a_listed_person_covers_the_whole_change() -> None:
    judged = facts(word("lin"))
    assert found(judged) == []
    assert state(judged) == ReviewState("forge", "forge", ("lin",), (), ())


def test_an_approval_is_worth_more_than_a_trailer() -> None:
    judged = facts(word("lin"))
    assert found(judged, policy(assurance="trailer")) == []
    assert codes(judged, policy(assurance="signed")) == ["LG201"]


@pytest.mark.parametrize("claim", ["ada@example.org", "eve@example.net"])
def test_a_trailer_is_not_enough(claim: str) -> None:
    judged = facts(claims=(JudgedClaim(ONE, claim, frozenset({ONE, TWO}), None, {}),))
    (refused,) = only(UnreviewedResearch, found(judged)).not_counted
    assert refused.login is None
    assert (refused.reason == MERE_CLAIM) is (claim == "ada@example.org")


def test_a_stranger_is_named_by_his_login() -> None:
    finding = only(UnreviewedResearch, found(facts(word(None))))
    reason = "not listed in [reviews.people]"
    assert finding.not_counted == (RefusedReview(None, None, "stranger", reason, HEAD),)


def test_an_approval_of_other_commits_says_nothing() -> None:
    other = JudgedApproval("lin", "lin", APPROVED, HEAD, None, frozenset({"3" * 40}), {})
    assert codes(facts(other)) == ["LG201"]
    assert state(facts(other)).not_counted == ()


# Contributors.


@pytest.mark.parametrize(
    ("approval", "wrote"), [(word("ada", wrote=ONE), ONE), (word("ada", own=True), None)], ids=["wrote", "opened"]
)
def test_an_approval_by_an_author_is_a_self_review(approval: JudgedApproval, wrote: str | None) -> None:
    research, finding = found(facts(approval))
    assert [research.rule.code, finding.rule.code] == ["LG201", "LG204"]
    assert finding.data == {"person": "ada", "marker": HEAD, "wrote": wrote, "change": NAMED, "sought": None}
    assert finding.oids == (HEAD,)


def test_a_self_review_beside_one_that_counts_is_no_finding() -> None:
    judged = facts(word("ada", wrote=ONE), word("lin"))
    assert found(judged) == []
    assert [(item.person, item.reason) for item in state(judged).not_counted] == [("ada", "self-review")]


def test_with_an_unlisted_contributor_no_approval_counts() -> None:
    judged = facts(word("lin"), strangers=("eve@example.net",))
    assert only(UnreviewedResearch, found(judged)).strangers == ("eve@example.net",)
    assert [item.reason for item in state(judged).not_counted] == [UNLISTED_CONTRIBUTOR]
    assert found(judged, policy(assurance="trailer")) == []


# LG203.


@pytest.mark.parametrize(
    ("approval", "reason", "mend"),
    [
        (word("lin", flaw=STALE_COMMITS), STALE_COMMITS, "approve"),
        (word("lin", flaw=CONFLICT), CONFLICT, "merge"),
        (word("lin", flaw=NEEDS_GIT), NEEDS_GIT, "newer-git"),
        (word("lin", flaw=NOT_HERE), NOT_HERE, "fetch"),
        (word("lin", flaw=UNBOUND, commit=None), UNBOUND, "approve"),
        (word("lin", DISMISSED, TAKEN_BACK), TAKEN_BACK, "approve"),
    ],
    ids=["stale", "conflict", "old git", "missing", "unbound", "dismissed"],
)
def test_an_approval_that_no_longer_holds_is_stale(approval: JudgedApproval, reason: str, mend: str) -> None:
    research, finding = found(facts(approval))
    assert [research.rule.code, finding.rule.code] == ["LG201", "LG203"]
    assert (finding.level, finding.oids) == ("error", (TWO, ONE))
    assert finding.data == {
        "person": "lin",
        "reason": reason,
        "marker": None,
        "branch": None,
        "commit": approval.commit,
        "mend": mend,
        "target": "refs/heads/main",
        "remote": "origin",
        "change": NAMED,
        "landed": False,
        "tag": None,
        "head": None,
    }
    assert [item.reason for item in only(UnreviewedResearch, [research]).not_counted] == [reason]


def test_each_stale_approval_is_one_finding() -> None:
    judged = facts(word("lin", flaw=STALE_COMMITS), word("ada", DISMISSED, TAKEN_BACK))
    assert [item.data.get("person") for item in found(judged)] == [None, "lin", "ada"]


def test_beside_a_met_quorum_a_stale_approval_is_only_reported() -> None:
    judged = facts(word("lin", flaw=STALE_COMMITS), word("ada"))
    assert found(judged) == []
    assert [(item.person, item.reason) for item in state(judged).not_counted] == [("lin", STALE_COMMITS)]
    assert state(judged).reached == "forge"


def test_beside_one_that_is_not_enough_the_quorum_is_what_lacks() -> None:
    judged = facts(word("lin", flaw=STALE_COMMITS), word("ada"))
    quorum = only(QuorumNotMet, found(judged, policy(2)))
    assert (quorum.missing, quorum.counted, quorum.change) == (("total",), ("ada",), NAMED)
    assert quorum.advised == ("lin",)


@pytest.mark.parametrize(
    "approval",
    [word(None, DISMISSED), word("lin", flaw=STALE_COMMITS, wrote=ONE)],
    ids=["by a stranger", "by an author"],
)
def test_what_would_not_count_when_fresh_is_not_called_stale(approval: JudgedApproval) -> None:
    assert "LG203" not in codes(facts(approval))


# LG208.


@pytest.mark.parametrize("others", [(), (word("ada"),)], ids=["alone", "beside a met quorum"])
def test_a_request_for_changes_stands_in_the_way(others: tuple[JudgedApproval, ...]) -> None:
    finding = found(facts(*others, word("lin", CHANGES_REQUESTED)))[-1]
    assert (finding.rule.code, finding.level, finding.oids) == ("LG208", "error", (TWO, ONE))
    assert finding.data == {"person": "lin", "change": NAMED}


def test_each_objecting_person_is_one_finding() -> None:
    judged = facts(word("lin", CHANGES_REQUESTED), word("ada", CHANGES_REQUESTED), word(None, CHANGES_REQUESTED))
    assert codes(judged) == ["LG201", "LG208", "LG208"]
    assert [item.data["person"] for item in found(judged)[1:]] == ["ada", "lin"]


def test_who_opened_the_change_does_not_object_to_it() -> None:
    assert codes(facts(word("ada"), word("lin", CHANGES_REQUESTED, own=True))) == []


def test_an_objection_to_what_is_only_suspected_stands_too() -> None:
    evidence = Evidence("similarity", True, SOURCE, (ONE,), (HEAD,), 9.0, 9, terms=(("T", 9.0),))
    judged = facts(word("ada"), word("lin", CHANGES_REQUESTED), evidence=(evidence,), needing=(), suspected=(ONE,))
    assert codes(judged) == ["LG208"]
    assert found(judged)[0].oids == (ONE,)


def test_a_change_that_needs_no_review_may_be_objected_to() -> None:
    assert codes(facts(word("lin", CHANGES_REQUESTED), evidence=(), needing=())) == []


# Whom the help names.


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (CHANGE, ("ada",)),
        (ChangeName("github", 7, None, "ADA-L"), ("lin",)),
        (ChangeName("gitlab", 7, None), ("lin",)),
        (ChangeName("gitea", 7, None), None),
        (None, ("ada",)),
    ],
    ids=["anybody", "not the opener", "only who has an account", "nobody has one", "no change is known"],
)
def test_it_names_who_can_approve_the_change(change: ChangeName | None, expected: tuple[str, ...] | None) -> None:
    finding = only(UnreviewedResearch, found(facts(change=change)))
    assert (None if finding.reviewers is None else finding.advised) == expected

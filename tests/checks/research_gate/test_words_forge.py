"""research-gate's words where approvals on the code host count: what is wrong with one, and who is to do what."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from labgate.checks.research_gate.check import Facts, check
from labgate.checks.research_gate.update import Landed
from labgate.reviews.approvals import (
    CONFLICT,
    LANDED_OTHERWISE,
    NEEDS_GIT,
    NOT_HERE,
    STALE_COMMITS,
    TAKEN_BACK,
    UNBOUND,
    ChangeName,
    JudgedApproval,
)
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED
from labgate.values.finding import Evidence
from support.findings import Words, words
from support.policies import TEAM, policy

ONE, HEAD = "97d3fcd62a44" + "0" * 28, "6b3eafe01122" + "0" * 28
FORGE = """
[reviews]
assurance = "forge"
quorum = { total = 2 }
[reviews.people.ada]
emails = ["ada@example.org"]
github = "ada-l"
gitlab = "ada"
[reviews.people.lin]
emails = ["lin@example.org"]
github = "lin"
gitlab = "lin"
"""
PULL, MERGE = ChangeName("github", 7, None), ChangeName("gitlab", 12, None)


def word(person: str, state: str = APPROVED, flaw: str | None = None, **more: Any) -> JudgedApproval:
    options = {"contributors": {}, "commit": HEAD} | more
    return JudgedApproval(person, person, state, flaw=flaw, covers=frozenset({ONE}), **options)


def say(
    code: str, *approvals: JudgedApproval, change: ChangeName | None = PULL, remote: str = "origin", **more: Any
) -> Words:
    """Return the words of the one finding of this rule on a change of one research commit."""
    options: dict[str, Any] = {
        "evidence": (Evidence("ancestry", True, "refs/remotes/origin/research/x", (ONE,), (ONE,)),),
        "needing": (ONE,),
        "approvals": approvals,
        "change": change,
    }
    facts = Facts("refs/heads/main", remote, **(options | more))
    (finding,) = (item for item in check(facts, policy(TEAM + FORGE)) if item.rule.code == code)
    return words(finding)


@pytest.mark.parametrize(
    ("change", "help"),
    [
        (PULL, "ask ada and lin to approve pull request #7"),
        (ChangeName("gitea", 7, None), "list somebody else in [reviews.people], in labgate.toml"),
        (MERGE, "ask ada and lin to approve merge request !12"),
        (None, "open a pull request and ask ada and lin to approve it"),
    ],
    ids=["github", "nobody there", "gitlab", "no change"],
)
def test_the_help_names_the_change_and_who_is_to_approve_it(change: ChangeName | None, help: str) -> None:
    said = say("LG201", change=change)
    assert said.message == "1 unreviewed commit from origin/research/x (same commit)"
    assert said.help is not None
    assert said.help.startswith(help)


def test_who_is_still_missing_is_asked() -> None:
    said = say("LG205", word("ada"))
    assert said.message == "1 commit reviewed by ada; still missing: more reviewers"
    assert said.help == "ask lin to approve pull request #7"


def test_a_stranger_is_called_by_his_login() -> None:
    stranger = JudgedApproval("eve", None, APPROVED, HEAD, None, frozenset({ONE}), {})
    assert say("LG201", stranger).message.endswith("; not counted: eve: not listed in [reviews.people]")


@pytest.mark.parametrize(
    ("strangers", "who"),
    [
        (("eve@example.net",), "the contributor eve@example.net"),
        (("eve@example.net", "zoe@example.net"), "the contributors eve@example.net and 1 more"),
    ],
)
def test_first_of_all_the_policy_must_know_every_contributor(strangers: tuple[str, ...], who: str) -> None:
    said = say("LG201", word("lin"), strangers=strangers)
    assert said.message.endswith("; not counted: lin: an unlisted contributor may be the same person")
    where = "[reviews.people], or in [reviews] agents or machines if it is not a person,"
    assert said.help == f"list {who} in {where} in labgate.toml on the trunk"


@pytest.mark.parametrize(
    ("reason", "help"),
    [
        (STALE_COMMITS, "ask lin to approve pull request #7 again"),
        (
            CONFLICT,
            "merge main into the change and resolve the conflict, then ask lin to approve pull request #7 again",
        ),
        (LANDED_OTHERWISE, "revert it on main, and land what was approved, or have the rest approved first"),
        (NEEDS_GIT, "run labgate with git 2.38 or later"),
        (NOT_HERE, f"git fetch origin {HEAD}"),
    ],
)
def test_a_stale_approval_says_why_and_what_to_do(reason: str, help: str) -> None:
    said = say("LG203", word("lin", flaw=reason))
    assert said == Words(f"the approval by lin of 6b3eafe01122 does not count: {reason}", help)


def test_a_dismissed_approval_and_one_of_no_commit_are_asked_for_again() -> None:
    again = "ask lin to approve merge request !12 again"
    said = say("LG203", word("lin", DISMISSED, TAKEN_BACK), change=MERGE)
    assert said == Words("the approval by lin of 6b3eafe01122 does not count: dismissed on the code host", again)
    said = say("LG203", word("lin", flaw=UNBOUND, commit=None), change=MERGE)
    assert said == Words("the approval by lin does not count: bound to no commit", again)


def test_the_remote_is_one_word_of_the_command() -> None:
    said = say("LG203", word("lin", flaw=NOT_HERE), remote="a'; touch x")
    assert said.help is not None
    assert shlex.split(said.help) == ["git", "fetch", "a'; touch x", HEAD]


@pytest.mark.parametrize(
    ("approval", "did"),
    [
        (word("lin", contributors={"lin@example.org": ONE}), "contributed to 97d3fcd62a44"),
        (word("lin", own=True), "opened pull request #7"),
    ],
    ids=["wrote", "opened"],
)
def test_an_approval_by_an_author_says_what_he_did(approval: JudgedApproval, did: str) -> None:
    assert say("LG204", approval).message == f"the approval by lin does not count: lin {did}"


def test_an_objection_names_the_person_and_how_it_is_lifted() -> None:
    said = say("LG208", word("lin", CHANGES_REQUESTED))
    assert said.message == "lin requests changes in pull request #7"
    assert said.help == "resolve it with lin: an approval by lin, or the dismissal of that review, ends it"


# What has landed.

SUBJECT = "Merge research/x into main, which is what everybody had been waiting for since last spring"
LANDED = Landed("1" * 40, HEAD, SUBJECT)


def test_a_landing_past_its_pull_request_names_both() -> None:
    said = say("LG201", landed=LANDED)
    assert said.message.endswith(f"; landed as 6b3eafe01122 {SUBJECT[:60]}")
    assert said.help == "ask ada and lin to approve pull request #7"


@pytest.mark.parametrize(
    ("old", "span"), [("1" * 40, "111111111111..6b3eafe01122"), (None, "6b3eafe01122")], ids=["moved", "created"]
)
def test_what_landed_without_one_is_shown_to_who_may_review_it(old: str | None, span: str) -> None:
    said = say("LG201", change=None, landed=LANDED.changed(old=old))
    assert said.help == f"git log --patch {span}  # show ada and lin what landed"


def test_a_subject_that_is_hostile_stays_in_the_line() -> None:
    said = say("LG201", landed=Landed(None, HEAD, "a\x1b[31m::error::b"))
    assert said.message.endswith("; landed as 6b3eafe01122 a\x1b[31m::error::b")
    assert "\n" not in said.message

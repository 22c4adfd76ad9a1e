"""An approval counts when a listed person gave it, of what is judged, and is known to be nobody who wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.reviews.approvals import (
    APPROVE,
    CONFLICT,
    FETCH,
    LANDED_OTHERWISE,
    MERGE,
    NEEDS_GIT,
    NEWER_GIT,
    NOT_HERE,
    REVERT,
    STALE_COMMITS,
    TAKEN_BACK,
    UNBOUND,
    UNRELATED,
    ChangeName,
    JudgedApproval,
    account_of,
    commits_to_compare,
    fix_of,
    judged_approvals,
    listed_email,
    objectors,
    people_by_login,
    unlisted,
)
from labgate.reviews.quorum import NOT_SIGNED, SELF_REVIEW, STRANGER, UNLISTED_CONTRIBUTOR, JudgedClaim, assess
from labgate.reviews.section import Reviews
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED, Approval
from support.policies import TEAM, policy

HEAD, OTHER = "a" * 40, "b" * 64
LOGINS = {"ada": ("Ada-L", "ada.l", None), "lin": ("lin", None, "lin"), "kim": (None, None, None)}
CHANGE = ChangeName("github", 7, None, "eve")


def person(name: str) -> dict[str, Any]:
    github, gitlab, gitea = LOGINS[name]
    accounts = {"github": github, "gitlab": gitlab, "gitea": gitea}
    return {"emails": [f"{name}@example.org", f"{name}@home.example"], "keys": [], "affiliation": None, **accounts}


def reviews(assurance: str = "forge") -> Reviews:
    table = {
        "assurance": assurance,
        "quorum": {"total": 1, "groups": {}, "affiliations": 0},
        "machines": ["NoReply@github.com"],
        "policy-quorum": None,
        "agents": [],
        "bound": False,
        "expires": 0,
        "groups": {},
        "people": {name: person(name) for name in LOGINS},
    }
    return Reviews(table)


PEOPLE = people_by_login(reviews(), "github")


def judged(
    *approvals: Approval,
    flaws: dict[str, str | None] | None = None,
    change: ChangeName = CHANGE,
    wrote: dict[str, str] | None = None,
) -> tuple[JudgedApproval, ...]:
    found = {HEAD: None, OTHER: None} if flaws is None else flaws
    return judged_approvals(
        approvals, found, PEOPLE, change=change, covers=frozenset({"1", "2"}), contributors=wrote or {}
    )


def outcome(
    approvals: tuple[JudgedApproval, ...], strangers: tuple[str, ...] = (), assurance: str = "forge"
) -> tuple[tuple[str, ...], list[tuple[str | None, str]]]:
    """Return who counts for both commits, and who does not and why."""
    found = assess(["1", "2"], approvals, reviews(assurance), strangers)
    assert len(set(found.reviewers.values())) == 1
    return found.counted, [(item.person, item.reason) for item in found.refused]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("github", {"ada-l": "ada", "lin": "lin"}),
        ("gitlab", {"ada.l": "ada"}),
        ("gitea", {"lin": "lin"}),
    ],
)
def test_a_login_is_somebody_on_its_own_code_host_only(kind: str, expected: dict[str, str]) -> None:
    assert people_by_login(reviews(), kind) == expected
    for item in reviews().people:
        login = account_of(item, kind)
        assert (login is None) is (item.name not in expected.values())


def test_an_unknown_kind_of_code_host_is_an_error_and_nobody() -> None:
    with pytest.raises(KeyError):
        people_by_login(reviews(), "sourcehut")


@pytest.mark.parametrize("login", ["Ada-L", "ada-l", "ADA-L"])
def test_logins_compare_without_case(login: str) -> None:
    assert outcome(judged(Approval(login, APPROVED, HEAD))) == (("ada",), [])


def test_every_listed_person_counts_once() -> None:
    both = judged(Approval("ada-l", APPROVED, HEAD), Approval("lin", APPROVED, OTHER))
    assert outcome(both) == (("ada", "lin"), [])


def test_only_what_listed_people_approved_is_compared() -> None:
    said = (
        Approval("stranger", APPROVED, "c" * 40),
        Approval("lin", APPROVED, HEAD),
        Approval("ada-l", APPROVED, HEAD),
        Approval("ada-l", CHANGES_REQUESTED, "d" * 40),
        Approval("lin", DISMISSED, "e" * 40),
        Approval("lin", APPROVED, None),
        Approval("lin", APPROVED, "--output=x"),
        Approval("lin", APPROVED, OTHER),
    )
    assert commits_to_compare(said, PEOPLE) == (HEAD, OTHER)


def test_a_stranger_counts_for_nobody_even_where_what_he_approved_is_not_here() -> None:
    assert outcome(judged(Approval("stranger", APPROVED, "c" * 40))) == ((), [(None, STRANGER)])


@pytest.mark.parametrize("flaw", [STALE_COMMITS, LANDED_OTHERWISE, CONFLICT, UNRELATED, NEEDS_GIT, NOT_HERE])
def test_an_approval_that_git_finds_stale_does_not_count(flaw: str) -> None:
    assert outcome(judged(Approval("lin", APPROVED, HEAD), flaws={HEAD: flaw})) == ((), [("lin", flaw)])


@pytest.mark.parametrize("commit", [None, "", "main", "a" * 39, "A" * 40, "a" * 40 + "\n"])
def test_an_approval_of_no_commit_does_not_count(commit: str | None) -> None:
    found = judged(Approval("lin", APPROVED, commit))
    assert outcome(found) == ((), [("lin", UNBOUND)])
    assert [item.commit for item in found] == [None]


def test_an_approval_that_was_never_compared_is_a_mistake_and_no_review() -> None:
    with pytest.raises(KeyError):
        judged(Approval("lin", APPROVED, HEAD), flaws={})


def test_a_dismissed_approval_does_not_count() -> None:
    assert outcome(judged(Approval("lin", DISMISSED, HEAD))) == ((), [("lin", TAKEN_BACK)])


@pytest.mark.parametrize("email", ["lin@example.org", "lin@home.example"])
@pytest.mark.parametrize("flaw", [None, STALE_COMMITS])
def test_a_contributor_does_not_count_under_any_address(email: str, flaw: str | None) -> None:
    found = judged(Approval("lin", APPROVED, HEAD), flaws={HEAD: flaw}, wrote={email: "2"})
    (refused,) = assess(["1", "2"], found, reviews()).refused
    assert (refused.person, refused.reason, refused.wrote) == ("lin", SELF_REVIEW, "2")


def test_who_opened_the_change_does_not_count_though_others_wrote_it() -> None:
    found = judged(Approval("lin", APPROVED, HEAD), change=ChangeName("github", 7, None, "LIN"))
    (refused,) = assess(["1", "2"], found, reviews()).refused
    assert (refused.person, refused.reason, refused.wrote) == ("lin", SELF_REVIEW, None)


def test_where_the_opener_is_unknown_nobody_is_taken_for_him() -> None:
    assert outcome(judged(Approval("lin", APPROVED, HEAD), change=ChangeName("github", 7, None))) == (("lin",), [])


def test_what_a_colleague_wrote_keeps_nobody_else_from_reviewing() -> None:
    found = judged(Approval("lin", APPROVED, HEAD), Approval("ada-l", APPROVED, HEAD), wrote={"ada@home.example": "1"})
    assert outcome(found) == (("lin",), [("ada", SELF_REVIEW)])


@pytest.mark.parametrize(
    ("assurance", "counted", "refused"),
    [
        ("trailer", ("lin",), []),
        ("forge", (), [("lin", UNLISTED_CONTRIBUTOR)]),
        ("signed", (), [("lin", NOT_SIGNED)]),
    ],
)
def test_with_an_unlisted_contributor_no_approval_counts_where_identities_matter(
    assurance: str, counted: tuple[str, ...], refused: list[tuple[str | None, str]]
) -> None:
    found = judged(Approval("lin", APPROVED, HEAD))
    assert outcome(found, ("eve@example.net",), assurance) == (counted, refused)


def test_unlisted_is_who_is_neither_a_person_nor_a_machine() -> None:
    emails = ["Lin@Example.org", "noreply@GitHub.com", "Zoe@example.net", "eve@example.net", "zoe@example.net"]
    assert unlisted(emails, reviews()) == ("eve@example.net", "zoe@example.net")


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("4711+ada-l@users.noreply.github.com", "ada@example.org"),
        ("ada-l@users.noreply.github.com", "ada@example.org"),
        ("42-ada-x@users.noreply.gitlab.com", "ada@example.org"),
        ("12-12-max@users.noreply.gitlab.com", "max@example.org"),
        ("12-max@users.noreply.github.com", "max@example.org"),
        ("7+12-max@users.noreply.github.com", "max@example.org"),
        *(
            (email, email)
            for email in (
                "max@users.noreply.github.com",
                "4711-ada-l@users.noreply.github.com",
                "ada-x@users.noreply.gitlab.com",
                "42+ada-x@users.noreply.gitlab.com",
                "42-ada-l@users.noreply.gitlab.com",
                "4711+eve@users.noreply.github.com",
                "ada+ada-l@users.noreply.github.com",
                "ada-l@users.noreply.github.com.example.org",
                "4711+ada-l@users-noreply-github.com",
                "ada@example.org",
            )
        ),
    ],
)
def test_a_hidden_address_is_that_of_whose_account_it_is_and_of_nobody_else(email: str, expected: str) -> None:
    people = """
[reviews.people.ada]
emails = ["Ada@example.org", "ada@example.com"]
github = "Ada-L"
gitlab = "ada-x"
[reviews.people.max]
emails = ["max@example.org"]
github = "12-max"
gitlab = "12-max"
"""
    assert listed_email(email, policy(TEAM + people).section(Reviews)) == expected


def test_an_approval_says_nothing_of_commits_that_it_does_not_cover() -> None:
    found = assess(["1", "3"], judged(Approval("lin", APPROVED, HEAD)), reviews())
    assert found.reviewers == {"1": {"lin"}, "3": frozenset()}


def test_a_trailer_beside_an_approval_stays_a_claim() -> None:
    trailer = JudgedClaim("m", "ada@example.org", frozenset({"1", "2"}), None, {})
    found = assess(["1", "2"], [trailer, *judged(Approval("lin", APPROVED, HEAD))], reviews())
    assert found.counted == ("lin",)
    assert [item.person for item in found.refused] == ["ada"]


# Objections.


def test_a_request_for_changes_is_an_objection_whatever_it_was_said_of() -> None:
    said = [Approval(login, CHANGES_REQUESTED, commit) for login, commit in (("lin", None), ("Ada-L", "f" * 40))]
    assert objectors(judged(*said)) == ("ada", "lin")
    assert outcome(judged(*said)) == ((), [])


@pytest.mark.parametrize(
    "approval",
    [
        Approval("stranger", CHANGES_REQUESTED, HEAD),
        Approval("lin", APPROVED, HEAD),
        Approval("lin", DISMISSED, HEAD),
        Approval("eve", CHANGES_REQUESTED, HEAD),
    ],
    ids=["by a stranger", "an approval", "dismissed", "by an unlisted opener"],
)
def test_anything_else_is_none(approval: Approval) -> None:
    assert objectors(judged(approval)) == ()


def test_who_opened_the_change_cannot_object_to_it_but_who_wrote_part_of_it_can() -> None:
    said = Approval("lin", CHANGES_REQUESTED, HEAD)
    assert objectors(judged(said, change=ChangeName("github", 7, None, "Lin"))) == ()
    assert objectors(judged(said, wrote={"lin@example.org": "1"})) == ("lin",)


@pytest.mark.parametrize(
    ("flaw", "mend"),
    [
        (STALE_COMMITS, APPROVE),
        (LANDED_OTHERWISE, REVERT),
        (TAKEN_BACK, APPROVE),
        (UNBOUND, APPROVE),
        (CONFLICT, MERGE),
        (UNRELATED, MERGE),
        (NEEDS_GIT, NEWER_GIT),
        (NOT_HERE, FETCH),
    ],
)
def test_every_flaw_can_be_mended(flaw: str, mend: str) -> None:
    assert fix_of(flaw) == mend


WORDS = st.builds(
    Approval,
    login=st.sampled_from(["ada-l", "LIN", "stranger", "eve", "kim"]),
    state=st.sampled_from([APPROVED, CHANGES_REQUESTED, DISMISSED]),
    commit=st.sampled_from([None, HEAD, OTHER, "junk"]),
)


@given(
    said=st.lists(WORDS),
    stale=st.sampled_from([None, STALE_COMMITS]),
    wrote=st.dictionaries(st.sampled_from(["lin@example.org", "ada@home.example"]), st.just("1")),
    opener=st.sampled_from([None, "lin", "eve"]),
    strangers=st.sampled_from([(), ("eve@example.net",)]),
)
def test_who_counts_is_listed_approved_the_content_and_wrote_none_of_it(
    said: list[Approval],
    stale: str | None,
    wrote: dict[str, str],
    opener: str | None,
    strangers: tuple[str, ...],
) -> None:
    found = judged(*said, flaws={HEAD: None, OTHER: stale}, change=ChangeName("github", 7, None, opener), wrote=wrote)
    counted, _ = outcome(found, strangers)
    expected = {
        PEOPLE[item.login.casefold()]
        for item in said
        if item.login.casefold() in PEOPLE
        and item.state == APPROVED
        and (item.commit == HEAD or (item.commit == OTHER and stale is None))
        and item.login.casefold() != opener
    }
    expected -= {email.split("@")[0] for email in wrote}
    assert set(counted) == (set() if strangers else expected)

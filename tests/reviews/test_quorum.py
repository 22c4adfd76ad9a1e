"""Persons are counted, not addresses; a contributor never counts; who is missing is said exactly."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.reviews.markers import OUTSIDE_BLOCK
from labgate.reviews.quorum import (
    AFFILIATIONS,
    MACHINE,
    MERE_CLAIM,
    SELF_REVIEW,
    STRANGER,
    TOTAL,
    JudgedClaim,
    assess,
    helpful,
    missing,
)
from labgate.reviews.section import Reviews

NAMES = ("ada", "lin", "kim", "max", "zoe")
#: Names of groups that are words of the quorum too: they must not be mixed up.
GROUPS = ("core", "docs", "total", "affiliations")
MACHINES = ["noreply@github.com"]


def person(name: str, affiliation: str | None = None) -> dict[str, Any]:
    emails = [f"{name}@example.org", f"{name.title()}@Example.COM"]
    return {"emails": emails, "keys": [], "affiliation": affiliation, "github": None, "gitlab": None, "gitea": None}


def reviews(
    total: int = 1,
    groups: dict[str, int] | None = None,
    affiliations: int = 0,
    members: dict[str, tuple[list[str], list[str]]] | None = None,
    of: dict[str, str | None] | None = None,
    assurance: str = "trailer",
) -> Reviews:
    """Return reviews by everybody in ``NAMES``; ``members`` are people and paths of groups, ``of`` affiliations."""
    table = {
        "assurance": assurance,
        "quorum": {"total": total, "groups": groups or {}, "affiliations": affiliations},
        "machines": MACHINES,
        "policy-quorum": None,
        "agents": [],
        "bound": False,
        "expires": 0,
        "groups": {name: {"people": who, "paths": paths} for name, (who, paths) in (members or {}).items()},
        "people": {name: person(name, (of or {}).get(name)) for name in NAMES},
    }
    return Reviews(table)


def claim(email: str | None, *, covers: str = "c", flaw: str | None = None, **wrote: str) -> JudgedClaim:
    return JudgedClaim("m", email, frozenset(covers), flaw, {f"{name}@example.org": oid for name, oid in wrote.items()})


PEOPLE = st.frozensets(st.sampled_from(NAMES))
PATHS = st.frozensets(st.sampled_from(["src/a.py", "docs/a.md", "README.md"]))


@st.composite
def any_reviews(draw: st.DrawFn) -> Reviews:
    """Return any quorum, also one that nobody can meet."""
    names = draw(st.lists(st.sampled_from(GROUPS), unique=True))
    globs = st.lists(st.sampled_from(["src/**", "docs/**", "**"]), min_size=1, unique=True)
    members = {name: (draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)), draw(globs)) for name in names}
    return reviews(
        total=draw(st.integers(1, 6)),
        groups={name: draw(st.integers(1, 3)) for name in names},
        affiliations=draw(st.integers(0, 3)),
        members=members,
        of={name: draw(st.sampled_from([None, "uni-a", "uni-b", "uni-c"])) for name in NAMES},
    )


@given(any_reviews(), PEOPLE, PATHS, st.sampled_from(NAMES))
def test_one_more_reviewer_never_leaves_more_open(
    policy: Reviews, people: frozenset[str], paths: frozenset[str], more: str
) -> None:
    assert set(missing(people | {more}, paths, policy)) <= set(missing(people, paths, policy))


@given(any_reviews(), PEOPLE, PATHS)
def test_the_total_stays_open_whatever_a_group_is_called(
    policy: Reviews, people: frozenset[str], paths: frozenset[str]
) -> None:
    if len(people) < policy.quorum.total:
        assert TOTAL in missing(people, paths, policy)


@given(any_reviews(), PEOPLE)
def test_a_change_without_paths_needs_no_group(policy: Reviews, people: frozenset[str]) -> None:
    known = {item.affiliation for item in policy.people if item.name in people} - {None}
    short = {TOTAL: len(people) < policy.quorum.total, AFFILIATIONS: len(known) < policy.quorum.affiliations}
    assert missing(people, frozenset(), policy) == tuple(part for part, is_short in short.items() if is_short)


@given(any_reviews(), PEOPLE, PATHS, PEOPLE)
def test_the_people_who_could_complete_a_quorum_do_and_each_of_them_is_needed(
    policy: Reviews, people: frozenset[str], paths: frozenset[str], contributors: frozenset[str]
) -> None:
    emails = [f"{name}@example.com" for name in contributors]
    named = helpful(people, paths, emails, policy)
    eligible = [name for name in NAMES if name not in people and name not in contributors]
    if named is None:
        assert missing(people.union(eligible), paths, policy)
        return
    assert not missing(people.union(named), paths, policy)
    assert list(named) == [name for name in eligible if name in named]
    for others in combinations(named, max(0, len(named) - 1)):
        if named:
            assert missing(people.union(others), paths, policy)


@given(
    claims=st.lists(
        st.builds(
            JudgedClaim,
            commit=st.sampled_from("mn"),
            email=st.sampled_from(
                [
                    None,
                    "eve@example.net",
                    *MACHINES,
                    *(f"{name}@example.{top}" for name in NAMES for top in ("org", "com")),
                ]
            ),
            covers=st.frozensets(st.sampled_from("abx")),
            flaw=st.sampled_from([None, None, OUTSIDE_BLOCK]),
            contributors=st.dictionaries(st.sampled_from([f"{name}@example.org" for name in NAMES]), st.just("a")),
        )
    )
)
def test_every_claim_counts_for_what_it_covers_or_is_refused(claims: list[JudgedClaim]) -> None:
    found = assess(["a", "b"], claims, reviews())
    refused = [item.claim for item in found.refused]
    for item in claims:
        name = None if item.email is None else item.email.split("@")[0]
        legal = name in NAMES and item.flaw is None and f"{name}@example.org" not in item.contributors
        assert (item in refused) is not legal
    counting = [item for item in claims if item not in refused]
    for oid, people in found.reviewers.items():
        assert people == {str(item.email).split("@")[0] for item in counting if oid in item.covers}
    assert set(found.reviewers) == {"a", "b"}


@pytest.mark.parametrize(
    ("stated", "person", "reason"),
    [
        (claim("eve@example.net"), None, STRANGER),
        (claim(None), None, STRANGER),
        (claim("noreply@github.com"), None, MACHINE),
        (claim("ada@example.org", flaw=OUTSIDE_BLOCK), "ada", OUTSIDE_BLOCK),
        (claim("ada@example.com", ada="w"), "ada", SELF_REVIEW),
    ],
    ids=["stranger", "nobody", "machine", "flawed", "contributor under another address"],
)
def test_a_refusal_names_the_person_and_the_reason(stated: JudgedClaim, person: str | None, reason: str) -> None:
    (refused,) = assess(["c"], [stated], reviews()).refused
    assert (refused.person, refused.reason) == (person, reason)
    assert refused.wrote == ("w" if reason == SELF_REVIEW else None)


@pytest.mark.parametrize("assurance", ["forge", "signed"])
def test_a_trailer_counts_at_level_trailer_only(assurance: str) -> None:
    found = assess(["c"], [claim("ada@example.org")], reviews(assurance=assurance))
    assert found.counted == ()
    assert [item.reason for item in found.refused] == [MERE_CLAIM]


def test_two_addresses_of_one_person_are_one_reviewer() -> None:
    found = assess(["c"], [claim("ada@example.org"), claim("ada@example.com")], reviews(total=2))
    assert found.counted == ("ada",)
    assert missing(found.reviewers["c"], frozenset(), reviews(total=2)) == (TOTAL,)


def test_the_help_prefers_who_completes_most() -> None:
    policy = reviews(total=1, groups={"core": 1}, members={"core": (["kim"], ["**"])})
    assert helpful(frozenset(), frozenset({"a"}), [], policy) == ("kim",)


def test_the_help_names_nobody_of_an_affiliation_that_is_there_already() -> None:
    of: dict[str, str | None] = {"ada": "uni-a", "lin": "uni-a", "kim": "uni-b", "max": "uni-c"}
    policy = reviews(total=1, affiliations=3, of=of)
    assert helpful(frozenset({"ada"}), frozenset(), [], policy) == ("kim", "max")

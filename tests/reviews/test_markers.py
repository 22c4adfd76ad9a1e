"""Every line that claims a review is read once, and speaks for just the commits that it stands above."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.reviews.markers import (
    FOLDED,
    LOOK_ALIKE,
    MALFORMED,
    OUTSIDE_BLOCK,
    claims_in,
    co_authors,
    read_claims,
)
from labgate.values.ref_update import Commit, Identity

NOBODY = Identity("Grace", "grace@example.org")


def commit(
    message: str = "Work", trailers: Sequence[str] = (), *, oid: str = "c", parents: Sequence[str] = (), tree: str = "t"
) -> Commit:
    return Commit(oid, tuple(parents), tree, NOBODY, NOBODY, message, tuple(trailers))


GOOD = st.sampled_from(["Reviewed-by: Ada <ada@example.org>", "reviewed-BY: Lin Li <LIN@example.org>"])
FLAWED = st.sampled_from(["Reviewed-by: ada", "Reviewed-by: Ada <a@x>, Lin <l@x>", "Reviewed-by: <ada@example.org>"])
OTHER = st.sampled_from(
    ["Signed-off-by: Ada <ada@example.org>", "We reviewed it.", "Reviewed by many: yes", "a: b", ""]
)


@given(body=st.lists(st.one_of(GOOD, FLAWED, OTHER)), block=st.lists(st.one_of(GOOD, FLAWED, OTHER)))
def test_every_claim_of_a_message_is_read_once(body: list[str], block: list[str]) -> None:
    message = "\n".join(["Subject", "", *body, "", *block])
    found = claims_in(commit(message, [line for line in block if ":" in line]))
    claimed = [line for line in (*body, *block) if line.casefold().startswith("reviewed-by:")]
    assert len(found) == len(claimed)
    assert sum(flaw == OUTSIDE_BLOCK for _, flaw in found) == sum(line in claimed for line in body)


@given(block=st.lists(GOOD, min_size=1))
def test_a_well_formed_trailer_has_no_flaw(block: list[str]) -> None:
    found = claims_in(commit("\n".join(["Subject", "", *block]), block))
    assert {flaw for _, flaw in found} == {None}
    assert {email for email, _ in found} <= {"ada@example.org", "lin@example.org"}


@given(block=st.lists(st.one_of(GOOD, FLAWED), min_size=1))
def test_a_trailer_that_the_message_does_not_state_is_none(block: list[str]) -> None:
    """Git makes such trailers when its configuration says so."""
    assert claims_in(commit("Subject\n\nseen: Ada <ada@example.org>", block)) == ()


@pytest.mark.parametrize(
    ("line", "trailer", "expected"),
    [
        ("Reviewed-by: Ada <ada@example.org>", True, ("ada@example.org", None)),
        ("Reviewed-by:Ada <ada@example.org>", True, ("ada@example.org", None)),
        ("Reviewed-by: Ada <ada@example.org>\r", True, ("ada@example.org", None)),
        ("Reviewed-by: Ada <ada@example.org>", False, ("ada@example.org", OUTSIDE_BLOCK)),
        ("  Reviewed-by: Ada <ada@example.org>", False, ("ada@example.org", OUTSIDE_BLOCK)),
        ("Reviewed-by: Ada\n <ada@example.org>", True, ("ada@example.org", FOLDED)),
        ("Reviewed-by: Ada <ada@example.org>\n Evil", True, (None, FOLDED)),
        ("Reviewed-by: Ada <ada@example.org> (mostly)", True, (None, MALFORMED)),
        ("Reviewed-by: Ada <>", True, (None, MALFORMED)),
        ("Reviewed-by:", True, (None, MALFORMED)),
        ("Reviewed-By-: Ada <ada@example.org>", True, ("ada@example.org", LOOK_ALIKE)),
        ("Reviewed\u2011by: Ada <ada@example.org>", False, ("ada@example.org", LOOK_ALIKE)),
        ("Reviewed by: Ada <ada@example.org>", False, ("ada@example.org", LOOK_ALIKE)),
        ("R\u0415VIEWED-\u0412Y: Ada <ada@example.org>", False, ("ada@example.org", LOOK_ALIKE)),
        ("\uff32eviewed-by: Ada <ada@example.org>", False, ("ada@example.org", LOOK_ALIKE)),
        ("Rev\u200biewed-by: Ada <ada@example.org>", False, ("ada@example.org", LOOK_ALIKE)),
    ],
    ids=ascii,
)
def test_a_line_is_a_claim_or_says_why_not(line: str, trailer: bool, expected: tuple[str | None, str | None]) -> None:
    found = claims_in(commit(f"Subject\n\n{line}", [line] if trailer else []))
    assert found == (expected,)


@pytest.mark.parametrize("line", ["Reviewed-on: monday", "Unreviewed-by: Ada <a@x>", "x"])
def test_other_lines_claim_nothing(line: str) -> None:
    assert claims_in(commit(f"Subject\n\n{line}", [line])) == ()


@pytest.mark.parametrize("key", ["Acked-by", "Approved-by"])
def test_other_consent_is_a_claim_that_does_not_count(key: str) -> None:
    line = f"{key}: Ada <a@x>"
    ((email, flaw),) = claims_in(commit(f"Subject\n\n{line}", [line]))
    assert email == "a@x"
    assert flaw is not None
    assert flaw.startswith(key)


@given(
    emails=st.lists(st.sampled_from(["ada@example.org", "Lin@Example.org", "kim@example.org"]), min_size=1, max_size=3),
    key=st.sampled_from(["Co-authored-by: ", "co-AUTHORED-by:", "  Co-authored-by : "]),
    break_=st.sampled_from([" ", "\n ", "\n\t"]),
    rest=st.sampled_from(["", " (half of it)", "\r", "\n\nMore text."]),
)
def test_no_layout_hides_a_co_author(emails: list[str], key: str, break_: str, rest: str) -> None:
    people = f",{break_}".join(f"Some One{break_}<{email}>" for email in emails)
    found = co_authors(commit(f"Subject\n\n{key}{people}{rest}"))
    assert found == tuple(email.casefold() for email in emails)


def test_the_next_trailer_is_no_co_author() -> None:
    block = ("Co-authored-by: Ada <ada@example.org>", "Reviewed-by: Lin <lin@example.org>")
    assert co_authors(commit("Subject\n\n" + "\n".join(block))) == ("ada@example.org",)


def ancestors(graph: dict[str, tuple[str, ...]], oid: str) -> set[str]:
    """Return a commit and all that it reaches within the range: the definition, written as a recursion."""
    return {oid}.union(*(ancestors(graph, parent) for parent in graph[oid])) if oid in graph else set()


@given(chance=st.randoms(use_true_random=False), size=st.integers(1, 9))
def test_a_marker_covers_its_commit_what_a_merge_brings_in_and_what_is_below_an_empty_one(
    chance: Random, size: int
) -> None:
    names = ["outside", *(f"c{number}" for number in range(size))]
    commits, trees = [], {"outside": "t0"}
    line = "Reviewed-by: Ada <ada@example.org>"
    for at in range(1, len(names)):
        parents = chance.sample(names[:at], min(at, chance.choice([1, 1, 2, 3])))
        tree = chance.choice([trees[parents[0]], f"t{at}"])
        commits.append(commit(f"S\n\n{line}", [line], oid=names[at], parents=parents, tree=tree))
        trees[names[at]] = tree
    graph = {item.oid: item.parents for item in commits}
    for item, claim in zip(reversed(commits), read_claims(commits[::-1], trees), strict=True):
        first, *others = (ancestors(graph, parent) for parent in item.parents)
        brought = set().union(*others) - first
        below = first if not others and trees[item.parents[0]] == item.tree else set()
        assert claim.commit == item.oid
        assert claim.covers == {item.oid} | brought | below


def test_a_commit_with_content_covers_only_itself() -> None:
    line = "Reviewed-by: Ada <ada@example.org>"
    below = commit(oid="a", tree="t1")
    above = commit(f"S\n\n{line}", [line], oid="b", parents=["a"], tree="t2")
    (claim,) = read_claims([above, below], {"a": "t1", "b": "t2"})
    assert claim.covers == {"b"}

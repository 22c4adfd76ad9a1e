"""The values of judgement: evidence for fewer commits forgets nothing, and only exact evidence proves."""

from __future__ import annotations

import pytest

from labgate.values.finding import Evidence

ONE, TWO, THREE, ORIGIN = "1" * 40, "2" * 40, "3" * 40, "f" * 40


def evidence(method: str) -> Evidence:
    """Return evidence in which no member has its default value."""
    return Evidence(
        method,
        decisive=False,
        source_ref="refs/heads/research/x",
        commits=(THREE, TWO, ONE),
        source_commits=(ORIGIN,),
        score=4.5,
        matched_lines=7,
        paths=("a.py",),
        terms=(("T", 4.5),),
        shared=("import torch",),
        hint="small",
    )


@pytest.mark.parametrize("method", ["trailer", "patch-id", "squash", "blob", "similarity"])
def test_for_fewer_commits_all_but_the_commits_stays(method: str) -> None:
    whole = evidence(method)
    part = whole.for_commits({ONE, THREE, ORIGIN})
    assert part.commits == (THREE, ONE)
    assert part == whole.changed(commits=part.commits)


def test_ancestry_of_fewer_commits_has_them_as_its_sources() -> None:
    part = evidence("ancestry").for_commits(frozenset({TWO}))
    assert (part.commits, part.source_commits, part.hint) == ((TWO,), (TWO,), "small")


def test_for_none_of_its_commits_it_speaks_of_nothing() -> None:
    assert evidence("blob").for_commits(()).commits == ()


@pytest.mark.parametrize(
    ("method", "decisive", "proves"),
    [
        ("ancestry", True, True),
        ("trailer", True, True),
        ("patch-id", True, True),
        ("squash", True, True),
        ("blob", True, True),
        ("similarity", True, False),
        ("patch-id", False, False),
        ("similarity", False, False),
    ],
)
def test_exact_and_decisive_evidence_proves(method: str, decisive: bool, proves: bool) -> None:
    assert Evidence(method, decisive, None, (ONE,), ()).proves is proves

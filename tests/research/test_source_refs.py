"""Which refs and repositories are sources, and whether this clone fetches them all."""

from __future__ import annotations

import pytest

from labgate.git.refs import TrackingRef
from labgate.git.repository import Remote
from labgate.research.completeness import covers_sources
from labgate.research.source_refs import (
    classify_refs,
    is_source_repository,
    source_patterns,
)
from support.policies import TEAM, policy

SISTER = TEAM + '\n[research-gate]\nsource-repositories = ["github.com/acme-research/*"]\n'
OID = "1" * 40
RESEARCH = "+refs/heads/research/*:refs/remotes/origin/research/*"


def remote(*fetch: str, url: str | None = None, name: str = "origin") -> Remote:
    return Remote(name, url, fetch)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("git@github.com:acme-research/models.git", True),
        ("https://github.com/acme-research/models", True),
        ("https://github.com/acme/models", False),
        ("https://example.org/github.com/acme-research/models", False),
        ("https://github.com/acme-research/deep/models", False),
        (None, False),
    ],
)
def test_a_source_repository_is_known_by_its_name(url: str | None, expected: bool) -> None:
    assert is_source_repository(policy(SISTER), remote(url=url)) is expected
    assert is_source_repository(policy(SISTER), remote(url="r:x").changed(rewritten=url)) is expected


@pytest.mark.parametrize(
    ("fetch", "expected"),
    [
        (["+refs/heads/*:refs/remotes/origin/*"], True),
        (["+refs/*:refs/remotes/origin/*"], False),
        (["refs/heads/*:refs/remotes/origin/*"], True),
        ([RESEARCH], False),
        ([RESEARCH, "+refs/heads/experiment--*:refs/remotes/origin/experiment--*"], True),
        ([RESEARCH, "+refs/heads/experiment--*:refs/remotes/origin/e--*"], False),
        (["+refs/heads/*:refs/remotes/upstream/*"], False),
        (["+refs/heads/research/a*:refs/remotes/origin/research/a*"], False),
        (["+refs/heads/main:refs/remotes/origin/main"], False),
        (["+refs/heads/*-done:refs/remotes/origin/*-done"], False),
        (["+refs/heads/*:refs/scratch/*"], False),
        (["+refs/heads/*:refs/remotes/origin/*", "^refs/heads/research/secret"], False),
        (["+refs/heads/*:refs/remotes/origin/*", "^refs/heads/research/*"], False),
        (["+refs/heads/*:refs/remotes/origin/*", "^refs/heads/re*"], False),
        (["+refs/heads/*:refs/remotes/origin/*", "^refs/heads/dependabot/*"], True),
        ([], False),
    ],
    ids=lambda value: " ".join(value) or "none" if isinstance(value, list) else "",
)
def test_sources_are_complete_when_the_refspecs_bring_every_source_kind(fetch: list[str], expected: bool) -> None:
    assert covers_sources(policy(), remote(*fetch)) is expected


def test_patterns_cover_the_branches_of_a_kind() -> None:
    assert source_patterns(policy()) == ("refs/heads/research/*", "refs/heads/experiment--*")


def tracking(name: str, on: str = "origin") -> TrackingRef:
    return TrackingRef(f"refs/remotes/{on}/{name}", on, f"refs/heads/{name}", OID)


def test_refs_are_sorted_by_kind_and_local_branches_are_sources_only() -> None:
    names = ["main", "release/1.0", "research/x", "experiment--ranker--ada", "feature/y", "dependabot/z", "odd"]
    refs = {f"refs/heads/{name}": OID for name in names}
    found = classify_refs(policy(), refs, [tracking(name) for name in names], [remote()])
    assert [source.ref for source in found.sources] == [
        "refs/remotes/origin/experiment--ranker--ada",
        "refs/remotes/origin/research/x",
        "refs/heads/experiment--ranker--ada",
        "refs/heads/research/x",
    ]
    assert [ref.remote_ref for ref in found.protected] == ["refs/heads/main", "refs/heads/release/1.0"]
    assert [ref.remote_ref for ref in found.others] == [
        "refs/heads/feature/y",
        "refs/heads/dependabot/z",
        "refs/heads/odd",
    ]


def test_every_branch_of_a_source_repository_is_research() -> None:
    sister = remote(url="https://github.com/acme-research/models", name="sister")
    found = classify_refs(policy(SISTER), {}, [tracking("main", "sister"), tracking("main")], [remote(), sister])
    assert [source.ref for source in found.sources] == ["refs/remotes/sister/main"]
    assert [ref.ref for ref in found.protected] == ["refs/remotes/origin/main"]

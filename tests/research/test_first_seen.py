"""What was seen of research and of other branches, and on which side a commit was first."""

from __future__ import annotations

import pytest

from labgate.git.refs import TrackingRef, read_refs
from labgate.research.first_seen import FirstSeen
from labgate.research.ledger import DeletedTip
from labgate.research.source_refs import RefClasses, SourceRef
from support.provenance import open_repository
from support.repo import Repo

DAY = 86_400


def look(repo: Repo, now: int, *landed: str) -> FirstSeen:
    """Note what the branches hold by now: research/* is research, topic/* is not, main has landed."""
    repository = open_repository(repo)
    refs = read_refs(repository)
    sources = tuple(SourceRef(ref, ref, oid, None) for ref, oid in refs.items() if "/research/" in ref)
    others = tuple(TrackingRef(ref, "origin", ref, oid) for ref, oid in refs.items() if "/topic/" in ref)
    main = (TrackingRef("refs/heads/main", "origin", "refs/heads/main", refs["refs/heads/main"]),)
    seen = FirstSeen(repository)
    seen.observe(RefClasses(sources, main, others), [repo.head(name) for name in landed], now)
    return seen


@pytest.fixture
def team(repo: Repo) -> Repo:
    repo.commit("Start", {"a": "1\n"})
    return repo


def test_a_commit_belongs_to_the_side_that_was_seen_with_it_first(team: Repo) -> None:
    shared = team.branch("topic/t").commit("Shared", {"b": "1\n"})
    look(team, 100)
    own = team.branch("research/x").commit("Own", {"c": "1\n"})
    look(team, 200)
    team.checkout("topic/t").merge("research/x", "Take it")
    seen = look(team, 300)
    assert seen.research_had_it_first(shared) is False
    assert seen.research_had_it_first(own) is True


def test_what_was_seen_on_both_sides_at_once_belongs_to_none(team: Repo) -> None:
    oid = team.branch("topic/t").commit("Both", {"b": "1\n"})
    team.branch("research/x")
    assert look(team, 100).research_had_it_first(oid) is None
    assert look(team, 100).research_had_it_first("1" * 40) is None


def test_landed_commits_are_not_noted(team: Repo) -> None:
    team.branch("research/x").commit("New", {"b": "1\n"})
    seen = look(team, 100)
    assert seen.research.first_seen(team.head("main")) is None
    found = seen.research.first_seen(team.head("research/x"))
    assert found is not None
    assert (found.ref, found.time) == ("refs/heads/research/x", 100)


def test_a_deleted_tip_is_a_source_for_a_while(team: Repo) -> None:
    oid = team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    team.checkout("main").git("branch", "--quiet", "-D", "research/x")
    seen = look(team, 200)
    assert seen.deleted(200 + DAY, DAY, ()) == (
        SourceRef("refs/heads/research/x", "refs/heads/research/x", oid, None, deleted=True),
    )
    assert seen.deleted(201 + DAY, DAY, ()) == ()


def test_a_moved_ref_stands_for_what_it_has_now(team: Repo) -> None:
    old = team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    team.commit("New, again", {"b": "2\n"}, "--amend")
    seen = look(team, 200)
    assert [source.oid for source in seen.deleted(200, DAY, ())] == [old]
    assert seen.deleted(200, DAY, {"refs/heads/research/x"}) == ()


def test_a_deleted_tip_that_git_threw_away_is_remembered_and_no_source(team: Repo) -> None:
    oid = team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    team.checkout("main").git("branch", "--quiet", "-D", "research/x")
    team.git("reflog", "expire", "--expire=now", "--all")
    team.git("gc", "--quiet", "--prune=now")
    seen = look(team, 200)
    assert seen.research.deleted(200, DAY) == (DeletedTip("refs/heads/research/x", oid, 200),)
    assert seen.deleted(200, DAY, ()) == ()


@pytest.mark.parametrize("how", ["merged", "moved on", "rebased", "elsewhere"])
def test_a_tip_is_gone_when_nothing_reaches_it_any_more(team: Repo, how: str) -> None:
    old = team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    if how == "merged":
        team.checkout("main").merge("research/x", "Land")
        team.git("branch", "--quiet", "-f", "research/x", "main~1")
    elif how == "moved on":
        team.commit("More", {"b": "2\n"})
    elif how == "elsewhere":
        team.branch("topic/t")
        team.git("branch", "--quiet", "-f", "research/x", "main")
    else:
        team.commit("New, again", {"b": "2\n"}, "--amend")
    gone = [tip.oid for tip in look(team, 200).research.deleted(200, DAY)]
    assert gone == ([old] if how == "rebased" else [])


def test_a_second_look_at_the_same_refs_writes_nothing(team: Repo) -> None:
    team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    files = {path: path.read_bytes() for path in (team.path / ".git/labgate").iterdir()}
    assert files
    look(team, 200)
    assert {path: path.read_bytes() for path in (team.path / ".git/labgate").iterdir()} == files

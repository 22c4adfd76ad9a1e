"""What was seen of research and of other branches, and on which side a commit was first."""

from __future__ import annotations

import pytest

from labgate.git.refs import TrackingRef, read_refs
from labgate.research.first_seen import FirstSeen
from labgate.research.ledger import DeletedTip
from labgate.research.source_refs import RefClasses, SourceRef, classify_refs
from labgate.values.finding import DELETED, MOVED
from support.policies import parse_policy
from support.provenance import open_repository
from support.repo import Repo
from support.templates import prepared

DAY = 86_400
POLICY = parse_policy(
    """version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.topic]
names = ["topic/{slug}"]
[research-gate]
keep-deleted = "1d"
"""
)


def gone(repo: Repo, seen: FirstSeen, now: int) -> list[tuple[str, str, str]]:
    """Return name, tip and state of the sources that no ref stands for any more."""
    repository = open_repository(repo)
    refs = read_refs(repository)
    known = seen.known(POLICY, classify_refs(POLICY, refs, (), repository.remotes), refs, now)
    return [(source.ref, source.oid, source.state) for source in known.sources if source.state != "live"]


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


@prepared
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
    assert gone(team, seen, 200 + DAY) == [("refs/heads/research/x", oid, DELETED)]
    assert gone(team, seen, 201 + DAY) == []


def test_every_tip_that_a_ref_was_moved_away_from_is_a_source_too(team: Repo) -> None:
    first = team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    second = team.commit("New, again", {"b": "2\n"}, "--amend")
    look(team, 200)
    team.git("reset", "--quiet", "--hard", "main")
    seen = look(team, 300)
    assert gone(team, seen, 300) == [
        ("refs/heads/research/x", second, MOVED),
        ("refs/heads/research/x", first, MOVED),
    ]


def test_what_only_reads_knows_of_what_happened_since_the_last_look(team: Repo) -> None:
    moved = team.branch("research/x").commit("New", {"b": "1\n"})
    went_on = team.branch("research/y", "main").commit("New", {"c": "1\n"})
    deleted = team.branch("research/z", "main").commit("New", {"d": "1\n"})
    seen = look(team, 100)
    team.checkout("research/y").commit("More", {"c": "2\n"})
    team.git("branch", "--quiet", "-D", "research/z")
    team.checkout("research/x").commit("New, again", {"b": "2\n"}, "--amend")
    assert gone(team, seen, 100 + 2 * DAY) == [
        ("refs/heads/research/x", moved, MOVED),
        ("refs/heads/research/z", deleted, DELETED),
    ]
    assert went_on not in {oid for _, oid, _ in gone(team, seen, 100)}


def test_a_ref_that_the_policy_calls_no_source_any_more_is_none(team: Repo) -> None:
    team.branch("topic/t").commit("New", {"b": "1\n"})
    seen = FirstSeen(open_repository(team))
    ref = "refs/heads/topic/t"
    seen.observe(RefClasses((SourceRef(ref, ref, team.head(), None),), (), ()), [], 100)
    team.checkout("main").git("branch", "--quiet", "-D", "topic/t")
    assert gone(team, seen, 200) == []


def test_a_deleted_tip_that_git_threw_away_is_remembered_and_no_source(team: Repo) -> None:
    oid = team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    team.checkout("main").git("branch", "--quiet", "-D", "research/x")
    team.git("reflog", "expire", "--expire=now", "--all")
    team.git("gc", "--quiet", "--prune=now")
    seen = look(team, 200)
    assert seen.research.deleted(200, DAY) == (DeletedTip("refs/heads/research/x", oid, 200),)
    assert gone(team, seen, 200) == []


@pytest.mark.parametrize("how", ["merged", "landed", "moved on", "rebased", "elsewhere"])
def test_a_tip_is_gone_when_its_ref_does_not_reach_it_any_more(team: Repo, how: str) -> None:
    old = team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    if how == "merged":
        team.checkout("main").merge("research/x", "Land")
        team.git("branch", "--quiet", "-f", "research/x", "main~1")
    elif how == "landed":
        team.checkout("main").merge("research/x", "Land")
        team.git("branch", "--quiet", "-f", "research/x", "main")
    elif how == "moved on":
        team.commit("More", {"b": "2\n"})
    elif how == "elsewhere":
        team.branch("topic/t")
        team.git("branch", "--quiet", "-f", "research/x", "main")
    else:
        team.commit("New, again", {"b": "2\n"}, "--amend")
    left = [tip.oid for tip in look(team, 200).research.deleted(200, DAY)]
    assert left == ([] if how in {"landed", "moved on"} else [old])


def test_a_second_look_at_the_same_refs_writes_nothing(team: Repo) -> None:
    team.branch("research/x").commit("New", {"b": "1\n"})
    look(team, 100)
    files = {path: path.read_bytes() for path in (team.path / ".git/labgate").iterdir()}
    assert files
    look(team, 200)
    assert {path: path.read_bytes() for path in (team.path / ".git/labgate").iterdir()} == files

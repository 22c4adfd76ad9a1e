"""What landed, compared afterwards: the research of its time says where it came from, that of later times does not."""

from __future__ import annotations

import pytest

from labgate.derivation.audited_landings import AuditedLandings
from labgate.derivation.lacking import Traces
from labgate.git.refs import read_refs, tracking_refs
from labgate.git.repository import discover
from labgate.research.source_refs import classify_refs
from support.pipeline import POLICY, code
from support.policies import policy
from support.repo import Repo
from support.templates import prepared


@prepared
def team(repo: Repo) -> Repo:
    repo.with_remote()
    repo.commit("Start", {"models.py": code("start")})
    repo.push("main")
    return repo


def research(repo: Repo, name: str, start: str = "main") -> str:
    repo.branch(f"research/{name}", start)
    oid = repo.commit(f"Try {name}", {f"{name}.py": code(f"{name}_one") + code(f"{name}_two")})
    repo.push(f"research/{name}")
    repo.checkout("main")
    return oid


def audited(repo: Repo, since: str | None) -> AuditedLandings:
    repo.push("main")
    repository = discover(repo.env, str(repo.path))
    refs = read_refs(repository)
    refs = {name: oid for name, oid in refs.items() if name.startswith("refs/remotes/")}
    classes = classify_refs(policy(POLICY), refs, tracking_refs(refs, repository.remotes), repository.remotes)
    span = "main" if since is None else f"{since}..main"
    line = repo.git("rev-list", "--first-parent", span).split()
    return AuditedLandings(repository, classes, since, line)


def taken(repo: Repo, since: str | None) -> dict[str, set[str]]:
    """Return for each commit of main the source refs that decisive text evidence names."""
    oids = repo.git("rev-list", "main", *(() if since is None else (f"^{since}",))).split()
    found: dict[str, set[str]] = {}
    for item in audited(repo, since).traced(oids).evidence:
        if item.decisive and item.source_ref is not None:
            for oid in item.commits:
                found.setdefault(oid, set()).add(item.source_ref.removeprefix("refs/remotes/origin/"))
    return found


@pytest.mark.parametrize("since", ["main", None], ids=["since-a-commit", "since-the-root"])
def test_copies_of_research_name_it(team: Repo, since: str | None) -> None:
    start = None if since is None else team.head(since)
    research(team, "a")
    team.commit("Main goes on", {"on.py": code("on")})
    team.git("cherry-pick", "research/a")
    copy = team.head()
    team.commit("And on", {"and_on.py": code("and_on")})
    assert taken(team, start) == {copy: {"research/a"}}


def test_research_that_took_its_code_from_main_names_nothing(team: Repo) -> None:
    start = team.head()
    honest = team.commit("Honest", {"honest.py": code("honest_one") + code("honest_two")})
    team.commit("Main goes on", {"on.py": code("on")})
    team.branch("research/late", start)
    team.git("cherry-pick", honest)
    team.commit("Try", {"late.py": code("late")})
    team.push("research/late")
    team.checkout("main")
    research(team, "later")
    assert taken(team, start) == {}


def test_several_landings_name_each_their_own(team: Repo) -> None:
    start = team.head()
    for name in ("a", "b"):
        research(team, name, start)
    landed = {}
    for name in ("a", "b"):
        team.git("merge", "--quiet", "--squash", f"research/{name}")
        landed[team.commit(f"Squash {name}")] = {f"research/{name}"}
    assert taken(team, start) == landed


def test_only_what_is_asked_for_is_answered(team: Repo) -> None:
    start = team.head()
    research(team, "a")
    team.commit("Main goes on", {"on.py": code("on")})
    team.git("cherry-pick", "research/a")
    found = audited(team, start)
    assert found.traced([]) == Traces([], frozenset())
    assert found.traced([team.head("main~1")]).evidence == []
    assert [item.commits for item in found.traced([team.head()]).evidence] == [(team.head(),)]


def test_what_is_too_small_to_compare_is_said(team: Repo) -> None:
    start = team.head()
    research(team, "a")
    small = team.commit("Bump", {"version": "2\n"})
    found = audited(team, start)
    assert found.traced([small]) == Traces([], frozenset({small}))
    assert not found.graph.is_research(small)


def test_what_a_source_holds_is_research_by_ancestry_and_the_line_itself_is_not(team: Repo) -> None:
    start = team.head()
    held = research(team, "a")
    merge = team.merge("research/a", "Merge")
    team.branch("research/cut").commit("Own work", {"own.py": code("own")})
    team.push("research/cut")
    team.checkout("main")
    graph = audited(team, start).graph
    assert graph.is_research(held)
    assert not graph.is_research(merge)
    assert [source.ref for source in graph.sources_of(held)] == ["refs/remotes/origin/research/a"]

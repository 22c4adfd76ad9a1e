"""The research graph says just what the contract's definition says, on any history."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labgate.git.refs import TrackingRef
from labgate.git.repository import discover
from labgate.provenance.graph import ResearchGraph
from labgate.provenance.sources import RefClasses, SourceRef
from support.repo import Repo

History = list[list[int]]
_NUMBERS = count()


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, dict[str, int]]:
    """Return the parents of each commit by number, and where some refs stand."""
    chance = draw(st.randoms(use_true_random=False))
    parents: History = [[]]
    for number in range(1, draw(st.integers(2, 12))):
        parents.append(chance.sample(range(number), min(number, chance.choice([1, 1, 1, 2, 2, 3]))))
    names = [f"{kind}{number}" for kind in ("research", "topic", "main") for number in (1, 2)]
    tips = {name: chance.randrange(len(parents)) for name in names if chance.random() < 0.8}
    return parents, tips


def build(repo: Repo, parents: History) -> list[str]:
    """Make the history and return the oid of each commit."""
    lines = []
    for number, above in enumerate(parents):
        lines += [f"commit refs/heads/c{number}", f"mark :{number + 1}", f"committer G <g@x> {number} +0000"]
        lines += ["data 1", str(number % 10)]
        lines += [f"{'merge' if at else 'from'} :{parent + 1}" for at, parent in enumerate(above)] + [""]
    repo.git("fast-import", "--quiet", "--force", stdin="\n".join(lines))
    return [repo.head(f"refs/heads/c{number}") for number in range(len(parents))]


def reach(parents: History, tip: int) -> set[int]:
    return {tip}.union(*(reach(parents, parent) for parent in parents[tip]))


def first_parents(parents: History, tip: int) -> set[int]:
    return {tip} | (first_parents(parents, parents[tip][0]) if parents[tip] else set())


def research(parents: History, tips: dict[str, int]) -> set[int]:
    """Return the research commits by the words of the contract ("What counts as research")."""
    landed = set().union(*(reach(parents, tip) for name, tip in tips.items() if name.startswith("main")))
    sources = [tip for name, tip in tips.items() if name.startswith("research")]
    reached = set().union(*(reach(parents, tip) for tip in sources)) - landed
    chains = set().union(*(first_parents(parents, tip) for tip in sources)) - landed
    topics = [reach(parents, tip) for name, tip in tips.items() if name.startswith("topic")]
    return reached - set().union(*(topic for topic in topics if not topic & chains))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=histories())
def test_a_commit_is_research_by_the_definition(case: tuple[History, dict[str, int]], tmp_path: Path) -> None:
    parents, tips = case
    repo = Repo.init(tmp_path / str(next(_NUMBERS)))
    oids = build(repo, parents)
    tracking = [
        TrackingRef(f"refs/remotes/origin/{name}", "origin", f"refs/heads/{name}", oids[tip])
        for name, tip in tips.items()
    ]
    sources = [SourceRef(ref.ref, ref.remote_ref, ref.oid, "origin") for ref in tracking if "research" in ref.ref]
    protected = [ref for ref in tracking if "main" in ref.ref]
    others = [ref for ref in tracking if "topic" in ref.ref]
    classes = RefClasses(tuple(sources), tuple(protected), tuple(others))
    graph = ResearchGraph(discover(repo.env, str(repo.path)), classes, ())
    assert {number for number, oid in enumerate(oids) if graph.is_research(oid)} == research(parents, tips)
    for number in research(parents, tips):
        holding = {source.ref for source in graph.sources_of(oids[number])}
        assert holding == {ref.ref for ref in sources if number in reach(parents, oids.index(ref.oid))}
        rivals = {ref.ref for ref in others if number in reach(parents, oids.index(ref.oid))}
        assert set(graph.rivals_of(oids[number])) == rivals


def test_without_refs_nothing_is_research(repo: Repo) -> None:
    oid = repo.commit("Start", {"a": "1"})
    graph = ResearchGraph(discover(repo.env, str(repo.path)), RefClasses((), (), ()), ())
    assert not graph.is_research(oid)
    assert graph.sources_of(oid) == ()


@pytest.mark.parametrize("landed", [True, False])
def test_what_stood_on_the_target_before_is_landed(repo: Repo, landed: bool) -> None:
    oid = repo.commit("Start", {"a": "1"})
    source = SourceRef("refs/heads/research/x", "refs/heads/research/x", oid, None)
    classes = RefClasses((source,), (), ())
    graph = ResearchGraph(discover(repo.env, str(repo.path)), classes, [oid] if landed else [])
    assert graph.is_research(oid) is not landed

"""The research graph says just what the contract's definition says, on any history."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labgate.git.refs import TrackingRef
from labgate.git.repository import discover
from labgate.research.first_seen import FirstSeen
from labgate.research.research_commits import Aftermath, ResearchGraph
from labgate.research.source_refs import RefClasses, SourceRef
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


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
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
    repository, deleted = discover(repo.env, str(repo.path)), classes.changed(others=())
    seen = FirstSeen(repository)
    seen.observe(classes.changed(sources=()), [], 100)
    seen.observe(deleted, [], 200)
    for judged in (graph, *(ResearchGraph(repository, found, (), seen) for found in (classes, deleted))):
        told = frozenset(oids) - judged.asked(frozenset(oids))
        assert all(judged.is_candidate(oid) for oid in told)


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


# In hindsight.


def tell(repo: Repo, old: str, head: str, tip: str | None = None, *, pushed: bool = True) -> set[str]:
    """Return the subjects of the commits since ``old`` that are research when ``head`` has landed on main."""
    chain = repo.git("rev-list", "--first-parent", head, f"^{old}").split()
    line = repo.git("rev-list", "--first-parent", tip or head, f"^{old}").split()
    refs = repo.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads").splitlines()
    tips = dict(ref.split() for ref in refs)
    sources = tuple(SourceRef(ref, ref, oid, "origin") for ref, oid in tips.items() if "/research/" in ref)
    others = tuple(TrackingRef(ref, "origin", ref, oid) for ref, oid in tips.items() if "/topic/" in ref)
    aftermath = Aftermath(frozenset(line) | frozenset(chain), frozenset(chain) if pushed else frozenset())
    classes = RefClasses(sources, (), others)
    graph = ResearchGraph(discover(repo.env, str(repo.path)), classes, [repo.head(old)], None, aftermath)
    landed = repo.git("log", "--format=%H %s", head, f"^{old}").splitlines()
    return {line.partition(" ")[2] for line in landed if graph.is_research(line.partition(" ")[0])}


@pytest.fixture
def landed(repo: Repo) -> Repo:
    """``research/x`` (R1, R2) was merged into ``main`` as M, which goes on with N; all since the tag ``old``."""
    repo.commit("Start", {"a": "1"})
    repo.git("tag", "old")
    repo.branch("research/x").commit("R1", {"r": "1"})
    repo.commit("R2", {"r": "2"})
    repo.checkout("main").merge("research/x", "M")
    repo.commit("N", {"n": "1"})
    return repo


@pytest.mark.parametrize("pushed", [True, False], ids=["a-push", "an-audit"])
def test_a_merged_branch_holds_what_it_brought_and_not_the_line(landed: Repo, pushed: bool) -> None:
    assert tell(landed, "old", "main", pushed=pushed) == {"R1", "R2"}
    landed.checkout("research/x").merge("main", "Catch up")
    assert tell(landed, "old", "main", pushed=pushed) == {"R1", "R2"}
    landed.commit("R3", {"r": "3"})
    assert tell(landed, "old", "main~1", "main", pushed=pushed) == {"R1", "R2"}


def test_a_branch_at_a_pushed_commit_was_pushed_straight_or_taken_along(landed: Repo) -> None:
    landed.git("branch", "--force", "research/x", "main")
    assert tell(landed, "old", "main") == {"R1", "R2", "M", "N"}
    # Once main has gone on, it was cut from main, as far as anybody can tell.
    assert tell(landed, "old", "main~1", "main") == set()
    assert tell(landed, "old", "main", pushed=False) == set()


def test_a_branch_with_commits_of_its_own_on_the_line_was_cut_from_it(landed: Repo) -> None:
    landed.git("branch", "-D", "research/x")
    landed.branch("research/later", "main~1").commit("L", {"l": "1"})
    assert tell(landed, "old", "main") == set()
    landed.merge("main", "Catch up")
    assert tell(landed, "old", "main") == set()


def test_a_cut_branch_does_not_lend_its_commits_to_the_branches_beside_it(landed: Repo) -> None:
    landed.git("branch", "research/at-the-line", "main~1")
    assert tell(landed, "old", "main~1", "main") == {"R1", "R2", "M"}
    assert tell(landed, "old", "main", pushed=False) == {"R1", "R2"}


def test_a_topic_branch_that_took_main_over_exempts_nothing(landed: Repo) -> None:
    landed.branch("topic/t", "main").commit("T", {"t": "1"})
    assert tell(landed, "old", "main") == {"R1", "R2"}
    landed.checkout("main").merge("topic/t", "Merge T")
    assert tell(landed, "old", "main") == {"R1", "R2"}


def test_a_topic_branch_that_was_merged_into_research_stays_what_it_was(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    repo.git("tag", "old")
    repo.branch("topic/t").commit("T", {"t": "1"})
    repo.branch("research/x", "main").commit("R", {"r": "1"})
    repo.merge("topic/t", "Take T")
    repo.checkout("main").merge("topic/t", "Merge T")
    assert tell(repo, "old", "main") == set()
    repo.merge("research/x", "Merge X")
    assert tell(repo, "old", "main") == {"R", "Take T"}

"""Commits are traced as they stood when they came, in any number and order, or against one that has it all."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.derivation.tracing import Tracer
from labgate.git.refs import read_refs
from labgate.values.errors import MissingObjectError
from support.policies import policy
from support.provenance import code, decisive, open_repository, sources_of, trace, traces
from support.repo import Repo
from support.templates import prepared

X = "refs/heads/research/x"


@prepared
def team(repo: Repo) -> Repo:
    repo.commit("Start", {"a.py": code("alpha", "beta")})
    repo.branch("research/x").commit("Research", {"r.py": code("gamma", "delta")})
    repo.checkout("main").commit("Own work", {"m.py": code("own", "work")})
    repo.git("cherry-pick", "research/x")
    repo.commit("Later", {"n.py": code("later", "on")})
    return repo


def test_each_commit_is_judged_by_what_was_there_before_it(team: Repo) -> None:
    oids = team.git("rev-list", "main").split()
    found = traces(team, oids)
    assert [found[oid].derived for oid in oids] == [False, True, False, False]


def test_answers_do_not_depend_on_what_is_asked_beside(team: Repo) -> None:
    oids = team.git("rev-list", "--all").split()
    together = traces(team, [*oids, *reversed(oids)])
    assert list(together) == oids
    for oid in oids:
        assert traces(team, [oid])[oid] == together[oid]


def test_nothing_is_asked_and_nothing_is_answered(team: Repo) -> None:
    assert traces(team, []) == {}


def test_without_sources_nothing_is_derived(team: Repo) -> None:
    team.git("branch", "--quiet", "-m", "research/x", "elsewhere")
    assert not trace(team, "main~1").evidence


def test_a_commit_is_not_its_own_source_nor_that_of_what_it_is_built_on(team: Repo) -> None:
    assert trace(team, "research/x").evidence == ()
    team.branch("topic", "research/x").commit("On top", {"r.py": code("gamma", "delta", "zeta", "theta")})
    assert decisive(trace(team, "topic")) == []


def test_what_was_cut_after_the_landing_is_no_source_of_it(team: Repo) -> None:
    team.git("branch", "--quiet", "-D", "research/x")
    team.branch("research/y").commit("Research on it", {"r.py": code("gamma", "delta", "zeta")})
    assert trace(team, "main~1").evidence == ()


def test_against_one_commit_all_are_judged_before_it(team: Repo) -> None:
    start = team.head("main~3")
    found = traces(team, team.git("rev-list", "main", f"^{start}").split(), exclude=start)
    assert [item.derived for item in found.values()] == [False, True, False]
    had = traces(team, [team.head("main~1")], exclude=team.head("main"))
    assert decisive(had[team.head("main~1")]) == []


def test_ancestry_counts_where_something_says_what_has_landed(team: Repo) -> None:
    start = team.head("main~3")
    (found,) = traces(team, [team.head("research/x")], exclude=start).values()
    assert [item.method for item in found.evidence if item.decisive] == ["ancestry"]
    assert found.evidence[0].source_commits == (team.head("research/x"),)


def test_a_message_that_names_its_source_counts(team: Repo) -> None:
    start, source = team.head("main~3"), team.head("research/x")
    message = f"Another\n\n(cherry picked from commit {source})"
    oid = team.commit(message, {"q.py": code("quite", "another")})
    (found,) = traces(team, [oid], exclude=start).values()
    assert ("trailer", X, (source,)) in decisive(found)


def test_evidence_is_sorted_strongest_first(team: Repo) -> None:
    team.branch("research/y", "main~3").commit("Like it", {"r.py": code("gamma", "delta").replace("* 3", "* 4")})
    team.checkout("main").commit("Both", {"r.py": code("gamma", "delta").replace("* 3", "* 5"), "s.py": code("zeta")})
    for commit in ("main", "main~2"):
        found = trace(team, commit).evidence
        assert list(found) == sorted(found, key=lambda item: item.strength)
    assert [item.method for item in found][:1] == ["patch-id"]


def test_with_a_policy_what_has_not_landed_is_later_than_research(repo: Repo) -> None:
    """Dates lie: the copy claims to be older than what it was copied from."""
    repo.commit("Start", {"a.py": code("alpha", "beta")})
    repo.with_remote()
    repo.push("main")
    repo.branch("research/x").commit("Research", {"r.py": code("gamma", "delta")})
    repo.checkout("main")
    old = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "1600000000 +0000")
    repo.commit("Copy", {"r.py": code("gamma", "delta")}, **old)
    assert trace(repo, "main").evidence == ()
    assert [item[:2] for item in decisive(trace(repo, "main", policy=policy()))] == [("patch-id", X)]


def dated(hours: float) -> dict[str, str]:
    """Return the dates of a commit so many hours after a landing."""
    return dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{1_700_000_000 + int(hours * 3600)} +0000")


@pytest.mark.parametrize(
    ("hours", "steps", "landed", "method"),
    [
        (9, ("gamma",), ("gamma",), "patch-id"),
        (9, ("gamma", "delta"), ("gamma", "delta"), "squash"),
        (25, ("gamma",), ("gamma",), None),
        (9, ("gamma", "delta"), ("gamma",), None),
        (9, ("gamma",), ("gamma", "delta"), None),
        (-1, ("gamma", "delta"), ("gamma",), "patch-id"),
    ],
    ids=["a wrong clock", "all of a branch", "the next day", "a step of a branch", "more than it", "an earlier step"],
)
def test_research_dated_after_its_landing_counts_where_all_of_it_landed(
    repo: Repo, hours: float, steps: tuple[str, ...], landed: tuple[str, ...], method: str | None
) -> None:
    repo.commit("Start", {"a.py": code("alpha")}, **dated(-99))
    repo.branch("research/x")
    for step in steps:
        repo.commit(f"Try {step}", {f"{step}.py": code(step)}, **dated(hours))
    repo.checkout("main").commit("Land", {f"{name}.py": code(name) for name in landed}, **dated(0))
    assert [found for found, *_ in decisive(trace(repo))] == ([] if method is None else [method])


def test_sha256_is_traced_alike(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "work", "--object-format=sha256")
    repo.commit("Start", {"a.py": code("alpha")})
    repo.branch("research/x").commit("Research", {"r.py": code("gamma")})
    repo.checkout("main").commit("Own", {"m.py": code("own")})
    repo.git("cherry-pick", "research/x")
    assert decisive(trace(repo)) == [("patch-id", X, (repo.head("research/x"),))]
    assert decisive(trace(repo, "main~1")) == []


def test_names_that_are_no_text_are_traced(team: Repo) -> None:
    path = b"caf\xe9\n.py".decode("utf-8", "surrogateescape")
    team.checkout("research/x").commit("Odd name", {path: code("zeta", "theta")})
    team.checkout("main").git("cherry-pick", "research/x")
    ((method, _, _),) = decisive(trace(team, "main"))
    assert method == "patch-id"
    assert trace(team, "main").evidence[0].paths == (path,)


def test_what_is_not_here_costs_itself_alone(team: Repo) -> None:
    blob = team.git("rev-parse", "research/x:r.py")
    path = team.path / ".git/objects" / blob[:2] / blob[2:]
    before = trace(team, "main")
    path.rename(team.path / "taken")
    (team.path / ".git/labgate").rename(team.path / "elsewhere")
    repository = open_repository(team)
    tracer = Tracer(repository, read_refs(repository), sources_of(repository))
    assert [found.lacking for found in tracer.trace([team.head("main")])] == [False]
    assert tracer.lacking_sources == {X}
    (team.path / "taken").rename(path)
    assert trace(team, "main") == before
    with pytest.raises(MissingObjectError):
        traces(team, ["1" * 40])

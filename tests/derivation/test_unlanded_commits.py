"""Commits on their way are compared with research one by one and together, whatever else the index holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.oldgit import write_old_git
from support.provenance import code, index_file, landing, traces
from support.repo import Repo
from support.templates import prepared

X = "refs/heads/research/x"


@prepared
def team(repo: Repo) -> Repo:
    """Two research commits of two files each, on a branch that was cut from main."""
    repo.commit("Start", {"a.py": code("alpha", "beta")})
    repo.branch("research/x")
    repo.commit("One", {"one.py": code("one", "uno"), "eins.py": code("eins")})
    repo.commit("Two", {"two.py": code("two", "due"), "zwei.py": code("zwei")})
    repo.checkout("main").commit("Own work", {"m.py": code("own")})
    return repo.branch("landing")


def found(repo: Repo) -> list[tuple[str, set[str], set[str]]]:
    """Return what decides: method, landed commits and source commits by their titles."""
    items, _ = landing(repo, "landing", "main")
    titles = dict(line.split(" ", 1) for line in repo.git("log", "--all", "--format=%H %s").splitlines())
    return [
        (item.method, {titles[oid] for oid in item.commits}, {titles[oid] for oid in item.source_commits})
        for item in items
        if item.decisive
    ]


def test_each_commit_is_found_with_its_source(team: Repo) -> None:
    team.git("cherry-pick", "research/x~1", "research/x")
    team.commit("Innocent", {"i.py": code("innocent", "work")})
    assert sorted(found(team), key=str) == [("patch-id", {"One"}, {"One"}), ("patch-id", {"Two"}, {"Two"})]


def test_work_that_was_split_anew_is_found_together(team: Repo) -> None:
    text = {name: team.git("show", f"research/x:{name}.py") + "\n" for name in ("one", "eins", "two", "zwei")}
    team.commit("First half", {"one.py": text["one"], "zwei.py": text["zwei"]})
    team.commit("Second half", {"two.py": text["two"], "eins.py": text["eins"]})
    decided = {title for _, titles, _ in found(team) for title in titles}
    assert decided == {"First half", "Second half"}


def test_a_clean_merge_brings_nothing_of_its_own(team: Repo) -> None:
    team.branch("side", "main").commit("Side", {"s.py": code("side", "work")})
    team.checkout("landing").merge("side", "Merge side")
    assert found(team) == []


def test_what_a_merge_hides_is_found(team: Repo) -> None:
    team.branch("side", "main").commit("Side", {"s.py": code("side", "work")})
    team.checkout("landing")
    team.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    team.commit("Merge side", {"one.py": code("one", "uno"), "eins.py": code("eins")})
    assert [(titles, sources) for _, titles, sources in found(team)] == [({"Merge side"}, {"One"})]


@pytest.fixture(params=["octopus", "other root", "git below 2.38"])
def merged(request: pytest.FixtureRequest, team: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parents of a merge that git made without a conflict and has not committed yet."""
    if request.param == "git below 2.38":
        monkeypatch.setenv("PATH", str(write_old_git(tmp_path / "old-git")), prepend=":")
    sides = ["a", "b"] if request.param == "octopus" else ["a"]
    for name in sides:
        team.branch(f"side-{name}", "main").commit(f"Side {name}", {f"{name}.py": code("side", name)})
    if request.param == "other root":
        team.git("checkout", "--quiet", "--orphan", "other")
        team.git("rm", "-rfq", ".")
        team.commit("Root", {"root.py": code("root")})
        sides = ["other"]
    team.checkout("landing")
    names = [name if name == "other" else f"side-{name}" for name in sides]
    team.git("merge", "--quiet", "--no-ff", "--no-commit", "--allow-unrelated-histories", *names)
    return names


def test_what_any_merge_hides_is_found(team: Repo, merged: list[str]) -> None:
    team.commit("Merge all", {"one.py": code("one", "uno"), "eins.py": code("eins")})
    assert len(team.git("log", "-1", "--format=%P").split()) == 1 + len(merged)
    assert [(titles, sources) for _, titles, sources in found(team)] == [({"Merge all"}, {"One"})]


@pytest.mark.usefixtures("merged")
def test_any_clean_merge_brings_nothing_of_its_own(team: Repo) -> None:
    team.commit("Merge all")
    assert found(team) == []


def test_what_is_built_on_a_commit_is_not_its_source(team: Repo) -> None:
    team.commit("Mine", {"mine.py": code("mine", "alone")})
    team.branch("research/y").commit("On it", {"mine.py": code("mine", "alone", "no", "more")})
    team.checkout("landing")
    assert found(team) == []


def test_what_has_landed_is_not_found_again(team: Repo) -> None:
    team.checkout("main").git("cherry-pick", "research/x~1")
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").git("revert", "--no-edit", "HEAD")
    assert found(team) == []


def test_too_small_commits_are_named_where_nothing_decides(team: Repo) -> None:
    small = team.commit("Small", {"m.py": code("own") + ")\n"})
    team.commit("Large", {"n.py": code("large", "enough", "to", "judge")})
    assert landing(team, "landing", "main") == ([], frozenset({small}))


def test_a_landing_of_nothing_and_one_without_research_are_clean(team: Repo) -> None:
    assert landing(team, "main", "main") == ([], frozenset())
    team.git("branch", "--quiet", "-D", "research/x")
    team.commit("Small", {"m.py": "x = 1\n"})
    assert landing(team, "landing", "main") == ([], frozenset())


def test_shown_lines_are_a_few_of_those_that_are_shared(team: Repo) -> None:
    text = code("one", "uno").replace("* 3", "* 7").replace("limit]", "bound]")
    team.commit("Rewritten", {"one.py": text})
    items, _ = landing(team, "landing", "main")
    (item,) = [item for item in items if item.decisive]
    assert item.method == "similarity"
    assert 0 < len(item.shared) <= 5
    assert all(line in text for line in item.shared)
    assert len(set(item.shared)) == len(item.shared)


def test_the_answer_does_not_depend_on_which_other_branches_are_indexed(team: Repo) -> None:
    """Research is cut from a topic branch that landed by a merge: its commits are on no first-parent chain of main."""
    team.branch("topic", "main")
    for name in ("merging", "pruning", "scoring"):
        team.commit(name, {f"{name}.py": code(name)})
    cut = team.head()
    team.branch("research/y").commit("Y one", {"y.py": code("sampling")})
    team.commit("Y two", {"z.py": code("hashing")})
    team.checkout("main").merge("topic", "Merge topic")
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").git("merge", "--quiet", "--squash", "research/y")
    team.commit("Squashed")
    fresh = landing(team, "landing", "main")
    index_file(team).unlink()
    traces(team, [cut], exclude=cut)
    assert landing(team, "landing", "main") == fresh

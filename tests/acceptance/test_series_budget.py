"""At commit one line says how much of its series' limits a branch has used, from half of one on."""

from __future__ import annotations

import pytest

from support.people import adopt
from support.policies import TEAM
from support.repo import Repo

POLICY = TEAM.replace("lines = 10\n", "").replace("lines = 25", "lines = 40").replace("commits = 3", "commits = 20")


@pytest.fixture
def started(repo: Repo) -> Repo:
    """A team whose series have 40 lines and 20 commits, on a topic branch with labgate's own hooks."""
    repo.env.pop("CI", None)
    repo.with_remote()
    repo.commit("Start", {"a.py": "a\n"})
    adopt(repo, POLICY)
    repo.labgate("install", status=0)
    return repo.branch("feature/x")


def commit(repo: Repo, name: str, lines: int, ci: str = "") -> str:
    repo.write({name: "".join(f"{name} {number}\n" for number in range(lines))}).git("add", "--all")
    return repo.run("git", "commit", "--quiet", "--message", name, CI=ci).text


def test_it_is_silent_below_half_and_one_line_from_there(started: Repo) -> None:
    assert commit(started, "b.py", 9) == ""
    assert commit(started, "c.py", 10) == ""
    assert commit(started, "d.py", 1) == "labgate: 20 of 40 lines, 3 of 20 commits of this branch used\n"
    assert "28 of 40 lines, 4 of 20 commits" in commit(started, "e.py", 8)
    started.git("reset", "--quiet", "--hard", "HEAD~2")
    assert commit(started, "f.py", 1).count("\n") == 1


def test_commits_count_as_well(started: Repo) -> None:
    said = [commit(started, f"f{number}.py", 1) for number in range(11)]
    assert [bool(text) for text in said] == [False] * 9 + [True] * 2
    assert "11 of 40 lines, 11 of 20 commits" in said[-1]
    assert "41 lines (limit 40), 12 of 20 commits of this branch used" in commit(started, "more.py", 30)


def test_it_counts_what_a_reader_reads(started: Repo) -> None:
    adopt(started, POLICY)
    started.branch("feature/y")
    commit(started, "moved.py", 15)
    started.git("mv", "moved.py", "there.py")
    assert started.run("git", "commit", "--quiet", "--message", "Move").text == ""
    assert commit(started, "x.lock", 30) == ""


def test_what_has_landed_does_not_count(started: Repo) -> None:
    assert "24 of 40" in commit(started, "b.py", 24)
    started.push("feature/x:main")
    assert commit(started, "c.py", 2) == ""


@pytest.mark.parametrize("branch", ["research/x", "experiment--ranker--x"])
def test_research_is_not_told(started: Repo, branch: str) -> None:
    started.checkout("main").branch(branch)
    assert "of this branch used" not in commit(started, "b.py", 39)


def test_ci_is_not_told(started: Repo) -> None:
    assert "used" not in commit(started, "b.py", 24, ci="true")


def test_a_repository_without_its_trunk_says_nothing(started: Repo) -> None:
    started.git("update-ref", "-d", "refs/remotes/origin/main")
    started.git("branch", "-D", "main")
    assert "used" not in commit(started, "b.py", 24)

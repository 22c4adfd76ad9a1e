"""What similarity suggests is proved where git itself would make the same of a branch."""

from __future__ import annotations

from support.provenance import code, decisive, trace
from support.repo import Repo
from support.templates import prepared

X = "refs/heads/research/x"


@prepared
def team(repo: Repo) -> Repo:
    """A research branch of four commits, the middle two of one file."""
    repo.commit("Start", {"a.py": code("alpha", "beta")})
    repo.branch("research/x")
    repo.commit("One", {"one.py": code("one", "uno")})
    repo.commit("Two", {"two.py": code("two", "due")})
    repo.commit("Three", {"two.py": code("two", "tre", "due"), "three.py": code("three")})
    repo.commit("Four", {"four.py": code("four", "quattro")})
    repo.checkout("main").commit("Own work", {"m.py": code("own")})
    return repo


def squash(repo: Repo, first: str, last: str) -> str:
    """Land a run of commits as one."""
    repo.git("cherry-pick", "--no-commit", f"{first}^..{last}")
    return repo.commit("Part of it")


def test_a_run_of_a_branch_in_one_commit_is_proved(team: Repo) -> None:
    squash(team, "research/x~2", "research/x~1")
    ((method, ref, commits),) = decisive(trace(team))
    assert (method, ref) == ("squash", X)
    assert set(commits) == {team.head("research/x~2"), team.head("research/x~1")}


def test_a_run_with_something_more_is_no_squash(team: Repo) -> None:
    team.git("cherry-pick", "--no-commit", "research/x~3..research/x~1")
    team.commit("Part of it, and more", {"m.py": code("own", "and", "more", "of", "it")})
    assert "squash" not in {item[0] for item in decisive(trace(team))}


def test_two_that_are_not_neighbours_are_no_run(team: Repo) -> None:
    team.git("cherry-pick", "--no-commit", "research/x~3", "research/x")
    team.commit("First and last")
    found = decisive(trace(team))
    assert "squash" not in {item[0] for item in found}


def test_a_merge_that_was_made_one_commit_is_proved(team: Repo) -> None:
    team.checkout("research/x").commit(
        "Edit", {"a.py": code("alpha", "beta").replace("alpha_total /", "alpha_total //")}
    )
    team.checkout("main").commit("Beside", {"a.py": "import os\n\n\n" + code("alpha", "beta")})
    team.git("merge", "--quiet", "--squash", "research/x")
    team.commit("Merged by squash")
    ((method, ref, commits),) = decisive(trace(team))
    assert (method, ref) == ("squash", X)
    assert set(commits) == set(team.git("rev-list", "research/x", "^main").split())


def test_a_merge_is_proved_by_all_commits_where_none_has_all_lines(team: Repo) -> None:
    """The whole branch is not compared where its commits have the same files."""
    edit = code("alpha", "beta").replace("alpha_total /", "alpha_total //")
    team.checkout("research/x").commit("Edit", {"a.py": edit})
    team.checkout("main").git("cherry-pick", "research/x~1")
    team.commit("Beside", {"a.py": "import os\n\n\n" + code("alpha", "beta")})
    team.git("merge", "--quiet", "--squash", "research/x")
    team.commit("The rest of it")
    ((method, ref, commits),) = decisive(trace(team))
    assert (method, ref) == ("squash", X)
    assert set(commits) == set(team.git("rev-list", "research/x", "^main").split())


def test_nothing_is_proved_without_the_method(team: Repo) -> None:
    squash(team, "research/x~2", "research/x~1")
    found = trace(team, methods=frozenset({"similarity"}))
    assert {item.method for item in found.evidence} <= {"similarity"}

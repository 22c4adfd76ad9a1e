"""LG301: the command adds the line, wherever this clone has the commits."""

from __future__ import annotations

import pytest

from support.repo import Repo
from support.team import found
from support.templates import prepared

BRANCH = "experiment--housing--ada"


@prepared
def team(repo: Repo) -> Repo:
    """A team's clone on an experiment branch with two commits that do not name it."""
    found(repo)
    repo.branch(BRANCH)
    for number in (1, 2):
        repo.commit(f"Try {number}", {f"try{number}.py": f"{number}\n"})
    return repo


def fixed(repo: Repo, said: str) -> list[str]:
    """Run the command of a report; return what the commits of HEAD or of the branch say afterwards."""
    lines = said.splitlines()
    first = next(at for at, line in enumerate(lines) if "help:" in line)
    command = [lines[first].partition("help: ")[2]]
    while command[-1].endswith("\\"):
        first += 1
        command.append(lines[first].strip())
    repo.run("sh", "-c", "\n".join(command))
    return repo.git("log", "--format=%(trailers:key=Experiment,valueonly,separator=%x2C)", "main..HEAD").split()


@pytest.mark.parametrize("where", ["here", "another name", "detached", "elsewhere"])
def test_at_a_push_the_pushed_commits_are_rewritten(team: Repo, where: str) -> None:
    what = {"here": BRANCH, "another name": "feature/try", "detached": "HEAD", "elsewhere": team.head()}[where]
    if where == "another name":
        team.git("branch", "--quiet", "-m", "feature/try")
    elif where != "here":
        team.git("checkout", "--quiet", "--detach", *(["main"] if where == "elsewhere" else []))
        team.git("branch", "--quiet", "-D", BRANCH)
    team.run("labgate", "install")
    said = team.run("git", "push", "origin", f"{what}:refs/heads/{BRANCH}")
    assert "LG301" in said.err
    lines = "\n".join(line.removeprefix("remote: ") for line in said.err.splitlines())
    assert fixed(team, lines) == ["housing/ada"] * 2
    assert team.git("ls-remote", "origin", f"refs/heads/{BRANCH}").split()[0] == team.head()


def test_a_branch_that_only_the_remote_has_is_made_first(team: Repo) -> None:
    team.push(BRANCH)
    team.checkout("main").git("branch", "--quiet", "-D", BRANCH)
    said = team.labgate("check", "experiment-hash", "--head", f"origin/{BRANCH}", "--source", BRANCH).out
    assert "LG301" in said
    assert fixed(team, said) == ["housing/ada"] * 2
    assert team.git("branch", "--show-current") == BRANCH

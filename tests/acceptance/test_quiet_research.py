"""Research moves fast: the limits of protected branches warn of no commit there, and hold on the way to one."""

from __future__ import annotations

import pytest

from support.repo import Repo
from support.sdg import LIMITS, POLICY
from support.templates import prepared

LARGE = "".join(f"step_{number} = {number}\n" for number in range(500))


@prepared
def team(repo: Repo) -> Repo:
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY + LIMITS})
    repo.push("main")
    repo.labgate("install", status=0)
    return repo


def commit(repo: Repo) -> str:
    repo.write({"steps.py": LARGE}).git("add", "steps.py")
    return repo.run("git", "commit", "-m", "Add steps").err


@pytest.mark.parametrize("branch", ["research/steps", "experiment--housing--steps"])
def test_nothing_is_said_on_research_and_experiment_branches(branch: str, team: Repo) -> None:
    assert "LG4" not in commit(team.branch(branch))
    assert "LG401" in team.run("git", "push", "origin", "HEAD:main", status=1).err


def test_a_topic_is_warned(team: Repo) -> None:
    assert "LG401 warning" in commit(team.branch("feature/steps"))

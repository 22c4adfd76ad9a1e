"""C7: a change of small commits is measured alike before it lands, in the queue, and after a squash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forge import FakeHost
from support.hosted import BUTTON, Project
from support.repo import Repo

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.bot]
names = ["gh-readonly-queue/**"]
[kinds.topic]
names = ["feature/{slug}"]
[commit-size.limits.protected]
lines = 400
series-lines = 1000
"""
BRANCH = "feature/tables"
#: What lets a job ask the API.
TOKEN = {"GITHUB_TOKEN": "secret"}


def table(name: str, lines: int) -> dict[str, str]:
    return {f"{name}.py": "".join(f"{name}_{number} = {number * number}\n" for number in range(lines))}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project with three commits of 300 lines on a branch, whose pull request is open."""
    repo = Repo.init(tmp_path / "lab")
    with FakeHost("acme/lab") as host:
        found = Project(repo, repo.with_remote(), host)
        repo.commit("Start", {"labgate.toml": POLICY})
        repo.push("main")
        repo.branch(BRANCH)
        for name in ("rows", "columns", "cells"):
            repo.commit(f"Add {name}", table(name, 300))
        found.pull_request(7, BRANCH, author="ada")
        yield found


def squash(repo: Repo, message: str) -> str:
    repo.checkout("main").git("merge", "--quiet", "--squash", BRANCH)
    return repo.commit(message, None, **BUTTON)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "deleted"])
@pytest.mark.parametrize("message", ["Add tables (#7)", "Add tables"], ids=["numbered", "plain"])
def test_three_commits_of_300_lines_pass_everywhere(project: Project, message: str, kept: bool) -> None:
    repo = project.repo
    said = [repo.labgate("check", "--head", BRANCH), project.judge(7)]
    before, head = repo.head("main"), squash(repo, message)
    said.append(project.queued(7, head, before))
    repo.push("main")
    project.host.merge(7, head, squashed=True)
    if not kept:
        repo.push(f":{BRANCH}")
    # A message without a number is found by the host's API, with the token of the job.
    said += [project.landed(before, **TOKEN), project.audited(project.clone()), project.audited(repo)]
    assert [(each.status, each.out.count("LG401")) for each in said] == [(0, 0)] * len(said)


def test_900_lines_that_were_no_change_are_refused(project: Project) -> None:
    """The twin: pushed to main by hand, without those three commits below."""
    repo, before = project.repo, project.repo.head("main")
    repo.checkout("main").commit("Add other tables", table("other", 900))
    assert "LG401" in repo.labgate("check", status=1).out
    repo.push("main")
    landed = project.landed(before)
    assert (landed.status, landed.out.count("LG401")) == (1, 1)


def test_a_squash_above_the_limit_of_a_series_is_refused_everywhere(project: Project) -> None:
    repo, before = project.repo, project.repo.head("main")
    repo.checkout(BRANCH).commit("Add notes", table("notes", 300))
    project.pull_request(7, BRANCH, author="ada")
    said = [repo.labgate("check", "--head", BRANCH), project.judge(7)]
    head = squash(repo, "Add tables (#7)")
    said.append(project.queued(7, head, before))
    repo.push("main")
    project.host.merge(7, head, squashed=True)
    said.append(project.landed(before))
    assert [each.status for each in said] == [1] * 4
    assert all("LG404" in each.out for each in said)

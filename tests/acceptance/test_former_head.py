"""C2: in a new clone the author's own commits are those of the head that GitHub says the change had before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forge import FakeHost
from support.hosted import Project
from support.people import EMAILS, by
from support.pipeline import code
from support.repo import Repo

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[reviews]
assurance = "forge"
[reviews.people.ada]
emails = ["ada@example.org"]
github = "ada-l"
[reviews.people.lin]
emails = ["lin@example.org"]
github = "lin-k"
"""
BRANCH = "research/mixture"
LIN = {"GIT_COMMITTER_NAME": "Lin", "GIT_COMMITTER_EMAIL": EMAILS["lin"]}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A pull request of ada's, after which main has moved on."""
    repo = Repo.init(tmp_path / "lab")
    repo.env |= by("ada") | {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": EMAILS["ada"]}
    with FakeHost("acme/lab") as host:
        found = Project(repo, repo.with_remote(), host)
        repo.commit("Start", {"labgate.toml": POLICY})
        repo.branch(BRANCH).commit("Add a mixture", {"mixture.py": code("mixture")})
        repo.push("main")
        found.pull_request(7, BRANCH, author="ada-l")
        repo.checkout("main").commit("Go on", {"README.md": "Models.\n"})
        repo.push("main")
        repo.checkout(BRANCH)
        yield found


def update(project: Project) -> None:
    """Let the reviewer press "Update with rebase" and approve."""
    project.repo.clock += 60
    project.repo.git("rebase", "--quiet", "main", **LIN)
    project.pull_request(7, BRANCH, author="ada-l")
    project.host.review(7, "lin-k")


def test_who_rebases_the_branch_may_have_reviewed_it(project: Project) -> None:
    update(project)
    said = project.judge(7)
    assert said.status == 0, said.text


def test_who_changes_it_on_the_way_may_not(project: Project) -> None:
    project.repo.write({"mixture.py": code("other")})
    project.repo.git("commit", "--quiet", "--all", "--amend", "--no-edit", **LIN)
    update(project)
    said = project.judge(7)
    assert (said.status, "LG204" in said.out) == (1, True), said.text


def test_without_it_the_finding_says_what_was_looked_for(project: Project) -> None:
    update(project)
    del project.host.changes[7].pushes[0]  # an event that does not say it
    said = project.judge(7)
    assert said.status == 1, said.text
    rebased = project.repo.head()[:12]
    assert f"lin committed {rebased}, and no commit by Ada with the same change was found" in said.out

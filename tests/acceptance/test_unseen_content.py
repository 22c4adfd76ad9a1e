"""An approval covers what its reviewer saw: nothing that the sum does not show, and no author behind a machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from support.forge import FakeHost
from support.hosted import BUTTON, Project
from support.people import by
from support.pipeline import code
from support.repo import Repo

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.topic]
names = ["feature/{slug}"]
[reviews]
assurance = "forge"
[reviews.people.ada]
emails = ["ada@example.org"]
github = "ada-l"
[reviews.people.lin]
emails = ["lin@example.org"]
github = "lin-k"
[reviews.people.kim]
emails = ["kim@example.org"]
github = "kim-c"
"""
MACHINE = {"GIT_AUTHOR_NAME": "GitHub", "GIT_AUTHOR_EMAIL": "noreply@github.com"}
KIM = {**by("kim"), "GIT_COMMITTER_NAME": "Kim", "GIT_COMMITTER_EMAIL": "kim@example.org"}
HIDDEN = {"hidden.py": code("hidden") * 4}


@pytest.fixture
def project(repo: Repo) -> Iterator[Project]:
    """Kim's pull request 7 from ``research/x``, with one commit; another research branch has something else."""
    repo.env |= KIM
    remote = repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY, "start.py": code("start")})
    repo.push("main")
    repo.branch("research/other").commit("Hide", HIDDEN)
    repo.push("research/other")
    repo.branch("research/x", "main").commit("Add a trial", {"tried.py": code("tried")})
    with FakeHost("acme/lab") as host:
        yield Project(repo, remote, host)


def judged(project: Project, status: int) -> str:
    """Let lin approve what the branch is now, and return what CI says of the pull request."""
    project.pull_request(7, "research/x", author="kim-c")
    project.host.review(7, "lin-k")
    said = project.judge(7)
    assert said.status == status, said.text
    return said.text


def merged_as_ours(repo: Repo) -> None:
    repo.git("merge", "--quiet", "-s", "ours", "-m", "Merge other", "research/other")


def merged_as_ours_the_other_way_round(repo: Repo) -> None:
    """The research is the first parent, its content is not in the merge."""
    tree = repo.git("rev-parse", "HEAD^{tree}")
    oid = repo.git("commit-tree", tree, "-p", "research/other", "-p", "HEAD", "-m", "Merge x")
    repo.git("reset", "--quiet", "--hard", oid)


def merged_as_ours_over_the_same_file(repo: Repo) -> None:
    repo.checkout("research/other").commit("Hide more", {"tried.py": code("other") * 3})
    repo.checkout("research/x")
    merged_as_ours(repo)


def merged_as_ours_but_for_a_line(repo: Repo) -> None:
    repo.branch("research/y", "main").commit("Hide here", {"tried.py": code("other") * 3})
    repo.checkout("research/x").git("merge", "--quiet", "-s", "ours", "--no-commit", "research/y")
    repo.commit("Merge y", {"own.py": code("own")})


def reverted(repo: Repo) -> None:
    repo.commit("Hide", HIDDEN)
    repo.git("revert", "--no-edit", "HEAD")


def changed_and_restored(repo: Repo) -> None:
    repo.commit("Hide", {"start.py": code("start") + code("hidden") * 3})
    repo.commit("Back", {"start.py": code("start")})


def in_a_merge(repo: Repo) -> None:
    repo.branch("side", "main").commit("Do something beside", {"side.py": code("side")})
    repo.checkout("research/x").git("merge", "--quiet", "--no-commit", "--no-ff", "side")
    repo.commit("Merge side", HIDDEN)
    repo.git("rm", "--quiet", *HIDDEN)
    repo.commit("Back")


def in_a_root(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "--orphan", "aside")
    repo.git("rm", "-r", "--quiet", "--force", ".")
    repo.commit("Begin", HIDDEN)
    repo.checkout("research/x")
    repo.git("merge", "--quiet", "-s", "ours", "--allow-unrelated-histories", "-m", "Merge aside", "aside")


UNSEEN: list[Callable[[Repo], None]] = [
    merged_as_ours,
    merged_as_ours_the_other_way_round,
    merged_as_ours_over_the_same_file,
    merged_as_ours_but_for_a_line,
    reverted,
    changed_and_restored,
    in_a_merge,
    in_a_root,
]


@pytest.mark.parametrize("hide", UNSEEN)
def test_content_that_the_sum_does_not_show_is_not_approved(project: Project, hide: Callable[[Repo], None]) -> None:
    hide(project.repo)
    said = judged(project, 1)
    assert "LG203 error: the approval by lin" in said
    assert "it brings content that no approved tree has" in said
    (help,) = dict.fromkeys(re.findall(r"help: (.*git reset.*)", said))
    project.repo.git("fetch", "--quiet", "origin")
    project.repo.run("sh", "-c", help)
    assert "LG2" not in judged(project, 0)


def on_the_way(repo: Repo) -> None:
    """A file that the sum shows had other versions before."""
    repo.commit("Try better", {"tried.py": code("better") * 2})
    repo.commit("Try best", {"tried.py": code("best")})


def merged_and_settled(repo: Repo) -> None:
    """Both branches have a file of this name: the merge has the lines of both."""
    repo.branch("research/y", "main").commit("Try y", {"tried.py": code("y"), "y.py": code("y")})
    repo.checkout("research/x").git("merge", "--quiet", "-s", "ours", "--no-commit", "research/y")
    repo.commit("Merge y", {"tried.py": code("tried") + code("y"), "y.py": code("y")})


def merged(repo: Repo) -> None:
    repo.git("merge", "--quiet", "--no-edit", "research/other")


def with_main(repo: Repo) -> None:
    repo.checkout("main").commit("Go on", {"start.py": code("start") + code("further")})
    repo.push("main")
    repo.checkout("research/x").git("merge", "--quiet", "--no-edit", "main")


def removed(repo: Repo) -> None:
    repo.git("rm", "--quiet", "start.py")
    repo.commit("Remove it")
    repo.commit("No, keep it", {"start.py": code("start")})


@pytest.mark.parametrize("act", [on_the_way, merged, merged_and_settled, with_main, removed])
def test_what_the_sum_shows_is(project: Project, act: Callable[[Repo], None]) -> None:
    act(project.repo)
    assert "LG2" not in judged(project, 0)


# Machines.


def test_a_machine_as_an_author_is_somebody_unlisted(project: Project) -> None:
    project.repo.commit("Slip in", {"slipped.py": code("slipped")}, **MACHINE, **BUTTON)
    said = judged(project, 1)
    assert "an unlisted contributor may be the same person" in said
    assert "noreply@github.com" in said


def test_a_machine_that_only_committed_is_not(project: Project) -> None:
    """Somebody edited a file, or merged main, in the browser."""
    project.repo.commit("Edit", {"edited.py": code("edited")}, **by("kim"), **BUTTON)
    project.repo.checkout("main").commit("Go on", {"start.py": code("start") + code("further")})
    project.repo.push("main")
    project.repo.checkout("research/x").merge("main", "Merge main", **MACHINE, **BUTTON)
    assert "LG2" not in judged(project, 0)


@pytest.mark.parametrize("way", ["--no-ff", "--squash"])
def test_what_the_host_itself_lands_is_not(project: Project, way: str) -> None:
    judged(project, 0)
    before = project.remote.head("main")
    project.repo.checkout("main").git("merge", "--quiet", "--no-commit", way, "research/x")
    landed = project.repo.commit("Try (#7)", None, **MACHINE, **BUTTON)
    project.repo.push("main")
    project.host.merge(7, landed, squashed=way == "--squash")
    said = project.landed(before)
    assert (said.status, "LG2" in said.text) == (0, False), said.text

"""A copy of every ref: what a branch is called does not matter there, what is on a protected branch does."""

from __future__ import annotations

import pytest

from support.policies import TEAM
from support.repo import Repo
from support.templates import prepared

ODD = ("feature", "x__y", "UPPER")


@prepared
def clone(repo: Repo) -> Repo:
    """A clone with labgate's own hooks and branches that no policy would allow, all on the team's remote already."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM})
    for name in ODD:
        repo.git("branch", name)
    repo.push("main", *ODD)
    repo.labgate("install", status=0)
    return repo


def backup(clone: Repo, *settings: str) -> Repo:
    found = clone.with_remote("backup")
    clone.git("push", "--quiet", "--no-verify", "backup", "main")
    for setting in settings:
        clone.git("config", setting, "true")
    return found


def test_another_remote_is_none_of_it(clone: Repo) -> None:
    backup(clone)
    assert "LG101 error" in clone.run("git", "push", "backup", *ODD, status=1).err


@pytest.mark.parametrize("settings", [(), ("remote.backup.mirror",)], ids=["push --mirror", "remote.backup.mirror"])
def test_names_are_not_judged_in_a_mirror(clone: Repo, settings: tuple[str, ...]) -> None:
    copy = backup(clone, *settings)
    done = clone.run("git", "push", *(() if settings else ("--mirror",)), "backup")
    assert "LG1" not in done.text
    assert {f"refs/heads/{name}" for name in ODD} <= set(copy.git("for-each-ref", "--format=%(refname)").splitlines())


def test_the_gate_is(clone: Repo) -> None:
    backup(clone, "remote.backup.mirror")
    clone.branch("research/heads").commit("Try heads", {"model.py": "heads = 8\n" * 5})
    clone.push("research/heads")
    clone.checkout("main").merge("research/heads", "Merge research")
    refused = clone.run("git", "push", "backup", status=1)
    assert "LG201" in refused.err

"""What keeps labgate from judging says what lets it: run as it is printed, the change is judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.installed import OID, URL
from support.repo import Repo
from support.team import POLICY, Judge, check, found, research
from support.templates import prepared


@prepared
def team(repo: Repo) -> Repo:
    return found(repo)


def clone(origin: Repo, *options: str) -> Repo:
    """Clone over a transport that leaves out what the options leave out."""
    folder = origin.path.parent / "clone"
    remote = origin.git("remote", "get-url", "origin")
    origin.git("clone", "--quiet", "--no-local", *options, f"file://{remote}", str(folder))
    return Repo(folder, origin.env)


def shallow(team: Repo) -> Judge:
    research(team)
    return check(clone(team, "--depth=1", "--branch=research/x"))


def single_branch(team: Repo) -> Judge:
    research(team)
    narrow = clone(team, "--single-branch", "--branch=main")
    narrow.branch("feature/x").commit("A thing", {"a": "1\n"})
    return check(narrow)


def wrong_trunk(team: Repo) -> Judge:
    team.push("main:release/1.0")
    team.git("fetch", "--quiet")
    team.git("config", "labgate.trunk", "release/1.0")
    return check(team.branch("feature/x"))


def trunk_that_is_gone(team: Repo) -> Judge:
    team.git("config", "labgate.trunk", "develop")
    return check(team.branch("feature/x"))


def unclear_trunk(team: Repo) -> Judge:
    """The remote's default branch is neither main nor the target, and this clone was never told."""
    team.branch("stable").commit("Change the trunk", {"labgate.toml": POLICY.replace('"main"', '"stable"')})
    team.push("stable", "main:next")
    remote = Repo(Path(team.git("remote", "get-url", "origin")), team.env)
    remote.git("symbolic-ref", "HEAD", "refs/heads/stable")
    team.push(":main")
    team.git("fetch", "--quiet", "--prune")
    team.git("rm", "--quiet", "--cached", "labgate.toml")
    (team.path / "labgate.toml").unlink()
    return check(team, "--target", "release/2.0")


ERRORS: dict[str, tuple[Callable[[Repo], Judge], str]] = {
    "a shallow clone": (shallow, "this clone is shallow: history that decides is missing"),
    "a clone of one branch": (single_branch, "the research refs of origin are not fetched here"),
    "another trunk than the policy's": (
        wrong_trunk,
        'labgate.toml on origin/release/1.0 says trunk = "main", but git config labgate.trunk says release/1.0',
    ),
    "a trunk that the remote has not": (trunk_that_is_gone, "origin has no branch develop, which labgate.trunk names"),
    "a trunk that nobody named": (unclear_trunk, "cannot tell which branch of origin is the trunk"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_the_help_of_an_error_lets_labgate_judge(name: str, team: Repo) -> None:
    build, message = ERRORS[name]
    judge = build(team)
    said = judge()
    assert (said.status, message in said.text) == (2, True), said.text
    (help,) = re.findall(r"^ +help: (.+)$", said.text, re.MULTILINE)
    folder = team.path.parent / "clone" if (team.path.parent / "clone").is_dir() else team.path
    Repo(folder, team.env).run("sh", "-c", help)
    assert (mended := judge()).status in (0, 1), mended.text


def test_without_a_policy_init_writes_one_and_says_how_to_bring_it_to_the_trunk(repo: Repo) -> None:
    repo.with_remote()
    # Which labgate the team uses is written down already; how the one of these tests was installed is no business here.
    entry = f"repos:\n- repo: {URL}\n  rev: {OID}\n  hooks:\n  - id: labgate-push\n"
    repo.commit("Start", {"README.md": "Models.\n", ".pre-commit-config.yaml": entry})
    repo.push("main")
    judge = check(repo, "--target", "main", "--head", "HEAD")
    said = judge()
    assert said.status == 2
    assert said.text == "error: there is no labgate.toml on the trunk or in the judged commit\n  help: labgate init\n"
    done = repo.run("sh", "-c", "labgate init")
    for step in re.findall(r"^ +(?:[0-9]+\. )?(git (?:add|commit|push) .+)$", done.out, re.MULTILINE):
        repo.run("sh", "-c", step)
    assert judge().status == 0

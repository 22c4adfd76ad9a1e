"""A branch that is far behind the trunk, or would meet conflicts, is warned of; the printed merge fixes it."""

from __future__ import annotations

import pytest

from support.people import adopt
from support.repo import Repo
from support.sdg import POLICY
from support.verdicts import judge

DRIFT = """
[branch-drift.limits.research]
commits = 2
days = 30
[branch-drift.limits.topic]
commits = 2
refuse-push = true
"""
DAY = 86_400


@pytest.fixture
def drifting(sdg: Repo) -> Repo:
    """The sdg project with limits of drift and labgate's own hooks, on a research branch from main's tip."""
    adopt(sdg, POLICY + DRIFT)
    sdg.labgate("install", status=0)
    return sdg.branch("research/x")


def advance(repo: Repo, number: int, days: int = 0) -> None:
    """Let main go on by some commits, the last one so many days later, and come back."""
    branch = repo.git("symbolic-ref", "--short", "HEAD")
    repo.checkout("main")
    for each in range(number):
        repo.clock += days * DAY if each == number - 1 else 0
        repo.commit(f"Go on {each}", {f"main-{each}.py": "x = 1\n"})
    repo.push("main")
    repo.checkout(branch)


def pushed(repo: Repo, status: int = 0) -> str:
    return repo.run("git", "push", "origin", "HEAD", status=status).text


def help_of(said: str) -> str:
    return next(line.split("help: ")[1] for line in said.splitlines() if "help: " in line)


def test_a_branch_within_its_limits_is_silent(drifting: Repo) -> None:
    drifting.commit("Try x", {"x.py": "x = 1\n"})
    advance(drifting, 2, days=30)
    assert "LG6" not in pushed(drifting)


@pytest.mark.parametrize(("number", "days", "named"), [(3, 0, "3 commits (limit 2)"), (1, 31, "31 days (limit 30)")])
def test_a_branch_behind_is_warned_of_and_brought_up_to_date(
    drifting: Repo, number: int, days: int, named: str
) -> None:
    drifting.commit("Try x", {"x.py": "x = 1\n"})
    advance(drifting, number, days)
    said = pushed(drifting)
    assert f"LG601 warning: research/x is {named} behind origin/main" in said
    drifting.run("sh", "-c", help_of(said))
    assert "LG6" not in pushed(drifting)


def test_the_remote_may_have_a_slash_in_its_name(drifting: Repo) -> None:
    drifting.commit("Try x", {"x.py": "x = 1\n"})
    advance(drifting, 3)
    drifting.git("remote", "rename", "origin", "team/up")
    said = drifting.run("git", "push", "team/up", "HEAD", status=0).text
    assert help_of(said) == "git fetch team/up main && git merge team/up/main"
    drifting.run("sh", "-c", help_of(said), status=0)
    assert "LG6" not in drifting.run("git", "push", "team/up", "HEAD", status=0).text


def test_refuse_push_makes_it_an_error(drifting: Repo) -> None:
    drifting.checkout("main").branch("feature/y").commit("Add y", {"y.py": "y = 1\n"})
    advance(drifting, 3)
    said = pushed(drifting, status=1)
    assert "LG601 error" in said
    drifting.run("sh", "-c", help_of(said))
    pushed(drifting)


def test_conflicts_ahead_are_named_with_their_commits_and_gone_after_the_merge(drifting: Repo) -> None:
    ours = drifting.commit("Our a", {"same.py": "a = 1\n"})
    drifting.checkout("main").commit("Their a", {"same.py": "a = 2\n"})
    theirs = drifting.head("main")
    drifting.push("main")
    said = pushed(drifting.checkout("research/x"))
    assert f"1 file in conflict: same.py ({ours[:12]} against {theirs[:12]})" in said
    drifting.run("sh", "-c", help_of(said), status=1)
    drifting.commit("Merge main", {"same.py": "a = 3\n"})
    assert "LG6" not in pushed(drifting)


def test_a_change_is_judged_against_its_target_in_check(drifting: Repo) -> None:
    drifting.commit("Try x", {"x.py": "x = 1\n"})
    advance(drifting, 3)
    found = judge(drifting, "branch-drift", "--target", "main", "--source", "research/x", status=0)
    assert [finding["rule"] for finding in found.report["findings"]] == ["LG601"]


def test_what_cannot_be_known_is_said_and_refuses_nothing(drifting: Repo) -> None:
    drifting.git("checkout", "--quiet", "--orphan", "research/alone")
    drifting.commit("Alone", {"x.py": "x = 1\n"})
    assert "no history in common with the trunk" in pushed(drifting)


def test_other_kinds_and_policies_without_limits_are_not_judged(sdg: Repo) -> None:
    adopt(sdg, POLICY)
    sdg.labgate("install", status=0)
    sdg.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    advance(sdg, 9)
    assert "LG6" not in pushed(sdg)

"""Research that was deleted or moved away stays a source, by name, whoever asks."""

from __future__ import annotations

import json
import shlex
import time
from typing import Any

import pytest

from support.audited import Branch, adopted, reported
from support.people import by
from support.pipeline import code
from support.repo import Repo

BRANCH = "refs/remotes/origin/research/idea"


@pytest.fixture
def main(repo: Repo) -> Branch:
    return adopted(repo)


def look(repo: Repo) -> None:
    """Look at the refs as every push does."""
    repo.labgate("check", "--target", "main", "--head", "main", status=0)


def leave(repo: Repo, how: str) -> None:
    """Delete a research branch everywhere, or move it away from what it has."""
    if how == "deleted":
        repo.git("branch", "--quiet", "-D", "research/idea")
        repo.push(":research/idea")
        return
    repo.git("branch", "--quiet", "--force", "research/idea", "main")
    repo.push("--force", "research/idea")


def checked(repo: Repo, status: int = 1) -> dict[str, Any]:
    said = repo.labgate("check", "--target", "main", "--format", "json", status=status)
    report: dict[str, Any] = json.loads(said.out)
    return report


@pytest.mark.parametrize("noticed", [True, False], ids=["looked-between", "not-looked-between"])
@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_all_callers_give_one_answer_on_research_that_is_gone_and_name_it(
    main: Branch, how: str, noticed: bool
) -> None:
    repo = main.repo
    main.research("idea", count=2)
    look(repo)
    repo.branch("feature/mine", "main").git("merge", "--quiet", "--squash", "research/idea")
    mine = repo.commit("Mine")
    leave(repo, how)
    if noticed:
        look(repo)
    (traced,) = json.loads(repo.labgate("trace", "--format", "json", status=0).out)
    assert traced["derived"]
    assert {(item["source_ref"], item["source_state"]) for item in traced["evidence"]} == {(BRANCH, how)}
    assert f"origin/research/idea ({how}" in repo.labgate("trace", status=0).out

    (finding,) = checked(repo)["findings"]
    assert finding["rule"] == "LG201"
    assert {(item["source_ref"], item["source_state"]) for item in finding["evidence"]} == {(BRANCH, how)}
    assert f"1 unreviewed commit from origin/research/idea ({how}" in finding["message"]

    main.land(lambda: repo.checkout("main").merge("feature/mine", "Land it"))
    report = main.audit(status=1)
    assert reported(report) == [repo.head()]
    assert f"origin/research/idea ({how}" in report["findings"][0]["message"]
    assert mine in report["findings"][0]["commits"]


def test_a_commit_that_research_was_moved_away_from_stays_research_where_another_branch_holds_it(main: Branch) -> None:
    repo = main.repo
    main.research("idea")
    look(repo)
    repo.git("branch", "feature/on-top", "research/idea")
    repo.push("feature/on-top")
    look(repo)
    leave(repo, "moved")
    look(repo)
    repo.checkout("feature/on-top")
    (finding,) = checked(repo)["findings"]
    assert (finding["rule"], finding["evidence"][0]["method"]) == ("LG201", "ancestry")
    assert "origin/research/idea (moved since)" in finding["message"]


def test_the_help_for_research_of_a_deleted_branch_settles_it(main: Branch) -> None:
    repo = main.repo
    main.research("idea")
    look(repo)
    repo.branch("feature/mine", "main").git("merge", "--quiet", "--squash", "research/idea")
    repo.commit("Mine", None, **by("lin"))
    leave(repo, "deleted")
    (finding,) = checked(repo)["findings"]
    tool, *command = shlex.split(finding["help"], comments=True)
    assert tool == "labgate"
    repo.labgate(*command, status=0)
    assert checked(repo, status=0)["findings"] == []


def test_a_topic_that_research_was_once_cut_from_is_no_research_once_both_are_gone(main: Branch) -> None:
    repo = main.repo
    repo.branch("feature/base").commit("Base", {"base.py": code("base")}, **by("ada"))
    repo.push("feature/base")
    look(repo)
    # The ledger counts in seconds.
    time.sleep(1.1)
    repo.git("branch", "research/idea")
    repo.push("research/idea")
    look(repo)
    leave(repo, "moved")
    look(repo)
    landed = main.land(lambda: repo.checkout("main").merge("feature/base", "Land the base"))
    repo.git("branch", "--quiet", "-D", "feature/base")
    repo.push(":feature/base")
    assert landed not in main.past_review()


@pytest.mark.parametrize("former", ["research/idea", "feature/idea"])
def test_a_branch_that_was_research_until_it_was_renamed_is_not_silent(main: Branch, former: str) -> None:
    """The ledger is gone too, and the remote has it under the new name only."""
    main.repo.branch(former, "main").commit("Add a trial", {"tried.py": code("tried")}, **by("lin"))
    main.repo.push(former)
    main.repo.git("branch", "--move", former, "feature/new")
    main.repo.git("push", "--quiet", "origin", f":{former}", "feature/new")
    (main.repo.path / ".git/labgate/ledger").unlink(missing_ok=True)
    said = main.repo.labgate("check", "--target", "main", status=0).text
    assert ("feature/new was research/idea before git branch -m" in said) is (former == "research/idea"), said


@pytest.mark.parametrize("kind", ["research", "feature"])
def test_the_first_push_of_a_clone_that_moves_research_away_remembers_it(main: Branch, kind: str) -> None:
    """No labgate has looked at this clone before; a topic that is moved away makes nobody a copier."""
    idea = f"{kind}/idea"
    main.repo.branch(idea, "main").commit("Add a trial", {"tried.py": code("tried") * 3}, **by("lin"))
    main.repo.push(idea)
    main.repo.labgate("install", status=0)
    for name in ("ledger", "ledger-others", "unlanded"):
        (main.repo.path / ".git/labgate" / name).unlink(missing_ok=True)
    main.repo.git("push", "--quiet", "--force", "origin", f"main:{idea}")
    main.repo.branch("feature/copy", "main").commit("Copy", {"tried.py": code("tried") * 3}, **by("kim"))
    said = main.repo.labgate("check", "research-gate", "--target", "main")
    assert (said.status, "LG201" in said.text) == ((1, True) if kind == "research" else (0, False)), said.text

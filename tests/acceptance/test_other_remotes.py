"""Whose main a change is judged for is said where a clone has several: ``origin`` may be one's own fork."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.people import adopt, by
from support.pipeline import Pipeline, code
from support.repo import Repo
from support.sdg import POLICY


@pytest.fixture
def forked(sdg: Repo) -> Repo:
    """``origin`` is one's own fork, ``upstream`` the team's repository; both have the same main and research branch."""
    adopt(sdg, POLICY)
    sdg.with_remote("upstream")
    sdg.git("push", "--quiet", "--no-verify", "upstream", "main")
    sdg.branch("research/x").commit("Try x", {"x.py": code("x")}, **by("lin"))
    sdg.git("push", "--quiet", "--no-verify", "upstream", "research/x")
    sdg.git("push", "--quiet", "--no-verify", "origin", "research/x")
    sdg.git("fetch", "--quiet", "--all")
    return sdg


def test_research_on_the_main_of_ones_own_fork_is_not_silent(forked: Repo) -> None:
    forked.git("push", "--quiet", "--no-verify", "origin", "research/x:main")
    forked.git("fetch", "--quiet", "origin")
    said = forked.labgate("check", "--target", "main", status=0).text
    notice = "judged for origin; upstream has another main: labgate check --base upstream/main"
    assert notice in said
    assert "LG201" in forked.labgate(*notice.split("labgate ")[1].split(), status=1).text


def test_a_fork_that_only_lags_behind_says_nothing(forked: Repo) -> None:
    forked.checkout("main").commit("Go on", {"on.py": code("on")}, **by("ada"))
    forked.git("push", "--quiet", "--no-verify", "upstream", "main")
    forked.git("fetch", "--quiet", "--all")
    forked.branch("feature/y").commit("Add y", {"y.py": code("y")}, **by("ada"))
    assert "judged for" not in forked.labgate("check", "--target", "main", "--verbose", status=0).text


def test_a_job_of_a_push_without_commits_says_so(tmp_path: Path) -> None:
    pipeline = Pipeline.build(tmp_path)
    head = pipeline.remote.head("main")
    assert "this push brings nothing" in pipeline.pushed(head).text
    pipeline.repo.commit("Go on", {"on.py": code("on")}, **by("ada"))
    pipeline.repo.push("main")
    assert "this push brings nothing" not in pipeline.pushed(head).text


def test_a_job_without_anything_to_judge_says_so(tmp_path: Path) -> None:
    """A pipeline of a branch that is not protected, and a change whose stated head has landed."""
    pipeline = Pipeline.build(tmp_path)
    before, head = pipeline.remote.head("main"), pipeline.remote.head("research/bigger-batches")
    pipeline.repo.push("research/bigger-batches:feature/y")
    changes = {"refs/heads/main": "refs/heads/feature/y"}
    said = pipeline.job("gitlab-push", head, before, "--format", "text", changes={"main": "feature/y"})
    assert (said.status, "feature/y is not protected" in said.text) == (0, True), said.text
    said = pipeline.job("github-push", head, before, "--format", "text", changes=changes)
    assert (said.status, "feature/y is not protected" in said.text) == (0, True), said.text
    said = pipeline.job("gitlab-merge-request", pipeline.propose("main"), None, "--format", "text")
    assert (said.status, "this change brings nothing: main has its head" in said.text) == (0, True), said.text
    said = pipeline.job("gitlab-merge-request", pipeline.propose("feature/x"), None, "--format", "text")
    assert "labgate: " not in said.text

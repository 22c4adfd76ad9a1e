"""A CI job that runs for a queue or after a push judges what the branch got by it: jobs in fresh clones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.people import reviewed
from support.pipeline import LAX, POLICY, ZERO, Pipeline, code, commits, rules

RESEARCH, FEATURE = "research/bigger-batches", "feature/x"
GONE = "1234567890" * 4
#: A push to main, in every system that says what it replaced or lets the user say it.
PUSHES = [
    "azure-push-with-declared-base",
    "circleci-push",
    "gitea-push",
    "github-push",
    "gitlab-push",
    "jenkins-branch",
]
UNSAID = ["azure-push", "bitbucket-push", "buildkite-push"]


# Queues.


def queued(pipeline: Pipeline, onto: str) -> str:
    """Make the merge group of change 7 on a commit, as GitHub does, and return its head."""
    pipeline.repo.git("checkout", "--quiet", "--detach", onto)
    head = pipeline.repo.merge(RESEARCH, "Merge pull request #7")
    base = pipeline.remote.head("main")
    pipeline.repo.git("push", "--quiet", "origin", f"{head}:refs/heads/gh-readonly-queue/main/pr-7-{base}")
    return head


@pytest.mark.parametrize("name", ["github-merge-group", "buildkite-merge-queue"])
def test_a_merge_group_is_judged_on_the_target(pipeline: Pipeline, name: str) -> None:
    result = pipeline.job(name, queued(pipeline, "main"))
    assert (result.status, rules(result)) == (1, ["LG201"]), result.text
    assert len(commits(result, "LG201")) == 3


@pytest.mark.parametrize("name", ["github-merge-group", "buildkite-merge-queue"])
def test_a_merge_group_is_judged_on_the_one_before_it(pipeline: Pipeline, name: str) -> None:
    pipeline.repo.git("checkout", "--quiet", "--detach", "main")
    pipeline.repo.commit("Queued before", {"big.txt": "line\n" * 11})
    before = pipeline.repo.head()
    pipeline.repo.git("push", "--quiet", "origin", f"{before}:refs/heads/gh-readonly-queue/main/pr-6-{before}")
    result = pipeline.job(name, queued(pipeline, before), before)
    assert rules(result) == ["LG201"]
    assert json.loads(result.out)["updates"][0]["old"] == before


@pytest.mark.parametrize("base", ["unrelated", "nowhere", "the-branch"])
def test_a_base_that_does_not_fit_gives_way_to_the_target(pipeline: Pipeline, base: str) -> None:
    group = queued(pipeline, "main")
    if base == "unrelated":
        pipeline.repo.git("checkout", "--quiet", "--orphan", "other")
        oid = pipeline.repo.commit("Unrelated")
        pipeline.repo.git("push", "--quiet", "origin", f"{oid}:refs/keep/it")
    else:
        oid = GONE if base == "nowhere" else pipeline.repo.head(RESEARCH)
    result = pipeline.job("github-merge-group", group, oid)
    assert (result.status, rules(result)) == (1, ["LG201"])
    assert json.loads(result.out)["updates"][0]["old"] == pipeline.remote.head("main")


@pytest.mark.parametrize("name", ["github-merge-group", "buildkite-merge-queue", "gitlab-merge-train"])
def test_a_queued_change_whose_base_has_it_already_is_undecided(pipeline: Pipeline, name: str) -> None:
    """Nothing would be left to judge, whether the base is the head or comes after it."""
    group = pipeline.propose(RESEARCH) if name == "gitlab-merge-train" else queued(pipeline, "main")
    pipeline.repo.git("checkout", "--quiet", "--detach", "main")
    merged = pipeline.repo.merge(group, "Queued before", "--no-ff")
    pipeline.repo.git("push", "--quiet", "origin", f"{merged}:refs/heads/gh-readonly-queue/main/pr-8-{merged}")
    for base in (merged, *([] if name == "gitlab-merge-train" else [group])):
        result = pipeline.job(name, group, base)
        assert (result.status, json.loads(result.out)["outcome"]) == (2, "undecided")
        (problem,) = json.loads(result.out)["problems"]
        assert "has its head" in problem["message"]
        again = pipeline.repo.run("sh", "-c", problem["help"], status=None)
        assert "LG201 error" in again.text


# Pushes, after the fact.


def land(pipeline: Pipeline, revision: str = RESEARCH, message: str = "Merge it") -> str:
    """Merge a revision into main and push it; return where main stood."""
    before = pipeline.remote.head("main")
    pipeline.repo.checkout("main").merge(revision, message)
    pipeline.repo.push("main")
    return before


@pytest.mark.parametrize("name", PUSHES)
def test_what_was_pushed_past_review_is_reported(pipeline: Pipeline, name: str) -> None:
    before = land(pipeline)
    result = pipeline.job(name, pipeline.remote.head("main"), before)
    assert (result.status, rules(result)) == (1, ["LG201"]), result.text
    assert len(commits(result, "LG201")) == 3


@pytest.mark.parametrize("name", PUSHES)
def test_what_was_pushed_with_a_review_passes(pipeline: Pipeline, name: str) -> None:
    before = land(pipeline, message=reviewed("ada", subject="Merge it"))
    result = pipeline.job(name, pipeline.remote.head("main"), before)
    assert (result.status, rules(result)) == (0, []), result.text


@pytest.mark.parametrize("name", UNSAID)
def test_a_push_of_which_nobody_says_what_it_replaced_is_undecided(pipeline: Pipeline, name: str) -> None:
    land(pipeline)
    result = pipeline.job(name, pipeline.remote.head("main"))
    assert result.status == 2
    assert "LABGATE_BASE" in result.text


def test_a_push_is_judged_by_the_policy_before_it(pipeline: Pipeline) -> None:
    before = pipeline.remote.head("main")
    pipeline.repo.checkout("main").commit("Be lax", {"labgate.toml": LAX})
    land(pipeline)
    result = pipeline.pushed(before)
    assert "LG201" in rules(result)
    assert json.loads(result.out)["policy"]["commit"] == before


def test_the_first_push_of_the_trunk_is_no_research(pipeline_template: Path, tmp_path: Path) -> None:
    pipeline = Pipeline.copy(pipeline_template, tmp_path)
    for branch in (RESEARCH, FEATURE, "release/2"):
        pipeline.remote.git("update-ref", "-d", f"refs/heads/{branch}")
    result = pipeline.pushed(ZERO)
    # All of history would be one change; without a branch before it, nothing can be research.
    assert rules(result) == [], result.text
    skipped = [
        check["name"] for check in json.loads(result.out)["updates"][0]["checks"] if check["outcome"] == "skipped"
    ]
    assert {"research-gate", "commit-size"} <= set(skipped)
    assert json.loads(result.out)["policy"]["origin"] == "bootstrap"


@pytest.mark.parametrize("name", ["github-push-new-branch", "gitlab-push-new-branch", "gitea-push-new-branch"])
@pytest.mark.parametrize(("start", "found"), [("main", []), (RESEARCH, ["LG201"])], ids=["of-main", "of-research"])
def test_a_release_branch_that_is_created_is_judged_by_what_main_has_not(
    pipeline: Pipeline, name: str, start: str, found: list[str]
) -> None:
    land(pipeline, FEATURE)
    pipeline.repo.git("push", "--quiet", "--force", "origin", f"{start}:refs/heads/release/2")
    result = pipeline.job(name, pipeline.remote.head("release/2"))
    assert rules(result) == found
    assert result.status == len(found)


def test_a_new_topic_branch_is_judged_by_its_name(pipeline: Pipeline) -> None:
    pipeline.repo.git("push", "--quiet", "origin", "main:refs/heads/strange")
    assert rules(pipeline.pushed(ZERO, "strange")) == ["LG101"]


def test_history_that_was_rewritten_is_reported(pipeline: Pipeline) -> None:
    before = pipeline.remote.head("main")
    pipeline.repo.checkout("main").git("reset", "--quiet", "--hard", "main~1")
    pipeline.repo.commit("Instead", {"instead.py": code("instead")})
    pipeline.repo.git("push", "--quiet", "--force", "origin", "main")
    assert rules(pipeline.pushed(before)) == ["LG211"]


def test_main_that_was_only_taken_back_is_reported(pipeline: Pipeline) -> None:
    before = pipeline.remote.head("main")
    pipeline.repo.git("push", "--quiet", "--force", "origin", "main~1:refs/heads/main")
    assert rules(pipeline.pushed(before)) == ["LG211"]


def test_a_release_branch_whose_old_tip_is_gone_is_reported(pipeline: Pipeline) -> None:
    result = pipeline.pushed(GONE, "release/2")
    assert (result.status, rules(result)) == (1, ["LG211"]), result.text


def test_a_trunk_whose_old_tip_is_gone_is_undecided_and_not_judged_by_its_new_policy(pipeline: Pipeline) -> None:
    lax = POLICY + "[levels]\nLG211 = 'off'\n"
    pipeline.repo.checkout("main").commit("Be lax", {"labgate.toml": lax})
    pipeline.repo.git("push", "--quiet", "--force", "origin", "main")
    result = pipeline.pushed(GONE)
    assert result.status == 2
    assert GONE in result.text


def test_a_push_that_main_has_left_behind_is_judged_as_it_was(pipeline: Pipeline) -> None:
    before = land(pipeline)
    head = pipeline.remote.head("main")
    pipeline.repo.commit("Later", {"later.txt": "line\n" * 11})
    pipeline.repo.push("main")
    result = pipeline.job("github-push", head, before)
    assert rules(result) == ["LG201"]


# In hindsight: branches that were cut from main, or took it over, since.


def squash(pipeline: Pipeline, branch: str, message: str = "Squash it") -> str:
    before = pipeline.remote.head("main")
    pipeline.repo.checkout("main").git("merge", "--quiet", "--squash", branch)
    pipeline.repo.commit(message)
    pipeline.repo.push("main")
    return before


def test_research_that_was_cut_from_main_afterwards_is_not_where_a_landing_comes_from(pipeline: Pipeline) -> None:
    before = squash(pipeline, FEATURE)
    pipeline.repo.branch("research/after").commit("Own work", {"own.py": code("own")})
    pipeline.repo.push("research/after")
    result = pipeline.pushed(before)
    assert rules(result) == []


def test_research_that_took_main_over_afterwards_is_not_where_a_landing_comes_from(pipeline: Pipeline) -> None:
    before = land(pipeline, FEATURE)
    pipeline.repo.checkout(RESEARCH).merge("main", "Catch up")
    pipeline.repo.push(RESEARCH)
    assert rules(pipeline.pushed(before)) == []


def kept(_: Pipeline) -> None:
    """The branch stays as it was."""


def grown(pipeline: Pipeline) -> None:
    pipeline.repo.checkout(RESEARCH).commit("Go on", {"on.py": code("on")})
    pipeline.repo.push(RESEARCH)


def merged_back(pipeline: Pipeline) -> None:
    pipeline.repo.checkout(RESEARCH).git("merge", "--quiet", "--no-ff", "-m", "Merge main", "main")
    pipeline.repo.push(RESEARCH)


def caught_up(pipeline: Pipeline) -> None:
    pipeline.repo.checkout(RESEARCH).git("merge", "--quiet", "--ff-only", "main")
    pipeline.repo.push(RESEARCH)


def merged_back_and_grown(pipeline: Pipeline) -> None:
    pipeline.repo.checkout("main").commit("Main goes on", {"goes.py": code("goes")})
    pipeline.repo.push("main")
    merged_back(pipeline)
    grown(pipeline)


def released(pipeline: Pipeline) -> None:
    pipeline.repo.git("push", "--quiet", "origin", "main:refs/heads/release/3")


def released_and_grown(pipeline: Pipeline) -> None:
    pipeline.repo.branch("release/3", "main").commit("Release", {"version": "3\n"})
    pipeline.repo.push("release/3")


@pytest.mark.parametrize(
    "then", [kept, grown, merged_back, caught_up, merged_back_and_grown, released, released_and_grown]
)
def test_research_that_was_merged_is_reported_whatever_came_of_its_branch(
    pipeline: Pipeline, then: Callable[[Pipeline], None]
) -> None:
    before = land(pipeline)
    head = pipeline.remote.head("main")
    then(pipeline)
    result = pipeline.job("github-push", head, before)
    assert rules(result) == ["LG201"], result.text
    assert set(commits(result, "LG201")) >= set(pipeline.repo.git("rev-list", f"{head}^2", f"^{head}^1").split())


@pytest.mark.parametrize("then", [kept, released, released_and_grown])
def test_research_that_was_pushed_straight_to_main_is_reported(
    pipeline: Pipeline, then: Callable[[Pipeline], None]
) -> None:
    before = pipeline.remote.head("main")
    pipeline.repo.checkout(RESEARCH).git("rebase", "--quiet", "main")
    pipeline.repo.git("push", "--quiet", "--force", "origin", RESEARCH, f"{RESEARCH}:main")
    pipeline.repo.git("branch", "--quiet", "--force", "main", RESEARCH)
    head = pipeline.remote.head("main")
    then(pipeline)
    result = pipeline.job("github-push", head, before)
    assert rules(result) == ["LG201"], result.text
    assert len(commits(result, "LG201")) == 3


def test_a_release_that_was_cut_between_two_landings_hides_neither(pipeline: Pipeline) -> None:
    before = land(pipeline)
    pipeline.repo.git("push", "--quiet", "origin", "main:refs/heads/release/3")
    land(pipeline, FEATURE)
    assert len(commits(pipeline.pushed(before), "LG201")) == 3


def test_a_hotfix_that_a_release_had_first_is_not_judged_again(pipeline: Pipeline) -> None:
    repo = pipeline.repo.checkout("release/2")
    repo.merge(RESEARCH, reviewed("ada", subject="Merge it"))
    repo.push("release/2")
    before = land(pipeline, "release/2")
    assert rules(pipeline.pushed(before)) == []

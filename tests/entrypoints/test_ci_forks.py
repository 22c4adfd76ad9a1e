"""A CI job for a change from a fork: the fork's repository, or the name of its branch, says that it is research."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.pipeline import POLICY, Pipeline, rules

RESEARCH, FEATURE = "research/bigger-batches", "feature/x"
FORKS = {
    "azure-pull-request-from-fork": "dev.azure.com/acme/lab/_git/models.grace",
    "buildkite-pull-request-from-fork": "github.com/grace/models",
    "circleci-pull-request-from-fork": "github.com/grace/models",
    "gitea-pull-request-from-fork": "git.example.org/grace/models",
    "gitlab-merge-request-from-fork": "gitlab.com/grace/models",
    "jenkins-change-from-fork": "github.com/grace/models",
}


@pytest.mark.parametrize("spelt", [str, str.upper])
@pytest.mark.parametrize("name", FORKS)
def test_a_head_of_a_listed_repository_is_research(pipeline: Pipeline, name: str, spelt: Callable[[str], str]) -> None:
    policy = POLICY.replace('"*/grace/*"', f'"{spelt(FORKS[name])}"')
    pipeline.repo.checkout("main").commit("List the fork", {"labgate.toml": policy})
    pipeline.repo.push("main")
    head = pipeline.propose(FEATURE)
    pipeline.remote.git("update-ref", "refs/pull/7/merge", head)
    pipeline.remote.git("update-ref", "-d", f"refs/heads/{FEATURE}")
    result = pipeline.job(name, head, changes={RESEARCH: FEATURE})
    assert (result.status, rules(result)) == (1, ["LG201"]), result.text


@pytest.mark.parametrize("name", FORKS)
def test_a_head_of_another_repository_is_what_its_branch_is_called(pipeline: Pipeline, name: str) -> None:
    policy = POLICY.replace('"*/grace/*"', '"example.org/somebody/*"')
    pipeline.repo.checkout("main").commit("List no fork", {"labgate.toml": policy})
    pipeline.repo.push("main")
    head = pipeline.propose(FEATURE)
    pipeline.remote.git("update-ref", "refs/pull/7/merge", head)
    pipeline.remote.git("update-ref", "-d", f"refs/heads/{FEATURE}")
    assert rules(pipeline.job(name, head, changes={RESEARCH: FEATURE})) == []
    if name in ("azure-pull-request-from-fork", "gitea-pull-request-from-fork", "jenkins-change-from-fork"):
        assert rules(pipeline.job(name, head)) == ["LG201"]


def test_a_fork_cannot_pass_by_pushing_its_commits_to_a_topic_branch_too(pipeline: Pipeline) -> None:
    head = pipeline.propose(FEATURE)
    result = pipeline.job("gitea-pull-request-from-fork", head, changes={RESEARCH: FEATURE})
    assert pipeline.remote.head(FEATURE) == head
    assert (result.status, rules(result)) == (1, ["LG201"])


def test_a_deleted_fork_leaves_the_name_of_the_branch(pipeline: Pipeline) -> None:
    pipeline.remote.git("update-ref", "-d", f"refs/heads/{RESEARCH}")
    result = pipeline.job("github-pull-request-of-deleted-fork", pipeline.propose(RESEARCH))
    assert rules(result) == ["LG201"]

"""A CI job for a change from a fork: the fork's repository, or the name of its branch, says that it is research."""

from __future__ import annotations

from pathlib import Path

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


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipeline")
    Pipeline.build(folder)
    return folder


@pytest.fixture
def team(template: Path, tmp_path: Path) -> Pipeline:
    return Pipeline.copy(template, tmp_path)


@pytest.mark.parametrize("name", FORKS)
def test_a_head_of_a_listed_repository_is_research(team: Pipeline, name: str) -> None:
    policy = POLICY.replace('"*/grace/*"', f'"{FORKS[name]}"')
    team.repo.checkout("main").commit("List the fork", {"labgate.toml": policy})
    team.repo.push("main")
    head = team.propose(FEATURE)
    team.remote.git("update-ref", "refs/pull/7/merge", head)
    team.remote.git("update-ref", "-d", f"refs/heads/{FEATURE}")
    result = team.job(name, head, changes={RESEARCH: FEATURE})
    assert (result.status, rules(result)) == (1, ["LG201"]), result.text


@pytest.mark.parametrize("name", FORKS)
def test_a_head_of_another_repository_is_what_its_branch_is_called(team: Pipeline, name: str) -> None:
    policy = POLICY.replace('"*/grace/*"', '"example.org/somebody/*"')
    team.repo.checkout("main").commit("List no fork", {"labgate.toml": policy})
    team.repo.push("main")
    head = team.propose(FEATURE)
    team.remote.git("update-ref", "refs/pull/7/merge", head)
    team.remote.git("update-ref", "-d", f"refs/heads/{FEATURE}")
    assert rules(team.job(name, head, changes={RESEARCH: FEATURE})) == []
    if name in ("azure-pull-request-from-fork", "gitea-pull-request-from-fork", "jenkins-change-from-fork"):
        assert rules(team.job(name, head)) == ["LG201"]


def test_a_fork_cannot_pass_by_pushing_its_commits_to_a_topic_branch_too(team: Pipeline) -> None:
    head = team.propose(FEATURE)
    result = team.job("gitea-pull-request-from-fork", head, changes={RESEARCH: FEATURE})
    assert team.remote.head(FEATURE) == head
    assert (result.status, rules(result)) == (1, ["LG201"])


def test_a_deleted_fork_leaves_the_name_of_the_branch(team: Pipeline) -> None:
    team.remote.git("update-ref", "-d", f"refs/heads/{RESEARCH}")
    result = team.job("github-pull-request-of-deleted-fork", team.propose(RESEARCH))
    assert rules(result) == ["LG201"]

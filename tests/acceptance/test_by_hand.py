"""What CI jobs run, ``pre-commit run --hook-stage pre-push --from-ref A --to-ref B``, is judged and not skipped."""

from __future__ import annotations

import json
import re

import pytest

from support.hooks import FRAMEWORKS
from support.people import by
from support.repo import Repo, Result
from support.team import found
from support.templates import prepared

CONFIG = ".git/hooks.yaml"
HOOKS = """\
repos:
  - repo: local
    hooks:
      - {id: labgate-push, name: push, entry: labgate-hook pre-push, language: system, stages: [pre-push],
         always_run: true, pass_filenames: false, verbose: true}
      - {id: labgate-check, name: check, entry: labgate-hook manual, language: system, stages: [manual],
         always_run: true, pass_filenames: false, verbose: true}
"""
RANGE = ("--from-ref", "origin/main", "--to-ref", "HEAD")


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@prepared
def team(repo: Repo) -> Repo:
    """A team whose HEAD is a feature with research in it; main, a release and research are on the remote."""
    found(repo)
    repo.push("main:release/1.0")
    repo.git("fetch", "--quiet")
    repo.branch("research/idea").commit("Try it", {"try.py": "1\n"}, **by("ada"))
    repo.push("research/idea")
    repo.branch("feature/x").commit("Own work", {"own.py": "1\n"})
    return repo


def run(team: Repo, framework: str, stage: str, *args: str, **env: str) -> Result:
    (team.path / CONFIG).write_text(HOOKS, encoding="utf-8")
    return team.run(framework, "run", "--config", CONFIG, "--hook-stage", stage, *args, status=None, **env)


def errors(said: Result) -> list[tuple[str, str]]:
    """Return where each error is, and its rule."""
    return re.findall(r"([^ \n]+): (LG[0-9]{3}) error: ", said.text)


@pytest.mark.parametrize("env", [{}, {"CI": "true"}], ids=["by hand", "in some CI"])
@pytest.mark.parametrize("stage", ["pre-push", "manual"])
def test_a_range_is_judged_on_its_way_to_the_trunk(team: Repo, framework: str, stage: str, env: dict[str, str]) -> None:
    said = run(team, framework, stage, *RANGE, **env)
    assert (said.status, errors(said)) == (1, [("main", "LG201")])
    team.git("reset", "--quiet", "--hard", "origin/main")
    team.commit("Own work", {"own.py": "1\n"})
    assert run(team, framework, stage, *RANGE, **env).status == 0


def test_beside_labgate_s_own_hook_it_is_judged_all_the_same(team: Repo, framework: str) -> None:
    team.run("labgate", "install")
    assert errors(run(team, framework, "pre-push", *RANGE)) == [("main", "LG201")]


def test_the_hook_for_ci_needs_no_range(team: Repo, framework: str) -> None:
    assert errors(run(team, framework, "manual", "--all-files")) == [("main", "LG201")]


@pytest.mark.parametrize("variable", ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "LABGATE_TARGET"])
def test_the_branch_that_a_job_s_variables_name_decides(team: Repo, framework: str, variable: str) -> None:
    said = run(team, framework, "pre-push", *RANGE, **{variable: "release/1.0"})
    assert errors(said) == [("release/1.0", "LG201")], said.text


def test_what_github_says_is_moved_decides(team: Repo, framework: str) -> None:
    head, file = team.head(), team.path / ".git" / "event.json"
    team.push("feature/x")
    event = {"ref": "refs/heads/feature/x", "before": team.head("origin/main"), "after": head, "deleted": False}
    file.write_text(json.dumps({**event, "repository": {"full_name": "acme/lab"}}), encoding="utf-8")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(file)}
    env |= {"GITHUB_REF": "refs/heads/feature/x", "GITHUB_SHA": head, "GITHUB_REPOSITORY": "acme/lab"}
    said = run(team, framework, "pre-push", *RANGE, GITHUB_SERVER_URL="http://127.0.0.1:9", **env)
    assert (said.status, errors(said)) == (0, [])


@pytest.mark.parametrize("branch", ["release/1.0", "refs/heads/release/1.0"])
def test_the_remote_branch_decides_short_or_full(team: Repo, branch: str) -> None:
    named = ("--remote-branch", branch, "--local-branch", "HEAD", "--remote-name", "origin", "--remote-url", "x")
    said = run(team, "pre-commit", "pre-push", *RANGE, *named)
    assert errors(said) == [("release/1.0", "LG201")], said.text
    assert errors(run(team, "pre-commit", "pre-push", *RANGE, *named, LABGATE_TARGET="main")) == (
        [("main", "LG201")] if branch == "release/1.0" else [("release/1.0", "LG201")]
    )


def test_where_nobody_says_which_branch_is_the_trunk_the_ways_to_say_it_are_named(team: Repo, framework: str) -> None:
    team.git("rm", "--quiet", "--cached", "labgate.toml")
    (team.path / "labgate.toml").unlink()
    team.push("main:master")
    team.git("fetch", "--quiet")
    said = run(team, framework, "pre-push", *RANGE)
    assert said.status == 1
    assert "exit code: 2" in said.text
    for way in ("git remote set-head origin -a", "LABGATE_TARGET=BRANCH", "--remote-branch BRANCH"):
        assert way in said.text
    assert errors(run(team, framework, "pre-push", *RANGE, LABGATE_TARGET="main")) == [("main", "LG201")]


def test_what_has_landed_is_judged_from_where_the_range_starts(team: Repo, framework: str) -> None:
    before = team.head("origin/main")
    team.push("feature/x:main")
    team.git("fetch", "--quiet")
    said = run(team, framework, "pre-push", "--from-ref", before, "--to-ref", "HEAD")
    assert errors(said) == [("main", "LG201")]
    empty = run(team, framework, "pre-push", *RANGE)
    assert empty.status == 0
    assert "has " in empty.text
    assert "already, so nothing is proposed" in empty.text


def test_without_a_policy_the_push_hook_is_skipped_and_the_hook_for_ci_is_not(repo: Repo, framework: str) -> None:
    repo.with_remote()
    repo.commit("Start", {"a.py": "1\n"})
    repo.push("main")
    repo.git("fetch", "--quiet")
    repo.branch("feature/x").commit("Own work", {"own.py": "1\n"})
    said = run(repo, framework, "pre-push", *RANGE)
    assert said.status == 0
    assert "labgate: skipped: there is no labgate.toml" in said.text
    assert run(repo, framework, "manual", *RANGE).status == 1

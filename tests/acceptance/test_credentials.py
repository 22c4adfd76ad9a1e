"""A job in which ``git fetch`` works must work: whoever may say so tells git how to reach the remote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from support.marker import Marker
from support.policies import TEAM
from support.repo import Repo
from support.webhost import HEADER, PASSWORD, WebHost, helper

CHECK = ("check", "--target", "main", "--head", "feature/x", "--fetch")


@pytest.fixture
def host(repo: Repo) -> Iterator[WebHost]:
    """A server that wants a password; ``repo`` has it as its remote, with ``feature/x`` beside."""
    bare = repo.with_remote()
    repo.commit("Adopt labgate", {"labgate.toml": TEAM})
    repo.push("main")
    repo.git("fetch", "--quiet", "origin")
    repo.branch("feature/x").commit("A thing", {"a.py": "pass\n"})
    with closing(WebHost(bare)) as served:
        repo.git("remote", "set-url", "origin", served.url)
        yield served


class Job(NamedTuple):
    """A job's repository, the host that it fetches from, and a folder for its files."""

    repo: Repo
    host: WebHost
    folder: Path

    def settings(self, text: str) -> dict[str, str]:
        """Give the job a configuration of its user's."""
        (self.folder / "global").write_text(text)
        return {"GIT_CONFIG_GLOBAL": str(self.folder / "global"), "CI_JOB_TOKEN": PASSWORD}


def of_the_user(job: Job) -> dict[str, str]:
    return job.settings(f"[credential]\n\thelper = {helper(job.folder)}\n")


def of_the_user_for_the_host(job: Job) -> dict[str, str]:
    return job.settings(f'[credential "{job.host.origin}"]\n\thelper = {helper(job.folder)}\n')


def counted(job: Job) -> dict[str, str]:
    one = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "credential.helper"}
    return one | {"GIT_CONFIG_VALUE_0": helper(job.folder), "CI_JOB_TOKEN": PASSWORD}


def of_the_command(job: Job) -> dict[str, str]:
    return {"GIT_CONFIG_PARAMETERS": f"'credential.helper'='{helper(job.folder)}'", "CI_JOB_TOKEN": PASSWORD}


def counted_header(_: Job) -> dict[str, str]:
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": HEADER}


def asked(job: Job) -> dict[str, str]:
    program = job.folder / "ask"
    program.write_text('#!/bin/sh\ncase "$1" in Username*) echo job;; *) echo "$CI_JOB_TOKEN";; esac\n')
    program.chmod(0o755)
    return {"GIT_ASKPASS": str(program), "CI_JOB_TOKEN": PASSWORD}


def header_of_the_repository(job: Job) -> dict[str, str]:
    job.repo.git("config", f"http.{job.host.origin}/.extraHeader", HEADER)
    return {}


def included_header(job: Job) -> dict[str, str]:
    (job.folder / "included").write_text(f'[http "{job.host.origin}/"]\n\textraHeader = {HEADER}\n')
    job.repo.git("config", f"includeIf.gitdir:{job.repo.path}/.git.path", str(job.folder / "included"))
    return {}


def netrc(job: Job) -> dict[str, str]:
    (Path(job.repo.env["HOME"]) / ".netrc").write_text(f"machine 127.0.0.1 login job password {PASSWORD}\n")
    return {}


WAYS: tuple[Callable[[Job], dict[str, str]], ...] = (
    *(of_the_user, of_the_user_for_the_host, counted, of_the_command, counted_header, asked),
    *(header_of_the_repository, included_header, netrc),
)


@pytest.mark.parametrize("way", WAYS)
def test_where_git_fetch_works_labgate_fetches(
    repo: Repo, host: WebHost, tmp_path: Path, way: Callable[[Job], dict[str, str]]
) -> None:
    env = way(Job(repo, host, tmp_path))
    repo.git("fetch", "--quiet", "origin", **env)
    assert repo.labgate(*CHECK, status=0, **env).text == ""


@pytest.mark.parametrize("key", ["credential.helper", "credential.{origin}.helper"])
def test_a_helper_of_the_repository_itself_is_not_started_and_the_way_out_is_named(
    repo: Repo, host: WebHost, tmp_path: Path, key: str
) -> None:
    marker = Marker(tmp_path / "marker")
    env = Job(repo, host, tmp_path).settings("")
    repo.git("config", key.format(origin=host.origin), f"!{marker.command}")
    said = repo.labgate(*CHECK, status=2, **env)
    assert marker.ran == ""
    assert f"help: git config --global {key.format(origin=host.origin)} " in said.text
    # With a helper that knows the password the command that is printed is all that it takes.
    repo.git("config", key.format(origin=host.origin), helper(tmp_path))
    (command,) = (
        line.partition("help: ")[2].partition("  #")[0]
        for line in repo.labgate(*CHECK, status=2, **env).text.splitlines()
        if "help: " in line
    )
    repo.git("-c", f"alias.do=!{command}", "do", **env)
    assert repo.labgate(*CHECK, status=0, **env).text == ""


def test_a_helper_of_the_repository_does_not_stand_before_the_users(repo: Repo, host: WebHost, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    env = of_the_user(Job(repo, host, tmp_path))
    repo.git("config", "credential.helper", f"!{marker.command}")
    assert repo.labgate(*CHECK, status=0, **env).text == ""
    assert marker.ran == ""

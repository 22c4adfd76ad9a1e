"""What a CI job may find around it: an event file that is none, and a remote with a relative path."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.jobs import recorded
from support.obstacles import in_time
from support.pipeline import code
from support.policies import TEAM
from support.repo import Repo
from support.templates import prepared


@prepared
def clone(repo: Repo) -> Repo:
    """A clone on ``feature/copy``, which has the file of ``research/x`` without a review."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM.replace("lines = 10\n", "lines = 100\n")})
    repo.push("main")
    repo.branch("research/x").commit("Try", {"tried.py": code("tried") * 3})
    repo.push("research/x")
    repo.branch("feature/copy", "main").commit("Copy", {"tried.py": code("tried") * 3})
    repo.git("fetch", "--quiet", "origin")
    return repo


@pytest.fixture
def job(clone: Repo, tmp_path: Path) -> dict[str, str]:
    return recorded("github-pull-request", tmp_path, clone.head(), clone.git("rev-parse", "origin/main"))


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terabyte(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


@pytest.mark.parametrize("make", [endless, terabyte, os.mkfifo, Path.mkdir], ids=["endless", "large", "pipe", "folder"])
@pytest.mark.parametrize("words", [("ci",), ("ci", "--explain-context"), ("check", "--target", "main")])
def test_an_event_file_that_never_ends_is_named(
    clone: Repo, job: dict[str, str], tmp_path: Path, make: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    event = tmp_path / "event"
    make(event)
    with in_time():
        result = clone.labgate(*words, status=None, **job | {"GITHUB_EVENT_PATH": str(event)})
    if words[0] == "ci":
        assert result.status == 2
        assert f"GITHUB_EVENT_PATH: '{event}' cannot be read" in result.text
        assert "TimeoutError" not in result.text
    else:
        # What is checked by hand does not need the event.
        assert result.status == 1


def test_an_event_file_behind_a_link_is_read(clone: Repo, job: dict[str, str], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(job["GITHUB_EVENT_PATH"])
    found = clone.labgate("ci", "--format", "json", status=None, **job | {"GITHUB_EVENT_PATH": str(link)})
    assert [finding["rule"] for finding in json.loads(found.out)["findings"]] == ["LG201"]


def test_a_remote_with_a_relative_path_is_asked(clone: Repo, job: dict[str, str]) -> None:
    """The path begins at the top of the work tree, as in git itself."""
    clone.git("remote", "set-url", "origin", os.path.relpath(clone.git("remote", "get-url", "origin"), clone.path))
    found = clone.labgate("ci", "--format", "json", status=None, **job)
    assert [finding["rule"] for finding in json.loads(found.out)["findings"]] == ["LG201"]

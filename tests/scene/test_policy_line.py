"""The policy of each commit of a long line, read from the few commits that change it."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from labgate.checks.registry import policy_reader
from labgate.git.commits import rev_list
from labgate.git.repository import Repository, discover
from labgate.policy.model import Policy
from labgate.scene.policy_files import policies_at
from labgate.scene.policy_line import Standing, changes_of_policy, policies_along
from support.pipeline import POLICY
from support.repo import Repo


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


def said(policies: dict[str, Standing]) -> dict[str, object]:
    """Return what can be compared: errors are equal if they say the same, but for the commit that they name."""
    return {
        oid: policy if policy is None or isinstance(policy, Policy) else re.sub(r"\b[0-9a-f]{12}:", "", policy.message)
        for oid, policy in policies.items()
    }


def act(repo: Repo, kind: str) -> None:
    """Make a commit that changes the files of a policy in one way."""
    own = repo.path / "labgate.toml"
    if kind == "folder":
        repo.git("rm", "--quiet", "--cached", "labgate.toml")
        own.unlink()
        repo.commit(kind, {"labgate.toml/x": "1\n"})
        repo.git("rm", "--quiet", "-r", "labgate.toml")
        repo.commit("no folder", {"other": "1\n"})
    elif kind == "link":
        own.unlink()
        own.symlink_to("elsewhere.toml")
        repo.git("add", "--all")
        repo.commit(kind)
        own.unlink()
    elif kind == "merge":
        repo.branch("side", "HEAD~1")
        repo.commit("aside", {"labgate.toml": POLICY + "# aside\n", "aside": "1\n"})
        repo.checkout("main")
        repo.git("merge", "--quiet", "--no-ff", "--strategy-option=theirs", "--message", "merge", "side")
    else:
        repo.commit(kind, {"labgate.toml": kind})


def test_it_is_what_is_read_at_each_commit(repo: Repo) -> None:
    repo.commit("No policy", {"a": "1\n"})
    for number, kind in enumerate(
        (POLICY, POLICY + "# more\n", "version = 1\n", "merge", "link", POLICY, "folder", POLICY)
    ):
        act(repo, kind)
        repo.commit("Nothing to do with it", {"a": f"{number}\n"})
        project = "[tool.labgate]\nversion = 1\n" if number == 4 else f"[project]\nversion = '{number}'\n"
        repo.commit("Bump", {"pyproject.toml": project})
    repository, reader = found(repo), policy_reader()
    line = rev_list(repository, [repo.head()], (), "--first-parent")[::-1]
    tip = line[-1]
    truth = said(policies_at(repository, line, reader))
    assert {type(policy) for policy in truth.values()} == {Policy, str, type(None)}
    assert said(policies_along(changes_of_policy(repository, tip, None, reader), line[0], line[1:])) == truth
    for at, before in enumerate(line):
        above = line[at + 1 :]
        assert said(policies_along(changes_of_policy(repository, tip, before, reader), before, above)) == {
            oid: truth[oid] for oid in (before, *above)
        }


def test_versions_take_no_process_each(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    spawn = os.posix_spawn

    def counted(*args: Any, **named: Any) -> int:
        started.append(args)
        return spawn(*args, **named)

    monkeypatch.setattr(os, "posix_spawn", counted)

    def processes(versions: int) -> int:
        for number in range(versions):
            repo.commit("Bump", {"pyproject.toml": f"[project]\nversion = '{number}'\n[tool.labgate]\nversion = 1\n"})
        repository = found(repo)
        started.clear()
        policies = changes_of_policy(repository, repo.head(), None, policy_reader())
        assert len(policies) >= versions
        return len(started)

    assert processes(2) == processes(20)

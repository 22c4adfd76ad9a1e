"""Hooks for commits and none for pushes: the commit hook says so once a day, and its command mends it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.hooks import FRAMEWORKS
from support.policies import TEAM
from support.repo import Repo

HOOK = "{{id: {id}, name: {id}, entry: labgate-hook {stage}, language: system, stages: [{stage}], "
HOOK += "always_run: true, pass_filenames: false, verbose: true}}"
PASTED = "repos:\n- repo: local\n  hooks:\n" + "".join(
    f"  - {HOOK.format(id=name, stage=stage)}\n"
    for name, stage in (("labgate-commit", "pre-commit"), ("labgate-push", "pre-push"))
)
SAID = "labgate: labgate-push is configured, but this clone has no push hook that starts it; run: "


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def clone(repo: Repo, framework: str, tmp_path: Path) -> Repo:
    """A clone whose configuration is what somebody pasted, and in which the framework was installed as it is."""
    repo.env |= {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PREK_HOME": str(tmp_path / "home")}
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM, ".pre-commit-config.yaml": PASTED})
    repo.push("main")
    repo.run(framework, "install")
    repo.branch("feature/x")
    return repo


def commit(repo: Repo, **env: str) -> list[str]:
    """Commit something with hooks, and return what was said of the push hook."""
    repo.clock += 60
    repo.write({"a.py": f"{repo.clock}\n"}).git("add", "a.py")
    text = repo.run("git", "commit", "-m", "Add a", status=0, **env).text
    return [line.strip() for line in text.splitlines() if "push hook" in line]


def test_it_is_said_once_a_day_and_the_command_installs_it(clone: Repo, framework: str) -> None:
    (line,) = commit(clone)
    assert line.startswith(SAID)
    assert commit(clone) == []
    stamp = clone.path / ".git" / "labgate" / "push-hook"
    os.utime(stamp, (stamp.stat().st_mtime - 90_000,) * 2)
    assert commit(clone) == [line]
    os.utime(stamp, (stamp.stat().st_mtime - 90_000,) * 2)
    command = line.removeprefix(SAID)
    assert command == f"{framework} install --hook-type pre-push"
    clone.run("sh", "-ec", command)
    assert commit(clone) == []
    assert "labgate-push" in clone.run("git", "push", "origin", "HEAD", status=0).text


@pytest.mark.parametrize("framework", ["pre-commit"], indirect=True)
class TestSilence:
    @pytest.mark.parametrize("name", ["CI", "TF_BUILD"])
    def test_in_a_job(self, clone: Repo, name: str) -> None:
        assert commit(clone, **{name: "true"}) == []

    def test_where_labgate_s_own_hook_is(self, clone: Repo) -> None:
        clone.run("labgate", "install")
        assert commit(clone) == []

    def test_where_nothing_of_labgate_is_asked_for_at_push(self, clone: Repo) -> None:
        text = "".join(line for line in PASTED.splitlines(keepends=True) if "labgate-push" not in line)
        clone.write({".pre-commit-config.yaml": f"{text}# labgate-push\n"}).git("add", ".pre-commit-config.yaml")
        assert commit(clone) == []

    def test_where_somebody_runs_all_hooks_by_hand(self, clone: Repo) -> None:
        assert "push hook" not in clone.run("pre-commit", "run", "--all-files").text

    def test_a_push_hook_of_somebody_else_is_none_of_labgate_s(self, clone: Repo) -> None:
        hook = clone.path / ".git" / "hooks" / "pre-push"
        hook.write_text("#!/bin/sh\ngit lfs pre-push\n")
        hook.chmod(0o755)
        assert len(commit(clone)) == 1

"""A team's repository in which git starts labgate's hooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.isolated import install, make_interpreter
from support.policies import TEAM
from support.repo import Repo
from support.templates import copied, kept


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter for hooks."""
    return make_interpreter(tmp_path_factory.mktemp("python") / "venv")


@pytest.fixture
def team(tmp_path: Path, python: str) -> Repo:
    """``main`` with the policy TEAM, pushed to ``origin``; ``feature/x`` checked out; the commit hooks installed."""
    repo = copied(kept("team", _team), tmp_path)
    install(repo, python, "pre-commit", "pre-merge-commit")
    return repo


def _team(folder: Path) -> Repo:
    repo = Repo.init(folder / "work")
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": TEAM, "a.py": "a\n" * 40})
    repo.push("main")
    return repo.branch("feature/x")


@pytest.fixture
def here(team: Repo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The team's repository as the directory of the tests' own process."""
    monkeypatch.chdir(team.path)
    return team.path

"""A remote with a policy on its trunk, to which research is pushed."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.repo import Repo
from support.standing import POLICY
from support.templates import copied, kept


@pytest.fixture
def team(tmp_path: Path) -> Repo:
    return copied(kept("overview", _team), tmp_path)


def _team(folder: Path) -> Repo:
    repo = Repo.init(folder / "work")
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY, "README.md": "# Models\n", "model.py": "size = 1\nrate = 1\n"})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "main")
    return repo

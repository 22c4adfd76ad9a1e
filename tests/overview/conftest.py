"""A remote with a policy on its trunk, to which research is pushed."""

from __future__ import annotations

import pytest

from support.repo import Repo
from support.standing import POLICY


@pytest.fixture
def team(repo: Repo) -> Repo:
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY, "README.md": "# Models\n", "model.py": "size = 1\nrate = 1\n"})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "main")
    return repo

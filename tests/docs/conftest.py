"""The repository in which the examples of the documents happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.console import blocks
from support.data import ROOT
from support.people import by
from support.repo import Repo


@pytest.fixture
def clone(tmp_path: Path) -> Repo:
    """A fresh clone as the hook reference describes it, with Ada at the keyboard."""
    repo = Repo.init(tmp_path / "models")
    repo.env |= by("ada") | {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    Repo.init(tmp_path / "models.git", "--bare")
    repo.git("remote", "add", "origin", "../models.git")
    (policy,) = (block for block in blocks(ROOT / "hooks" / "README.md") if block.file == "labgate.toml")
    repo.commit("Start", {"labgate.toml": policy.text, "README.md": "Models.\n"})
    repo.push("main")
    repo.run("labgate", "install")
    return repo

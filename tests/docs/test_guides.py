"""docs/guides are true: each policy judges, and what the commands print is what stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.console import blocks, hold
from support.data import ROOT
from support.people import by
from support.repo import Repo

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_its_story_happens_as_it_stands_there(guide: Path, tmp_path: Path) -> None:
    (policy,) = (block for block in blocks(guide) if block.language == "toml")
    repo = Repo.init(tmp_path / "models")
    repo.env |= by("ada") | {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    Repo.init(tmp_path / "models.git", "--bare")
    repo.git("remote", "add", "origin", "../models.git")
    repo.commit("Start", {"labgate.toml": policy.text, "README.md": "Models.\n"})
    repo.push("main")
    repo.run("labgate", "policy", "check")
    repo.run("labgate", "install")
    hold(guide, blocks(guide), repo, normalise=shown)


def shown(text: str) -> str:
    """Return what a command printed with constants for what differs from run to run."""
    return re.sub(r"\b\d+y\b", "3d", text)

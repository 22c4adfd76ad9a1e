"""The repository in which the examples of the documents happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate import __version__
from labgate.setup.source import Source
from support.console import blocks
from support.data import ROOT
from support.people import by
from support.repo import Repo
from support.templates import copied, kept


@pytest.fixture
def clone(tmp_path: Path) -> Repo:
    """A fresh clone as the hook reference describes it, with Ada at the keyboard."""
    return copied(kept("models", _clone), tmp_path)


def _clone(folder: Path) -> Repo:
    repo = Repo.init(folder / "models")
    repo.env |= by("ada") | {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    Repo.init(folder / "models.git", "--bare")
    repo.git("remote", "add", "origin", "../models.git")
    (policy,) = (block for block in blocks(ROOT / "hooks" / "README.md") if block.file == "labgate.toml")
    repo.commit("Start", {"labgate.toml": policy.text, "README.md": "Models.\n"})
    repo.push("main")
    repo.run("labgate", "install")
    return repo


#: Where the team of the examples gets labgate from.
SOURCE = Source("https://example.org/tools/labgate", f"v{__version__}")


def filled_in(text: str, source: Source) -> str:
    """Return a file of the README with a source in the place of what its readers fill in."""
    return text.replace("<URL of labgate>", str(source.url)).replace("<tag or commit>", str(source.rev))


@pytest.fixture
def adopted(clone: Repo) -> Repo:
    """The clone once its team starts labgate from pre-commit, with what the README says of it."""
    (config,) = (block for block in blocks(ROOT / "README.md") if block.file == ".pre-commit-config.yaml")
    clone.commit("Hooks", {".pre-commit-config.yaml": filled_in(config.text, SOURCE)})
    clone.push("main")
    return clone

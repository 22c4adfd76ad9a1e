"""labgate as a hook framework gets it: a repository with a tag, and what it installs from, without a network."""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from labgate import __version__
from support.data import ROOT
from support.repo import Repo

#: What the frameworks build and install; tests and documents are not needed for it.
_FILES = ("pyproject.toml", ".pre-commit-hooks.yaml", "README.md", "LICENSE", "hooks")

#: What labgate needs to be built and to run, with what these need in turn.
REQUIRED = (
    *("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers"),
    *("click", "GitPython", "gitdb", "smmap", "ruamel.yaml", "tomli", "typing-extensions", "urllib3"),
)


def publish(folder: Path) -> Repo:
    """Return this work tree's labgate as a repository of its own, tagged with its version."""
    repo = Repo.init(folder / "labgate")
    for name in _FILES:
        source, target = ROOT / name, repo.path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    repo.commit("labgate as it stands")
    repo.git("tag", f"v{__version__}")
    return repo


def offline(folder: Path) -> dict[str, str]:
    """Return the environment in which a framework installs from the tests' own packages instead of an index."""
    shelf = folder / "shelf"
    shelf.mkdir()
    for name in REQUIRED:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # some Pythons do without; pip refuses when one is needed
        for top in {file.parts[0] for file in found.files or () if not file.parts[0].startswith(("..", "__pycache__"))}:
            shelf.joinpath(top).symlink_to(str(found.locate_file(top)))
    return {
        "PRE_COMMIT_HOME": str(folder / "pre-commit"),
        "PREK_HOME": str(folder / "prek"),
        "PYTHONPATH": str(shelf),
        "PIP_NO_INDEX": "1",
        # pip takes the value of the option, not of its name: 0 is "no isolation".
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_COMPILE": "0",
    }

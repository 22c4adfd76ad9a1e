"""Repositories that are made once and copied for each test that changes them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Hashable
from functools import cache
from pathlib import Path

import pytest

from support.env import hermetic
from support.repo import Repo

_KEPT: dict[Hashable, Repo] = {}


def kept(key: Hashable, build: Callable[[Path], Repo]) -> Repo:
    """Return what ``build`` made in a folder of its own when this process asked for ``key`` first."""
    if key not in _KEPT:
        folder = _root() / str(len(_KEPT))
        folder.mkdir()
        _KEPT[key] = build(folder)
        for sample in folder.rglob("hooks/*.sample"):
            sample.unlink()
    return _KEPT[key]


def prepared(build: Callable[[Repo], Repo]) -> Callable[[Path], Repo]:
    """Return a fixture, in the place of the fixture ``repo``: what ``build`` makes of that, which it does once."""

    @pytest.fixture(name=build.__name__)
    def fixture(tmp_path: Path) -> Repo:
        return copied(kept(build, lambda folder: build(Repo.init(folder / "work"))), tmp_path)

    fixture.__doc__ = build.__doc__
    return fixture


@cache
def _root() -> Path:
    folder = tempfile.mkdtemp(prefix="labgate-templates-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def copied(template: Repo, folder: Path) -> Repo:
    """Return a private copy of a repository and of all that lies beside it, its remotes and its home included.

    What its configuration says of the folder of the template is said of ``folder`` in the copy.
    """
    source, name = template.path.parent, template.path.name
    shutil.copytree(source, folder, dirs_exist_ok=True, symlinks=True)
    config = folder / name / ".git" / "config"
    config.write_text(config.read_text(encoding="utf-8").replace(f"{source}/", f"{folder}/"), encoding="utf-8")
    own = hermetic(folder / f"{name}-home")
    repo = Repo(folder / name, template.env | {key: own[key] for key in ("PATH", "HOME")})
    repo.clock = template.clock
    return repo

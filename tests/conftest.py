"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import sdg as sdg_project
from support import wheels
from support.data import bundle
from support.env import hermetic
from support.once import once
from support.pipeline import Pipeline
from support.repo import Repo

# A shell starts a background job with SIGINT ignored, nohup ignores SIGHUP, and what a test starts would inherit it.
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

# A busy machine is no fault of what is tested.
settings.register_profile("labgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labgate")

# Tables and help pages are as wide as the terminal.
os.environ["COLUMNS"] = "80"


# What is collected stays to the end: to look for garbage in it takes a third of the time of collecting.
gc.disable()


def pytest_collection_finish() -> None:
    """Let the garbage collector never look at what all the modules of tests have made."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository on an unborn ``main``, without a remote."""
    return Repo.init(tmp_path / "work")


@pytest.fixture(scope="session")
def sdg_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic project, built once."""
    folder = tmp_path_factory.mktemp("sdg")
    sdg_project.build(folder)
    return folder


@pytest.fixture
def sdg(sdg_template: Path, tmp_path: Path) -> Repo:
    """The synthetic project: ``main`` with a policy, ``research/pr-72``, both on the remote ``origin``."""
    return sdg_project.copy(sdg_template, tmp_path / "sdg")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> wheels.Shelf:
    """Wheels of labgate, and of what it is built with and needs. No test writes to it."""
    return wheels.Shelf(once(tmp_path_factory, "shelf", wheels.fill))


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Repo]:
    """Returns a real history below ``refs/theirs``, by the name of its bundle. No test writes to it."""

    def fetched(name: str) -> Repo:
        source = str(bundle(f"{name}.bundle"))

        def fetch(folder: Path) -> None:
            Repo.init(folder / "work").git("fetch", "--quiet", "--no-tags", source, "+refs/*:refs/theirs/*")

        folder = once(tmp_path_factory, f"history-{name}", fetch)
        return Repo(folder / "work", hermetic(folder / "work-home"))

    return fetched


@pytest.fixture(scope="session")
def pipeline_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team's repositories for CI jobs, built once."""
    folder = tmp_path_factory.mktemp("pipeline")
    Pipeline.build(folder)
    return folder


@pytest.fixture
def pipeline(pipeline_template: Path, tmp_path: Path) -> Pipeline:
    """A team's repository, its remote, and clones of it as CI jobs make them."""
    return Pipeline.copy(pipeline_template, tmp_path)

"""What is built from this tree has all of labgate and nothing else; test_release.py installs it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from labgate import __version__
from support.data import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    argv = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_has_labgate_with_its_data_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names} == {"labgate", f"labgate-{__version__}.dist-info"}
    for data in (
        "py.typed",
        "report/report.schema.json",
        "report/status.schema.json",
        "setup/presets/trunk.toml",
        "hook.py",
    ):
        assert f"labgate/{data}" in names

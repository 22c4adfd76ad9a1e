"""What is built from this tree installs into an empty environment and works there. Needs a package index for pip."""

from __future__ import annotations

import subprocess
import sys
import venv
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


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"], ids=["wheel", "sdist"])
def test_it_installs_into_an_empty_environment_and_plays_the_demo(built: Path, kind: str, tmp_path: Path) -> None:
    (archive,) = built.glob(kind)
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = tmp_path / "venv" / "bin"
    subprocess.run([scripts / "pip", "install", "--quiet", archive], check=True, capture_output=True, cwd=tmp_path)
    version = subprocess.run([scripts / "labgate", "--version"], check=True, capture_output=True, text=True)
    assert version.stdout == f"labgate {__version__}\n"
    demo = subprocess.run([scripts / "labgate", "demo"], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert "HEAD -> main" in demo.stdout

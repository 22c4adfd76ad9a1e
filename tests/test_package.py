"""What is built from this tree has all of labgate and nothing else; test_release.py installs it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from labgate import __version__
from labgate.cli.main import labgate
from support.data import ROOT
from support.tools import require_program


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


def commands(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the words of a group and of everything below it."""
    yield words
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name)


def test_the_sdist_has_a_manual_page_of_each_command(built: Path, tmp_path: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        pages = [member for member in archive.getmembers() if "/man/" in member.name]
        archive.extractall(tmp_path, members=pages, filter="data")
    folder = tmp_path / f"labgate-{__version__}" / "man" / "man1"
    assert {path.name for path in folder.iterdir()} == {
        "-".join(words) + ".1" for words in commands(labgate, ("labgate",))
    }
    check = (folder / "labgate-check.1").read_text(encoding="utf-8")
    assert check.startswith('.TH "LABGATE CHECK" "1" ')
    assert "\n.nf\nExamples:\n  labgate check\n" in check
    assert "\\fB\\-\\-target\\fP BRANCH" in check
    assert "\b" not in check
    program = require_program("man", "apt-get install man-db")
    for page in folder.iterdir():
        done = subprocess.run([program, "--warnings", "--local-file", page], capture_output=True, text=True, check=True)
        assert done.stderr == "", page.name
        assert "NAME" in done.stdout

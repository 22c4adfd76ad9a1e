"""`.ci/release` prepares all of a release, and nothing where one cannot be made."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from support.data import ROOT
from support.isolated import new_environment
from support.repo import Repo
from support.wheels import Shelf

FILES = (
    ".ci",
    "hooks",
    "CHANGELOG.md",
    "README.md",
    "LICENSE",
    "pyproject.toml",
    ".pre-commit-hooks.yaml",
    ".gitignore",
    "hatch_build.py",
)


@pytest.fixture
def source(repo: Repo) -> Repo:
    """A clone of labgate, as far as a release needs it."""
    for name in FILES:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, repo.path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, repo.path / name)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "labgate as it stands")
    return repo


def release(source: Repo, version: str, status: int = 0) -> str:
    return source.run(sys.executable, ".ci/release", version, status=status).text


def test_one_command_prepares_tag_wheel_and_sdist(source: Repo) -> None:
    said = release(source, "7.8.9")
    assert "git push --atomic origin HEAD:main v7.8.9" in said
    assert sorted(path.name for path in (source.path / "dist").iterdir()) == [
        "labgate-7.8.9-py3-none-any.whl",
        "labgate-7.8.9.tar.gz",
    ]
    assert source.git("cat-file", "-t", "v7.8.9") == "tag"
    assert source.head("v7.8.9") == source.head()
    assert source.git("status", "--porcelain") == ""
    assert '__version__ = "7.8.9"' in source.git("show", "v7.8.9:hooks/labgate/__init__.py")
    changes = source.git("show", "v7.8.9:CHANGELOG.md")
    assert changes.partition("## Unreleased\n")[2].lstrip().startswith("## 7.8.9 - ")
    assert "nothing under Unreleased" in release(source, "7.9.0", status=2)


@pytest.mark.slow
def test_what_it_prepared_installs_from_an_index_and_knows_its_pages(
    source: Repo, tmp_path: Path, shelf: Shelf
) -> None:
    """The index is a server on this machine that lists files (PEP 503), with what labgate needs beside it."""
    source.git("remote", "add", "origin", "git@github.com:acme/labgate.git")
    assert "https://github.com/acme/labgate\n" in release(source, "7.8.9")
    files = [*shelf.wheels.glob("*.whl"), *(source.path / "dist").iterdir()]
    with served(tmp_path / "index", files) as url:
        scripts = tmp_path / "venv" / "bin"
        pip = new_environment(scripts.parent)
        for options in ([], ["--force-reinstall", "--no-deps", "--no-binary", "labgate"]):
            install = (*pip, *options, "labgate==7.8.9")
            source.run(*install, PIP_INDEX_URL=url, PIP_FIND_LINKS="", PIP_NO_INDEX="0", PIP_COMPILE="0")
            assert source.run(str(scripts / "labgate"), "--version").out == "labgate 7.8.9\n"
            explained = source.run(str(scripts / "labgate"), "explain", "LG201").out
            assert explained.endswith("\n  https://github.com/acme/labgate/blob/v7.8.9/docs/rules/LG201.md\n")
            assert "HEAD -> main" in source.run(str(scripts / "labgate"), "demo").out


@contextmanager
def served(folder: Path, files: Iterable[Path]) -> Iterator[str]:
    """Yield the URL of a package index with these files."""
    for file in files:
        project = folder / "simple" / re.sub(r"[-_.]+", "-", file.name.partition("-")[0]).lower()
        project.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, project)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Write no line for each request."""


@pytest.mark.parametrize("version", ["", "1.2", "v1.2.3", "1.2.3; id"])
def test_only_a_version_can_be_released(source: Repo, version: str) -> None:
    assert "usage: .ci/release VERSION" in release(source, version, status=2)


def test_nothing_is_prepared_over_a_tag_or_over_changes(source: Repo) -> None:
    before = source.head()
    source.git("tag", "v7.8.9")
    assert "a tag v7.8.9 already" in release(source, "7.8.9", status=2)
    source.write({"README.md": "changed\n"})
    assert "not committed" in release(source, "7.9.0", status=2)
    assert source.head() == before
    assert not (source.path / "dist").exists()


def test_the_workflow_builds_what_the_tag_names() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert '[ "v$("$RUNNER_TEMP/tools/bin/hatchling" version)" = "$GITHUB_REF_NAME" ]' in text
    program = Path(sys.executable).parent / "hatchling"
    version = subprocess.run([program, "version"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert f'__version__ = "{version.stdout.strip()}"' in (ROOT / "hooks/labgate/__init__.py").read_text()

"""Where labgate cannot run: one line and status 2, from every entry point, and never a traceback."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labgate.values.system import LEAST_PYTHON, unsupported
from support.data import ROOT

SOURCE = ROOT / "hooks"
#: What an unsupported Python reads before it has said so.
READ_FIRST = ("__init__", "values/__init__", "values/system", "__main__", "hook", "cli/__init__", "cli/main")
ENTRIES = {
    "labgate": "from labgate.cli.main import main; main()",
    "python -m labgate": "import runpy; runpy.run_module('labgate', run_name='__main__')",
    "labgate-hook": "from labgate.hook import main; main()",
}
WINDOWS = "labgate does not run on Windows itself; install it in WSL, and use git there"
#: Modules that Python on Windows does not have.
UNIX = ("fcntl", "grp", "posix", "pwd", "resource", "termios", "tty", "pty", "syslog")


def test_every_python_from_the_declared_one_on_is_supported() -> None:
    assert f'requires-python = ">={".".join(map(str, LEAST_PYTHON))}"' in (ROOT / "pyproject.toml").read_text()
    assert unsupported((3, 10, 0), "linux") is unsupported((3, 14, 1), "darwin") is None
    assert unsupported((3, 14, 1), "win32") == WINDOWS


@pytest.mark.parametrize("name", READ_FIRST)
def test_an_old_python_can_read_what_says_so(name: str) -> None:
    ast.parse((SOURCE / "labgate" / f"{name}.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def said(setup: str, entry: str, *words: str, python: str = sys.executable) -> tuple[int, str, str]:
    """Return status and output of an entry point whose interpreter finds labgate and what it needs."""
    code = f"import sys; sys.argv[1:] = {list(words)}; {setup}; sys.path.insert(0, {str(SOURCE)!r}); {ENTRIES[entry]}"
    argv = [python, *(["-I"] if python == sys.executable else []), "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={"PATH": os.defpath})
    return done.returncode, done.stdout, done.stderr


def words_of(entry: str) -> tuple[str, ...]:
    return ("pre-push", "--native", "origin") if entry == "labgate-hook" else ("check",)


@pytest.mark.parametrize("entry", ENTRIES)
def test_windows_is_one_line(entry: str) -> None:
    lacking = "".join(f"sys.modules[{name!r}] = None; " for name in UNIX)
    setup = f"sys.platform = 'win32'; import os, runpy; del os.fork, os.posix_spawn; {lacking}"
    assert said(setup.rstrip("; "), entry, *words_of(entry)) == (2, "", f"error: {WINDOWS}\n")


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_old_python_is_one_line(entry: str) -> None:
    line = f"error: labgate needs Python 3.10 or later, and this is Python 3.9.18: {sys.executable}\n"
    assert said("sys.version_info = (3, 9, 18)", entry, *words_of(entry)) == (2, "", line)


@pytest.mark.parametrize(
    ("stage", "status", "end"),
    [
        ("prepare-commit-msg", 0, ""),
        ("post-commit", 0, ""),
        ("pre-commit", 2, "; to commit without it: git commit --no-verify"),
        ("commit-msg", 2, "; to commit without it: git commit --no-verify"),
        ("pre-merge-commit", 2, "; to commit without it: git commit --no-verify"),
    ],
)
def test_a_stage_that_never_stops_git_does_not_and_a_commit_gets_the_way_around(
    stage: str, status: int, end: str
) -> None:
    found = said("sys.platform = 'win32'", "labgate-hook", stage, "--native")
    start = f"labgate: {stage} did nothing" if status == 0 else "error"
    assert found == (status, "", f"{start}: {WINDOWS}{end}\n")


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("version", ["3.7", "3.8", "3.9"])
def test_a_real_old_python_says_the_same(version: str, entry: str) -> None:
    found = [*Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python")]
    on_path = shutil.which(f"python{version}")
    python = str(found[0]) if found else on_path
    if python is None or subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip(f"there is no Python {version} here; the test above shows the same without it")
    status, out, err = said("pass", entry, *words_of(entry), python=python)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: labgate needs Python 3.10 or later, and this is Python {version}.")

"""Hooks as git starts them: by an isolated interpreter that knows labgate, whatever the tests themselves run on."""

from __future__ import annotations

import ctypes
import os
import site
import subprocess
import sys
from pathlib import Path

from support.repo import Repo

SOURCE = Path(__file__).parents[2] / "hooks"


def new_environment(folder: Path) -> tuple[str, ...]:
    """Make a virtual environment; return the command that installs into it. A pip of its own would take seconds."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet")


def make_interpreter(folder: Path) -> str:
    """Return a Python that finds labgate under ``-I``, and what the tests' own interpreter has installed."""
    new_environment(folder)
    [packages] = folder.glob("lib/python3*/site-packages")
    # Only searched, not set up: the .pth files of the tests' interpreter would import things of their own.
    packages.joinpath("labgate.pth").write_text("\n".join([str(SOURCE), *site.getsitepackages()]) + "\n")
    return str(folder / "bin" / "python")


def install(repo: Repo, python: str, *stages: str) -> None:
    """Make git start labgate at these stages, as ``labgate install`` would."""
    folder = Path(repo.git("rev-parse", "--path-format=absolute", "--git-path", "hooks"))
    folder.mkdir(exist_ok=True)
    for stage in stages:
        hook = folder / stage
        hook.write_text(f'#!/bin/sh\nexec {python} -I -m labgate.hook {stage} --native "$@"\n')
        hook.chmod(0o755)


def age(path: Path, seconds: int = 3600) -> None:
    """Make a file look as old as one that nobody has touched for a while."""
    stamp = path.stat().st_mtime - seconds
    os.utime(path, (stamp, stamp))


def obey_permissions() -> None:
    """Make what this process starts obey the permissions of files, even if it is root (capabilities(7))."""
    bounding_set_drop, dac_override, dac_read_search = 24, 1, 2
    for capability in (dac_override, dac_read_search):
        if os.geteuid() == 0 and ctypes.CDLL(None).prctl(bounding_set_drop, capability, 0, 0, 0):
            message = "root cannot give up its right to read and write everywhere"
            raise PermissionError(message)


def run_apart(code: str) -> str:
    """Run code without site packages, so that only what it imports itself is loaded, and return what it prints."""
    program = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); {code}"
    # -S: site itself imports some heavy modules in an environment with .pth files.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()

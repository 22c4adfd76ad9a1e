"""Told to end by a signal, labgate leaves nothing behind, and ends as the signal says."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.repo import Repo

#: Waits once there is something to leave behind.
_GIT = """\
#!/bin/sh
for made in "$TMPDIR"/labgate-*; do
  [ -e "$made" ] && : >{reached} && exec sleep 60
done
exec {git} "$@"
"""
COMMANDS = {
    "check": ("labgate", "check", "--target", "main", "--head", "research/pr-72"),
    "audit": ("labgate", "audit", "main", "--since", "main~1"),
    "trace": ("labgate", "trace", "research/pr-72"),
    "index": ("labgate", "index", "rebuild"),
    "demo": ("labgate", "demo"),
    "push": ("labgate-hook", "pre-push", "--native", "origin", "url"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for temporary files, and a git beside it that stops when one of labgate's is there."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/git"
    program.write_text(_GIT.format(reached=tmp_path / "reached", git=shutil.which("git")))
    program.chmod(0o755)
    return tmp_path


def started(repo: Repo, place: Path, *command: str, nohup: bool = False) -> subprocess.Popen[bytes]:
    """Return a command that has come to where it has something to leave behind."""
    env = repo.env | {"TMPDIR": str(place / "temporary"), "PATH": f"{place / 'bin'}:{repo.env['PATH']}"}
    line = f"refs/heads/research/pr-72 {repo.head('research/pr-72')} refs/heads/main {repo.head('main')}\n"
    argv = ("nohup", *command) if nohup else command
    process = subprocess.Popen(argv, cwd=repo.path, env=env, stdin=subprocess.PIPE, stdout=-1, stderr=-1)
    assert process.stdin is not None
    process.stdin.write(line.encode())
    process.stdin.close()
    process.stdin = None
    limit = time.monotonic() + 60
    while not (place / "reached").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_told_to_end_leaves_nothing_behind(
    sdg: Repo, place: Path, command: str, number: signal.Signals
) -> None:
    process = started(sdg, place, *COMMANDS[command])
    assert list((place / "temporary").iterdir()) != []
    before = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (-number, b"")
    assert list((place / "temporary").iterdir()) == []
    left = [path.name for path in (sdg.path / ".git").rglob("*") if path.name.endswith((".tmp", "-journal"))]
    assert left == []
    assert time.monotonic() - before < 10


def test_a_hangup_that_is_ignored_stays_so(sdg: Repo, place: Path) -> None:
    process = started(sdg, place, *COMMANDS["check"], nohup=True)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=30)
    assert list((place / "temporary").iterdir()) == []

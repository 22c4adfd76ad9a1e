"""What labgate does with means that only Linux has, without them: as on macOS (tests/support/macos.py)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from support.macos import make_interpreter_of_macos
from support.repo import Repo
from support.runs import METRICS, laboratory

BRANCH = "experiment--ranker--wide"
#: Seconds in which a pin is on the remote after a push.
SOON = 20.0


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_interpreter_of_macos(tmp_path_factory.mktemp("python") / "venv")


@pytest.fixture
def lab(tmp_path: Path, python: str) -> Repo:
    repo = laboratory(tmp_path)
    repo.run(python, "-I", "-m", "labgate", "install")
    return repo


def test_it_lacks_what_macos_lacks(lab: Repo, python: str) -> None:
    code = "import os, sys; print(sys.platform, os.path.exists('/proc/self'), hasattr(os, 'memfd_create'))"
    assert lab.run(python, "-I", "-c", code).out == "darwin False False\n"


def test_hooks_judge_and_a_push_pins_when_it_has_ended(lab: Repo) -> None:
    """ps(1) finds the push above the hook."""
    oid = lab.commit("Measure", {METRICS: json.dumps({"value": 1}), "model.py": "VALUE = 1\n"})
    refused = lab.run("git", "push", "--quiet", "origin", f"{BRANCH}:main", status=1)
    assert "LG201 error:" in refused.err
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    remote = Repo(lab.path.parent / "lab-origin.git", lab.env)
    limit = time.monotonic() + SOON
    pins = ""
    while not pins and time.monotonic() < limit:
        time.sleep(0.1)
        pins = remote.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/experiments")
    assert pins == f"refs/experiments/ranker/wide/{oid[:12]} {oid}"


def test_a_run_ends_with_its_command_and_its_children(lab: Repo, python: str) -> None:
    """Also if the command is stopped, and if its last child is a zombie."""
    run = (python, "-I", "-m", "labgate", "experiment", "run")
    told = lab.run(*run, "--", "sh", "-c", f"mkdir -p experiments/a; echo 1 >{METRICS}")
    assert "1 artifact of " in told.err
    stopped = lab.run(*run, "--timeout", "1s", "--grace", "1s", "--", "sh", "-c", "sleep 60 & sleep 60", status=124)
    assert "stopped after 1s" in stopped.err
    assert "Traceback" not in told.err + stopped.err


def test_two_processes_share_the_reading_of_history(lab: Repo, python: str) -> None:
    code = (
        "from labgate.fingerprints.workers import spread\n"
        "print(*spread(lambda tasks: (task * 100_000 for task in tasks), 'abc'), sep='')"
    )
    assert lab.run(python, "-I", "-c", code).out == "a" * 10**5 + "b" * 10**5 + "c" * 10**5 + "\n"

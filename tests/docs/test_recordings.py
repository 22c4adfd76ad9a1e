"""docs/recordings are what a terminal of 80 columns shows today, with and without colour."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from labgate.cli.doctor_repository import MERGING_GIT
from labgate.git.settings import git_version
from support.recordings import COLOURED, FOLDER, PLAIN, record

_SGR = re.compile(r"\x1b\[[0-9;]*m")
#: Wider than 80 columns may be what is one line so that it can be found, typed or pasted: a finding, a command.
_ONE_LINE = re.compile(r" LG[0-9]{3} (?:error|warning|note): |^  (?:error|warning|note) +LG[0-9]{3} |^ *help: |^\$ ")


@pytest.fixture(scope="module")
def recordings() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", ["demo", "refusal", "doctor", "status"])
def test_nothing_wraps_but_what_must_be_one_line(name: str, recordings: dict[str, str]) -> None:
    lines = recordings[f"{name}{PLAIN}"].splitlines()
    assert [line for line in lines if len(line) > 80 and not _ONE_LINE.search(line)] == []


@pytest.mark.parametrize("name", ["demo", "refusal", "doctor"])
def test_colours_are_all_that_differs(name: str, recordings: dict[str, str]) -> None:
    plain, coloured = (recordings[f"{name}{suffix}"] for suffix in (PLAIN, COLOURED))
    assert _SGR.sub("", coloured) == plain != coloured


def test_they_are_what_happens_today(tmp_path: Path, recordings: dict[str, str]) -> None:
    today = record(tmp_path)
    # An older git is what the doctor has something to say of.
    told = [name for name in recordings if not name.startswith("doctor") or git_version(os.environ) >= MERGING_GIT]
    assert {name: today[name] for name in told} == {name: recordings[name] for name in told}
    assert set(today) == set(recordings)

"""docs/status.md names every line and every column that ``labgate status`` prints."""

from __future__ import annotations

import re

from labgate.report.status import COLUMNS
from support.console import blocks, hold
from support.data import ROOT
from support.people import by
from support.pipeline import code
from support.repo import Repo
from support.standing import POLICY, drifted
from support.templates import prepared

PATH = ROOT / "docs" / "status.md"
PAGE = PATH.read_text(encoding="utf-8")


@prepared
def team(repo: Repo) -> Repo:
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY.replace('handle}"]', 'handle}"]\nreadme = "docs/experiments.md"')})
    repo.push("main")
    repo.branch("experiment--housing--big").commit("Run", {"run.py": code("run")}, **by("lin"))
    return repo


def constant(text: str) -> str:
    """Put a constant in the place of hashes: those of commits have the date of today in them."""
    return re.sub(r"\b[0-9a-f]{12}\b", "1a1a1a1a1a1a", text)


def test_the_examples_happen_as_they_stand_there(repo: Repo) -> None:
    hold(PATH, blocks(PATH), drifted(repo), {"COLUMNS": "120"}, constant)


def explained(heading: str) -> set[str]:
    """Return the names in the first column of the table below a heading."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", part, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_line_about_the_current_branch_is_explained(team: Repo) -> None:
    said = team.labgate("status", status=0).out
    printed = {line.split()[0] for line in said.splitlines() if line[0] != " "}
    assert printed == explained("The current branch") | {"branch"}


def test_every_column_is_explained() -> None:
    assert set(COLUMNS) - {"branch"} == explained("All branches")

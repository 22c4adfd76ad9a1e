"""``labgate audit`` from the command line: formats, exit statuses, the bar, and where the report goes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from labgate.report import FORMATS
from support.audited import FORGOTTEN
from support.people import by
from support.pipeline import POLICY, code
from support.repo import Repo
from support.templates import prepared


@prepared
def team(repo: Repo) -> Repo:
    """``main`` with a policy, and research that was merged into it."""
    repo.with_remote()
    repo.commit("Ask for reviews", {"labgate.toml": POLICY})
    repo.branch("research/x").commit("Try x", {"x.py": code("x")}, **by("lin"))
    repo.checkout("main").merge("research/x", "Merge x")
    repo.push("main", "research/x")
    return repo


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_has_the_finding_and_the_exit_status(team: Repo, format_: str) -> None:
    said = team.labgate("audit", "main", "--format", format_, status=1)
    assert "LG201" in said.out
    assert said.err == ""
    assert team.labgate("audit", "main", "--format", format_, "--exit-zero", status=0).out == said.out


def test_text_is_the_default_and_annotations_on_a_runner_of_github(team: Repo) -> None:
    plain = team.labgate("audit", "main", status=1).out
    assert plain.startswith("main: LG201 error: 1 unreviewed commit from origin/research/x")
    assert team.labgate("audit", "main", status=1, GITHUB_ACTIONS="true").out.startswith("::error title=LG201 ")


def test_what_was_reviewed_is_silent(team: Repo) -> None:
    team.commit("Review\n\nReviewed-by: Ada <ada@example.org>")
    team.push("main")
    assert team.labgate("audit", "main", status=0).text == ""


def test_research_deleted_before_a_clone_looked_is_not_known_there(team: Repo) -> None:
    """Main is fast-forwarded to research, which is then deleted. What is reported needs no such line."""
    forgotten = f"labgate: {FORGOTTEN}"
    assert forgotten not in team.labgate("audit", "main", status=1).text.splitlines()
    team.branch("research/y").commit("Try y", {"y.py": code("y")}, **by("lin"))
    team.push("research/y:main", ":research/x")
    team.git("branch", "--quiet", "-D", "research/x")
    team.git("checkout", "--quiet", "--detach")
    team.git("branch", "--quiet", "-D", "research/y", "main")
    assert forgotten in team.labgate("audit", "main", status=0).text.splitlines()
    (team.path / ".git/labgate/ledger").write_text(
        f"labgate-ledger 1\ntip 1000000000 refs/heads/research/z {'1' * 40} .\n"
    )
    assert forgotten not in team.labgate("audit", "main", status=0).text.splitlines()


def test_that_nothing_has_landed_is_said(team: Repo) -> None:
    said = team.labgate("audit", "main", "--since", "main", "--verbose", status=0)
    assert "nothing has landed" in said.out


def test_exit_zero_keeps_doubt(team: Repo) -> None:
    (team.path / ".git" / "shallow").write_text(team.head("main~1") + "\n")
    assert "shallow" in team.labgate("audit", "main", "--exit-zero", status=2).text


def test_options_that_exclude_each_other(team: Repo) -> None:
    said = team.labgate("audit", "main", "--fetch", "--offline", status=2)
    assert said.err == "error: --fetch and --offline cannot be used together\n  help: labgate audit --help\n"


def test_a_branch_has_to_be_named(team: Repo) -> None:
    assert team.labgate("audit", status=2).err.startswith("error: Missing argument 'BRANCH'")


def test_a_report_is_written_whole_or_not_at_all(team: Repo, tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    assert team.labgate("audit", "main", "--format", "json", "--output", str(file), status=1).text == ""
    report = json.loads(file.read_text())
    assert [update["new"] for update in report["updates"]] == [team.head("main")]
    team.labgate("audit", "main", "--output", str(tmp_path / "gone" / "x"), status=2)


def on_a_terminal(repo: Repo, *args: str) -> tuple[int, str, str]:
    """Run labgate with a terminal as its standard error; return its status, its output and what the terminal got."""
    leader, follower = pty.openpty()
    done = subprocess.Popen(
        ["labgate", "audit", *args],
        cwd=repo.path,
        env=repo.env | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 4096)
        except OSError:  # Linux: the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(leader)
    out = done.communicate(timeout=60)[0]
    return done.returncode, out.decode(), shown.decode("utf-8", "replace")


def test_a_terminal_is_left_as_it_was_and_the_report_is_the_same(team: Repo) -> None:
    status, out, shown = on_a_terminal(team, "main")
    assert (status, out) == (1, team.labgate("audit", "main").out)
    assert "LG201" not in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")

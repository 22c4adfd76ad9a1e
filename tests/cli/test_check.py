"""``labgate check`` from the command line to the exit status, on real repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files

import jsonschema
import pytest

from labgate.report import FORMATS
from support.repo import Repo
from support.templates import prepared

POLICY = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.topic]
names = ["fix/{slug}"]
[reviews.people.ada]
emails = ["ada@example.org"]
"""


@prepared
def team(repo: Repo) -> Repo:
    """``main`` with a policy on the remote, and a research branch with one commit, which is checked out."""
    repo.with_remote()
    repo.commit("Add a policy", {"labgate.toml": POLICY})
    repo.push("main")
    repo.branch("research/heads").commit("Try heads", {"model.py": "heads = 8\n"})
    repo.push("research/heads")
    repo.git("fetch", "--quiet", "origin")
    return repo


def test_a_change_that_is_fine_is_silent(team: Repo) -> None:
    team.branch("fix/typo", "main").commit("Mend a typo", {"README": "labgate\n"})
    assert team.labgate("check", "--target", "main", status=0).text == ""


def test_verbose_says_in_the_last_line_that_all_passed(team: Repo) -> None:
    team.branch("fix/typo", "main").commit("Mend a typo", {"README": "labgate\n"})
    shown = team.labgate("check", "--target", "main", "--verbose", status=0)
    assert " passed" in shown.out.splitlines()[-1]
    assert shown.err == ""


def test_research_on_its_way_to_main_is_refused_with_the_command_that_mends_it(team: Repo) -> None:
    shown = team.labgate("check", "research-gate", "--target", "main", status=1)
    first, second, last = shown.out.splitlines()
    assert first.startswith("main: LG201 error: 1 unreviewed commit from ")
    assert "research/heads" in first
    assert second.startswith("    help: labgate review approve ")
    assert last == "1 error"
    assert shown.err == ""


def test_exit_zero_turns_findings_but_not_doubt_into_success(team: Repo) -> None:
    refused = team.labgate("check", "--target", "main", "--exit-zero", status=0)
    assert "LG201" in refused.out
    (team.path / ".git" / "shallow").write_text(team.head("main") + "\n")
    assert "shallow" in team.labgate("check", "--target", "main", "--exit-zero", status=2).text


@pytest.mark.parametrize("format_", FORMATS)
def test_a_report_that_nobody_reads_is_quiet_and_no_success(format_: str, team: Repo) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "labgate", "check", "--target", "main", "--format", format_],
        cwd=team.path,
        env=team.env,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (2, "")


def test_json_is_valid_by_the_published_schema(team: Repo) -> None:
    shown = team.labgate("check", "--target", "main", "--format", "json", status=1)
    report = json.loads(shown.out)
    jsonschema.validate(report, json.loads((files("labgate.report") / "report.schema.json").read_text()))
    assert report["outcome"] == "failed"
    assert report["updates"][0]["new"] == team.head()
    assert [finding["rule"] for finding in report["findings"] if finding["level"] == "error"] == ["LG201"]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_has_the_exit_status_of_the_verdict(format_: str, team: Repo) -> None:
    shown = team.labgate("check", "--target", "main", "--format", format_, status=1)
    assert "LG201" in shown.out
    assert shown.err == ""


def test_on_a_runner_of_github_the_report_is_annotations_unless_asked_otherwise(team: Repo) -> None:
    on_runner = team.labgate("check", "--target", "main", status=1, GITHUB_ACTIONS="true").out
    assert on_runner.startswith("::error title=LG201 unreviewed-research::main: 1 unreviewed commit from ")
    assert on_runner == team.labgate("check", "--target", "main", "--format", "github", status=1).out
    asked = team.labgate("check", "--target", "main", "--format", "text", status=1, GITHUB_ACTIONS="true").out
    assert asked == team.labgate("check", "--target", "main", status=1).out


def test_a_report_in_a_file_is_the_one_that_would_be_shown(team: Repo) -> None:
    shown = team.labgate("check", "--target", "main", "--format", "json", status=1)
    written = team.labgate("check", "--target", "main", "--format", "json", "--output", "gate.json", status=1)
    assert written.text == ""
    assert (team.path / "gate.json").read_text() == shown.out


def test_colour_goes_to_a_terminal_or_where_it_is_asked_for(team: Repo) -> None:
    plain = team.labgate("check", "--target", "main", status=1).out
    assert "\x1b" not in plain
    assert "\x1b[1;31merror:\x1b[0m" in team.labgate("check", "--target", "main", FORCE_COLOR="1").out
    assert "\x1b[1;31merror:\x1b[0m" in team.labgate("check", "--target", "main", "--color", "always", NO_COLOR="1").out
    assert team.labgate("check", "--target", "main", "--color", "never", FORCE_COLOR="1").out == plain


def test_a_revision_that_does_not_exist_is_an_error_of_the_caller(team: Repo) -> None:
    shown = team.labgate("check", "--target", "main", "--head", "no-such-branch", status=2)
    assert "no-such-branch" in shown.text
    assert "error: " in shown.text


def test_without_a_policy_nothing_can_be_judged(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start", {"a": "1"})
    repo.push("main")
    repo.git("fetch", "--quiet", "origin")
    repo.branch("fix/x").commit("Go on", {"a": "2"})
    shown = repo.labgate("check", "--target", "main", status=2)
    assert "error: " in shown.text
    assert "policy" in shown.text or "labgate.toml" in shown.text


def test_without_options_head_is_judged_for_the_trunk(team: Repo) -> None:
    named = team.labgate("check", "--target", "main", status=1)
    assert team.labgate("check", status=1) == named
    team.branch("fix/typo", "main").commit("Mend a typo", {"README": "labgate\n"})
    assert team.labgate("check", "-q", status=0).text == ""


def test_without_options_it_asks_where_the_trunk_is_not_known(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Add a policy", {"labgate.toml": POLICY})
    said = repo.labgate("check", status=2)
    assert "help: labgate check --target BRANCH" in said.err


def test_quiet_shows_errors_alone(team: Repo) -> None:
    said = team.labgate("check", "-q", status=1)
    assert [line.split()[1] for line in said.out.splitlines() if not line.startswith(" ")] == ["LG201"]


def test_quiet_before_the_command_is_quiet_after_it(team: Repo) -> None:
    assert team.labgate("-q", "check", status=1) == team.labgate("check", "-q", status=1)
    both = team.labgate("--quiet", "check", "--verbose", status=2)
    assert both.err.startswith("error: --quiet and --verbose cannot be used together\n")
    assert team.labgate("-q", "check", "--format", "json", status=1).out.startswith("{")

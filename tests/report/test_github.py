"""Annotations of GitHub Actions, read as its runner reads them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings

from labgate.report import default_format, renderer
from labgate.report.github import command
from labgate.values.errors import GitError, PolicyError
from labgate.values.ref_update import View
from labgate.values.report import CheckResult, PolicyOrigin, Report
from support import hostile, reports
from support.findings import words


@dataclass(frozen=True)
class Annotation:
    """A command as the runner decodes it."""

    name: str
    properties: dict[str, str]
    message: str


def rendered(report: Report) -> str:
    stream = io.StringIO()
    renderer("github")(report, stream)
    return stream.getvalue()


def decoded(line: str) -> Annotation:
    """Read one line by the runner's grammar: ``::name key=value,key=value::message``, and undo the escapes."""
    found = re.fullmatch(r"::(error|warning|notice) ((?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*)::(.*)", line)
    assert found is not None, line
    pairs = (pair.split("=", 1) for pair in found[2].split(","))
    return Annotation(found[1], {key: plain(value) for key, value in pairs}, plain(found[3]))


def plain(value: str) -> str:
    for escape, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(escape, char)
    return value


def annotated(log: str) -> list[Annotation]:
    return [decoded(line) for line in hostile.commands(log)]


def test_a_refusal_is_annotations_errors_first_then_plain_lines() -> None:
    said, mistargeted = words(reports.squashed()), words(reports.mistargeted())
    log = rendered(reports.refused())
    assert annotated(log) == [
        Annotation("error", {"title": "LG201 unreviewed-research"}, f"main: {said.message}\nhelp: {said.help}"),
        Annotation(
            "warning",
            {"title": "experiment-hash undecided"},
            "main: this clone is shallow\nhelp: git fetch --unshallow origin",
        ),
        Annotation("notice", {"title": "LG212 wrong-target"}, f"main: {mistargeted.message}\nhelp: {mistargeted.help}"),
    ]
    assert log.splitlines()[3:] == [
        "labgate: partial view: 2 of 3 refs seen; run `labgate install`",
        "labgate: labgate's native hook is of another version",
        "labgate: main: commit-size skipped: no size limits for protected",
        "labgate: research/attention: commit-size skipped: no size limits for protected",
        "labgate: 1 error, 1 note, 1 undecided",
    ]


def test_success_says_what_was_looked_at_and_annotates_nothing() -> None:
    assert rendered(reports.passed()).splitlines() == [
        "labgate: main: commit-size skipped: no size limits for protected",
        "labgate: 2 checks passed, 1 skipped on 1 ref; 12 research refs known here",
    ]


def test_a_finding_in_a_file_is_annotated_there() -> None:
    finding = reports.squashed(path="models/a, b: 100%.bin")
    (found,) = annotated(rendered(reports.report(reports.judged(finding))))
    assert found.properties == {"title": "LG201 unreviewed-research", "file": "models/a, b: 100%.bin"}
    assert found.message.startswith(words(finding).message)


def test_a_path_that_no_host_knows_is_told_in_the_message() -> None:
    finding = reports.squashed(path="caf\udce9")
    (found,) = annotated(rendered(reports.report(reports.judged(finding))))
    assert "file" not in found.properties
    assert found.message.startswith(r"caf\udce9: ")


def test_what_stopped_the_run_is_an_error_each() -> None:
    problems = (GitError("shallow", "git fetch"), PolicyError(("one", "two"), "labgate policy check"))
    found = annotated(rendered(reports.report(view=View(1, None, 0, False), problems=problems)))
    assert [(item.name, item.message) for item in found] == [
        ("error", "shallow\nhelp: git fetch"),
        ("error", "one"),
        ("error", "two\nhelp: labgate policy check"),
    ]


def test_a_run_that_was_skipped_warns() -> None:
    report = reports.report(view=View(0, None, 0, False), policy=PolicyOrigin("none"), skipped="no policy")
    assert annotated(rendered(report)) == [Annotation("warning", {"title": "labgate skipped"}, "no policy")]


def test_what_many_landings_on_one_ref_share_is_said_once() -> None:
    checks = (CheckResult("research-gate", "undecided", "why"), CheckResult("commit-size", "skipped", "so"))
    landing = reports.judged().changed(checks=checks)
    assert rendered(reports.report(landing, landing)).count("research-gate undecided") == 1
    assert rendered(reports.report(landing, landing)).count("commit-size skipped") == 1


def test_errors_come_before_eleven_warnings() -> None:
    item = reports.judged(*[reports.suspected() for _ in range(11)], reports.squashed())
    names = [found.name for found in annotated(rendered(reports.report(item)))]
    assert names == ["error"] + ["warning"] * 11


@hostile.each
@pytest.mark.parametrize("problems", [False, True], ids=["judged", "stopped"])
def test_hostile_text_makes_no_command_and_loses_no_finding(text: str, problems: bool) -> None:
    report = hostile.report(text, problems=problems)
    log = rendered(report)
    found = annotated(log)
    titles = [item.properties["title"] for item in found]
    assert sorted(title for title in titles if title.startswith("LG")) == sorted(
        f"{finding.rule.code} {finding.rule.name}" for _, finding in report.findings
    )
    others = ["commit-size undecided", *(["labgate could not judge"] * 3 + ["labgate skipped"]) * problems]
    assert sorted(title for title in titles if not title.startswith("LG")) == others
    assert all(line.startswith("help: ") for item in found for line in item.message.split("\n")[1:])
    assert all(line.startswith(("::", "labgate: ")) for line in log.splitlines())
    assert hostile.visible(log)
    assert not any(old in log for old in ("##[", "##vso[", "##teamcity["))


@settings(deadline=None)
@given(hostile.ANYTHING)
def test_any_text_makes_one_annotation_a_finding(text: str) -> None:
    log = rendered(hostile.report(text))
    assert [item.name for item in annotated(log)] == ["error", "error", "warning", "warning", "notice"]


@settings(deadline=None)
@given(hostile.ANYTHING.filter(lambda text: text.isprintable()), hostile.ANYTHING.filter(str.isprintable))
def test_what_the_runner_decodes_is_what_was_written(title: str, message: str) -> None:
    found = decoded(command("error", title, [message, "help"], path=title))
    assert found == Annotation("error", {"title": title, "file": title}, f"{message}\nhelp")


@pytest.mark.parametrize(
    ("environ", "format_"),
    [
        ({}, "text"),
        ({"GITHUB_ACTIONS": "true"}, "github"),
        ({"GITHUB_ACTIONS": "false"}, "text"),
        ({"CI": "true", "GITLAB_CI": "true"}, "text"),
    ],
    ids=["at a terminal", "GitHub Actions", "not quite", "another CI"],
)
def test_the_format_is_for_who_reads_along(environ: dict[str, str], format_: str) -> None:
    assert default_format(environ) == format_

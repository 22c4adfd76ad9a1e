"""GitLab Code Quality: the shape that GitLab reads, one entry a finding, fingerprints that differ."""

from __future__ import annotations

import io
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from labgate.report import renderer
from labgate.report.json import fingerprint
from labgate.values.errors import GitError, PolicyError
from labgate.values.ref_update import View
from labgate.values.report import PolicyOrigin, Report
from support import hostile, reports

#: "Code Quality report format" in GitLab's documentation.
SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def entries(report: Report) -> list[dict[str, Any]]:
    stream = io.StringIO()
    renderer("gitlab")(report, stream)
    assert stream.getvalue().isascii()
    found: list[dict[str, Any]] = json.loads(stream.getvalue())
    jsonschema.validate(found, SCHEMA)
    fingerprints = [entry["fingerprint"] for entry in found]
    assert len(set(fingerprints)) == len(fingerprints)
    return found


def test_success_is_an_empty_list() -> None:
    assert entries(reports.passed()) == []


def test_a_refusal_has_an_entry_for_each_finding_and_for_what_is_undecided() -> None:
    found = entries(reports.refused())
    assert [(entry["check_name"], entry["severity"]) for entry in found] == [
        ("labgate", "critical"),
        ("LG201 unreviewed-research", "critical"),
        ("LG212 wrong-target", "info"),
    ]
    assert found[0]["description"].startswith(
        "main: experiment-hash undecided: this clone is shallow\nhelp: git fetch "
    )
    assert found[1]["description"].startswith("main: 2 unreviewed commits from origin/research/attention ")
    assert found[1]["fingerprint"] == fingerprint(reports.squashed(), "refs/heads/main")


def test_a_warning_is_minor() -> None:
    (entry,) = entries(reports.report(reports.judged(reports.suspected())))
    assert entry["severity"] == "minor"


def test_a_finding_stands_at_its_file_or_else_at_the_policy() -> None:
    item = reports.judged(reports.squashed(path="models/a b.bin"), reports.squashed())
    found = entries(reports.report(item))
    assert [entry["location"]["path"] for entry in found] == ["models/a b.bin", "labgate.toml"]
    assert [entry["description"].startswith("main: ") for entry in found] == [False, True]


def test_the_same_finding_twice_has_two_fingerprints_that_repeat_in_the_next_run() -> None:
    report = reports.report(reports.judged(reports.squashed(), reports.squashed(), reports.squashed()))
    first = [entry["fingerprint"] for entry in entries(report)]
    assert first[0] == fingerprint(reports.squashed(), "refs/heads/main")
    assert first == [entry["fingerprint"] for entry in entries(report)]


@pytest.mark.parametrize(
    ("report", "severities"),
    [
        pytest.param(
            reports.report(
                view=View(1, None, 0, False), problems=(GitError("shallow", "git fetch"), PolicyError(("one", "one")))
            ),
            ["critical"] * 3,
            id="stopped",
        ),
        pytest.param(
            reports.report(view=View(0, None, 0, False), policy=PolicyOrigin("none"), skipped="no policy"),
            ["info"],
            id="skipped",
        ),
    ],
)
def test_a_run_that_did_not_judge_is_no_empty_list(report: Report, severities: list[str]) -> None:
    found = entries(report)
    assert [entry["severity"] for entry in found] == severities
    assert {entry["check_name"] for entry in found} == {"labgate"}


@hostile.each
@pytest.mark.parametrize("problems", [False, True], ids=["judged", "stopped"])
def test_hostile_text_is_only_text(text: str, problems: bool) -> None:
    found = entries(hostile.report(text, problems=problems))
    assert len(found) == 5 + 4 * problems
    assert sum(entry["check_name"].startswith("LG") for entry in found) == 4
    assert all(hostile.visible(entry["description"]) for entry in found)
    located = text.encode("utf-8", "backslashreplace").decode("utf-8")
    assert sorted(entry["location"]["path"] for entry in found if entry["location"]["path"] != "labgate.toml") == [
        located
    ]


@settings(deadline=None)
@given(hostile.ANYTHING)
def test_any_text_gives_one_entry_a_finding(text: str) -> None:
    assert len(entries(hostile.report(text))) == 5

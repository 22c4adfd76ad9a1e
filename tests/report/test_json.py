"""The JSON report: every key of the contract, valid by the published schema, the same for the same run."""

from __future__ import annotations

import io
import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from labgate import __version__
from labgate.report import renderer
from labgate.report.site import Site
from labgate.values.errors import GitError, PolicyError
from labgate.values.finding import Evidence
from labgate.values.ref_update import RefUpdate, View
from labgate.values.report import Judged, PolicyOrigin, Report
from support import reports
from support.findings import words

SCHEMA: dict[str, Any] = json.loads((files("labgate.report") / "report.schema.json").read_text(encoding="utf-8"))


def text(report: Report, site: Site | None = None) -> str:
    stream = io.StringIO()
    renderer("json", site=site)(report, stream)
    return stream.getvalue()


def document(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text(report))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def without_policy() -> Report:
    return reports.report(view=View(0, None, 0, False), policy=PolicyOrigin("none"), skipped="no policy")


def stopped() -> Report:
    errors = (GitError("shallow", "git fetch --unshallow"), PolicyError(("one", "two")))
    return reports.report(view=View(1, None, 0, False), policy=PolicyOrigin("none"), problems=errors)


def deletion() -> Report:
    update = RefUpdate("refs/heads/main", reports.OLD, None)
    return reports.report(Judged(update, None, (), ()))


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(reports.passed(), id="passed"),
        pytest.param(reports.refused(), id="refused"),
        pytest.param(without_policy(), id="skipped-without-policy"),
        pytest.param(stopped(), id="stopped-by-problems"),
        pytest.param(deletion(), id="a-deletion-of-an-unknown-kind"),
    ],
)
def test_every_report_is_valid_and_ends_in_one_newline(report: Report) -> None:
    assert document(report)["labgate"] == __version__
    assert text(report).endswith("}\n")


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every part of the schema that describes the keys of an object."""
    inner = [part for value in schema.values() for part in (value if isinstance(value, list) else [value])]
    found = [part for item in inner if isinstance(item, dict) for part in objects(item)]
    return [schema, *found] if "properties" in schema and "required" in schema else found


def test_the_schema_lets_no_key_be_left_out_and_describes_each() -> None:
    parts = objects(SCHEMA)
    assert len(parts) > 8
    for part in parts:
        assert part["required"] == list(part["properties"])


@pytest.mark.parametrize(
    "path",
    [
        ("schema",),
        ("policy", "blob"),
        ("view", "refs_total"),
        ("updates", 0, "review"),
        ("updates", 0, "undecidable"),
        ("updates", 0, "checks", 0, "reason"),
        ("findings", 0, "location", "line"),
        ("findings", 0, "evidence", 0, "matched_lines"),
        ("findings", 0, "evidence", 0, "terms"),
        ("findings", 0, "evidence", 0, "shared"),
        ("findings", 0, "evidence", 0, "hint"),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_the_schema_refuses_a_report_without_a_key(path: tuple[str | int, ...]) -> None:
    found: Any = document(reports.refused())
    part = found
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    with pytest.raises(jsonschema.ValidationError, match="is a required property"):
        jsonschema.validate(found, SCHEMA)


def test_a_refusal_has_the_keys_of_the_contract() -> None:
    found = document(reports.refused())
    finding = found["findings"][0]
    said = words(reports.squashed())
    assert {key: found[key] for key in ("schema", "stage", "outcome", "skipped", "problems")} == {
        "schema": 1,
        "stage": "check",
        "outcome": "failed",
        "skipped": None,
        "problems": [],
    }
    assert found["policy"] == {"origin": "trunk", "commit": reports.OLD, "blob": "2c" * 20}
    assert found["view"] == {
        "refs_seen": 2,
        "refs_total": 3,
        "complete": False,
        "source_refs": 12,
        "sources_complete": False,
    }
    assert found["updates"][0] | {"checks": ...} == {
        "ref": "refs/heads/main",
        "old": reports.OLD,
        "new": reports.NEW,
        "source": "research/attention",
        "kind": "protected",
        "outcome": "failed",
        "review": {
            "required": "trailer",
            "reached": "none",
            "counted": [],
            "not_counted": [{"person": "ada", "reason": "self-review"}, {"person": None, "reason": "stranger"}],
            "missing": ["core"],
            "late": [],
        },
        "undecidable": [],
        "checks": ...,
    }
    assert found["updates"][0]["checks"][2:] == [
        {"name": "commit-size", "outcome": "skipped", "reason": "no size limits for protected", "help": None},
        {
            "name": "experiment-hash",
            "outcome": "undecided",
            "reason": "this clone is shallow",
            "help": "git fetch --unshallow origin",
        },
    ]
    assert found["updates"][1]["old"] is None
    assert {key: finding[key] for key in ("rule", "name", "level", "update", "commits", "location")} == {
        "rule": "LG201",
        "name": "unreviewed-research",
        "level": "error",
        "update": 0,
        "commits": list(reports.COMMITS[:2]),
        "location": {"ref": "refs/heads/main", "path": None, "line": None},
    }
    assert (finding["message"], finding["help"]) == (said.message, said.help)
    assert finding["evidence"] == [
        {
            "method": "squash",
            "decisive": True,
            "source_ref": "refs/remotes/origin/research/attention",
            "source_commits": list(reports.COMMITS),
            "commits": list(reports.COMMITS[:2]),
            "score": 1.0,
            "matched_lines": 120,
            "paths": ["model.py"],
            "terms": {},
            "shared": [],
            "hint": None,
            "source_state": "live",
            "other_ref": None,
        }
    ]
    assert finding["data"]["subjects"] == ["Try 0 heads", "Try 1 heads"]


def test_a_suspicion_has_its_score_with_terms_and_shared_lines() -> None:
    below = Evidence("similarity", False, None, reports.COMMITS[:1], (), 4.5, hint="below-alarm")
    found = document(reports.report(reports.judged(reports.suspected(reports.SIMILAR, below))))
    (finding,) = found["findings"]
    assert (finding["rule"], finding["level"], finding["update"]) == ("LG202", "warning", 0)
    assert [(item["method"], item["decisive"], item["score"]) for item in finding["evidence"]] == [
        ("similarity", True, 11.23),
        ("similarity", False, 4.5),
    ]
    strongest, weak = finding["evidence"]
    assert strongest["terms"] == {"T": 6.12, "X": 3.0, "V": 0.0, "I": 2.11}
    assert strongest["shared"] == ["heads = split(query, window)", "return softmax(heads)"]
    assert (strongest["hint"], weak["hint"]) == (None, "below-alarm")


def test_commits_too_small_to_compare_are_listed_in_full() -> None:
    item = reports.judged(undecidable=reports.COMMITS[:2])
    found = document(reports.report(item, reports.judged()))
    assert [update["undecidable"] for update in found["updates"]] == [list(reports.COMMITS[:2]), []]
    assert found["outcome"] == "passed"


def test_a_policy_with_mistakes_gives_one_problem_for_each() -> None:
    found = document(stopped())
    assert found["outcome"] == "undecided"
    assert found["problems"] == [
        {"message": "shallow", "help": "git fetch --unshallow"},
        {"message": "one", "help": None},
        {"message": "two", "help": None},
    ]


def test_hostile_text_comes_back_as_it_was_and_is_plain_ascii() -> None:
    hostile = 'a"\\\x1b\x7f\u202e\n::error::x \U0001f9ea'
    finding = reports.squashed(subjects=(hostile,), path=hostile)
    whole = reports.report(reports.judged(finding), notices=(hostile,))
    found = document(whole)
    assert found["notices"] == [hostile]
    assert found["findings"][0]["location"]["path"] == hostile
    assert found["findings"][0]["data"]["subjects"] == [hostile]
    assert all(" " <= char <= "~" or char == "\n" for char in text(whole))


def test_a_path_that_is_not_utf_8_gives_text_that_every_reader_takes() -> None:
    finding = reports.squashed(path="caf\udce9")
    assert document(reports.report(reports.judged(finding)))["findings"][0]["location"]["path"] == r"caf\udce9"
    assert r"\\udce9" in text(reports.report(reports.judged(finding)))


def test_the_same_report_is_the_same_text() -> None:
    assert text(reports.refused()) == text(reports.refused())


def test_a_finding_has_the_page_of_its_rule_where_it_is_known() -> None:
    report = reports.report(reports.judged(reports.squashed()))
    (known,) = json.loads(text(report, reports.SITE))["findings"]
    assert known["url"] == reports.SITE.page("LG201")
    assert known | {"url": None} == json.loads(text(report))["findings"][0]

"""Outputs of a CI step, read back as the runner reads the file, and suggested labels."""

from __future__ import annotations

import re
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.report.outputs import LABEL_LIMIT, format_outputs, outputs
from labgate.values.ref_update import RefUpdate, View
from labgate.values.report import Judged, PolicyOrigin, ReviewState
from support import hostile, reports

NAMES = ["outcome", "exit-status", "errors", "warnings", "target-kind", "source-kind", "size", "labels"]


def read_back(written: str) -> dict[str, str]:
    """Read the file as the runner does: ``name<<delimiter``, lines up to the delimiter; or ``name=value``."""
    found: dict[str, str] = {}
    lines = iter(re.split(r"\r\n|\n|\r", written)[:-1])
    for line in lines:
        name, heredoc, delimiter = line.partition("<<")
        if not heredoc or "=" in name:
            name, equals, value = line.partition("=")
            assert equals, line
        else:
            value = "\n".join(takewhile(delimiter.__ne__, lines))
        found[name] = value
    return found


def test_a_refusal_says_what_was_judged_and_suggests_labels() -> None:
    assert outputs(reports.refused(), "research", 70) == {
        "outcome": "failed",
        "exit-status": "1",
        "errors": "1",
        "warnings": "0",
        "target-kind": "protected",
        "source-kind": "research",
        "size": "M",
        "labels": "target: protected,source: research,size: M,needs-review: core",
    }


def test_what_is_not_known_is_empty() -> None:
    report = reports.report(view=View(0, None, 0, False), policy=PolicyOrigin("none"), skipped="no policy")
    assert outputs(report) == dict.fromkeys(NAMES, "") | {
        "outcome": "skipped",
        "exit-status": "0",
        "errors": "0",
        "warnings": "0",
    }


def test_several_refs_name_each_kind_once() -> None:
    kinds = ("protected", "research", None, "protected")
    items = [Judged(RefUpdate(f"refs/heads/{at}", None, None), kind, (), ()) for at, kind in enumerate(kinds)]
    found = outputs(reports.report(*items))
    assert found["target-kind"] == "protected,research"
    assert found["labels"] == "target: protected,target: research"


def test_anybodys_review_is_asked_for_without_a_name() -> None:
    review = ReviewState("forge", "none", missing=("total", "core", "a, b", "x" * 100))
    labels = outputs(reports.report(reports.judged(review=review)))["labels"].split(",")
    assert labels[1:4] == ["needs-review", "needs-review: core", "needs-review: a  b"]
    assert len(labels) == 5
    assert len(labels[4]) == LABEL_LIMIT


@pytest.mark.parametrize(
    ("lines", "size"),
    [(0, "XS"), (10, "XS"), (11, "S"), (50, "S"), (51, "M"), (200, "M"), (201, "L"), (800, "L"), (801, "XL")],
)
def test_a_size_is_the_smallest_that_fits(lines: int, size: str) -> None:
    assert outputs(reports.passed(), None, lines)["size"] == size


@hostile.each
def test_hostile_text_sets_no_other_output(text: str) -> None:
    found = outputs(hostile.report(text), text, 1)
    back = read_back(format_outputs(found))
    assert list(back) == NAMES
    assert back == found
    assert back["outcome"] == "failed"
    assert all(map(hostile.visible, back.values()))


@settings(deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z][a-z-]*", fullmatch=True), hostile.ANYTHING))
def test_any_values_come_back_under_their_names(values: dict[str, str]) -> None:
    back = read_back(format_outputs(values))
    # The runner knows one kind of line break, so a return at the end of a value is part of the one behind it.
    assert back == {name: re.sub(r"\r\n|\r", "\n", f"{value}\n")[:-1] for name, value in values.items()}


def test_no_two_values_stand_between_the_same_delimiters() -> None:
    delimiters = re.findall(r"<<(\w{32,})", format_outputs({"a": "1", "b": "2"}) + format_outputs({"a": "1"}))
    assert len(set(delimiters)) == 3


@pytest.mark.parametrize("name", ["", "a=b", "a<<b", "a\nb", "é"])
def test_a_name_that_could_be_read_otherwise_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid name of an output"):
        format_outputs({name: "x"})

"""JUnit XML, parsed back: a suite for each ref, a test for each check, nothing forged."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from labgate.report import renderer
from labgate.report.escape import safe
from labgate.values.errors import GitError, PolicyError
from labgate.values.ref_update import View
from labgate.values.report import PolicyOrigin, Report
from support import hostile, reports
from support.findings import words

#: What XML 1.0 allows of what ASCII has (2.2, Char), as a reference or as it is.
_LEGAL = re.compile(r"[\n -~]*")


def written(report: Report) -> str:
    stream = io.StringIO()
    renderer("junit")(report, stream)
    return stream.getvalue()


def suites(report: Report) -> list[ET.Element]:
    """Parse the document and hold its counts against its content: a test has one outcome at most."""
    whole = written(report)
    assert _LEGAL.fullmatch(whole)
    root = ET.fromstring(whole.encode("utf-8"))  # noqa: S314  (our own, and a bomb would have to be ours)
    assert root.tag == "testsuites"
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert all(sum(child.tag != "system-out" for child in case) <= 1 for case in cases)
        assert element.get("tests") == str(len(cases))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert element.get(name) == str(sum(case.find(tag) is not None for case in cases))
    return list(root)


def shape(suite: ET.Element) -> dict[str, list[str]]:
    """Return the tags below each test of a suite."""
    return {str(case.get("name")): [child.tag for child in case] for case in suite}


def test_success_is_a_suite_of_tests_that_pass_or_were_skipped() -> None:
    (suite,) = suites(reports.passed())
    assert suite.get("name") == "refs/heads/main"
    assert shape(suite) == {"branch-name": [], "research-gate": [], "commit-size": ["skipped"]}


def test_a_refusal_fails_the_test_of_its_check() -> None:
    run, main, research = suites(reports.refused())
    assert shape(run) == {"run": ["system-out"]}
    assert shape(main) == {
        "branch-name": [],
        "research-gate": ["failure", "system-out"],
        "commit-size": ["skipped"],
        "experiment-hash": ["error"],
    }
    assert [case.get("classname") for case in research] == ["refs/heads/research/attention"] * 3
    said = words(reports.squashed())
    (failure,) = main.iter("failure")
    assert failure.attrib == {"message": said.message, "type": "LG201 unreviewed-research"}
    assert failure.text == f"{said.message}\nhelp: {said.help}"
    (error,) = main.iter("error")
    assert error.attrib == {"message": "this clone is shallow", "type": "undecided"}
    assert error.text == "this clone is shallow\nhelp: git fetch --unshallow origin"
    (output,) = main.iter("system-out")
    assert str(output.text).startswith("note: LG212 wrong-target: research/attention is a research branch ")


def test_all_errors_of_a_check_are_one_failure_that_has_them_all() -> None:
    first, second = reports.squashed(), reports.squashed(reports.COMMITS[2:4])
    (suite,) = suites(reports.report(reports.judged(first, second)))
    assert shape(suite)["research-gate"] == ["failure"]
    (failure,) = suite.iter("failure")
    assert failure.attrib == {
        "message": f"{words(first).message} (and 1 more)",
        "type": "LG201 unreviewed-research",
    }
    assert str(failure.text).splitlines() == [
        words(first).message,
        f"help: {words(first).help}",
        f"LG201 unreviewed-research: {words(second).message}",
        f"help: {words(second).help}",
    ]


def test_what_stopped_the_run_is_an_error_of_the_run() -> None:
    problems = (GitError("shallow", "git fetch"), PolicyError(("one", "two")))
    (run,) = suites(reports.report(view=View(1, None, 0, False), problems=problems))
    (error,) = run.iter("error")
    assert error.attrib == {"message": "shallow (and 2 more)", "type": "could-not-judge"}
    assert str(error.text).splitlines() == [
        "shallow",
        "help: git fetch",
        "could-not-judge: one",
        "could-not-judge: two",
    ]


def test_a_run_that_was_skipped_is_a_skipped_test() -> None:
    report = reports.report(view=View(0, None, 0, False), policy=PolicyOrigin("none"), skipped="no policy")
    (run,) = suites(report)
    assert [skipped.attrib for skipped in run.iter("skipped")] == [{"message": "no policy"}]


def test_a_finding_in_a_file_names_it() -> None:
    finding = reports.squashed(path="models/a.bin")
    (suite,) = suites(reports.report(reports.judged(finding)))
    assert [str(failure.get("message")).split(": ")[0] for failure in suite.iter("failure")] == ["models/a.bin"]


@hostile.each
@pytest.mark.parametrize("problems", [False, True], ids=["judged", "stopped"])
def test_hostile_text_forges_no_test_and_no_command(text: str, problems: bool) -> None:
    report = hostile.report(text, problems=problems)
    run, first, second = suites(report)
    assert shape(first) == {
        "branch-name": ["skipped"],
        "research-gate": ["failure", "system-out"],
        "commit-size": ["error"],
    }
    assert shape(run) == {"run": ["error", "system-out"] if problems else ["system-out"]}
    assert shape(second) == {"branch-name": [], "research-gate": [], "commit-size": ["skipped"]}
    assert first.get("name") == safe(f"refs/heads/{text}")
    assert hostile.commands(written(report)) == []
    shown = [value for element in first.iter() for value in (element.text, *element.attrib.values()) if value]
    assert all(map(hostile.visible, shown))


@settings(deadline=None)
@given(hostile.ANYTHING)
def test_any_text_comes_back_as_it_is_shown(text: str) -> None:
    _, first, _ = suites(hostile.report(text))
    assert first.get("name") == safe(f"refs/heads/{text}")
    assert len(list(first.iter("failure"))) == 1
    (skipped,) = first.iter("skipped")
    assert skipped.get("message") == safe(text)

"""The report as JUnit XML, which most CI systems show as tests: a suite for each ref, a test for each check.

The format has no standard; this is what Jenkins' schema and the readers of GitLab, Azure and CircleCI agree on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # only to write: nothing foreign is parsed

from labgate.report.escape import safe
from labgate.report.parts import check_lines, problem_lines, run_notes, said, too_small
from labgate.values.finding import SKIPPED, UNDECIDED
from labgate.values.report import CheckResult

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from labgate.values.finding import Finding
    from labgate.values.report import Judged, Report

#: The suite and the test for the run itself.
_RUN = ("labgate", "run")

#: The counts of a suite, by the tag of the tests that are counted.
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(report: Report, stream: TextIO) -> None:
    """Write one XML document in ASCII, and a newline, so that no encoding of the stream can break it."""
    root = ET.Element("testsuites", name="labgate")
    run = _run_suite(report)
    root.extend([*([] if run is None else [run]), *(_suite(judged) for judged in report.judged)])
    for suite in root:
        _count(suite, [suite])
    _count(root, list(root))
    ET.indent(root)
    text = ET.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def _count(element: ET.Element, suites: Iterable[ET.Element]) -> None:
    """Write the number of tests in these suites, and of those that failed in each way (tests, not findings)."""
    cases = [case for suite in suites for case in suite.iter("testcase")]
    element.set("tests", str(len(cases)))
    for count, tag in _COUNTS.items():
        element.set(count, str(sum(case.find(tag) is not None for case in cases)))


def _run_suite(report: Report) -> ET.Element | None:
    """Return the suite for the whole run, ``None`` when it has no notes and refs were judged."""
    notes = list(run_notes(report))
    if not notes and not report.problems and report.skipped is None and report.judged:
        return None
    name, test = _RUN
    suite = ET.Element("testsuite", name=name)
    case = ET.SubElement(suite, "testcase", classname=name, name=test)
    problems = [lines for error in report.problems for lines in problem_lines(error)]
    if problems:
        _add(case, "error", ["could-not-judge"] * len(problems), problems)
    elif report.skipped is not None:
        ET.SubElement(case, "skipped", message=safe(report.skipped))
    _output(case, notes)
    return suite


def _suite(judged: Judged) -> ET.Element:
    ref = safe(judged.update.ref)
    suite = ET.Element("testsuite", name=ref)
    for check in judged.checks:
        case = ET.SubElement(suite, "testcase", classname=ref, name=check.name)
        findings = [finding for finding in judged.findings if finding.rule.code in check.codes]
        _fill(case, check, findings, [too_small(check)] if check.undecidable else [])
    return suite


def _fill(case: ET.Element, check: CheckResult, findings: list[Finding], notes: list[str]) -> None:
    """Write the outcome of one check: at most one of failure, error and skipped, then system-out.

    Most readers show only the first failure of a test, so all errors of a check are one.
    """
    failures = [finding for finding in findings if finding.level == "error"]
    undecided = check_lines(check) if check.outcome == UNDECIDED else []
    output = []
    if failures:
        _add(case, "failure", [_rule(finding) for finding in failures], [_told(finding) for finding in failures])
        output = [f"{UNDECIDED}: {undecided[0]}", *undecided[1:]] if undecided else []
    elif undecided:
        _add(case, "error", [UNDECIDED], [undecided])
    elif check.outcome == SKIPPED:
        ET.SubElement(case, "skipped", message=check_lines(check)[0])
    for finding in findings:
        if finding.level != "error":
            message, *help = _told(finding)
            output += [f"{finding.level}: {_rule(finding)}: {message}", *help]
    _output(case, [*output, *notes])


def _rule(finding: Finding) -> str:
    return f"{finding.rule.code} {finding.rule.name}"


def _told(finding: Finding) -> list[str]:
    """Return a finding's message with its file, if any, and its help."""
    message, *help = said(finding)
    return [message if finding.path is None else f"{safe(finding.path)}: {message}", *help]


def _add(case: ET.Element, tag: str, types: list[str], items: list[list[str]]) -> None:
    """Write one element for all items, each with its type and its lines; the message is that of the first one."""
    first, *others = items
    more = f" (and {len(others):,} more)" if others else ""
    element = ET.SubElement(case, tag, message=first[0] + more, type=", ".join(dict.fromkeys(types)))
    lines = list(first)
    for type_, item in zip(types[1:], others, strict=True):
        # Behind the type, foreign text cannot start a line, which a runner may take for a command.
        lines += [f"{type_}: {item[0]}", *item[1:]]
    element.text = "\n".join(lines)


def _output(case: ET.Element, lines: list[str]) -> None:
    if lines:
        ET.SubElement(case, "system-out").text = "\n".join(lines)

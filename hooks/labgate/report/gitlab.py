"""The report as GitLab Code Quality: a JSON array that a merge request shows as a list of violations.

Source: "Code Quality report format" in GitLab's documentation. Each violation needs a file, and two violations with the
same fingerprint count as one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from labgate.report.escape import safe
from labgate.report.json import encoded, fingerprint
from labgate.report.parts import check_lines, problem_lines, ref_of, said, shown_ref, worst_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from labgate.values.finding import Finding
    from labgate.values.report import Judged, Report

#: The place of a violation that has no file: the policy says what it violates.
POLICY_FILE = "labgate.toml"

#: GitLab knows info, minor, major, critical and blocker. ``critical`` is used for all that makes the job fail only.
_FAILS = "critical"
_SEVERITIES = {"error": _FAILS, "warning": "minor", "note": "info"}


def render(report: Report, stream: TextIO) -> None:
    """Write one JSON array and a newline. It is empty only when nothing was found and everything was decided."""
    stream.write(encoded(_unique(_entries(report)), indent=2) + "\n")


def _entries(report: Report) -> Iterator[dict[str, Any]]:
    for error in report.problems:
        yield from (_could_not_judge(lines) for lines in problem_lines(error))
    if report.skipped is not None:
        yield _could_not_judge([f"skipped: {safe(report.skipped)}"], "info")
    for judged, check in report.undecided:
        reason, *help = check_lines(check)
        yield _could_not_judge([f"{shown_ref(judged.update.ref)}: {check.name} undecided: {reason}", *help])
    yield from (_violation(finding, judged) for judged, finding in worst_first(report))


def _violation(finding: Finding, judged: Judged) -> dict[str, Any]:
    ref = ref_of(finding, judged)
    message, *help = said(finding)
    if finding.path is None:
        message = f"{shown_ref(ref)}: {message}"
    path = POLICY_FILE if finding.path is None else finding.path
    name = f"{finding.rule.code} {finding.rule.name}"
    return _entry([message, *help], name, fingerprint(finding, ref), _SEVERITIES[finding.level], path)


def _could_not_judge(lines: list[str], severity: str = _FAILS) -> dict[str, Any]:
    identity = hashlib.sha256(f"labgate-unjudged/1\n{lines[0]}".encode()).hexdigest()
    return _entry(lines, "labgate", identity, severity, POLICY_FILE)


def _entry(lines: list[str], name: str, identity: str, severity: str, path: str) -> dict[str, Any]:
    return {
        "description": "\n".join(lines),
        "check_name": name,
        "fingerprint": identity,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }


def _unique(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries with unique fingerprints: the first one keeps its own, a repeat is hashed with its number."""
    seen: Counter[str] = Counter()
    result = []
    for entry in entries:
        identity: str = entry["fingerprint"]
        seen[identity] += 1
        if seen[identity] > 1:
            identity = hashlib.sha256(f"{identity} {seen[identity]}".encode("ascii")).hexdigest()
        result.append({**entry, "fingerprint": identity})
    return result

"""The report as SARIF 2.1.0, which code scanning services and editors read.

Source: OASIS Standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", errata 01; the numbers of
sections below are its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from labgate import __version__
from labgate.report.escape import safe
from labgate.report.gitlab import POLICY_FILE
from labgate.report.json import document, encoded
from labgate.report.parts import check_lines, problem_lines, ref_of, run_notes, said, shown_ref, too_small
from labgate.report.site import NOWHERE, Site
from labgate.values.finding import SKIPPED, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from labgate.values.finding import Finding, Rule
    from labgate.values.report import Judged, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

#: The key and the version of the fingerprints (3.27.17): those of the JSON report.
FINGERPRINT = "labgate/v1"


def render(report: Report, stream: TextIO, *, site: Site = NOWHERE) -> None:
    """Write one SARIF log with one run, and a newline."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, site)]}
    stream.write(encoded(log, indent=2) + "\n")


def _run(report: Report, site: Site) -> dict[str, Any]:
    whole = document(report)
    rules = list(dict.fromkeys(finding.rule for _, finding in report.findings))
    return {
        "tool": {
            "driver": {
                "name": "labgate",
                "semanticVersion": __version__,
                **_known(informationUri=site.home),
                "rules": [_rule(rule, site) for rule in rules],
            }
        },
        "invocations": [
            {
                # 3.20.14: whether the tool completed its work, not whether it found violations.
                "executionSuccessful": not report.problems and not report.undecided,
                "exitCode": report.exit_status,  # the verdict's; `--exit-zero` is the caller's
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        "results": [
            _result(finding, report.judged[at], rules, record)
            for (at, finding), record in zip(report.findings, whole["findings"], strict=True)
        ],
        # versionControlProvenance (3.14.15) wants the repository's URI, which a report does not know.
        "properties": {key: whole[key] for key in ("stage", "outcome", "policy", "view", "updates")},
    }


def _known(**uris: str | None) -> dict[str, str]:
    """Return the addresses that are known: SARIF has no null."""
    return {key: found for key, found in uris.items() if found is not None}


def _rule(rule: Rule, site: Site) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        **_known(helpUri=site.page(rule.code)),
        "defaultConfiguration": {"level": rule.level},
    }


def _result(finding: Finding, judged: Judged, rules: list[Rule], record: dict[str, Any]) -> dict[str, Any]:
    return {
        "ruleId": finding.rule.code,
        "ruleIndex": rules.index(finding.rule),
        "level": finding.level,
        "message": _message(said(finding)),
        "locations": [_location(finding, judged)],
        "partialFingerprints": {FINGERPRINT: record["fingerprint"]},
        "properties": {key: record[key] for key in ("update", "commits", "evidence")},
    }


def _location(finding: Finding, judged: Judged) -> dict[str, Any]:
    """Return the file, and the ref as a logical location.

    A finding without a file is located in the policy: code scanning on GitHub refuses a whole log for one result
    without a physical location.
    """
    path = POLICY_FILE if finding.path is None else finding.path
    physical = {"artifactLocation": {"uri": uri(path), "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 1}}
    return {"physicalLocation": physical, "logicalLocations": _logical(ref_of(finding, judged))}


def _logical(ref: str) -> list[dict[str, Any]]:
    return [{"name": shown_ref(ref), "fullyQualifiedName": safe(ref, limit=None), "kind": "ref"}]


def uri(path: str) -> str:
    """Return a path as a relative URI reference (RFC 3986): each byte that may not stand in a name is percent-encoded.

    Bytes of a path that are not UTF-8 come as lone surrogates (PEP 383) and become the original bytes.
    """
    try:
        name = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        name = path.encode("utf-8", "backslashreplace")  # other surrogates never come from git
    return quote(name, safe="/")


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    """Yield notifications about the run (3.20.21): what stopped it, is undecided, was skipped or not seen."""
    for error in report.problems:
        yield from (_notification("error", lines) for lines in problem_lines(error))
    if report.skipped is not None:
        yield _notification("warning", [f"skipped: {safe(report.skipped)}"])
    yield from (_notification("note", [note]) for note in run_notes(report))
    for judged in report.judged:
        ref = judged.update.ref
        yield from (_notification("note", [too_small(check)], ref) for check in judged.checks if check.undecidable)
        for check in judged.checks:
            if check.outcome in (SKIPPED, UNDECIDED):
                reason, *help = check_lines(check)
                level = "error" if check.outcome == UNDECIDED else "note"
                yield _notification(level, [f"{check.name} {check.outcome}: {reason}", *help], ref)


def _notification(level: str, lines: list[str], ref: str | None = None) -> dict[str, Any]:
    where = {} if ref is None else {"locations": [{"logicalLocations": _logical(ref)}]}
    return {"level": level, "message": _message(lines), **where}


def _message(lines: list[str]) -> dict[str, str]:
    """Return a plain text message without links: ``[text](target)`` is one in every message (3.11.6)."""
    return {"text": "\n".join(lines).replace("](", r"]\x28")}

"""The report as JSON, as ``report.schema.json`` describes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labgate import __version__
from labgate.report.parts import problems_of
from labgate.report.site import NOWHERE, Site
from labgate.values.value import Value

if TYPE_CHECKING:
    from typing import TextIO

    from labgate.values.finding import Evidence, Finding
    from labgate.values.report import Judged, Report

#: The version of the format: it grows when a key changes its meaning or is removed, not when one is added.
SCHEMA = 1


def render(report: Report, stream: TextIO, *, site: Site = NOWHERE) -> None:
    """Write the report as one JSON document and a newline."""
    stream.write(encoded(document(report, site), indent=2) + "\n")


def encoded(value: Any, indent: int | None = None) -> str:
    """Return plain dicts, lists and texts as JSON in ASCII, so that no encoding can break it."""
    text = json.dumps(_plain(value), indent=indent, ensure_ascii=True)
    # DEL is the one control character that JSON leaves alone. It can only stand inside a string.
    return text.replace("\x7f", "\\u007f")


def document(report: Report, site: Site = NOWHERE) -> dict[str, Any]:
    """Return the report as plain dicts and lists. Absent values are ``None``, never left out; oids are full."""
    view = report.view
    return {
        "schema": SCHEMA,
        "labgate": __version__,
        "stage": report.stage,
        "outcome": report.outcome,
        "skipped": report.skipped,
        "policy": report.policy,
        "view": {
            "refs_seen": view.refs_seen,
            "refs_total": view.refs_total,
            "complete": view.complete,
            "source_refs": view.source_refs,
            "sources_complete": view.sources_complete,
        },
        "notices": report.notices,
        "problems": [
            {"message": problem, "help": error.help} for error in report.problems for problem in problems_of(error)
        ],
        "updates": [_update(judged) for judged in report.judged],
        "findings": [_finding(finding, at, report.judged[at].update.ref, site) for at, finding in report.findings],
    }


def _update(judged: Judged) -> dict[str, Any]:
    return {
        "ref": judged.update.ref,
        "old": judged.update.old,
        "new": judged.update.new,
        "source": judged.update.source,
        "kind": judged.kind,
        "outcome": judged.outcome,
        "review": judged.review,
        "undecidable": judged.undecidable,
        "checks": [
            {"name": check.name, "outcome": check.outcome, "reason": check.reason, "help": check.help}
            for check in judged.checks
        ],
    }


def _finding(finding: Finding, update: int, ref: str, site: Site) -> dict[str, Any]:
    return {
        "rule": finding.rule.code,
        "name": finding.rule.name,
        "level": finding.level,
        "fingerprint": fingerprint(finding, ref),
        "update": update,
        "commits": finding.oids,
        # No check judges single lines yet; the key is part of the contract.
        "location": {"ref": finding.ref, "path": finding.path, "line": None},
        "data": finding.data,
        "message": finding.message(),
        "help": finding.help(),
        "url": site.page(finding.rule.code),
        "evidence": [evidence_record(evidence) for evidence in finding.evidence],
    }


def evidence_record(evidence: Evidence) -> dict[str, Any]:
    """Return one piece of evidence as plain dicts and lists."""
    return evidence.as_dict() | {"terms": dict(evidence.terms)}


def _plain(value: Any) -> Any:
    """Return the value with lists for tuples and dicts for values, and with text that every JSON reader accepts.

    A path that is not UTF-8 comes as lone surrogates (PEP 383). RFC 8259 leaves them undefined and strict readers
    refuse the whole document, so they are written out as ``\\udcff``.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Value):
        return _plain(value.as_dict())
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


#: Part of the hash: a change in what counts as the same finding gets a new number and so new fingerprints.
_VERSION = "labgate-finding/1"

#: Keys of a finding's data (texts, or absent) that distinguish two findings of one rule at one place: the research ref
#: that code comes from, the person of a review marker.
IDENTIFYING = ("source", "person")


def fingerprint(finding: Finding, ref: str) -> str:
    """Return 64 hexadecimal digits that are the same for the same finding in every run, format and clone.

    The hash (SHA-256 of compact ASCII JSON) covers the rule's code, the full refname, the sorted commits, the path and
    the data named in ``IDENTIFYING``. It leaves out level, wording, counts and advice: they do not identify a finding.
    ``ref`` is the ref of the update that the finding belongs to; its own ref wins.
    """
    stable = [
        _VERSION,
        finding.rule.code,
        ref if finding.ref is None else finding.ref,
        sorted(finding.oids),
        finding.path,
        [finding.data.get(key) for key in IDENTIFYING],
    ]
    return hashlib.sha256(json.dumps(stable, separators=(",", ":")).encode("ascii")).hexdigest()

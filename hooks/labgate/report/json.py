"""The report as JSON, by the contract in ``report.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labgate import __version__
from labgate.report.failure import problems_of
from labgate.report.fingerprint import fingerprint
from labgate.values.value import Value

if TYPE_CHECKING:
    from typing import TextIO

    from labgate.report import Renderer
    from labgate.values.finding import Evidence, Finding
    from labgate.values.report import Judged, Report, ReviewState

#: The contract's number: it grows when a key changes its meaning or goes away, not when one is added.
SCHEMA = 1


def build(colour: bool, verbose: bool) -> Renderer:  # noqa: ARG001  (a machine reads it: always plain, always whole)
    """Return the renderer of this format."""
    return render


def render(report: Report, stream: TextIO) -> None:
    """Write the report as one JSON document and a newline."""
    stream.write(encoded(document(report), indent=2) + "\n")


def encoded(value: Any, indent: int | None = None) -> str:
    """Return plain dicts, lists and texts as JSON in ASCII, so that no encoding can break it."""
    text = json.dumps(_plain(value), indent=indent, ensure_ascii=True)
    # DEL is the one control character that JSON leaves alone. It can only stand inside a string.
    return text.replace("\x7f", "\\u007f")


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain dicts and lists. Absent values are ``None``, never left out; oids are full."""
    view = report.view
    return {
        "schema": SCHEMA,
        "labgate": __version__,
        "stage": report.stage,
        "outcome": report.outcome,
        "skipped": report.skipped,
        "policy": {"origin": report.policy.origin, "commit": report.policy.commit, "blob": report.policy.blob},
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
        "findings": [_finding(finding, at, report.judged[at].update.ref) for at, finding in report.findings],
    }


def _update(judged: Judged) -> dict[str, Any]:
    return {
        "ref": judged.update.ref,
        "old": judged.update.old,
        "new": judged.update.new,
        "source": judged.update.source,
        "kind": judged.kind,
        "outcome": judged.outcome,
        "review": None if judged.review is None else _review(judged.review),
        "undecidable": judged.undecidable,
        "checks": [
            {"name": check.name, "outcome": check.outcome, "reason": check.reason, "help": check.help}
            for check in judged.checks
        ],
    }


def _review(review: ReviewState) -> dict[str, Any]:
    return {
        "required": review.required,
        "reached": review.reached,
        "counted": review.counted,
        "not_counted": [{"person": marker.person, "reason": marker.reason} for marker in review.not_counted],
        "missing": review.missing,
        "late": review.late,
    }


def _finding(finding: Finding, update: int, ref: str) -> dict[str, Any]:
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
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "method": evidence.method,
        "decisive": evidence.decisive,
        "source_ref": evidence.source_ref,
        "source_commits": evidence.source_commits,
        "commits": evidence.commits,
        "score": evidence.score,
        "matched_lines": evidence.matched_lines,
        "paths": evidence.paths,
        "terms": dict(evidence.terms),
        "shared": evidence.shared,
        "hint": evidence.hint,
    }


def _plain(value: Any) -> Any:
    """Return the value with lists for tuples and objects for values, and with text that every JSON reader takes.

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

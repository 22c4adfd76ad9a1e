"""Outputs for later steps of a CI job: the outcome, counts, and labels that show the change's way."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from labgate.report.escape import safe
from labgate.values.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labgate.values.report import Report

#: The most lines (added and deleted) of each size; a larger change is XL.
SIZES = {"XS": 10, "S": 50, "M": 200, "L": 800}

#: Characters of a label on GitHub.
LABEL_LIMIT = 50

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def outputs(report: Report, source_kind: str | None = None, lines: int | None = None) -> dict[str, str]:
    """Return the outputs of a step, by name; an unknown one is the empty text.

    ``source_kind`` is the policy's kind of the branch that the change comes from; ``lines`` are the lines it adds and
    deletes, as commit-size counts them: a report knows neither. ``target-kind`` names each kind of the refs once.
    ``labels`` are suggestions, separated by commas.
    """
    levels = [finding.level for _, finding in report.findings]
    kinds = list(dict.fromkeys(judged.kind for judged in report.judged if judged.kind is not None))
    size = "" if lines is None else _size(lines)
    found = {
        "outcome": report.outcome,
        "exit-status": str(report.exit_status),
        "errors": str(levels.count("error")),
        "warnings": str(levels.count("warning")),
        "target-kind": ",".join(kinds),
        "source-kind": source_kind or "",
        "size": size,
        "labels": ",".join(_labels(report, kinds, source_kind, size)),
    }
    return {name: safe(value, limit=None) for name, value in found.items()}


def _size(lines: int) -> str:
    return next((name for name, most in SIZES.items() if lines <= most), "XL")


def size_said(lines: int | None, notes: Iterable[str]) -> str | None:
    """Return what a summary says of the size of a change, ``None`` if its number of lines is not known."""
    return None if lines is None else "; ".join((f"{_size(lines)}, {count(lines, 'line')} to read", *notes))


def _labels(report: Report, kinds: Iterable[str], source_kind: str | None, size: str) -> list[str]:
    labels = [f"target: {kind}" for kind in kinds]
    if source_kind is not None:
        labels.append(f"source: {source_kind}")
    if size:
        labels.append(f"size: {size}")
    missing = [name for judged in report.judged if judged.review is not None for name in judged.review.missing]
    # The policy's word for "any reviewers" is `total`, which is not clear on a label.
    labels += ["needs-review" if name == "total" else f"needs-review: {name}" for name in missing]
    return list(dict.fromkeys(safe(label.replace(",", " "), LABEL_LIMIT) for label in labels))


def format_outputs(found: Mapping[str, str]) -> str:
    """Return the outputs as lines for the file that GITHUB_OUTPUT names.

    Every value stands between delimiters that nobody can guess ("Multiline strings" in GitHub's documentation of
    workflow commands), so that no value can start another output. Raises: ``ValueError`` when a name is not valid.
    """
    written = []
    for name, value in found.items():
        if _NAME.fullmatch(name) is None:
            message = f"{name!r} is not a valid name of an output"
            raise ValueError(message)
        delimiter = f"labgate_{secrets.token_hex(16)}"
        written.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    return "".join(written)

"""The report as workflow commands of GitHub Actions: one annotation for each finding.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation; Gitea's and Forgejo's runners know them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labgate.report.escape import safe
from labgate.report.palette import palette
from labgate.report.parts import (
    PLACE_LIMIT,
    check_lines,
    passed,
    problem_lines,
    ref_of,
    run_notes,
    said,
    shown_ref,
    tally,
    too_small,
    worst_first,
)
from labgate.values.finding import PASSED, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from labgate.values.finding import Finding
    from labgate.values.report import Judged, Report

#: The runner's command for each level.
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, stream: TextIO) -> None:
    """Write one line for each annotation, then plain lines that all start with ``labgate:``.

    Errors come first: GitHub shows the first 10 annotations of a level and step, and the log has them all.
    """
    stream.writelines(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for error in report.problems:
        yield from (command("error", "labgate could not judge", lines) for lines in problem_lines(error))
    found = worst_first(report)
    yield from (_annotation(finding, judged) for judged, finding in found if finding.level == "error")
    # An audit judges each landing on one ref, and all of them for the same reason.
    yield from dict.fromkeys(_unjudged(report))
    yield from (_annotation(finding, judged) for judged, finding in found if finding.level != "error")
    yield from (f"labgate: {line}" for line in dict.fromkeys(_plain_lines(report)))


def _annotation(finding: Finding, judged: Judged) -> str:
    rule = finding.rule
    message, *help = said(finding)
    # The host does not know a path that has to be escaped, so the message has it.
    known = finding.path is not None and safe(finding.path, limit=None) == finding.path
    if not known:
        place = shown_ref(ref_of(finding, judged)) if finding.path is None else safe(finding.path, PLACE_LIMIT)
        message = f"{place}: {message}"
    title = f"{rule.code} {rule.name}"
    return command(_COMMANDS[finding.level], title, [message, *help], finding.path if known else None)


def _unjudged(report: Report) -> Iterator[str]:
    """Yield a warning for what did not pass: a run that was skipped, a check that is undecided."""
    if report.skipped is not None:
        yield command("warning", "labgate skipped", [safe(report.skipped)])
    for judged, check in report.undecided:
        reason, *help = check_lines(check)
        yield command("warning", f"{check.name} undecided", [f"{shown_ref(judged.update.ref)}: {reason}", *help])


def _plain_lines(report: Report) -> Iterator[str]:
    yield from run_notes(report)
    for judged in report.judged:
        place = shown_ref(judged.update.ref)
        yield from (f"{place}: {too_small(check)}" for check in judged.checks if check.undecidable)
        for check in judged.checks:
            if check.outcome == SKIPPED:
                yield f"{place}: {check.name} skipped: {check_lines(check)[0]}"
    counts = tally(report, palette(colour=False))
    if counts:
        yield counts
    elif report.outcome == PASSED:
        yield passed(report)


def command(name: str, title: str, lines: Iterable[str], path: str | None = None) -> str:
    """Return a workflow command (no newline) that annotates ``path``, or the job where it is ``None``.

    A runner reads a line that starts with ``::`` as a command; ``lines`` become lines of its message.
    """
    properties = {"title": title} if path is None else {"title": title, "file": path}
    escaped = {key: _data(value).replace(":", "%3A").replace(",", "%2C") for key, value in properties.items()}
    listed = ",".join(f"{key}={value}" for key, value in escaped.items())
    message = "\n".join(lines)
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a message as the runner's toolkit does; ``%`` first, or ``%0A`` in a subject would become a newline."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

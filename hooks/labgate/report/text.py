"""The report as lines for people: findings, undecided checks, and the commands that fix them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labgate.report.escape import safe
from labgate.report.palette import palette
from labgate.report.parts import (
    HELP_LIMIT,
    PLACE_LIMIT,
    check_lines,
    failure_lines,
    passed,
    ref_of,
    run_notes,
    said,
    shown_ref,
    similarity,
    tally,
    too_small,
)
from labgate.values.finding import LEVELS, PASSED, SHARED_LIMIT, SHARED_LISTED, SIMILARITY, SKIPPED, UNDECIDED
from labgate.values.phrases import short_oid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from labgate.report.palette import Paint
    from labgate.values.finding import Evidence, Finding
    from labgate.values.report import CheckResult, Judged, Report

#: The level of the findings that are shown to people who want nothing else.
ERROR = LEVELS[-1]

#: Commits that a finding lists with ``verbose``, and characters of each one's subject.
COMMITS_LISTED, SUBJECT_LIMIT = 5, 60
#: Characters of an oid and its subject by which a message is taken to name a commit.
SUBJECT_SHOWN = 40


def render(report: Report, stream: TextIO, *, colour: bool = False, verbose: bool = False, quiet: bool = False) -> None:
    """Write the lines of a report.

    ``verbose`` also shows what passed and was skipped, ``quiet`` shows only errors and what is undecided.
    """
    found = _quiet_lines(report, palette(colour)) if quiet else lines(report, palette(colour), verbose)
    stream.writelines(f"{line}\n" for line in found)


def lines(report: Report, paint: Paint, verbose: bool) -> Iterator[str]:
    """Yield the lines of a report, without newlines; none at all when everything passed and ``verbose`` is false.

    The only foreign text at the start of a line is a ref or a path that no CI runner reads as a command.
    """
    if report.skipped is not None:
        yield f"labgate: skipped: {safe(report.skipped)}"
    yield from (f"labgate: {note}" for note in run_notes(report))
    for problem in report.problems:
        yield from failure_lines(problem, paint)
    shown: set[str] = set()
    for judged in report.judged:
        for finding in judged.findings:
            yield from _finding_lines(finding, judged, paint, verbose)
        if verbose or judged.findings:
            yield from _undecidable_lines(judged, verbose)
        yield from _checks_lines(judged, paint, shown, verbose)
    if report.findings:
        yield tally(report, paint)
    elif verbose and report.outcome == PASSED:
        yield f"labgate: {passed(report)}"


def _quiet_lines(report: Report, paint: Paint) -> Iterator[str]:
    for problem in report.problems:
        yield from failure_lines(problem, paint)
    shown: set[str] = set()
    for judged in report.judged:
        for finding in judged.findings:
            if finding.level == ERROR:
                yield from _finding_lines(finding, judged, paint, verbose=False)
        yield from _checks_lines(judged, paint, shown, verbose=False)


def _finding_lines(finding: Finding, judged: Judged, paint: Paint, verbose: bool) -> Iterator[str]:
    place = _place(finding, judged)
    rule = f"{paint('code', finding.rule.code)} {paint(finding.level, finding.level + ':')}"
    message, *help = said(finding)
    parts = [safe(line, limit=None) for line in finding.help_lines()]
    if parts and sum(map(len, parts)) <= HELP_LIMIT:
        help = ("help: " + " \\\n      ".join(parts)).split("\n")
    yield f"{place}: {rule} {message}"
    yield from (f"    {line}" for line in help)
    if verbose:
        yield from _detail_lines(finding, message)
    else:
        # A proof needs no details; the reader has to judge similarity by its lines.
        yield from (line for item in finding.evidence[:1] if not item.proves for line in _sample_lines(item, help))


def _detail_lines(finding: Finding, message: str) -> Iterator[str]:
    # A check that knows the subjects of its commits gives them in the same order.
    subjects = finding.subjects
    for at, oid in enumerate(finding.oids[:COMMITS_LISTED]):
        subject = f" {safe(subjects[at], SUBJECT_LIMIT)}" if at < len(subjects) else ""
        if subject and f"{short_oid(oid)}{subject}"[:SUBJECT_SHOWN] in message:
            continue  # the message names it
        yield f"    commit {short_oid(oid)}{subject}"
    if len(finding.oids) > COMMITS_LISTED:
        yield f"    and {len(finding.oids) - COMMITS_LISTED} more commits"
    for evidence in finding.evidence:
        yield f"    evidence {_evidence(evidence)}"
        yield from _basis_lines(evidence, indent=6)


def _evidence(evidence: Evidence) -> str:
    source = "a deleted branch" if evidence.source_ref is None else shown_ref(evidence.source_ref)
    commits = f": {_oids(evidence.source_commits)}" if evidence.source_commits else ""
    hint = "" if evidence.hint is None else f" ({safe(evidence.hint)})"
    return f"{evidence.method} from {source}{evidence.since}{commits}{hint}"


def _sample_lines(evidence: Evidence, help: list[str]) -> Iterator[str]:
    """Yield the command that shows both sides, unless the help has it, and a sample of the lines that both have."""
    show = f"labgate trace --show {short_oid(evidence.commits[0])}" if evidence.commits else ""
    if evidence.method == SIMILARITY and show and f"help: {show}" not in help:
        yield f"    details: {show}"
    yield from _shared_lines(evidence, indent=4)


def _basis_lines(evidence: Evidence, indent: int) -> Iterator[str]:
    """Yield a similarity score in words, and a sample of the lines that both sides have."""
    if evidence.method == SIMILARITY:
        yield f"{' ' * indent}{similarity(evidence)}"
    yield from _shared_lines(evidence, indent)


def _shared_lines(evidence: Evidence, indent: int) -> Iterator[str]:
    for line in evidence.shared[:SHARED_LISTED]:
        yield f"{' ' * indent}| {safe(line, SHARED_LIMIT)}"


def _undecidable_lines(judged: Judged, verbose: bool) -> Iterator[str]:
    for check in judged.checks:
        if check.undecidable:
            yield f"{shown_ref(judged.update.ref)}: {too_small(check)}"
            if verbose:
                yield f"    {_oids(check.undecidable)}"


def _checks_lines(judged: Judged, paint: Paint, shown: set[str], verbose: bool) -> Iterator[str]:
    """Yield the lines of the checks that were skipped or are undecided, without those in ``shown``, and add them there.

    An audit judges each landing on one ref, and all of them for the same reason.
    """
    for check in judged.checks:
        lines = _check_lines(check, judged, paint, verbose)
        yield from (line for line in lines if line not in shown)
        shown.update(lines)


def _check_lines(check: CheckResult, judged: Judged, paint: Paint, verbose: bool) -> list[str]:
    if check.outcome not in (SKIPPED, UNDECIDED) or (check.outcome == SKIPPED and not verbose):
        return []
    role = "undecided" if check.outcome == UNDECIDED else "quiet"
    outcome = paint(role, f"{check.outcome}:")
    reason, *help = check_lines(check)
    return [f"{shown_ref(judged.update.ref)}: {check.name} {outcome} {reason}", *(f"    {line}" for line in help)]


def _place(finding: Finding, judged: Judged) -> str:
    """Return the place of a finding: its path, else its ref, else the ref of its update."""
    if finding.path is None:
        return shown_ref(ref_of(finding, judged))
    # GitHub's runner obeys a line that starts with ``::`` after any blanks; ``./`` names the same file.
    path = f"./{finding.path}" if finding.path.lstrip().startswith(":") else finding.path
    return safe(path, PLACE_LIMIT)


def _oids(oids: tuple[str, ...]) -> str:
    listed = " ".join(short_oid(oid) for oid in oids[:COMMITS_LISTED])
    more = len(oids) - COMMITS_LISTED
    return listed if more <= 0 else f"{listed} and {more} more"

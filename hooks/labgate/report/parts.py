"""Phrases that several formats for people share: places, notes on the run, counts, a finding's lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labgate.report.escape import safe
from labgate.report.palette import Paint, palette
from labgate.values.errors import LabgateError, PolicyError, known_error
from labgate.values.finding import ALARM, LEVELS, PASSED, SKIPPED
from labgate.values.phrases import count
from labgate.values.refnames import short_ref

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from labgate.values.finding import Evidence, Finding
    from labgate.values.ref_update import View
    from labgate.values.report import CheckResult, Judged, Report

#: Most characters of a ref or a path before a finding, so that the message stays on the screen.
PLACE_LIMIT = 100


#: What a review lacks, by the keys of ``missing`` that are no groups.
WANTED = {"total": "more reviewers", "affiliations": "reviewers of more affiliations"}


def shown_ref(ref: str) -> str:
    """Return a ref in short, safe to show."""
    return safe(short_ref(ref), PLACE_LIMIT)


def ref_of(finding: Finding, judged: Judged) -> str:
    """Return the full ref that a finding is about: its own, else that of its update."""
    return judged.update.ref if finding.ref is None else finding.ref


def said(finding: Finding) -> list[str]:
    """Return a finding's message and its ``help: ...``, if any: safe lines without newlines."""
    return [safe(finding.message()), *_help(finding.help())]


#: The terms of a similarity score in words, by their names in JSON.
_TERMS = {"T": "same lines", "X": "same places", "V": "same text", "B": "same change-log lines"}
_TERMS |= {"I": "same names", "F": "same edits", "S": "same structure", "P": "same files"}


def similarity(evidence: Evidence) -> str:
    """Return a similarity score in words: ``similarity 6.2 (warns from 6): same lines, same names``."""
    words = ", ".join(_TERMS.get(name, safe(name)) for name, value in evidence.terms if value)
    return f"similarity {evidence.score:.1f} (warns from {ALARM:g})" + (f": {words}" if words else "")


def problem_lines(error: LabgateError) -> Iterator[list[str]]:
    """Yield safe lines for each problem that stopped the run: what is wrong, and ``help: ...`` below the last."""
    problems = problems_of(error)
    for number, problem in enumerate(problems, 1):
        yield [safe(problem), *(_help(error.help) if number == len(problems) else [])]


def check_lines(check: CheckResult) -> list[str]:
    """Return safe lines: why a check was skipped or is undecided, and its ``help: ...``, if any."""
    reason = "no reason given" if check.reason is None else safe(check.reason)
    return [reason, *_help(check.help)]


def _help(help: str | None) -> list[str]:
    return [] if help is None else [help_line(help, indent=0)]


def run_notes(report: Report) -> Iterator[str]:
    """Yield notes on the whole run, safe to show, such as which policy judged and how much was seen."""
    if report.skipped is None and not report.problems and not (report.view.complete or report.view.said):
        yield f"partial view: {_seen(report.view)} seen; run `labgate install`"
    yield from map(safe, report.notices)


def _seen(view: View) -> str:
    if view.refs_total is None:
        return count(view.refs_seen, "ref")
    return f"{view.refs_seen} of {count(view.refs_total, 'ref')}"


def too_small(check: CheckResult) -> str:
    """Return the phrase for the commits (at least one) that a check could not compare."""
    number = len(check.undecidable)
    what = "1 commit is too small to compare with research by its text"
    if number > 1:
        what = f"{count(number, 'commit')} are too small to compare with research by their text"
    return f"{check.name}: {what} (exact comparison found nothing)"


def tally(report: Report, paint: Paint) -> str:
    """Return the number of findings, worst first: ``1 error, 2 warnings``; empty when there are none."""
    levels = [finding.level for _, finding in report.findings]
    parts = [paint(level, count(levels.count(level), level)) for level in reversed(LEVELS) if level in levels]
    if report.undecided:
        parts.append(paint("undecided", f"{len(report.undecided)} undecided"))
    return ", ".join(parts)


def passed(report: Report) -> str:
    """Return the line for a run that passed, with the number of checks, refs and research refs."""
    outcomes = [check.outcome for judged in report.judged for check in judged.checks]
    skipped = f", {outcomes.count(SKIPPED)} skipped" if SKIPPED in outcomes else ""
    known = "" if report.view.sources_complete else ", perhaps not all"
    sources = f"{count(report.view.source_refs, 'research ref')} known here{known}"
    checks = count(outcomes.count(PASSED), "check")
    return f"{checks} passed{skipped} on {count(len(report.judged), 'ref')}; {sources}"


def worst_first(report: Report) -> list[tuple[Judged, Finding]]:
    """Return every finding with its update: errors, then warnings, then notes; the order within a level is kept."""
    found = [(report.judged[at], finding) for at, finding in report.findings]
    return sorted(found, key=lambda item: -LEVELS.index(item[1].level))


#: Most characters of a command in ``help``. A longer one is not shown, as half a command is a wrong command.
HELP_LIMIT = 4000


def render_failure(error: LabgateError, stream: TextIO, *, colour: bool = False) -> None:
    """Write ``error: message``, for a policy one line for each mistake, and ``  help: command``, if any."""
    stream.writelines(f"{line}\n" for line in failure_lines(error, palette(colour)))


def failure_lines(error: LabgateError, paint: Paint) -> Iterator[str]:
    """Yield the lines that ``render_failure`` writes, without newlines."""
    for problem in problems_of(error):
        yield f"{paint('error', 'error:')} {safe(problem)}"
    if error.help is not None:
        yield help_line(error.help, indent=2)


def problems_of(error: LabgateError) -> tuple[str, ...]:
    """Return the problems of an error, one sentence each: several for a policy with several mistakes."""
    return error.problems if isinstance(error, PolicyError) else (error.message,)


def render_error(error: Exception, stream: TextIO, *, colour: bool = False) -> None:
    """Write a ``LabgateError`` as ``render_failure`` does, any other one as a bug."""
    known = known_error(error)
    if known is None:
        render_bug(error, stream, colour=colour)
    else:
        render_failure(known, stream, colour=colour)


def traceback_lines(error: Exception) -> Iterator[str]:
    """Yield the traceback of an error, safe to show, without newlines."""
    import traceback

    yield from map(safe, "".join(traceback.format_exception(error)).splitlines())


def render_bug(error: Exception, stream: TextIO, *, colour: bool = False) -> None:
    """Write one line for an unexpected error, and how to report it."""
    kind = palette(colour)("error", "internal error:")
    stream.write(f"labgate: {kind} {type(error).__name__}: {safe(str(error))}; this is a bug\n")
    stream.write("  help: run it again with LABGATE_TRACEBACK=1 and report what it prints to labgate's issue tracker\n")


def help_line(help: str, indent: int) -> str:
    """Return the indented line with the command or step that fixes a finding or a problem."""
    shown = safe(help, limit=None)
    if len(shown) > HELP_LIMIT:
        shown = "the command is too long to show; --format json has it"
    return f"{' ' * indent}help: {shown}"

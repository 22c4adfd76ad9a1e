"""The report as one page of GitHub-flavoured Markdown: for the summary of a CI step, or as a file of the job.

Foreign text in it is never structure, a link, HTML or a mention.

Source of the limit: "Adding a job summary" in GitHub's documentation. A larger summary is not shown at all.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from labgate.report.escape import DEFAULT_LIMIT, safe
from labgate.report.palette import palette
from labgate.report.parts import (
    PLACE_LIMIT,
    WANTED,
    check_lines,
    passed,
    problem_lines,
    run_notes,
    said,
    tally,
    too_small,
)
from labgate.report.site import NOWHERE, Site
from labgate.values.finding import PASSED, reason
from labgate.values.phrases import short_oid
from labgate.values.refnames import short_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from labgate.values.finding import Evidence, Finding
    from labgate.values.report import CheckResult, Judged, Report, ReviewState

#: Bytes of UTF-8 that GitHub shows of one step (1 MiB).
LIMIT = 1024 * 1024
_CUT = "\n*This summary was cut: it is longer than 1 MiB. `labgate` with `--format json` has everything.*\n"

#: Commits, paths and pieces of evidence that are listed; the JSON report has all.
_LISTED = 20

_SIGNS = {"passed": "✅", "failed": "❌", "skipped": "⏭️", "undecided": "❔"}
_LEVELS = {"error": "❌", "warning": "⚠️", "note": "ℹ️"}  # noqa: RUF001  (this is the sign, not a letter)


def render(report: Report, stream: TextIO, size: str | None = None, *, site: Site = NOWHERE) -> None:
    """Write the page: at most ``LIMIT`` bytes of UTF-8 in whole lines; if it was cut, the last line says so.

    ``size`` is what it says of the size of the change, if anything.
    """
    room = LIMIT - len(_CUT.encode())
    kept: list[str] = []
    held: list[str] = []  # lines that only fit when nothing follows, as they take the room of the last line
    for line in _lines(report, size, site):
        room -= len(line.encode()) + 1
        if room >= 0:
            kept.append(line + "\n")
        elif room >= -len(_CUT.encode()):
            held.append(line + "\n")
        else:
            held = [_CUT]
            break
    stream.writelines(chain(kept, held))


def _lines(report: Report, size: str | None, site: Site) -> Iterator[str]:
    yield f"## {_SIGNS[report.outcome]} labgate: {report.outcome}"
    yield ""
    counts = tally(report, palette(colour=False))
    if counts or report.outcome == PASSED:
        yield from [text(counts or passed(report)), ""]
    if size is not None:
        yield from [f"**Size**: {text(size)}", ""]
    yield from _run(report)
    for judged in report.judged:
        yield from _update(judged, site)


def _run(report: Report) -> Iterator[str]:
    listed = [] if report.skipped is None else [f"- skipped: {text(report.skipped)}"]
    for error in report.problems:
        for problem, *help in problem_lines(error):
            listed.append(f"- {_LEVELS['error']} could not judge: {text(problem)}")
            listed.extend(_help(help))
    listed += [f"- note: {text(note)}" for note in run_notes(report)]
    if listed:
        yield from [*listed, ""]


def _update(judged: Judged, site: Site) -> Iterator[str]:
    update = judged.update
    kind = "" if judged.kind is None else f", a ref of kind {text(judged.kind)}"
    source = "" if update.source is None else f", from {code(update.source, PLACE_LIMIT)}"
    yield f"### {code(short_ref(update.ref), PLACE_LIMIT)}{kind}{source}"
    yield ""
    yield f"Judged: {_oid(update.old)} to {_oid(update.new)}"
    yield ""
    yield from table("check", "outcome", "reason")
    for check in judged.checks:
        yield _check(check)
    yield ""
    if judged.review is not None:
        yield from _review(judged.review, judged.findings)
    for finding in sorted(judged.findings, key=lambda finding: list(_LEVELS).index(finding.level)):
        yield from _finding(finding, site)
    for check in judged.checks:
        if check.undecidable:
            yield from [f"Note: {text(too_small(check))}: {_oids(check.undecidable)}", ""]


def _oid(oid: str | None) -> str:
    return "nothing" if oid is None else code(short_oid(oid))


def _oids(oids: Sequence[str]) -> str:
    return _listed([code(short_oid(oid)) for oid in oids])


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _LISTED
    return " ".join(items[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def _check(check: CheckResult) -> str:
    why = [] if check.reason is None and check.help is None else check_lines(check)
    reason_, *help = [*map(text, why[:1]), *map(code, why[1:])] or [", ".join(check.codes)]
    return row(text(check.name), f"{_SIGNS[check.outcome]} {check.outcome}", "<br>".join([reason_, *help]))


def _review(review: ReviewState, findings: Iterable[Finding]) -> Iterator[str]:
    yield f"**Review**: required assurance: {text(review.required)}; reached: {text(review.reached)}."
    yield ""
    for person in review.counted:
        yield f"- {_SIGNS['passed']} {code(person)} counts"
    for marker in review.not_counted:
        who = "somebody who is not listed" if marker.person is None else code(marker.person)
        yield f"- {_SIGNS['failed']} {who} does not count: {text(marker.reason)}"
    if review.missing:
        wanted = ", ".join(WANTED.get(name) or f"the group {code(name)}" for name in review.missing)
        able = _able(findings)
        yield f"- still missing: {wanted}" + (f"; {' or '.join(map(code, able))} can review" if able else "")
    yield ""


def _able(findings: Iterable[Finding]) -> list[str]:
    """Return the persons who could complete the review, as the findings advise."""
    advised = (person for finding in findings for person in finding.advised)
    return list(dict.fromkeys(advised))


def _finding(finding: Finding, site: Site) -> Iterator[str]:
    message, *help = said(finding)
    rule = finding.rule
    place = "" if finding.path is None else f"{code(finding.path, PLACE_LIMIT)}: "
    page = site.page(rule.code)
    name = f"{rule.code} {rule.name}" if page is None else f"[{rule.code} {rule.name}]({page})"
    yield f"- {_LEVELS[finding.level]} **{name}** ({finding.level}): {place}{text(message)}"
    yield from _help(help)
    if finding.oids:
        yield f"  - commits: {_oids(finding.oids)}"
    yield ""
    if finding.evidence:
        yield from table("evidence", "from", "research commits", "score", "lines", "files")
        yield from map(_evidence, finding.evidence[:_LISTED])
        yield ""
        if len(finding.evidence) > _LISTED:
            yield from [f"And {len(finding.evidence) - _LISTED:,} more pieces of evidence.", ""]


def _evidence(evidence: Evidence) -> str:
    ref = evidence.source_ref
    lines = evidence.matched_lines
    return row(
        text(evidence.method) + ("" if evidence.decisive else f" (only a hint: {text(reason(evidence.hint))})"),
        "a deleted branch" if ref is None else code(short_ref(ref), PLACE_LIMIT) + evidence.since,
        _oids(evidence.source_commits),
        f"{evidence.score:.1f}",
        "" if lines is None else f"{lines:,}",
        _listed([code(path, PLACE_LIMIT) for path in evidence.paths]),
    )


def _help(lines: Iterable[str]) -> Iterator[str]:
    """Yield the ``help`` line below an item of a list."""
    for line in lines:
        yield f"  - help: {code(line.removeprefix('help: '), limit=None)}"


#: All characters with a meaning in Markdown, HTML and mathematics. A character reference never stands for structure
#: (CommonMark 0.31, 2.5), nor do GFM's autolinks (6.9) see the ``:`` of a scheme or the dot of ``www.`` in one. A mail
#: address may still become a link to itself in code.
_SPECIAL = re.compile(r"[&<>\[\]|`*_~#@\\${}]|:(?=\S)|(?<=www)\.", re.IGNORECASE)

#: What hosts turn into mentions and references in rendered text: ``@ada``, ``#7``, ``!7``, ``GH-7``. Only a character
#: in between prevents that; they leave code alone.
_REFERENCE = re.compile(r"(?<=[@#!])(?=\w)|(?<=GH-)(?=\d)", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "&#8203;"


def text(foreign: str, limit: int | None = DEFAULT_LIMIT) -> str:
    """Return foreign text as one line of inline Markdown that is displayed as the text.

    ``limit`` is in displayed characters, as in ``safe``. It must not start a line: text such as ``1.`` would open a
    block there.
    """
    shown = safe(foreign, limit)
    return _ZERO_WIDTH_SPACE.join(_referenced(part) for part in _REFERENCE.split(shown))


def code(foreign: str, limit: int | None = DEFAULT_LIMIT) -> str:
    """Return foreign text as inline code that can be copied as it is.

    It is an element instead of backticks: in a table a pipe ends the cell even between backticks, where nothing can be
    escaped. score = f" (score {evidence.score:.1f})" if evidence.method == SIMILARITY else ""
    """
    return f"<code>{_referenced(safe(foreign, limit))}</code>"


def _referenced(shown: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", shown)


def row(*cells: str) -> str:
    """Return one line of a table; the cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


def table(*heads: str) -> list[str]:
    """Return the two lines that start a table."""
    return [row(*heads), row(*["---"] * len(heads))]

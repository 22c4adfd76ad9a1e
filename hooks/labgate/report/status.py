"""The output of ``labgate status``: text for a terminal, Markdown for a page, JSON for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from labgate.report import summary
from labgate.report.escape import safe
from labgate.report.json import document, encoded
from labgate.report.parts import WANTED
from labgate.values.phrases import count, short_oid
from labgate.values.refnames import short_ref

if TYPE_CHECKING:
    from typing import TextIO

    from labgate.values.status import BranchStatus, Budget, Conflicts, CurrentStatus, Share, Status

FORMATS = ("text", "json", "markdown")
#: The version of the JSON format.
SCHEMA = 1

_DAY = 86_400
#: What a cell says of what is not known; a line below the table says why.
_UNKNOWN = "?"
#: The most files, and the most reasons, that are named.
_NAMED = 5
#: The least and most columns of a branch, an owner and a description, and the columns between two cells.
_BRANCH, _OWNER, _ABOUT, _GAP = (18, 60), (6, 20), (16, 60), 2
#: The columns of the table, and the shorter names of some on a narrow terminal.
COLUMNS = ("branch", "owner", "age", "last", "ahead/behind", "conflicts", "landed", "reviewed", "about")
_NARROW = ("branch", "owner", "age", "last", "+/-", "confl.", "landed", "rev.", "about")


def render_json(status: Status, stream: TextIO) -> None:
    """Write one JSON document (``status.schema.json``)."""
    rows = [_branch_record(row, status.now) for row in status.branches or ()]
    current = None if status.current is None else _current_record(status.current)
    gap = None if status.gap is None else {"reason": str(status.gap), "help": status.gap.help}
    shown = {"schema": SCHEMA, "current": current, "branches": rows, "incomplete": gap}
    stream.write(encoded(shown, indent=2) + "\n")


def render_text(status: Status, stream: TextIO, width: int = 80) -> None:
    """Write what stands in ``status``, no line of the table wider than ``width`` columns."""
    lines = _current_lines(status) if status.branches is None else _table_lines(status, status.branches, width)
    stream.writelines(f"{line}\n" for line in lines)


def render_markdown(status: Status, stream: TextIO) -> None:
    """Write a table in GitHub's Markdown."""
    if status.branches is None:
        rows = [] if status.current is None else list(_current_rows(status.current, status.now))
        lines = [*summary.table("what", "state"), *(summary.row(name, summary.text(text, None)) for name, text in rows)]
    else:
        lines = summary.table(*COLUMNS)
        for row in status.branches:
            branch, *rest = _cells(row, status.now)
            lines.append(summary.row(summary.code(branch), *(summary.text(cell) if cell else "" for cell in rest)))
        lines += ["", *(f"* {summary.text(line, None)}" for line in _remarks(status, status.branches))]
    stream.writelines(f"{line}\n" for line in lines)


# The table of all branches.


def _cells(row: BranchStatus, now: int) -> tuple[str, ...]:
    """Return the cells of a branch as texts, in the order of ``COLUMNS``."""
    return (
        short_ref(row.ref),
        _UNKNOWN if row.owner is None else row.owner,
        _days(row.first, now) if row.first is not None else "-" if row.ahead is not None else _UNKNOWN,
        _days(row.last, now),
        _UNKNOWN if row.ahead is None else f"+{row.ahead} -{row.behind}",
        _UNKNOWN if row.conflicts.files is None else str(len(row.conflicts.files)),
        _share(row.landed),
        _share(row.reviewed),
        "; ".join(text for text in (row.outcome, row.description) if text),
    )


def _days(time: int | None, now: int) -> str:
    if time is None:
        return _UNKNOWN
    days = max(0, now - time) // _DAY
    return f"{days}d" if days < 1000 else f"{days // 365}y"


def _share(share: Share) -> str:
    if share.of is None:
        return _UNKNOWN
    return f"{share.commits}/{share.of}" if share.of else "-"


def _table_lines(status: Status, rows: Sequence[BranchStatus], width: int) -> Iterator[str]:
    heads = COLUMNS if width >= 100 else _NARROW
    # A heading without a row below it says nothing.
    cells = [*([heads] if rows else []), *(tuple(safe(cell) for cell in _cells(row, status.now)) for row in rows)]
    widths = _widths([max(map(columns, column)) for column in zip(*cells, strict=True)], width) if rows else []
    for line in cells:
        rooms = zip(line, widths, strict=True)
        shown = [_fitted(cell, room, at_start=not at) for at, (cell, room) in enumerate(rooms) if room]
        yield (" " * _GAP).join(shown).rstrip()
    if rows and not widths[-1] and any(line[-1] for line in cells[1:]):
        yield "descriptions do not fit: use a wider terminal, or --format markdown"
    yield from (safe(line, None) for line in _remarks(status, rows))


def _widths(wanted: Sequence[int], width: int) -> list[int]:
    """Return the columns of each cell, 0 for a description without room; numbers get all that they want."""
    branch, owner, *numbers, about = wanted
    free = width - sum(numbers) - _GAP * (len(wanted) - 2)
    owner = min(owner, _OWNER[1], max(_OWNER[0], free // 4, free - branch))
    branch = min(branch, _BRANCH[1], max(_BRANCH[0], free - owner))
    left = free - owner - branch - _GAP
    return [branch, owner, *numbers, min(about, left) if left >= min(_ABOUT[0], about) else 0]


def columns(text: str) -> int:
    """Return how many columns of a terminal a printable text takes (Unicode Standard Annex #11)."""
    return sum(_columns_of(letter) for letter in text)


def _columns_of(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _fitted(text: str, room: int, *, at_start: bool = False) -> str:
    """Return a text in so many columns; what is too long loses its end, or ``at_start`` its start."""
    if columns(text) > room:
        kept, used = "", 1
        for letter in reversed(text) if at_start else text:
            used += _columns_of(letter)
            if used > room:
                break
            kept += letter
        text = f"…{kept[::-1]}" if at_start else f"{kept}…"
    return text + " " * (room - columns(text))


def _remarks(status: Status, rows: Sequence[BranchStatus]) -> Iterator[str]:
    """Yield how many branches there are, why something is not known, and where the merge rules stand."""
    total = f"{len(rows):,} branches" if len(rows) != 1 else "1 branch"
    reasons: dict[str, list[str]] = {}
    for row in rows:
        for reason in dict.fromkeys((row.conflicts.reason, row.landed.reason, row.reviewed.reason)):
            if reason is not None:
                reasons.setdefault(reason, []).append(short_ref(row.ref))
    yield f"{total} of research and experiments"
    if status.gap is not None:
        yield f"{_UNKNOWN} there may be more: {status.gap}"
        yield f"  help: {status.gap.help}"
    for reason, names in list(reasons.items())[:_NAMED]:
        whose = "every branch" if len(names) == len(rows) else _named(names)
        yield f"{_UNKNOWN} {whose}: {reason}"
    if len(reasons) > _NAMED:
        yield f"{_UNKNOWN} and {count(len(reasons) - _NAMED, 'other reason')}; --format json has them"
    for kind, readme in status.readmes:
        yield f"merge rules of {kind} branches: {readme}"
    yield from status.notices


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _branch_record(row: BranchStatus, now: int) -> dict[str, Any]:
    days = None if row.last is None else max(0, now - row.last) // _DAY
    return {
        "ref": row.ref,
        "kind": row.kind,
        "owner": row.owner,
        "age": {"first": _time(row.first), "last": _time(row.last), "days": days},
        "ahead": row.ahead,
        "behind": row.behind,
        "conflicts": row.conflicts,
        "landed": row.landed,
        "reviewed": row.reviewed,
        "outcome": row.outcome,
    }


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# The current branch.


def _current_lines(status: Status) -> Iterator[str]:
    if status.current is None:
        yield "there is no commit here yet"
        return
    rows = list(_current_rows(status.current, status.now))
    room = max(len(name) for name, _ in rows) + _GAP
    for name, text in rows:
        yield safe(f"{name:<{room}}{text}", None)
    yield from (safe(line, None) for line in status.notices)


def _current_rows(current: CurrentStatus, now: int) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each line about the current branch."""
    yield "branch", f"{'a detached HEAD' if current.ref is None else short_ref(current.ref)}, {_kind(current)}"
    yield "base", _base(current, now)
    yield "target", current.target or "not known"
    yield "conflicts", _conflicts(current.conflicts)
    yield from _gate(current)
    # A branch that has just been made has no commit of its own.
    if current.landed is not None and current.reviewed is not None and current.landed.of != 0:
        yield "landed", _parts(current.landed)
        yield "reviewed", _parts(current.reviewed)
    if current.budget is not None:
        yield "budget", _budget(current.budget)
    if current.experiment is not None:
        yield "experiment", current.experiment
        record = current.record
        exact = "" if record is None or record.exact else ", not exact"
        yield "record", "none" if record is None else f"{record.path}, code {short_oid(record.commit)}{exact}"
    if current.readme is not None:
        yield "rules", current.readme


def _kind(current: CurrentStatus) -> str:
    return "of no kind" if current.kind is None else current.kind


def _base(current: CurrentStatus, now: int) -> str:
    if current.base is None:
        return "not known"
    if current.ahead is None or current.behind is None:
        return f"{short_ref(current.base)}, {current.conflicts.reason or 'not compared'}"
    since = "" if current.since is None or not current.behind else f", from {_ago(current.since, now)}"
    return f"{short_ref(current.base)}{since}: {current.ahead:,} ahead, {current.behind:,} behind"


def _ago(then: int, now: int) -> str:
    days = _days(then, now)
    return "today" if days == "0d" else f"{days} ago"


def _conflicts(conflicts: Conflicts) -> str:
    if conflicts.files is None:
        return f"not known: {conflicts.reason}"
    return f"{count(len(conflicts.files), 'file')}: {_named(conflicts.files)}" if conflicts.files else "none"


def _parts(share: Share) -> str:
    if share.of is None:
        return f"not known: {share.reason}"
    return f"{share.commits:,} of {count(share.of, 'commit')}"


def _gate(current: CurrentStatus) -> Iterator[tuple[str, str]]:
    if current.problem is not None:
        yield "gate", f"undecided: {current.problem.message}"
        if current.problem.help is not None:
            yield "", f"help: {current.problem.help}"
        return
    report = current.report
    if report is None:
        return
    yield "gate", report.outcome
    for _, finding in report.findings:
        yield f"  {finding.level}", f"{finding.rule.code} {finding.message()}"
        if finding.help():
            yield "", f"help: {finding.help()}"
    for _, check in report.undecided:
        yield "  undecided", f"{check.name}: {check.reason}"
    if current.missing:
        wanted = ", ".join(WANTED.get(name, f"the group {name}") for name in current.missing)
        who = f"; {' or '.join(current.reviewers)} can review" if current.reviewers else ""
        yield "review", f"missing: {wanted}{who}"
    elif report.judged and report.judged[0].review is not None:
        yield "review", f"done by {', '.join(report.judged[0].review.counted)}"


def _budget(budget: Budget) -> str:
    commits = _used(budget.commits, budget.commits_limit, "commit")
    if budget.lines is None:
        return f"lines not known ({budget.reason}), {commits}"
    note = "" if budget.reason is None else f" ({budget.reason})"
    return f"{_used(budget.lines, budget.lines_limit, 'line')}, {commits}{note}"


def _used(number: int, limit: int | None, noun: str) -> str:
    return f"{count(number, noun)}, no limit" if limit is None else f"{number:,} of {count(limit, noun)}"


def _current_record(current: CurrentStatus) -> dict[str, Any]:
    report = current.report
    return {
        "ref": current.ref,
        "kind": current.kind,
        "base": current.base,
        "target": current.target,
        "ahead": current.ahead,
        "behind": current.behind,
        "since": _time(current.since),
        "conflicts": current.conflicts,
        "landed": current.landed,
        "reviewed": current.reviewed,
        "gate": None if report is None else document(report),
        "problem": None if current.problem is None else current.problem.message,
        "review": {"missing": current.missing, "people": current.reviewers},
        "budget": current.budget,
        "experiment": current.experiment,
        "record": current.record,
        "readme": current.readme,
    }


RENDERERS: dict[str, Callable[..., None]] = {"json": render_json, "markdown": render_markdown, "text": render_text}

"""The output of ``labgate trace``: lines for people, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any

from labgate.report.escape import safe
from labgate.report.json import encoded, evidence_record
from labgate.report.palette import palette
from labgate.report.parts import similarity
from labgate.values.finding import LIVE, SIMILARITY, reason
from labgate.values.phrases import count, short_oid
from labgate.values.refnames import short_ref
from labgate.values.value import Value

if TYPE_CHECKING:
    from typing import TextIO

    from labgate.report.palette import Paint
    from labgate.values.finding import Evidence
    from labgate.values.traced import SharedLine, Traced

FORMATS = ("text", "json", "jsonl")

#: Characters of a foreign name in a line, names that are listed before the rest is only counted, and shared lines.
NAME_LIMIT, LISTED, LINES_SHOWN = 100, 3, 20
#: The least columns of a subject, and the columns at which evidence, lines and details start.
_SUBJECT, _EVIDENCE, _LINES, _DETAIL = 24, 4, 6, 16
_TAB = 4


class TextView(Value):
    """The options of the text output. ``width`` is in columns.

    ``sources`` is the number of source refs that were searched, ``methods`` the methods that were used (empty: all).
    ``subject`` returns the subject of a commit, judged or research. ``shared`` returns the lines that a commit shares
    with source commits; it is ``None`` when they are not shown.
    """

    sources: int
    subject: Callable[[str], str]
    shared: Callable[[str, Sequence[str]], Sequence[SharedLine]] | None = None
    methods: tuple[str, ...] = ()
    width: int = 80
    colour: bool = False


def render_jsonl(results: Iterable[Traced], stream: TextIO) -> None:
    """Write one JSON object a line, each as soon as its commit is traced."""
    for traced in results:
        stream.write(encoded(record(traced)) + "\n")
        stream.flush()


def render_json(results: Iterable[Traced], stream: TextIO) -> None:
    """Write one JSON array when all commits are traced, as half an array is not valid."""
    stream.write(encoded([record(traced) for traced in results], indent=2) + "\n")


def render_text(results: Iterable[Traced], stream: TextIO, view: TextView) -> None:
    """Write a block of lines for each commit as soon as it is traced, and counts at the end if there are several."""
    paint = palette(view.colour)
    tally: dict[str, int] = {}
    for traced in results:
        stream.writelines(f"{line}\n" for line in block(traced, view, paint))
        stream.flush()
        sort = _sort(traced)
        tally[sort] = tally.get(sort, 0) + 1
    total = sum(tally.values())
    if total > 1:
        stream.write(
            f"{count(total, 'commit')}: {', '.join(f'{tally[sort]:,} {sort}' for sort in _ROLES if sort in tally)}\n"
        )


def record(traced: Traced) -> dict[str, Any]:
    """Return the JSON object of one commit. Absent values are ``None``, never left out; oids are full."""
    evidence = [evidence_record(item) for item in traced.evidence]
    for item in evidence:
        del item["commits"]  # there is only the one
    return {
        "commit": traced.commit,
        "derived": traced.derived,
        "undecidable": traced.undecidable,
        "evidence": evidence,
    }


#: Results for a commit, most important first, and their colours.
_DERIVED, _PERHAPS, _LACKING = "derived", "perhaps derived", "not compared"
_SMALL, _CLEAN = "too small to judge", "with nothing shared"
_ROLES = {_DERIVED: "warning", _PERHAPS: "note", _LACKING: "undecided", _SMALL: "undecided", _CLEAN: "quiet"}


def _sort(traced: Traced) -> str:
    if traced.derived:
        return _DERIVED
    if traced.undecidable:
        return _LACKING if traced.lacking else _SMALL
    return _PERHAPS if traced.evidence else _CLEAN


def block(traced: Traced, view: TextView, paint: Paint) -> Iterator[str]:
    """Yield the lines about one commit, without newlines; the first has its subject and the verdict."""
    verdict = _verdict(traced, view)
    oid = short_oid(traced.commit)
    room = max(_SUBJECT, view.width - len(oid) - len(verdict) - 3)
    subject = safe(view.subject(traced.commit), room)
    yield f"{paint('code', oid)} {subject}  {paint(_ROLES[_sort(traced)], verdict)}"
    for evidence in traced.evidence:
        yield from _evidence_lines(traced, evidence, view, paint)


def _verdict(traced: Traced, view: TextView) -> str:
    sort = _sort(traced)
    if sort == _LACKING:
        return "not compared: this clone lacks some of it"
    if sort == _SMALL:
        return "too small to judge by its text"
    if sort == _CLEAN:
        by = f" by {', '.join(view.methods)}" if view.methods else ""
        return f"nothing shared with {view.sources:,} source branch{'' if view.sources == 1 else 'es'}{by}"
    telling = (item for item in traced.evidence if item.decisive or sort == _PERHAPS)
    sources = list(dict.fromkeys(_source(item) for item in telling))
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    return f"{'derived' if sort == _DERIVED else 'perhaps'} from {sources[0]}{more}"


def _evidence_lines(traced: Traced, evidence: Evidence, view: TextView, paint: Paint) -> Iterator[str]:
    role = "warning" if evidence.decisive else "note"
    first, *rest = _wrapped(_where(traced, evidence), view.width)
    # Colour is added after wrapping, which would count its codes as letters.
    method = paint(role, evidence.method) + " " * (_DETAIL - _EVIDENCE - len(evidence.method))
    yield f"{' ' * _EVIDENCE}{method}{first.lstrip()}"
    yield from rest
    if evidence.method == SIMILARITY:
        yield from _wrapped(similarity(evidence), view.width)
    if evidence.hint is not None:
        yield from _wrapped(f"only a hint: {safe(reason(evidence.hint))}", view.width)
    origins = tuple(oid for oid in evidence.source_commits if oid != traced.commit)
    if view.shared is not None and origins:
        for oid in origins[:LISTED]:
            # Who compares lines wants to know what the other commit is for.
            named = f"{' ' * _DETAIL}{short_oid(oid)} "
            yield named + safe(view.subject(oid), max(_LINES, view.width - len(named)))
        lines = view.shared(traced.commit, origins)
        yield from side_by_side(lines, view.width, paint) if lines else _wrapped("(no lines to show)", view.width)


def _where(traced: Traced, evidence: Evidence) -> str:
    """Return the origin of the code and its extent: branch, commits, lines, paths."""
    if evidence.source_commits == (traced.commit,):
        had = "has" if evidence.source_state == LIVE else "had"
        return f"{_source(evidence)} {had} this commit"
    oids = [short_oid(oid) for oid in evidence.source_commits]
    paths = _listed([safe(path, NAME_LIMIT) for path in evidence.paths])
    # Similar code may have no line that is quite the same.
    lines = count(evidence.matched_lines, "line") if evidence.matched_lines else ""
    matched = " in ".join(part for part in (lines, paths) if part)
    source = " ".join(part for part in (_source(evidence), _listed(oids)) if part)
    return f"{source}; {matched}" if matched else source


def _source(evidence: Evidence) -> str:
    return (
        "a deleted branch"
        if evidence.source_ref is None
        else safe(short_ref(evidence.source_ref), NAME_LIMIT) + evidence.since
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _wrapped(text: str, width: int) -> list[str]:
    indent = " " * _DETAIL
    wrapper = TextWrapper(
        width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return wrapper.wrap(text)


def side_by_side(lines: Sequence[SharedLine], width: int, paint: Paint) -> Iterator[str]:
    """Yield shared lines in two columns below the names of their files: the commit's left, the source's right.

    No line is longer than ``width`` columns, which must be at least 40. The common indentation of a pair of files is
    removed; a deleted line begins with a minus.
    """
    half = (width - _LINES - len(" | ")) // 2

    def row(role: str, left: str, right: str) -> str:
        shown = f"{left:{half}} | {right}".rstrip()
        return " " * _LINES + (paint(role, shown) if role else shown)

    files = attrgetter("path", "source_commit", "source_path")
    for (path, commit, source_path), group in groupby(lines[:LINES_SHOWN], files):
        yield row("code", safe(path, half), safe(f"{short_oid(commit)}:{source_path}", half))
        pairs = tuple(group)
        digits = len(str(max(max(line.number, line.source_number) for line in pairs)))
        room = half - digits - 1
        marks = ["- " if line.deleted else "" for line in pairs for _ in ("left", "right")]
        plain = _dedented(text for line in pairs for text in (line.text, line.source_text))
        texts = [safe(mark + text, room) for mark, text in zip(marks, plain, strict=True)]
        for line, left, right in zip(pairs, texts[0::2], texts[1::2], strict=True):
            yield row("", f"{line.number:{digits}} {left}", f"{line.source_number:{digits}} {right}")
    if len(lines) > LINES_SHOWN:
        yield f"{' ' * _LINES}... and {len(lines) - LINES_SHOWN:,} more"


def _dedented(texts: Iterable[str]) -> list[str]:
    """Return lines of code with tabs expanded and the common indentation removed."""
    expanded = [text.expandtabs(_TAB).rstrip() for text in texts]
    blanks = min((len(text) - len(text.lstrip(" ")) for text in expanded if text), default=0)
    return [text[blanks:] for text in expanded]

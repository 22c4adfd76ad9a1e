"""The tables of the derivation benchmark, as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from tracing import reference
from tracing.reference import BUCKETS, Figure
from tracing.results import EvasionResult, SetResult, by_size
from tracing.trial import Score, Share

_NONE = "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows below their headings: the first column to the left, the others to the right."""
    every = [list(head), *map(list, rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    lines = []
    for row in every:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def overview(results: Sequence[SetResult]) -> str:
    """Return recall and false alarms of all the sets beside those of other methods, and whether the bars are kept."""
    head = (
        "recall / false alarms per 1000",
        "git cherry",
        "A1",
        "scorecard 6",
        "scorecard 4",
        "reach",
        "goal",
        "labgate",
        "95 %",
        "reach?",
        "goal?",
        "4 and more",
        "exact alone",
        "0 false?",
    )
    rows = []
    for result in results:
        known = reference.reference(result.repository, result.trial.name)
        named = (known.cherry, known.a1, known.six, known.four)
        rows.append(
            (
                f"{result.repository} {result.trial.name}",
                *map(_figure, named),
                _bar(known.reach),
                _bar(known.goal),
                _score(result.alarm) + _derived(result),
                _interval(result.alarm.recall),
                _verdict(result.reached),
                _verdict(result.goal),
                _score(result.warn),
                _score(result.exact),
                _verdict(not result.exact.false),
            )
        )
    return table(head, rows)


def contamination(results: Sequence[SetResult]) -> str:
    """Return clean ranges and those that hold copies of main side by side."""
    head = (
        "",
        "found, clean",
        "found, contaminated",
        "false, clean",
        "only by contaminated",
        "exact: false",
        "only by contaminated",
    )
    rows = (
        (
            f"{result.repository} {result.trial.name}",
            _count(result.alarm.clean_recall),
            _count(result.alarm.contaminated_recall),
            _count(result.alarm.false_share),
            str(len(result.alarm.polluted)),
            _count(result.exact.false_share),
            str(len(result.exact.polluted)),
        )
        for result in results
    )
    return table(head, rows)


def cost(results: Sequence[SetResult]) -> str:
    """Return what each set cost; a run that found no index, or an old one, is marked."""
    head = ("", "commits", "s / 1000", "exact alone: s / 1000", "index MB", "missed, of these undecidable")
    rows = (
        (
            f"{result.repository} {result.trial.name}",
            str(result.taken.commits),
            f"{result.taken.per_thousand:.2f}{' (cold)' if result.taken.cold else ''}",
            f"{result.taken_exact.per_thousand:.2f}{' (cold)' if result.taken_exact.cold else ''}",
            f"{result.taken.bytes_after / 1e6:.1f}",
            f"{len(result.alarm.missed)}, {result.alarm.undecidable}",
        )
        for result in results
    )
    return table(head, rows)


def by_lines(results: Sequence[SetResult]) -> str:
    """Return recall by how many distinct lines the main commit adds."""
    ends = [f"{low}" if low + 1 == high else f"{low}-{high - 1}" for low, high in pairwise(BUCKETS)]
    head = ("lines added by the main commit", *ends, f"{BUCKETS[-1]}+")
    rows = []
    for result in results:
        if not result.sizes:
            continue
        title = f"{result.repository} {result.trial.name}"
        alarm, warn = by_size(result, result.alarm), by_size(result, result.warn)
        rows.append((f"{title}: commits", *(str(share.of) for share in alarm)))
        rows.append((f"{title}: labgate", *map(_value, alarm)))
        rows.append((f"{title}: labgate, 4 and more", *map(_value, warn)))
        if result.trial.name == "half" and result.repository in reference.HALF_BY_SIZE:
            four, six, a1 = zip(*reference.HALF_BY_SIZE[result.repository], strict=True)
            for name, values in (("scorecard 6", six), ("scorecard 4", four), ("A1", a1)):
                rows.append((f"{title}: {name}", *(f"{value:.2f}" for value in values)))
        if result.trial.name == "first" and result.repository in reference.FIRST_BY_SIZE:
            first = reference.FIRST_BY_SIZE[result.repository]
            rows.append((f"{title}: scorecard 4", *(f"{value:.2f}" for value in first)))
    return table(head, rows)


def evasion(results: Sequence[EvasionResult]) -> str:
    """Return recall on copies that were edited to hide."""
    head = (
        "edit",
        "A1",
        "scorecard 6",
        "scorecard 4",
        "labgate",
        "95 %",
        "4 and more",
        "95 %",
        "of",
        "reach?",
        "goal?",
    )
    rows = []
    for result in results:
        known = reference.EVASION.get(result.edit) if result.repository == "black" else None
        published = (_NONE,) * 3 if known is None else (f"{known.a1:.3f}", f"{known.six:.3f}", f"{known.four:.3f}")
        alarm, warn = result.alarm.recall, result.warn.recall
        rows.append(
            (
                f"{result.repository} {result.edit}",
                *published,
                f"{alarm.value:.3f}",
                _interval(alarm),
                f"{warn.value:.3f}",
                _interval(warn),
                str(warn.of),
                _verdict(result.reached),
                _verdict(result.goal),
            )
        )
    return table(head, rows)


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return _NONE
    return f"{figure.recall:.3f}" + ("" if figure.false is None else f"/{figure.false:.1f}")


def _bar(figure: Figure | None) -> str:
    if figure is None:
        return _NONE
    return f">= {figure.recall:.3f}" + ("" if figure.false is None else f", <= {figure.false:g}")


def _score(score: Score) -> str:
    false = f"/{score.per_thousand:.1f}" if score.false_share.of else ""
    return f"{score.recall.value:.3f}{false}"


def _derived(result: SetResult) -> str:
    """Return how many were traced at all, where a right answer has to name a commit."""
    return (
        f" (derived {Share(result.alarm.derived, result.alarm.recall.of).value:.3f})" if result.trial.by_commit else ""
    )


def _interval(share: Share) -> str:
    low, high = share.interval()
    return f"{low:.3f}-{high:.3f}"


def _count(share: Share) -> str:
    return f"{share.count}/{share.of}" if share.of else _NONE


def _value(share: Share) -> str:
    return f"{share.value:.2f}" if share.of else _NONE


def _verdict(kept: bool | None) -> str:
    return _NONE if kept is None else "ok" if kept else "short"

"""commit-size: a commit, and a series of commits, is small enough for a review.

On the commit hook's path: the rules are imported only for a finding.
"""

from __future__ import annotations

from labgate.checks.commit_size.section import CommitSize
from labgate.values.refnames import HEADS
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from labgate.checks.commit_size.rules import CommitFinding, Group, HeavyFile, Part, SeriesTooLarge, SizeFinding
    from labgate.checks.commit_size.section import Limits
    from labgate.policy.glob import Glob
    from labgate.policy.model import Policy
    from labgate.values.batch import Batch, FileChange
    from labgate.values.size_exception import SizeException

    _Splits = dict[str, tuple[Group, ...]]

#: The most files or commits that a finding names.
MOST_NAMED = 5
#: The units of a commit, one rule a row.
_UNITS = (("lines", "test_lines"), ("files",), ("file_bytes", "bytes"))


class Facts(Value):
    """The batches to judge, oldest first, and the kinds whose limits apply.

    ``kind`` is the kind of branch whose limits apply: ``protected`` for a protected target, ``None`` if no limits
    apply. ``preview_kind`` is a kind whose limits only warn, or ``None``. ``target`` is the branch they are proposed
    for, and ``source`` the short name of the branch that has them; ``None`` if it is not known. ``series``: the
    batches are one series (LG404). ``staged``: the commit is in progress. ``temporary_index``: its index is one that
    git deletes when the hook refuses (``git commit -a``, ``git commit FILE``). ``way`` is
    the command that goes to their branch first, or empty; ``head`` is their last commit where HEAD is it, else
    ``None``. ``audited``: they landed some time ago, and only their exceptions are reported.
    """

    batches: tuple[Batch, ...]
    kind: str | None
    preview_kind: str | None = None
    target: str | None = None
    source: str | None = None
    series: bool = False
    staged: bool = False
    temporary_index: bool = False
    way: str = ""
    head: str | None = None
    audited: bool = False


class Weight(Value):
    """The size of one batch: ``counted`` are the files that count, and ``tests`` those of them that are tests.

    ``test_lines`` are the part of ``lines`` that is in tests; ``bytes`` and ``file_bytes`` are bytes.
    """

    batch: Batch
    counted: Sequence[FileChange]
    tests: Sequence[FileChange]
    lines: int
    test_lines: int
    files: int
    bytes: int
    file_bytes: int

    def __init__(self, batch: Batch, counted: Sequence[FileChange], tests: Sequence[FileChange]) -> None:
        lines = size = largest = test_lines = 0
        for file in counted:
            lines += file.added + file.deleted
            size += file.size
            largest = max(largest, file.size)
        for file in tests:
            test_lines += file.added + file.deleted
        super().__init__(batch, counted, tests, lines, test_lines, len(counted), size, largest)

    def amount(self, unit: str, limits: Limits) -> int:
        """Return its size in a unit; lines are without those of tests where these have a limit of their own."""
        found: int = getattr(self, unit)
        return found - self.test_lines if unit == "lines" and limits.test_lines is not None else found


class _Sum(Value):
    """The size of a series: its lines and its commits."""

    series_lines: int
    series_commits: int

    def __init__(self, series: Sequence[Weight]) -> None:
        super().__init__(sum(weight.lines for weight in series), len(series))

    def amount(self, unit: str, _: Limits) -> int:
        """Return its size in a unit."""
        found: int = getattr(self, unit)
        return found


class _Exceeded(Value):
    """A limit that is exceeded: ``unit`` is its key in the policy with ``_``, ``kind`` the kind that has it."""

    unit: str
    actual: int
    limit: int
    kind: str
    level: str
    limits: Limits


def check(facts: Facts, policy: Policy) -> Iterator[SizeFinding]:
    """Yield a finding for each limit that a batch exceeds, and one for the series."""
    weights = _weights(facts, policy) if _holding(facts, policy) else []
    for weight, limits in _large(weights, facts, policy):
        splits: _Splits = {}
        for exceeded in limits:
            yield _commit_finding(exceeded, weight, facts, splits)
    yield from _large_series(weights, facts, policy)


def fits(facts: Facts, policy: Policy) -> bool:
    """Return whether there is no finding. How a batch can be split, which takes long for many files, is not asked."""
    weights = _weights(facts, policy) if _holding(facts, policy) else []
    return not any(_large(weights, facts, policy)) and not any(_large_series(weights, facts, policy))


def _large(weights: Sequence[Weight], facts: Facts, policy: Policy) -> Iterator[tuple[Weight, list[_Exceeded]]]:
    """Yield the batches that are too large for a commit, with the limits that they exceed."""
    holding = _holding(facts, policy)
    for weight in weights:
        if weight.batch.squash or (facts.audited and weight.batch.exception is None):
            continue
        limits = [limit for units in _UNITS if (limit := _exceeded(weight.amount, units, holding)) is not None]
        if limits:
            yield weight, limits


def _large_series(weights: Sequence[Weight], facts: Facts, policy: Policy) -> Iterator[SeriesTooLarge]:
    holding = _holding(facts, policy)
    for series in _series(weights) if facts.series else ():
        yield from _series_findings(series, facts, policy, holding)


def exceeding(facts: Facts, policy: Policy) -> frozenset[str]:
    """Return the commits (full oids) that are larger than those limits allow which refuse."""
    holding = [limits for limits in _holding(facts, policy) if limits[1] == "error"]
    return frozenset(
        weight.batch.oid
        for weight in _weights(facts, policy)
        for units in _UNITS
        if weight.batch.oid is not None and _exceeded(weight.amount, units, holding)
    )


def changed_lines(facts: Facts, policy: Policy) -> int:
    """Return the number of added and deleted lines that count in all batches."""
    return sum(weight.lines for weight in _weights(facts, policy))


def series_size(facts: Facts, policy: Policy) -> tuple[int, int]:
    """Return the lines and the commits that count in a series of all batches."""
    counting = [weight for weight in _weights(facts, policy) if weight.counted]
    return sum(weight.lines for weight in counting), len(counting)


def _series(weights: Sequence[Weight]) -> list[list[Weight]]:
    """Return the batches that are measured together: each landing, and all others."""
    found: dict[str | None, list[Weight]] = {}
    for weight in weights:
        if weight.counted:
            found.setdefault(weight.batch.landing, []).append(weight)
    return list(found.values())


def _holding(facts: Facts, policy: Policy) -> list[tuple[str, str, Limits]]:
    """Return the limits that apply, as (kind, level, limits): those that refuse before those that warn."""
    holding = []
    for kind, level in ((facts.kind, "error"), (facts.preview_kind, "warning")):
        limits = policy.section(CommitSize).limits.get(kind)
        if kind is not None and limits is not None:
            holding.append((kind, level, limits))
    return holding


def _weights(facts: Facts, policy: Policy) -> list[Weight]:
    """Return the size of each batch; exact reverts are left out."""
    section = policy.section(CommitSize)
    weights = []
    for batch in facts.batches:
        if batch.reverts is None:
            counted = _counted(batch, section.ignore)
            tests = [file for file in counted if _matches(file, section.tests)] if section.tests else ()
            weights.append(Weight(batch, counted, tests))
    return weights


def _counted(batch: Batch, ignored: tuple[Glob, ...]) -> list[FileChange]:
    """Return the files that count. The raw status ``R`` is an exact rename, which needs no review."""
    return [
        file
        for file in batch.files
        if file.status not in ("D", "R") and not file.excluded and not _matches(file, ignored)
    ]


def _matches(file: FileChange, globs: tuple[Glob, ...]) -> bool:
    return any(glob.matches(file.path) for glob in globs)


def _exceeded(
    amount: Callable[[str, Limits], int], units: Sequence[str], holding: list[tuple[str, str, Limits]]
) -> _Exceeded | None:
    """Return the first exceeded limit, in the order of the kinds, then of the units; else ``None``."""
    for kind, level, limits in holding:
        for unit in units:
            limit: int | None = getattr(limits, unit)
            if limit is not None and amount(unit, limits) > limit:
                return _Exceeded(unit, amount(unit, limits), limit, kind, level, limits)
    return None


def _series_findings(
    series: list[Weight], facts: Facts, policy: Policy, holding: list[tuple[str, str, Limits]]
) -> Iterator[SeriesTooLarge]:
    """Yield a finding if the series is too large: a note if it is not without the commits with an exception."""
    units = ("series_lines", "series_commits")
    counting = [weight for weight in series if weight.batch.exception is None or not weight.batch.exception.granted]
    plain = [weight for weight in counting if weight.batch.exception is None]
    exceeded = _exceeded(_Sum(counting).amount, units, holding)
    if exceeded is None:
        exceeded, counting, asking = _exceeded(_Sum(series).amount, units, holding), series, series
    else:
        # An exception that is not granted only matters if it would be enough.
        asking = [] if _exceeded(_Sum(plain).amount, units, holding) else counting
    if exceeded is None:
        return
    from labgate.values.size_exception import together

    exception = together(weight.batch.exception for weight in asking)
    if exception is not None or not facts.audited:
        yield _series_finding(exceeded, counting, exception, facts, policy)


def _commit_finding(exceeded: _Exceeded, weight: Weight, facts: Facts, splits: _Splits) -> CommitFinding:
    """Return one finding; ``splits`` caches the split of the batch under each kind's limits."""
    from labgate.checks.commit_size.rules import RULE_OF_UNIT
    from labgate.checks.commit_size.split import groups

    if exceeded.kind not in splits:
        splits[exceeded.kind] = groups(weight.counted, exceeded.limits, weight.tests)
    batch, by_file = weight.batch, exceeded.unit == "file_bytes"
    oversized = tuple(file.path for file in weight.counted if by_file and file.size > exceeded.limit)
    return RULE_OF_UNIT[exceeded.unit](
        files=_heaviest(weight, exceeded.unit),
        oversized=oversized,
        others=len(batch.files) - len(oversized),
        split=() if oversized else splits[exceeded.kind],
        oid=batch.oid,
        subject=batch.subject,
        parents=batch.parents,
        staged=facts.staged,
        temporary_index=facts.temporary_index,
        way=facts.way,
        at_head=batch.oid is not None and batch.oid == facts.head,
        oids=(batch.oid,) if batch.oid else (),
        path=oversized[0] if len(oversized) == 1 else None,
        **_common(exceeded, facts, batch.exception),
    )


def _series_finding(
    exceeded: _Exceeded, series: list[Weight], exception: SizeException | None, facts: Facts, policy: Policy
) -> SeriesTooLarge:
    from labgate.checks.commit_size.rules import HeavyCommit, SeriesTooLarge

    heaviest = sorted(series, key=lambda weight: -weight.lines)[:MOST_NAMED]
    return SeriesTooLarge(
        commits=tuple(HeavyCommit(weight.batch.oid, weight.batch.subject, weight.lines) for weight in heaviest),
        part=_first_part(series, exceeded.limits),
        branch=_part_branch(facts.source, policy),
        oids=tuple(weight.batch.oid for weight in series if weight.batch.oid is not None),
        **_common(exceeded, facts, exception),
    )


def _common(exceeded: _Exceeded, facts: Facts, exception: SizeException | None) -> dict[str, Any]:
    """Return the fields that every finding has about its limit."""
    return {
        "unit": exceeded.unit.replace("_", "-"),
        "limit": exceeded.limit,
        "actual": exceeded.actual,
        "over": exceeded.actual - exceeded.limit,
        "kind": exceeded.kind,
        "target": facts.target,
        "exception": exception,
        "stated_level": exceeded.level if exception is None or exception.level is None else exception.level,
    }


def _heaviest(weight: Weight, unit: str) -> tuple[HeavyFile, ...]:
    """Return the largest files in the exceeded unit; for too many files, those with the most lines."""
    from labgate.checks.commit_size.rules import HeavyFile

    by_size = unit in ("bytes", "file_bytes")
    files = weight.tests if unit == "test_lines" else weight.counted
    ranked = sorted(files, key=lambda file: (-file.size if by_size else -file.added - file.deleted, file.path))
    return tuple(HeavyFile(file.path, file.added + file.deleted, file.size) for file in ranked[:MOST_NAMED])


def _first_part(series: list[Weight], limits: Limits) -> Part | None:
    """Return the longest part of the series, from the oldest commit, that keeps its limits; ``None`` if none does."""
    from labgate.checks.commit_size.rules import Part

    part: Part | None = None
    lines = 0
    for number, weight in enumerate(series, 1):
        lines += weight.lines
        if limits.series_lines is not None and lines > limits.series_lines:
            break
        if limits.series_commits is not None and number > limits.series_commits:
            break
        part = Part(weight.batch.oid, number, lines)
    return part


def _part_branch(source: str | None, policy: Policy) -> str | None:
    """Return a legal name for a branch with the first part of another one, ``None`` if there is none."""
    if source is None:
        return None
    name = f"{source}-part-1"
    return name if policy.classify(HEADS + name).fields is not None else None

"""commit-size: a commit, and a series of them, is small enough to be read by somebody else.

On the commit hook's path: only a finding imports more than plain values.
"""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labgate.policy.glob import Glob
    from labgate.policy.model import Limits, Policy
    from labgate.values.batch import Batch, FileChange

    _Splits = dict[str, list[dict[str, object]]]

NAME = "commit-size"

_WHAT_COUNTS = (
    " Files that are wholly deleted or only renamed count nothing, nor do those that `[commit-size] ignore` or the "
    "trunk's attributes exempt, nor a commit that exactly reverts another one of the target. Of a merge only that "
    "counts in which it differs from the clean merge."
)
_WHOSE_LIMITS = (
    " Limits stand in `[commit-size.limits.KIND]` on the trunk: on the way to a protected branch those of `protected` "
    "hold, at commit those of the branch's own kind, and a kind without limits has none."
)

TOO_MANY_LINES = Rule(
    "LG401",
    "too-many-lines",
    "error",
    "the commit adds and deletes more lines of text than the limit `lines`",
    "The more there is to read the less of it is read: past some hundred lines reviewers skim. And only a small commit "
    "can be reverted alone." + _WHAT_COUNTS,
    "Split it: the finding gives groups of directories that fit, and the command that commits the first of them."
    + _WHOSE_LIMITS,
)
TOO_MANY_FILES = Rule(
    "LG402",
    "too-many-files",
    "error",
    "the commit changes more files than the limit `files`",
    "A change that touches everything has nobody who knows all of it, and conflicts with everybody else's work."
    + _WHAT_COUNTS,
    "Split it by directory with the command that the finding gives." + _WHOSE_LIMITS,
)
TOO_MANY_BYTES = Rule(
    "LG403",
    "too-many-bytes",
    "error",
    "a file's new content exceeds the limit `file-bytes`, or all new content together exceeds `bytes`",
    "Lines say nothing of binary and minified files. What was once in the history comes with every clone, also "
    "after it was deleted again." + _WHAT_COUNTS,
    "Leave data and models out of the commit with the command that the finding gives, and keep them in git-lfs, DVC or "
    "a bucket. Text that is too large splits by directory." + _WHOSE_LIMITS,
)
SERIES_TOO_LARGE = Rule(
    "LG404",
    "series-too-large",
    "error",
    "all commits together change more lines than `series-lines`, or are more than `series-commits`",
    "Fifty small commits that land at once are one large change, and nobody reads it to the end. A commit in which "
    "nothing counts is no part of the series." + _WHAT_COUNTS,
    "Land the first part alone, up to the commit that the finding names; then the next one." + _WHOSE_LIMITS,
)
RULES: tuple[Rule, ...] = (TOO_MANY_LINES, TOO_MANY_FILES, TOO_MANY_BYTES, SERIES_TOO_LARGE)

#: The most files or commits that a finding names.
MOST_NAMED = 5
_BATCH_RULES = ((TOO_MANY_LINES, ("lines",)), (TOO_MANY_FILES, ("files",)), (TOO_MANY_BYTES, ("file_bytes", "bytes")))


class Facts(Value):
    """The batches under judgement, oldest first, and whose limits hold for them.

    ``kind`` is the kind of branch whose limits hold: ``protected`` on the way to a protected ref, ``None`` where none
    do. ``preview_kind`` is a kind whose limits only warn, or ``None``. ``target`` names the branch that they are on
    the way to, and ``source`` is the short name of the branch that holds them; ``None`` where it is not known.
    ``series`` says that the batches are one series (LG404). ``staged`` says that the commit is still being made, and
    ``temporary_index`` that it is made from an index which git throws away when the hook refuses (``git commit -a``,
    ``git commit FILE``).
    """

    batches: tuple[Batch, ...]
    kind: str | None
    preview_kind: str | None = None
    target: str | None = None
    source: str | None = None
    series: bool = False
    staged: bool = False
    temporary_index: bool = False


class Weight(Value):
    """What one batch weighs: ``counted`` are the files that count; all but ``files`` and ``lines`` are bytes."""

    batch: Batch
    counted: Sequence[FileChange]
    lines: int
    files: int
    bytes: int
    file_bytes: int

    def __init__(self, batch: Batch, counted: Sequence[FileChange]) -> None:
        lines = size = largest = 0
        for file in counted:
            lines += file.added + file.deleted
            size += file.size
            largest = max(largest, file.size)
        super().__init__(batch=batch, counted=counted, lines=lines, files=len(counted), bytes=size, file_bytes=largest)


class _Breach(Value):
    """A limit that is exceeded: ``unit`` in the policy's words with ``_``, ``kind`` is whose limit it is."""

    unit: str
    actual: int
    limit: int
    kind: str
    level: str
    limits: Limits


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield one finding for each batch and limit that it exceeds, and one for the series."""
    judges = _judges(facts, policy)
    if not judges:
        return
    ignored = policy.size_ignore
    weights = [Weight(batch, _counted(batch, ignored)) for batch in facts.batches if batch.reverts is None]
    for weight in weights:
        splits: _Splits = {}
        for rule, units in _BATCH_RULES:
            breach = _breach({unit: getattr(weight, unit) for unit in units}, judges)
            if breach is not None:
                yield _batch_finding(rule, breach, weight, facts, splits)
    if facts.series:
        series = [weight for weight in weights if weight.counted]
        actual = {"series_lines": sum(weight.lines for weight in series), "series_commits": len(series)}
        breach = _breach(actual, judges)
        if breach is not None:
            yield _series_finding(breach, series, facts, policy)


def changed_lines(facts: Facts, policy: Policy) -> int:
    """Return how many added and deleted lines count in all batches together."""
    ignored = policy.size_ignore
    return sum(Weight(batch, _counted(batch, ignored)).lines for batch in facts.batches if not batch.reverts)


def _judges(facts: Facts, policy: Policy) -> list[tuple[str, str, Limits]]:
    """Return whose limits hold, as (kind, level, limits): those that refuse before those that warn."""
    judges = []
    for kind, level in ((facts.kind, "error"), (facts.preview_kind, "warning")):
        limits = None if kind is None else policy.limits(kind)
        if kind is not None and limits is not None:
            judges.append((kind, level, limits))
    return judges


def _counted(batch: Batch, ignored: tuple[Glob, ...]) -> list[FileChange]:
    """Return the files that count. The raw status ``R`` is an exact rename; any other is work to review."""
    counted = []
    for file in batch.files:
        if file.status in ("D", "R") or file.excluded:
            continue
        for glob in ignored:
            if glob.matches(file.path):
                break
        else:
            counted.append(file)
    return counted


def _breach(actual: dict[str, int], judges: list[tuple[str, str, Limits]]) -> _Breach | None:
    """Return the first limit that is exceeded, in the order of the judges, then of the units; else ``None``."""
    for kind, level, limits in judges:
        for unit, value in actual.items():
            limit: int | None = getattr(limits, unit)
            if limit is not None and value > limit:
                return _Breach(unit, value, limit, kind, level, limits)
    return None


def _batch_finding(rule: Rule, breach: _Breach, weight: Weight, facts: Facts, splits: _Splits) -> Finding:
    """Return one finding; ``splits`` keeps how the batch splits under each kind's limits, for its other findings."""
    from labgate.checks.commit_size.split import groups

    if breach.kind not in splits:
        splits[breach.kind] = groups(weight.counted, breach.limits)
    batch = weight.batch
    oversized = [file.path for file in weight.counted if file.size > breach.limit and breach.unit == "file_bytes"]
    data = {
        **_common(breach, facts),
        "files": _heaviest(weight, breach.unit),
        "oversized": oversized,
        "others": len(batch.files) - len(oversized),
        "split": [] if oversized else splits[breach.kind],
        "oid": batch.oid,
        "subject": batch.subject,
        "parents": batch.parents,
        "staged": facts.staged,
        "temporary_index": facts.temporary_index,
    }
    path = oversized[0] if len(oversized) == 1 else None
    return Finding(rule, data, level=breach.level, commits=(batch.oid,) if batch.oid else (), path=path)


def _series_finding(breach: _Breach, series: list[Weight], facts: Facts, policy: Policy) -> Finding:
    heaviest = sorted(series, key=lambda weight: -weight.lines)[:MOST_NAMED]
    data = {
        **_common(breach, facts),
        "commits": [
            {"oid": weight.batch.oid, "subject": weight.batch.subject, "lines": weight.lines} for weight in heaviest
        ],
        "part": _first_part(series, breach.limits),
        "branch": _part_branch(facts.source, policy),
    }
    oids = tuple(weight.batch.oid for weight in series if weight.batch.oid is not None)
    return Finding(SERIES_TOO_LARGE, data, level=breach.level, commits=oids)


def _common(breach: _Breach, facts: Facts) -> dict[str, object]:
    return {
        "unit": breach.unit.replace("_", "-"),
        "limit": breach.limit,
        "actual": breach.actual,
        "over": breach.actual - breach.limit,
        "kind": breach.kind,
        "target": facts.target,
    }


def _heaviest(weight: Weight, unit: str) -> list[dict[str, object]]:
    """Return the heaviest files in the unit that is exceeded; of too many files, those with the most lines."""
    by_size = unit in ("bytes", "file_bytes")
    ranked = sorted(weight.counted, key=lambda file: (-file.size if by_size else -file.added - file.deleted, file.path))
    return [{"path": file.path, "lines": file.added + file.deleted, "bytes": file.size} for file in ranked[:MOST_NAMED]]


def _first_part(series: list[Weight], limits: Limits) -> dict[str, object] | None:
    """Return the most commits from the oldest on that fit the series limits together, ``None`` if not even one does."""
    part: dict[str, object] | None = None
    lines = 0
    for number, weight in enumerate(series, 1):
        lines += weight.lines
        if limits.series_lines is not None and lines > limits.series_lines:
            break
        if limits.series_commits is not None and number > limits.series_commits:
            break
        part = {"oid": weight.batch.oid, "commits": number, "lines": lines}
    return part


def _part_branch(source: str | None, policy: Policy) -> str | None:
    """Return a legal name for a branch with the first part of another one, ``None`` where the grammar has none."""
    if source is None:
        return None
    name = f"{source}-part-1"
    return name if policy.classify(f"refs/heads/{name}").fields is not None else None

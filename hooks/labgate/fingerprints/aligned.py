"""The runs between two lists of lines, for what git does not compare itself: cells of notebooks, decoded files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from labgate.fingerprints.patches import FILE_LINES, Run

#: ``difflib`` takes quadratic time, and more if lines repeat. With more changed lines on both sides, or more pairs of
#: equal ones, lines are compared without their places.
ALIGNED_LINES, ALIGNED_PAIRS = 1500, 30_000


def aligned_runs(before: list[bytes], after: list[bytes]) -> list[Run]:
    """Return the runs between two versions of a text, given by their lines."""
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    if _costs(left, right):
        return _unplaced(left, right)
    around = (before[head - 1] if head else b"", after[-tail] if tail else b"")
    return list(_runs(left, right, head, around))


def are_cut(runs: Iterable[Run]) -> bool:
    """Return whether runs may be cut: there are as many lines as are kept."""
    sizes = [(len(run.deleted), len(run.added)) for run in runs]
    return sum(map(sum, sizes)) >= FILE_LINES or any(deleted >= FILE_LINES // 2 for deleted, _ in sizes)


def _common(left: list[bytes], right: list[bytes]) -> int:
    """Return the number of equal lines at the start of two lists."""
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return at
    return min(len(left), len(right))


def _costs(left: list[bytes], right: list[bytes]) -> bool:
    """Return whether aligning two lists of lines takes too long."""
    if len(left) > ALIGNED_LINES and len(right) > ALIGNED_LINES:
        return True
    counts = Counter(right)
    return sum(counts[line] for line in left) > ALIGNED_PAIRS


def _runs(left: list[bytes], right: list[bytes], head: int, around: tuple[bytes, bytes]) -> Iterator[Run]:
    """Yield the runs between two lists of lines that ``head`` equal lines and ``around`` (one each) enclose."""
    budget = FILE_LINES
    for tag, i, j, k, m in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal" or budget <= 0:
            continue
        run = Run(b"", right[k - 1] if k else around[0], right[m] if m < len(right) else around[1], start=head + k + 1)
        run.deleted = left[i:j][:budget]
        run.added = right[k:m][: budget - len(run.deleted)]
        budget -= len(run.deleted) + len(run.added)
        yield run


def _unplaced(left: list[bytes], right: list[bytes]) -> list[Run]:
    """Return one run of the lines that only one side has, in their order, without a place."""
    old, new = set(left), set(right)
    deleted = [line for line in left if line not in new][: FILE_LINES // 2]
    added = [line for line in right if line not in old][: FILE_LINES - len(deleted)]
    return [Run(b"", b"", deleted=deleted, added=added, start=1)] if deleted or added else []

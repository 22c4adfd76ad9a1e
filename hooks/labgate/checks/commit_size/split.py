"""Split a change that is too large by its directories: pure, off the commit hook's path."""

from __future__ import annotations

from operator import add

from labgate.checks.commit_size.rules import Group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from labgate.checks.commit_size.section import Limits
    from labgate.values.batch import FileChange

    #: Lines, lines of tests that have a limit of their own, files and bytes.
    _Weight = tuple[int, int, int, int]

#: The most paths in a group, so that its command stays readable.
MOST_PATHS = 10
#: The most groups that are named: the next commit is checked again.
MOST_GROUPS = 50


def groups(files: Sequence[FileChange], limits: Limits, tests: Collection[FileChange] = ()) -> tuple[Group, ...]:
    """Return groups that each keep all limits of one commit. ``tests`` are the files that ``test-lines`` limits.

    A group has whole directories: top-level ones if they fit, else their parts. Neighbours share a group as long as
    they fit. The result is empty if there would be only one group, or if one file alone is too large: then directories
    do not help. At most ``MOST_GROUPS`` are returned.
    """
    apart = {file.path for file in tests} if limits.test_lines is not None else ()
    units = _units({file.path: _weight(file, file.path in apart) for file in files}, limits)
    if any(not _fits(weight, limits) for _, weight in units):
        return ()
    packed: list[tuple[list[str], _Weight]] = []
    for path, weight in units:
        if packed and len(packed[-1][0]) < MOST_PATHS and _fits(_sum((packed[-1][1], weight)), limits):
            paths, so_far = packed.pop()
            packed.append(([*paths, path], _sum((so_far, weight))))
        else:
            packed.append(([path], weight))
    if len(packed) == 1:
        return ()
    return tuple(
        Group(tuple(paths), lines + test_lines, count, size)
        for paths, (lines, test_lines, count, size) in packed[:MOST_GROUPS]
    )


def _units(weights: Mapping[str, _Weight], limits: Limits) -> list[tuple[str, _Weight]]:
    """Return the largest directories that fit, and single files, sorted by path."""
    units: list[tuple[str, _Weight]] = []
    waiting = [("", list(weights))]  # no recursion: a path may have two thousand directories
    while waiting:
        prefix, members = waiting.pop()
        below: dict[str, list[str]] = {}
        for member in members:
            head, slash, _ = member[len(prefix) :].partition("/")
            below.setdefault(prefix + head + slash, []).append(member)
        for path, part in below.items():
            weight = _sum(weights[member] for member in part)
            if path.endswith("/") and not _fits(weight, limits):
                waiting.append((path, part))
            else:
                units.append((path, weight))
    return sorted(units)


def _weight(file: FileChange, is_test: bool) -> _Weight:
    lines = file.added + file.deleted
    return (0, lines, 1, file.size) if is_test else (lines, 0, 1, file.size)


def _sum(weights: Iterable[_Weight]) -> _Weight:
    total = (0, 0, 0, 0)
    for weight in weights:
        total = tuple(map(add, total, weight))
    return total


def _fits(weight: _Weight, limits: Limits) -> bool:
    most = (limits.lines, limits.test_lines, limits.files, limits.bytes)
    return all(limit is None or value <= limit for value, limit in zip(weight, most, strict=True))

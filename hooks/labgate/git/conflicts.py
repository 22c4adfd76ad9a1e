"""Conflict markers that commits add (git-merge, "How conflicts are presented")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from labgate.git.diffs import without_lines
from labgate.git.merges import own_changes
from labgate.git.raw import EDITED_RENAMES, PLAIN, Entry, blob_sizes, read_records
from labgate.git.repository import Repository
from labgate.git.runner import BOUNDED
from labgate.values.quoted import unquoted
from labgate.values.refnames import is_oid
from labgate.values.value import Value

#: The lines that stand around the two sides of a conflict, in this order.
_MARKERS = (b"<<<<<<< ", b"=======", b">>>>>>> ")
_TREES = (*BOUNDED, "diff-tree", "-r", "--root", *EDITED_RENAMES, *PLAIN)
_FIRST, _ANY = "-G^<<<<<<< ", "-G^(<<<<<<< |=======|>>>>>>> )"
#: What UTF-16 begins with (The Unicode Standard, 23.8): git calls such a file binary, and shows no lines of it.
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
#: A larger file in UTF-16 is data.
_MOST_BYTES = 1_000_000


class _Marks(Value):
    """Markers that a commit (full oid) adds to a file: how many in their order, of three; 0 if in none."""

    oid: str
    path: str
    stage: int

    @property
    def whole(self) -> bool:
        return self.stage == len(_MARKERS)


def conflicted(
    repository: Repository, commits: Sequence[str], merges: Sequence[str], change: Callable[[], tuple[str, str]]
) -> dict[str, str]:
    """Return a file with conflict markers of each commit (full oid) that adds them.

    ``commits`` have one parent or none, oldest first; of ``merges`` what no parent has counts. ``change`` is asked for
    the tree or commit where all of them start, and their head: markers that several add together are those of the last.
    """
    marks = [*_marks(repository, commits, _FIRST), *_of_merges(repository, merges)]
    found = {mark.oid: mark.path for mark in reversed(marks) if mark.whole}
    if any(0 < mark.stage < len(_MARKERS) for mark in marks):
        output = repository.objects.stream(*_TREES, "-p", "-U0", _FIRST, *change())
        paths = [mark.path for mark in _read(output) if mark.whole and mark.path not in found.values()]
        found |= _added_last(repository, commits or merges, paths)
    return _in_utf_16(repository, commits) | found


def _added_last(repository: Repository, commits: Sequence[str], paths: Sequence[str]) -> dict[str, str]:
    """Return the last of some commits that adds a marker to each path; it may have been renamed since."""
    marks = list(_marks(repository, commits, _ANY)) if paths else []
    found = {}
    for path in paths:
        mine = [mark.oid for mark in marks if mark.path == path] or [mark.oid for mark in marks] or commits
        found[mine[-1]] = path
    return found


def _marks(repository: Repository, commits: Sequence[str], wanted: str) -> Iterator[_Marks]:
    """Yield what commits add to each file in whose changed lines a pattern is found (git-diff, ``-G``)."""
    if commits:
        stdin = "".join(f"{oid}\n" for oid in commits).encode()
        yield from _read(repository.objects.stream(*_TREES, "-p", "-U0", wanted, "--stdin", stdin=stdin))


def _read(patches: Iterable[bytes]) -> Iterator[_Marks]:
    """Yield what each file of some patches adds; the oid is empty if no commit is named."""
    oid, path, stage, in_hunk = "", "", 0, False
    for line in patches:
        if in_hunk and line.startswith((b"+", b"-", b"\\")):
            stage = _next(stage, line[1:]) if line.startswith(b"+") else stage
            continue
        in_hunk = line.startswith(b"@@ ")
        named = is_oid(line.decode("ascii", "replace"))
        if path and (named or line.startswith(b"diff --git ")):
            yield _Marks(oid, path, stage)
            path, stage = "", 0
        if line.startswith(b"+++ "):
            # git ends a path that has a blank with a tab (diff.c, emit_diff_symbol).
            path = unquoted(line[4:].removesuffix(b"\t")).removeprefix("b/")
        oid = line.decode() if named else oid
    if path:
        yield _Marks(oid, path, stage)


def _of_merges(repository: Repository, merges: Sequence[str]) -> Iterator[_Marks]:
    for oid in merges:
        for path, change in own_changes(repository, oid).items():
            yield _Marks(oid, path, _stage(change.added))


def _in_utf_16(repository: Repository, commits: Sequence[str]) -> dict[str, str]:
    """Return as ``conflicted`` the files in UTF-16."""
    commits = without_lines(repository, commits)
    if not commits:
        return {}
    stdin = "".join(f"{oid}\n" for oid in commits).encode()
    output = repository.objects.run(*_TREES, "-z", "--no-abbrev", "--raw", "--stdin", stdin=stdin)
    oid, entries = "", list[tuple[str, Entry]]()
    for record in read_records(output):
        if isinstance(record, str):
            oid = record
        elif isinstance(record, Entry) and record.status != "D" and record.old != record.new:
            entries.append((oid, record))
    new = _texts(repository, {entry.new for _, entry in entries if not entry.is_submodule})
    marked = [(oid, entry) for oid, entry in entries if _stage(new.get(entry.new, ())) == len(_MARKERS)]
    old = _texts(repository, {entry.old for _, entry in marked if entry.old.strip("0")})
    found: dict[str, str] = {}
    for oid, entry in marked:
        if _stage(_added(old.get(entry.old, ()), new[entry.new])) == len(_MARKERS):
            found.setdefault(oid, entry.path)
    return found


def _added(old: Iterable[bytes], new: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines that are more often in one text than in another, in order."""
    left = Counter(old)
    for line in new:
        if left[line]:
            left[line] -= 1
        else:
            yield line


def _texts(repository: Repository, blobs: set[str]) -> dict[str, list[bytes]]:
    """Return the lines, as UTF-8, of those blobs that are text in UTF-16."""
    from labgate.git.blobs import read_sized  # few pushes bring a file without lines

    sizes = {oid: size for oid, size in blob_sizes(repository.objects, blobs).items() if size <= _MOST_BYTES}
    return {
        oid: content.decode("utf-16", "replace").encode().splitlines()
        for oid, content in read_sized(repository.objects, sizes)
        if content.startswith(_UTF_16)
    }


def _stage(lines: Iterable[bytes]) -> int:
    stage = 0
    for line in lines:
        stage = _next(stage, line)
    return stage


def _next(stage: int, line: bytes) -> int:
    """Return how many markers were found in their order, after one more added line."""
    if stage == len(_MARKERS):
        return stage
    wanted = _MARKERS[stage]
    fits = line.rstrip(b"\r") == wanted if stage == 1 else line.startswith(wanted)
    return stage + fits

"""What commits change against their first parent, read from ``git log -p -U0``, and how large it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tracing.clone import Clone, in_portions

#: Paths whose text says nothing about where code came from, for the size table alone: notes, licences, settings.
BOILERPLATE = re.compile(
    r"(^|/)(changes|changelog|news|history|release[-_ ]?notes?|whats[-_]?new|licen[cs]e|copying|notice|authors"
    r"|contributors|requirements|constraints|setup|pyproject|tox|environment|\.pre-commit-config)"
    r"[^/.]*(\.(md|rst|txt|in|cfg|ini|toml|ya?ml))*$"
    r"|(^|/)(newsfragments|changelog\.d|requirements)/"
    r"|\.(lock|svg|ipynb|po|snap|csv|json|pem|crt)$|\.min\.js$|(^|/)package-lock|(^|/)version\.[^/]*$",
    re.IGNORECASE,
)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_MODE = re.compile(r"(old|new|new file|deleted file) mode (\d+)")
_INDEX = re.compile(r"index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d+))?$")
_COMMIT = "\0"


@dataclass(frozen=True)
class Run:
    """Deleted lines and the added ones in their place. Lines count from 1; nothing deleted: ``old`` is the one before.

    ``added`` has the lines without their end.
    """

    old: int
    deleted: int
    new: int
    added: tuple[str, ...]


@dataclass
class FileChange:
    """A file on both sides: path, mode and blob, ``None`` where there is none. ``runs`` is empty for a binary file."""

    old_path: str | None
    new_path: str | None
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: str | None = None
    new_blob: str | None = None
    runs: list[Run] = field(default_factory=list)


def changes(clone: Clone, commits: Iterable[str]) -> Iterator[tuple[str, list[FileChange]]]:
    """Yield each commit with what it changes against its first parent. Quoted (odd) paths stay quoted."""
    walk = ("-c", "core.quotePath=false", "log", "--no-walk=unsorted", "--stdin", "--diff-merges=first-parent")
    form = ("-p", "-U0", "-M", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--format=%x00%H")
    for portion in in_portions(commits, 200):
        output = clone.git(*walk, *form, stdin="".join(f"{oid}\n" for oid in portion).encode())
        for text in output.decode("utf-8", "surrogateescape").split(f"\n{_COMMIT}"):
            head, _, patch = text.lstrip(_COMMIT).partition("\n")
            yield head, read_patch(patch)


def read_patch(patch: str) -> list[FileChange]:
    """Read a patch without context lines."""
    files: list[FileChange] = []
    lines = iter(patch.split("\n"))
    for line in lines:
        if line.startswith("diff --git "):
            files.append(_named(line[len("diff --git ") :]))
        elif found := _HUNK.match(line):
            old, deleted, new, added = (1 if group is None else int(group) for group in found.groups())
            for _ in range(deleted):
                _next_of_hunk(lines)
            files[-1].runs.append(Run(old, deleted, new, tuple(_next_of_hunk(lines)[1:] for _ in range(added))))
        elif files:
            _read_header(files[-1], line)
    return files


def _next_of_hunk(lines: Iterator[str]) -> str:
    line = next(lines)
    return next(lines) if line.startswith("\\ No newline") else line


def _named(pair: str) -> FileChange:
    """Read ``a/PATH b/PATH``; where the two differ, later headers say so."""
    path = pair[len("a/") : len(pair) // 2]
    return FileChange(path, path)


def _read_header(change: FileChange, line: str) -> None:
    if found := _MODE.match(line):
        word, mode = found.groups()
        if word in ("old", "deleted file"):
            change.old_mode = mode
        if word in ("new", "new file"):
            change.new_mode = mode
        if word == "new file":
            change.old_path = None
        if word == "deleted file":
            change.new_path = None
    elif found := _INDEX.match(line):
        change.old_blob, change.new_blob, mode = found.groups()
        if mode:
            change.old_mode = change.new_mode = mode
    elif line.startswith("rename from "):
        change.old_path = line[len("rename from ") :]
    elif line.startswith("rename to "):
        change.new_path = line[len("rename to ") :]


def sizes(clone: Clone, commits: Iterable[str]) -> dict[str, int]:
    """Return how many distinct lines each commit adds: with three letters or digits at least, boilerplate left out."""
    return {commit: distinct_lines(files) for commit, files in changes(clone, commits)}


def distinct_lines(files: Iterable[FileChange]) -> int:
    """Return the number of distinct (path, line) that a change adds."""
    return len(
        {
            (change.new_path, line.strip())
            for change in files
            if change.new_path is not None and not BOILERPLATE.search(change.new_path)
            for run in change.runs
            for line in run.added
            if sum(letter.isalnum() or letter == "_" for letter in line) >= 3
        }
    )

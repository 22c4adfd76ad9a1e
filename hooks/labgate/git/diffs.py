"""What commits change: files, lines and bytes, from objects alone and without in-tree attributes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from labgate.change import FileChange
from labgate.errors import GitError, MissingObjectError
from labgate.git.repository import Repository

_PLAIN = ("--root", "--no-ext-diff", "--no-textconv", "--no-color", "--diff-merges=first-parent")
_DIFF = ("diff-tree", "-r", "-z", "--no-abbrev", *_PLAIN)
#: Exact renames only, whatever the number of files: a rename that changes one byte is work to review.
_RENAMES = ("-M100%", "-l0")
_SUBMODULE = "160000"


@dataclass(frozen=True)
class Entry:
    """One raw diff entry (git-diff-tree, "Raw output format").

    ``status`` is its letter, ``path`` the new path; ``old`` and ``new`` are blob oids, all zeros where absent.
    """

    status: str
    path: str
    old: str
    new: str
    new_mode: str


@dataclass(frozen=True)
class _Lines:
    """One numstat line; a binary file counts no lines."""

    path: str
    added: int
    deleted: int


def changed_entries(repository: Repository, commits: Iterable[str]) -> dict[str, tuple[Entry, ...]]:
    """Return each commit's raw diff against its first parent, renames as deletion and addition."""
    found = _by_commit(repository, commits, "--raw", "--no-renames")
    return {oid: tuple(record for record in records if isinstance(record, Entry)) for oid, records in found.items()}


def commit_files(repository: Repository, commits: Iterable[str]) -> dict[str, tuple[FileChange, ...]]:
    """Return what each commit changes against its first parent, with lines and bytes."""
    return _weigh(repository, _by_commit(repository, commits, "--raw", "--numstat", *_RENAMES))


def tree_files(repository: Repository, old: str, new: str) -> tuple[FileChange, ...]:
    """Return what differs between two trees, with lines and bytes."""
    output = repository.git.run(*_DIFF, "--raw", "--numstat", *_RENAMES, old, new)
    records = [record for record in _records(output) if not isinstance(record, str)]
    return _weigh(repository, {new: records})[new]


def clean_merge(repository: Repository, parents: Sequence[str]) -> str | None:
    """Return the tree that git merges two parents to, conflict markers and all, or ``None`` where it cannot say.

    Needs ``git merge-tree --write-tree`` (git 2.38); an octopus, an older git and unrelated histories have no such
    tree.
    """
    if len(parents) != 2:
        return None
    try:
        output = repository.git.run("merge-tree", "--write-tree", "--no-messages", "-z", *parents, accept=(0, 1))
    except GitError:
        return None
    return output.split(b"\0", 1)[0].decode()


def is_exact_revert(repository: Repository, commit: str, reverted: str) -> bool:
    """Say whether a commit takes back exactly what another one did, line by line, wherever the lines stand now."""
    entries = changed_entries(repository, (commit, reverted))
    undone = {(entry.path, entry.new, entry.old) for entry in entries[reverted]}
    if undone and undone == {(entry.path, entry.old, entry.new) for entry in entries[commit]}:
        return True
    backwards = _patch(repository, reverted, "-R")
    return bool(backwards) and backwards == _patch(repository, commit)


def _patch(repository: Repository, commit: str, *options: str) -> list[bytes]:
    """Return a patch without blob ids and line numbers; nothing for one with binary files, whose text says little."""
    output = repository.git.run("diff-tree", "--no-commit-id", "-r", "-p", "--no-renames", *_PLAIN, *options, commit)
    if b"\nBinary files " in output:
        return []
    lines = (b"@@" if line.startswith(b"@@") else line for line in output.split(b"\n"))
    return [line for line in lines if not line.startswith(b"index ")]


def _by_commit(repository: Repository, commits: Iterable[str], *options: str) -> dict[str, list[Entry | _Lines]]:
    wanted = tuple(commits)
    found: dict[str, list[Entry | _Lines]] = {oid: [] for oid in wanted}
    if not wanted:
        return found
    output = repository.git.run(*_DIFF, *options, "--stdin", stdin="\n".join(wanted).encode() + b"\n")
    current: list[Entry | _Lines] = []
    for record in _records(output):
        if isinstance(record, str):
            current = found[record]
        else:
            current.append(record)
    return found


def _records(output: bytes) -> Iterator[str | Entry | _Lines]:
    """Read ``diff-tree -z``: a commit's oid, raw entries, numstat lines. Paths are consumed, never guessed at."""
    tokens = iter(os.fsdecode(output).split("\0")[:-1])
    for token in tokens:
        if token.startswith(":"):
            _, mode, old, new, status = token.split(" ")
            path = next(tokens)
            yield Entry(status[0], next(tokens) if status[0] in "RC" else path, old, new, mode)
        elif "\t" in token:
            added, deleted, path = token.split("\t", 2)
            if not path:
                _, path = next(tokens), next(tokens)
            yield _Lines(path, *(0 if count == "-" else int(count) for count in (added, deleted)))
        else:
            yield token


def _weigh(repository: Repository, changes: dict[str, list[Entry | _Lines]]) -> dict[str, tuple[FileChange, ...]]:
    """Join raw entries, lines and blob sizes."""
    entries = [record for records in changes.values() for record in records if isinstance(record, Entry)]
    sizes = blob_sizes(repository, {entry.new for entry in entries if _is_new_content(entry)})
    weighed = {}
    for oid, records in changes.items():
        lines = {record.path: record for record in records if isinstance(record, _Lines)}
        weighed[oid] = tuple(
            _file(entry, lines.get(entry.path), sizes.get(entry.new, 0) if _is_new_content(entry) else 0)
            for entry in records
            if isinstance(entry, Entry)
        )
    return weighed


def _file(entry: Entry, lines: _Lines | None, size: int) -> FileChange:
    added, deleted = (lines.added, lines.deleted) if lines is not None else (0, 0)
    return FileChange(entry.path, entry.status, added, deleted, size)


def _is_new_content(entry: Entry) -> bool:
    return entry.status not in "DR" and entry.new_mode != _SUBMODULE and entry.old != entry.new


def blob_sizes(repository: Repository, oids: set[str]) -> dict[str, int]:
    """Return the size in bytes of each blob. Raised: ``MissingObjectError`` when one is not in this clone."""
    if not oids:
        return {}
    output = repository.git.run(
        *("cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer"),
        stdin="\n".join(sorted(oids)).encode() + b"\n",
    )
    sizes = {}
    for line in output.decode().splitlines():
        oid, size = line.split(" ")
        if size == "missing":
            message = f"blob {oid} is not in this clone"
            raise MissingObjectError(message)
        sizes[oid] = int(size)
    return sizes

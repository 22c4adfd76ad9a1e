"""The patches of commits, line by line: the output of ``git diff-tree`` with fixed options, read as a stream."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from copy import copy

from labgate.fingerprints.text import normal_lines
from labgate.git.quoted import unquoted
from labgate.git.repository import Repository
from labgate.values.files import write_whole

#: The one producer of patches. Stored ids are only comparable with ids from the same options, so a change here must
#: change ``features.VERSION``. One line of context is enough for the place of an edit, and ignores most moves around
#: it. Hunk headings come from ``_ATTRIBUTES`` alone.
_PATCH = (
    *("diff-tree", "-r", "-p", "-M", "-U1", "--root", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color"),
    *("--diff-algorithm=myers", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/", "-l400"),
    *("--ignore-submodules=none", "--diff-merges=first-parent"),
)
#: git's cache of delta bases: its default of 96 MB is no faster for one commit after the other.
_CACHE = ("-c", "core.deltaBaseCacheLimit=24m")
#: How git finds the heading of a hunk (gitattributes, "Defining a custom hunk-header").
_ATTRIBUTES = """\
*.py diff=python
*.pyi diff=python
*.pyx diff=python
*.rs diff=rust
*.go diff=golang
*.java diff=java
*.kt diff=kotlin
*.c diff=cpp
*.h diff=cpp
*.cc diff=cpp
*.cpp diff=cpp
*.hpp diff=cpp
*.cu diff=cpp
*.cs diff=csharp
*.rb diff=ruby
*.php diff=php
*.sh diff=bash
*.m diff=matlab
*.md diff=markdown
*.tex diff=tex
"""
#: A larger diff is judged by its first changed lines: it imports a whole tree.
DIFF_LINES = 8000

#: The line before a patch: a commit, or two trees with a blank between, in SHA-1 or SHA-256.
_KEY_LENGTHS = frozenset({40, 64, 81, 129})
_CHANGED = frozenset({b"+", b"-"})
#: git's note on a last line without a line feed.
_NO_NEWLINE = b"\\"


class Run:
    """Deleted lines and the added ones that replace them, with the line before and after (empty at a hunk's edge).

    Lines are those of ``text.normal_lines``. ``heading`` is the hunk's, ``start`` the number
    of the first added line in the new file (1 is the first).
    """

    __slots__ = ("added", "after", "before", "deleted", "heading", "start")

    def __init__(
        self,
        heading: bytes,
        before: bytes,
        after: bytes = b"",
        deleted: Iterable[bytes] = (),
        added: Iterable[bytes] = (),
        start: int = 0,
    ) -> None:
        self.heading = heading
        self.before = before
        self.after = after
        self.deleted = list(deleted)
        self.added = list(added)
        self.start = start


class FilePatch:
    """The changes of one file. ``old_path`` differs from ``path`` for a rename; blobs are oids, zeros where absent.

    ``status`` is A (added), D (deleted), R (renamed) or M (modified). A binary file has no runs and ``binary`` set.
    """

    __slots__ = ("binary", "new_blob", "old_blob", "old_path", "path", "runs", "status")

    def __init__(
        self,
        path: str,
        old_path: str,
        status: str = "M",
        old_blob: str = "",
        new_blob: str = "",
        binary: bool = False,
        runs: Iterable[Run] = (),
    ) -> None:
        self.path = path
        self.old_path = old_path
        self.status = status
        self.old_blob = old_blob
        self.new_blob = new_blob
        self.binary = binary
        self.runs = list(runs)

    def with_runs(self, runs: Iterable[Run], *, binary: bool | None = None) -> FilePatch:
        """Return the same file with other runs, and ``binary`` if that is another."""
        file = copy(self)
        file.runs = list(runs)
        file.binary = self.binary if binary is None else binary
        return file


class Patch:
    """The changes of a commit against its first parent, or of one tree against another."""

    __slots__ = ("files", "key")

    def __init__(self, key: str, files: Iterable[FilePatch] = ()) -> None:
        self.key = key
        self.files = list(files)


def commit_patches(repository: Repository, commits: Iterable[str]) -> Iterator[Patch]:
    """Yield the patch of each commit against its first parent (the root: against nothing), in the given order.

    Raises: ``MissingObjectError`` when a commit, or a blob, is not in this clone.
    """
    wanted = list(commits)
    if not wanted:
        return
    # Without --always git prints nothing for a commit without changes, and for one that is missing.
    git = repository.objects
    patches = _parse(git.stream(*_options(repository), "--always", "--stdin", stdin="\n".join(wanted).encode() + b"\n"))
    for oid in wanted:
        patch = next(patches, None)
        if patch is None or patch.key != oid:
            message = f"commit {oid} is not in this clone"
            raise git.missing(message)
        yield patch


def tree_patches(repository: Repository, pairs: Sequence[tuple[str, str]]) -> Iterator[Patch]:
    """Yield the patch between two trees or commits, for each pair; the key is ``OLD..NEW``."""
    if not pairs:
        return
    git = repository.objects
    trees = _trees(repository, [oid for pair in pairs for oid in pair])
    text = "".join(f"{trees[old]} {trees[new]}\n" for old, new in pairs)
    keys = [f"{old}..{new}" for old, new in pairs]
    stream = git.stream(*_options(repository), "--stdin", stdin=text.encode())
    for key, patch in zip(keys, _parse(stream), strict=True):
        patch.key = key
        yield patch


def _trees(repository: Repository, oids: Sequence[str]) -> dict[str, str]:
    wanted = list(dict.fromkeys(oids))
    asked = "".join(f"{oid}^{{tree}}\n" for oid in wanted).encode()
    answers = repository.objects.run("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=asked).decode()
    found = dict(zip(wanted, answers.splitlines(), strict=True))
    for oid, tree in found.items():
        if " " in tree:
            message = f"tree of {oid} is not in this clone"
            raise repository.objects.missing(message)
    return found


def _options(repository: Repository) -> tuple[str, ...]:
    path = os.path.join(repository.objects.git_dir, "headings")
    if not os.path.exists(path):
        # Several processes may write it, and git must never read half of it.
        write_whole(path, _ATTRIBUTES.encode("ascii"))
    return ("-c", f"core.attributesFile={path}", *_CACHE, *_PATCH)


def _parse(lines: Iterator[bytes]) -> Iterator[Patch]:
    """Read patches (git-diff, "Generating patch text with -p") line by line."""
    patch: Patch | None = None
    file = FilePatch("", "")
    left = 0
    line = next(lines, None)
    while line is not None:
        if line.startswith(b"@@"):
            line, left = _hunk(lines, line, file, left)
            continue
        if patch is not None and line.startswith(b"diff --git "):
            file = FilePatch(*_paths(line[11:]))
            patch.files.append(file)
        elif len(line) in _KEY_LENGTHS and not line.translate(None, b"0123456789abcdef "):
            if patch is not None:
                yield patch
            patch, left = Patch(line[:64].decode()), DIFF_LINES
        else:
            _header(file, line)
        line = next(lines, None)
    if patch is not None:
        yield patch


def _hunk(lines: Iterator[bytes], opening: bytes, file: FilePatch, left: int) -> tuple[bytes | None, int]:
    """Read a hunk; return the line after it (``None``: there is none), and how many lines are ``left`` to be read.

    Every line of a hunk starts with a blank, ``+``, ``-`` or a backslash, so nothing in a file can end it.
    """
    place, _, heading = opening[3:].partition(b" @@")
    heading = normal_lines(heading)[0]
    number = int(place.rpartition(b"+")[2].partition(b",")[0])
    before = b""
    line = next(lines, None)
    while line is not None:
        first = line[:1]
        if first == b" ":
            before = normal_lines(line[1:])[-1]
            number += 1
        elif first in _CHANGED:
            run = Run(heading, before, start=number)
            line, left = _changes(lines, line, run, left)
            number += len(run.added)
            if line is not None and line[:1] == b" ":
                run.after = normal_lines(line[1:])[0]
            if run.deleted or run.added:
                file.runs.append(run)
            continue
        elif first != _NO_NEWLINE:
            break
        line = next(lines, None)
    return line, left


def _changes(lines: Iterator[bytes], line: bytes | None, run: Run, left: int) -> tuple[bytes | None, int]:
    """Read adjacent deleted and added lines into a run; return as ``_hunk``."""
    deleted, added = run.deleted, run.added
    while line is not None:
        first = line[:1]
        if first == b"+":
            side = added
        elif first == b"-":
            side = deleted
        elif first == _NO_NEWLINE:
            line = next(lines, None)
            continue
        else:
            break
        if left > 0:
            side += normal_lines(line[1:])
        left -= 1
        line = next(lines, None)
    return line, left


def _header(file: FilePatch, line: bytes) -> None:
    """Read an extended header (git-diff): blobs, paths and the status of the file."""
    word, _, rest = line.partition(b" ")
    if word == b"index":
        file.old_blob, _, file.new_blob = rest.partition(b" ")[0].decode().partition("..")
    elif word in (b"new", b"deleted") and rest.startswith(b"file "):
        file.status = "A" if word == b"new" else "D"
    elif word == b"rename":
        side, _, path = rest.partition(b" ")
        file.status = "R"
        if side == b"from":
            file.old_path = unquoted(path)
        else:
            file.path = unquoted(path)
    elif word == b"Binary":
        file.binary = True


def _paths(text: bytes) -> tuple[str, str]:
    """Return the path of a ``diff --git`` line twice, as old and new one; other headers have those of a rename."""
    half = len(text) // 2
    if text[2:half] != text[half + 3 :]:
        return "", ""
    path = unquoted(text[:half])[2:]
    return path, path

"""Patch ids: of the changed lines, of the code alone, and of the resulting files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import islice

from labgate.fingerprints.features import LINE_WEIGHT, tokens, weight
from labgate.fingerprints.noise import (
    CODE,
    PINS,
    PROSE,
    is_generated,
    legal_lines,
    settings_of,
    sort_of,
    without_versions,
)
from labgate.fingerprints.patches import DIFF_LINES, FilePatch, Patch, Run
from labgate.fingerprints.text import LINE_BYTES
from labgate.values.value import Value

_SIZE = 16
#: Files that a tool wrote or that came from elsewhere: if two sides have the same one, that is no evidence.
_MECHANICAL = re.compile(
    r"""
      (?:^|/)(?:_?vendor|_?vendored|third[-_]?party|node_modules|bower_components|dist)/
    | (?:^|/)(?:licen[cs]es?|copying|notice)(?:\.[a-z]+)?$ | (?:^|/)licenses?/
    | \.lock$ | \.min\.(?:js|css)$ | \.map$ | \.sum$
    | (?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|conda-lock\.ya?ml)$
    | (?:^|/)_?version\.[a-z]+$
    | (?:_pb2(?:_grpc)?\.pyi?|\.pb\.go|_generated\.[a-z]+|\.g\.dart|\.designer\.cs)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DIGITS = re.compile(rb"\bv?\d[\w.]*")
#: The least changed lines in a file for its resulting content to be evidence.
FILE_LINES = 3
#: So many places of a file that change in form alone are a formatter's work.
FORMATTED_RUNS = 5
#: So many places that change in the same way are a tool's sweep.
SWEEP = 5

#: The deleted and the added lines of one place.
_Change = tuple[Sequence[bytes], Sequence[bytes]]


class PatchIds(Value):
    """Ids of one patch.

    ``exact`` is the id of everything in it, ``inverse`` that of its revert, ``core`` that of its code files (each
    ``None`` if there is nothing). ``code_runs`` are the changed places of code that count, ``other_work`` says
    whether anything beside code counts. ``files`` are ids of the new content of files with more than a few changed
    lines.
    """

    exact: bytes | None
    inverse: bytes | None
    core: bytes | None
    code_runs: int
    other_work: bool
    files: tuple[bytes, ...]


def patch_ids(patch: Patch) -> PatchIds:
    """Return the ids of a patch.

    As in ``git patch-id`` line numbers and white space do not count; here the context does not count either.
    """
    whole, inverse, core, files = [], [], [], []
    code_runs, other_work = 0, False
    full = sum(len(run.added) + len(run.deleted) for file in patch.files for run in file.runs) >= DIFF_LINES
    for file in patch.files:
        changes = [(run.deleted, run.added) for run in file.runs]
        cut = full or any(max(map(len, side), default=0) >= LINE_BYTES for change in changes for side in change)
        digest = _file_id(file, changes, cut)
        whole.append(digest)
        inverse.append(_file_id(_inverted(file), [(added, deleted) for deleted, added in changes], cut))
        significant = list(islice(_significant_lines(file), FILE_LINES))
        sort = sort_of(file.path)
        if significant and sort in (CODE, PINS) and not file.binary:
            core.append(digest)
            code_runs += len(file.runs)
        elif significant:
            other_work = True
        if len(significant) == FILE_LINES and sort not in (PINS, PROSE) and file.new_blob.strip("0"):
            files.append(_digest(f"{file.path}\0{file.new_blob}".encode("utf-8", "surrogateescape")))
    return PatchIds(_combined(whole), _combined(inverse), _combined(core), code_runs, other_work, tuple(files))


def _significant_lines(file: FilePatch) -> Iterator[bytes]:
    """Yield the changed lines of a file that count.

    These do not count: vendored, locked and generated files, lists of packages and versions, licence headers, and a
    formatter's changes. A binary file counts as a whole.
    """
    if _MECHANICAL.search(file.path) or _is_submodule(file):
        return
    if file.binary:
        yield from [b"binary"] * FILE_LINES
    if file.status == "A" and file.runs and is_generated(file.runs[0].added):
        return
    settings, versioned = settings_of(file.path), sort_of(file.path) in (PINS, PROSE)
    formatted = len(file.runs) >= FORMATTED_RUNS and all(map(_is_formatted, file.runs[:FORMATTED_RUNS]))
    for run in file.runs:
        added = run.added[legal_lines(run.added) :] if run.start <= 2 else run.added
        deleted = run.deleted
        if settings is not None:
            deleted, added = without_versions(deleted, added, settings)
        if formatted and _is_formatted(run):
            continue
        yield from (line for line in (*added, *deleted) if _says(line, versioned))


@lru_cache(maxsize=1 << 12)
def _is_formatted(run: Run) -> bool:
    """Return whether only blanks, quotes and the like change."""
    return bool(run.deleted) and tokens(b"\n".join(run.deleted)) == tokens(b"\n".join(run.added))


def _says(line: bytes, versioned: bool) -> bool:
    """Return whether a line has enough letters to count; in lists of versions, versions do not count."""
    return weight(_DIGITS.sub(b"", line) if versioned else line) >= LINE_WEIGHT


def _is_submodule(file: FilePatch) -> bool:
    """Return whether only a submodule's version changes (git-diff, "Subproject commit")."""
    return any(line.startswith(b"Subproject commit ") for run in file.runs[:1] for line in (*run.added, *run.deleted))


def _inverted(file: FilePatch) -> FilePatch:
    status = {"A": "D", "D": "A"}.get(file.status, file.status)
    return FilePatch(file.old_path, file.path, status, file.new_blob, file.old_blob, binary=file.binary)


def _file_id(file: FilePatch, changes: Sequence[_Change], cut: bool) -> bytes:
    """Return the id of one file's changes: its changed lines in order, without blanks, or its blob if binary.

    If the lines are not complete (``cut``) only equal blobs make two changes the same.
    """
    status = file.status if file.status in "AD" else ""
    blob = f"{file.old_blob if cut else ''}{file.new_blob if cut or file.binary else ''}"
    parts = [f"{status}\0{file.path}\0{file.old_path}\0{blob}".encode("utf-8", "surrogateescape")]
    for deleted, added in changes:
        if deleted:
            parts.append(b"\n-" + b"\n-".join(deleted))
        if added:
            parts.append(b"\n+" + b"\n+".join(added))
    return _digest(b"".join(parts).translate(None, b" \t\r\f\v"))


def _combined(digests: Sequence[bytes]) -> bytes | None:
    return _digest(b"".join(sorted(digests))) if digests else None


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=_SIZE).digest()

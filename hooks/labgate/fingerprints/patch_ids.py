"""What makes two patches the same: an id of their changed lines, of their code alone, and of the files they leave."""

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
from labgate.fingerprints.patches import DIFF_LINES, LINE_BYTES, FilePatch, Patch, Run
from labgate.values.value import Value

_SIZE = 16
#: Files that a tool wrote or that came from elsewhere: that two sides have the same says nothing about either.
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
#: A file must be changed in so many lines for what it holds afterwards to say who wrote it.
FILE_LINES = 3
#: Who changes so many places of a file in their form alone has a formatter.
FORMATTED_RUNS = 5
#: So many places that a tool changed alike are a sweep.
SWEEP = 5

#: The deleted and the added lines of one place.
_Change = tuple[Sequence[bytes], Sequence[bytes]]


class PatchIds(Value):
    """Ids of one patch.

    ``exact`` is one of everything in it, ``inverse`` that of its revert, ``core`` one of its code files (each ``None``
    where there is nothing). ``code_runs`` are the changed places of code that is somebody's work, ``other_work`` says
    whether anything beside code is. ``files`` are ids of what it leaves in files that it changes in more than a few
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

    As ``git patch-id`` they leave out line numbers and white space; unlike it also the context, which moves on.
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
    """Yield the changed lines of a file that are somebody's work.

    Nobody's are vendored, locked and generated files, versions and packages in lists of them, licence headers, and what
    a formatter does. A binary file is work as a whole.
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
    """Say whether only blanks, quotes and the like change."""
    return bool(run.deleted) and tokens(b"\n".join(run.deleted)) == tokens(b"\n".join(run.added))


def _says(line: bytes, versioned: bool) -> bool:
    """Say whether a line has letters to speak of; where versions stand, these are none."""
    return weight(_DIGITS.sub(b"", line) if versioned else line) >= LINE_WEIGHT


def _is_submodule(file: FilePatch) -> bool:
    """Say whether it is the version of another repository that changes (git-diff, "Subproject commit")."""
    return any(line.startswith(b"Subproject commit ") for run in file.runs[:1] for line in (*run.added, *run.deleted))


def _inverted(file: FilePatch) -> FilePatch:
    status = {"A": "D", "D": "A"}.get(file.status, file.status)
    return FilePatch(file.old_path, file.path, status, file.new_blob, file.old_blob, binary=file.binary)


def _file_id(file: FilePatch, changes: Sequence[_Change], cut: bool) -> bytes:
    """Return an id of what happens to one file: its changed lines in order, blanks aside, or its blob if binary.

    Where not all of the lines are kept (``cut``) only the blobs say that two changes are the same.
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

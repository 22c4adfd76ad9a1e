"""Patch ids: of the changed lines, of the code alone, and of the resulting files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from labgate.fingerprints.features import LINE_WEIGHT
from labgate.fingerprints.headers import legal_lines
from labgate.fingerprints.noise import (
    CODE,
    GENERATED,
    PINS,
    PROSE,
    is_mechanical,
    is_vendored,
    settings_of,
    without_versions,
)
from labgate.fingerprints.parts import is_submodule, parts, written_runs
from labgate.fingerprints.patches import FilePatch, Patch, Run
from labgate.fingerprints.templates import is_template, own_lines
from labgate.fingerprints.tokens import tokens, weight
from labgate.values.digest import blake2b
from labgate.values.regexes import regex
from labgate.values.value import Value

_SIZE = 16
#: What ``features.tokens`` leaves out: these, and digits behind ``#``; and what else it takes for ``#``, in part.
_UNCOUNTED = b" \t\n\r\f\v\"'\\`,;()0123456789"
_REFERENCES = (b"GH-", b"/pull/", b"/issues/")
_DIGITS = regex(rb"\bv?\d[\w.]*")
#: A smaller change may be made twice by chance, such as a test of four lines: the least lines of a patch, and of a file
#: for its resulting content to be evidence.
SUBSTANCE, FILE_SUBSTANCE = 5, 3
#: So many places of a file that change in form alone are a formatter's work.
FORMATTED_RUNS = 5


class PatchIds(Value):
    """Ids of one patch.

    ``exact`` is the id of everything in it, ``inverse`` that of its revert, ``core`` that of its code files (each
    ``None`` if there is nothing). ``substance`` is the number of lines that are somebody's own, up to ``SUBSTANCE``: of
    code distinct ones, and one for code that is only formatted. ``blobs`` are ids of the new content of files,
    ``forms`` those of files that are only formatted.
    """

    exact: bytes | None
    inverse: bytes | None
    core: bytes | None
    substance: int
    blobs: tuple[bytes, ...]
    forms: tuple[bytes, ...]


def patch_ids(patch: Patch, *, judged: bool = False, by_hash: bool = False) -> PatchIds:
    """Return the ids of a patch.

    As in ``git patch-id`` line numbers and white space do not count; here the context does not count either. What a
    ``judged`` patch names, moves or leaves as it was hides no content: it has the blob of every file. In research only
    files count in which it changes more than a few lines that are its author's own, and vendored code. It has ``forms``
    only if it changes nothing but form. ``by_hash`` is as for ``noise.without_versions``.
    """
    whole, inverse, core, blobs, forms = [], [], [], [], []
    code, other_lines, formed = set[bytes](), 0, True
    for file in patch.files:
        deleted, added = file.line_digests()
        digest = _file_id(file, deleted, added)
        whole.append(digest)
        inverse.append(_file_id(_inverted(file), added, deleted))
        found = parts(file)
        sorts = {sort for sort, _ in found}
        lines = list(islice(_significant_lines(file, found, by_hash), SUBSTANCE))
        left = unformatted(file) if lines else file
        own = lines if left is file else list(islice(_significant_lines(left, parts(left), by_hash), SUBSTANCE))
        if lines and sorts & {CODE, PINS} and not file.binary:
            core.append(digest)
            code.update(own)
        else:
            other_lines += len(lines)
        formed = formed and not own
        content = len(lines) >= FILE_SUBSTANCE and bool(sorts - {PINS, PROSE})
        if file.new_blob.strip("0"):
            if judged or (content and len(own) >= FILE_SUBSTANCE) or _is_vendored_code(file):
                blobs.append(blob_id(file.new_blob))
            if content and not own:
                forms.append(blob_id(file.new_blob))
    substance = min(SUBSTANCE, other_lines + (max(1, len(code)) if core else 0))
    known = tuple(forms) if formed or not judged else ()
    return PatchIds(_combined(whole), _combined(inverse), _combined(core), substance, tuple(blobs), known)


def blob_id(oid: str) -> bytes:
    """Return the id of a file's content, whatever its path."""
    return _digest(oid.encode("ascii"))


def unformatted(file: FilePatch) -> FilePatch:
    """Return a file without the runs that only change its form; the same if it has none."""
    runs = [run for run in file.runs if not _is_formatted(run)]
    return file if len(runs) == len(file.runs) else file.with_runs(runs)


def _is_vendored_code(file: FilePatch) -> bool:
    """Return whether code that people write changes in a folder for the code of others: it may be research there."""
    return is_vendored(file.path) and not is_mechanical(file.path) and bool(written_runs(file.runs))


def _significant_lines(file: FilePatch, found: Sequence[tuple[str, FilePatch]], by_hash: bool) -> Iterator[bytes]:
    """Yield the changed lines of a file that count, given its ``parts``.

    These do not count: vendored, locked and generated files, lists of packages and versions, licence headers, and a
    formatter's changes. A binary file counts as a whole.
    """
    if is_submodule(file):
        return
    if file.binary and all(sort != GENERATED for sort, _ in found):
        yield from [b"binary"] * SUBSTANCE
    settings, template = settings_of(file.path), is_template(file.path)
    formatted = len(file.runs) >= FORMATTED_RUNS and all(map(_is_formatted, file.runs[:FORMATTED_RUNS]))
    for sort, run in ((sort, run) for sort, part in found if sort != GENERATED for run in part.runs):
        added = run.added[legal_lines(run.added, file.path) :] if run.start <= 2 else run.added
        deleted = run.deleted
        if template:
            added = own_lines(file.status, deleted, added)
        if settings is not None:
            deleted, added = without_versions(deleted, added, settings, by_hash=by_hash)
        if formatted and _is_formatted(run):
            continue
        yield from (line for line in (*added, *deleted) if _says(line, sort in (PINS, PROSE)))


@lru_cache(maxsize=1 << 9)
def _is_formatted(run: Run) -> bool:
    """Return whether only blanks, quotes and the like change."""
    if not run.deleted:
        return False
    old, new = b"\n".join(run.deleted), b"\n".join(run.added)
    # Most runs differ in more than what tokens leave out, of which only these hide more than digits.
    if not any(mark in old or mark in new for mark in _REFERENCES) and _counted(old) != _counted(new):
        return False
    return tokens(old) == tokens(new)


def _counted(text: bytes) -> bytes:
    return text.translate(None, _UNCOUNTED)


def _says(line: bytes, versioned: bool) -> bool:
    """Return whether a line has enough letters to count; in lists of versions, versions do not count."""
    return weight(_DIGITS.sub(b"", line) if versioned else line) >= LINE_WEIGHT


def _inverted(file: FilePatch) -> FilePatch:
    status = {"A": "D", "D": "A"}.get(file.status, file.status)
    return FilePatch(file.old_path, file.path, status, file.new_blob, file.old_blob, binary=file.binary)


def _file_id(file: FilePatch, deleted: bytes, added: bytes) -> bytes:
    """Return the id of one file's changes: the digests of its changed lines, or its blob if binary."""
    status = file.status if file.status in "AD" else ""
    parts = (status, file.path, file.old_path, file.new_blob if file.binary else "")
    name = "\0".join(parts).encode("utf-8", "surrogateescape").translate(None, b" \t\r\f\v")
    return _digest(name + b"\0" + deleted + added)


def _combined(digests: Sequence[bytes]) -> bytes | None:
    return _digest(b"".join(sorted(digests))) if digests else None


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=_SIZE).digest()

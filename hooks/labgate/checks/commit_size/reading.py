"""The sizes of changes as a reader reads them: what only moved, printed cells and locked versions are not read.

A quick size counts every line of git's diff, so it is never the smaller one; changes that are small enough by it are
not read closely.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from labgate.fingerprints.generated_names import has_generated_name, is_locked
from labgate.fingerprints.notebooks import changed_code_lines
from labgate.fingerprints.parts import written_runs
from labgate.fingerprints.patches import Run
from labgate.fingerprints.text import normal_lines
from labgate.git.moved import Block, Reading, Text, commit_readings, counted, staged_readings, tree_readings
from labgate.git.raw import Entry, Lines, blob_sizes, weigh
from labgate.git.repository import Repository
from labgate.git.runner import MOST_BYTES, Git
from labgate.values.batch import FileChange

#: A change with more lines, or a notebook with more bytes, keeps its quick size.
MOST_LINES = 100_000
#: The lines of a lock file that are judged together (``_written``).
PIECE_LINES = 40
_NOTEBOOK = ".ipynb"


def commits_read(
    repository: Repository, quick: Mapping[str, tuple[FileChange, ...]]
) -> dict[str, tuple[FileChange, ...]]:
    """Return the changes of commits (by oid) against their first parents as read; one that is too large stays."""
    oids = [oid for oid, files in quick.items() if is_readable(files)]
    found = _weighed(repository.objects, commit_readings(repository, oids, _has_name))
    return dict(quick) | {oid: _with_large(files, quick[oid]) for oid, files in found.items()}


def trees_read(repository: Repository, old: str, new: str, quick: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    """Return the changes from one tree to another as read; a change that is too large stays."""
    if not is_readable(quick):
        return quick
    found = _weighed(repository.objects, {new: tree_readings(repository, old, new, _has_name)})[new]
    return _with_large(found, quick)


def staged_read(git: Git, base: str, quick: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    """Return the changes of the index to a tree or commit as read; a change that is too large stays."""
    if not is_readable(quick):
        return quick
    return _with_large(_weighed(git, {"": staged_readings(git, base, _has_name)})[""], quick)


def _with_large(files: Sequence[FileChange], quick: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """Return files as read, but those that are too large for it with their quick size."""
    large = {file.path: file for file in quick if file.large}
    return tuple(large.get(file.path, file) for file in files)


def is_readable(files: Sequence[FileChange]) -> bool:
    """Return whether a change is small enough to look for what moved."""
    read = [file for file in files if not file.large]
    lines = sum(file.added + file.deleted for file in read)
    return lines <= MOST_LINES and sum(file.size for file in read) <= 10 * MOST_BYTES


def unread_files(files: Sequence[FileChange]) -> tuple[int, int]:
    """Return how many notebooks, and how many other files, are so large that all of their changed lines count."""
    large = [file.path.endswith(_NOTEBOOK) for file in files if file.large]
    return sum(large), len(large) - sum(large)


def _weighed(git: Git, readings: Mapping[str, Reading]) -> dict[str, tuple[FileChange, ...]]:
    pairs = {
        (entry.old, entry.new)
        for records in readings.values()
        for entry in records
        if isinstance(entry, Entry) and entry.status != "D" and entry.path.endswith(_NOTEBOOK)
    }
    cells = _code_lines(git, pairs)
    return weigh(git, {key: list(_as_read(records, cells)) for key, records in readings.items()})


def _as_read(records: Reading, cells: Mapping[tuple[str, str], int]) -> Iterator[Entry | Lines]:
    """Yield the records with the lines that a reader reads."""
    blobs = {record.path: (record.old, record.new) for record in records if isinstance(record, Entry)}
    for record in records:
        if isinstance(record, Entry):
            yield record
        elif isinstance(record, Text):
            yield _written(record)
        elif blobs[record.path] in cells:
            yield Lines(record.path, cells[blobs[record.path]], 0)
        else:
            yield record


def _has_name(path: str) -> bool:
    """Return whether a path is that of a file which a tool writes, as far as the name says."""
    return is_locked(path) or has_generated_name(path)


def _written(text: Text) -> Lines:
    """Return the lines of such a file that people write: code, whatever its name."""
    whole = not is_locked(text.path)
    pieces = text.blocks if whole else [piece for block in text.blocks for piece in _pieces(block)]
    runs = [Run(b"", b"", added=(line for raw in piece.lines for line in normal_lines(raw))) for piece in pieces]
    written = {id(run) for run in written_runs(runs)}
    return counted(text.path, (piece for piece, run in zip(pieces, runs, strict=True) if id(run) in written))


def _pieces(block: Block) -> Iterator[Block]:
    """Yield a block in pieces, so that many locked versions do not hide the code beside them."""
    for start in range(0, len(block.lines), PIECE_LINES):
        yield block.changed(lines=block.lines[start : start + PIECE_LINES])


def _code_lines(git: Git, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the changed lines of code of each notebook that can be read, by its old and new blob."""
    sizes = blob_sizes(git, {oid for pair in pairs for oid in pair if oid.strip("0")})
    counts = {}
    for old, new in pairs:
        if all(sizes.get(oid, 0) <= MOST_BYTES for oid in (old, new)):
            changed = changed_code_lines(*(_content(git, oid) for oid in (old, new)))
            if changed is not None:
                counts[old, new] = changed
    return counts


def _content(git: Git, oid: str) -> bytes:
    return git.run("cat-file", "blob", oid) if oid.strip("0") else b""

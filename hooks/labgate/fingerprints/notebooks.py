"""The changes of a Jupyter notebook as code: the lines of its cells, without outputs, metadata and counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from labgate.fingerprints.aligned import aligned_runs, are_cut
from labgate.fingerprints.content import CODE_LINES, is_code
from labgate.fingerprints.patches import Run
from labgate.fingerprints.text import LINE_BYTES, normal_lines

#: A larger notebook is mostly pictures, and is not read as one: its lines count as git shows them.
NOTEBOOK_BYTES = 32_000_000
#: The least lines, and letters and digits, of a block that moved.
_BLOCK_LINES, _BLOCK_LETTERS = 3, 20
_WORDS = re.compile(rb"[0-9A-Za-z]+")
#: What begins with the end of a text in JSON, and goes on with the next one.
_NEXT = (b'",', b'" ')


def notebook_runs(old: bytes, new: bytes) -> list[Run] | None:
    """Return the runs between two versions of a notebook, as if its code cells were one file.

    Empty bytes mean that there is no notebook. ``None`` if a side is none, whatever its name says (``unread_runs``).
    """
    sides = [_read(side) if side.strip() else [] for side in (old, new)]
    if sides[0] is None or sides[1] is None:
        return None
    return aligned_runs(_lines(sides[0]), _lines(sides[1]))


def changed_code_lines(old: bytes, new: bytes) -> int | None:
    """Return how many lines of code differ between two versions of a notebook; a line that was edited counts once.

    Blocks of three lines or more that moved do not count, as git paints them (git-diff, ``--color-moved=blocks``).
    Empty bytes mean that there is no notebook. ``None`` if a side cannot be read, or if so much differs that not all of
    it was compared.
    """
    runs = notebook_runs(old, new)
    if runs is None or are_cut(runs):
        return None
    gone, came = _blocks(run.deleted for run in runs), _blocks(run.added for run in runs)
    return sum(max(_unmoved(run.added, gone), _unmoved(run.deleted, came)) for run in runs)


def _blocks(sides: Iterable[Sequence[bytes]]) -> frozenset[tuple[bytes, ...]]:
    """Return all neighbours in some lines that are as many as a block which moved has at least."""
    found = (
        tuple(lines[start : start + _BLOCK_LINES]) for lines in sides for start in range(len(lines) - _BLOCK_LINES + 1)
    )
    return frozenset(block for block in found if sum(map(len, _WORDS.findall(b" ".join(block)))) >= _BLOCK_LETTERS)


def _unmoved(lines: Sequence[bytes], elsewhere: frozenset[tuple[bytes, ...]]) -> int:
    """Return the number of lines that are in no block of ``elsewhere``."""
    moved: set[int] = set()
    for start in range(len(lines) - _BLOCK_LINES + 1):
        if tuple(lines[start : start + _BLOCK_LINES]) in elsewhere:
            moved.update(range(start, start + _BLOCK_LINES))
    return len(lines) - len(moved)


def unread_runs(runs: Iterable[Run]) -> list[Run]:
    """Return git's own runs of what is no notebook, whatever its name says: their lines of code, in texts or not."""
    found = []
    for run in runs:
        deleted, added = ([line for raw in side for line in _code(raw)] for side in (run.deleted, run.added))
        if deleted or added:
            found.append(Run(b"", b"", deleted=deleted, added=added, start=run.start))
    return found


def _code(raw: bytes) -> list[bytes]:
    """Return a line of code, also from a text of JSON (with its line ends)."""
    line = raw
    if raw.startswith(b'"'):
        try:
            line = str(json.loads(raw.rstrip(b","))).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            return []
    elif b"\\n" in raw:  # several texts in a line
        line = raw.replace(b"\\n", b"\n").replace(b'\\"', b'"')
    parts = (
        part.removeprefix(b'"').lstrip(b", ").removeprefix(b'"') if part[:2] in _NEXT else part
        for part in line.split(b"\n")
    )
    return [one for part in parts for one in normal_lines(part) if is_code(one)]


def _read(notebook: bytes) -> list[bytes] | None:
    """Return the sources of the code cells, in order; ``None`` if this is not a notebook.

    Of other cells the lines of code count, if there are some.

    Both formats in use (https://nbformat.readthedocs.io): 4, and 3 with its cells in worksheets and code in ``input``.
    """
    try:
        found = json.loads(notebook, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    sheets = found.get("worksheets")
    holders = [found, *(sheets if isinstance(sheets, list) else [])]
    lists = [holder.get("cells") for holder in holders if isinstance(holder, dict)]
    every = [cell for listed in lists if isinstance(listed, list) for cell in listed if isinstance(cell, dict)]
    if not any(isinstance(listed, list) for listed in lists):
        return None
    return [_source(cell) for cell in every]


def _unambiguous(members: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of JSON. Raises: ``ValueError`` when a name stands twice: readers differ in which one they take.

    (RFC 8259, section 4.)
    """
    found = dict(members)
    if len(found) < len(members):
        message = "a name stands twice in an object"
        raise ValueError(message)
    return found


def _source(cell: dict[str, object]) -> bytes:
    text = cell.get("source", cell.get("input", ""))
    parts = text if isinstance(text, list) else [text]
    source = "".join(part for part in parts if isinstance(part, str)).encode("utf-8", "surrogatepass")
    if cell.get("cell_type") == "code":
        return source
    code = [line for line in source.split(b"\n") if is_code(line.strip()[:LINE_BYTES])]
    return b"\n".join(code) if len(code) >= CODE_LINES else b""


def _lines(sources: list[bytes]) -> list[bytes]:
    return [line for source in sources for raw in source.split(b"\n") for line in normal_lines(raw) if line]

"""The changes of a Jupyter notebook as code: the lines of its code cells, without outputs, metadata and counts."""

from __future__ import annotations

import json

from labgate.fingerprints.aligned import aligned_runs
from labgate.fingerprints.patches import FILE_LINES, Run
from labgate.fingerprints.text import normal_lines


def notebook_runs(old: bytes, new: bytes) -> list[Run]:
    """Return the runs between two versions of a notebook, as if its code cells were one file.

    Empty bytes mean that there is no notebook. If a side cannot be read there are no runs: all of the other side would
    look new.
    """
    sides = [_read(side) if side.strip() else [] for side in (old, new)]
    if sides[0] is None or sides[1] is None:
        return []
    return aligned_runs(_lines(sides[0]), _lines(sides[1]))


def changed_code_lines(old: bytes, new: bytes) -> int | None:
    """Return how many lines of code differ between two versions of a notebook; a line that was edited counts once.

    Empty bytes mean that there is no notebook. ``None`` if a side cannot be read, or if so much differs that not all of
    it was compared.
    """
    if any(_read(side) is None for side in (old, new) if side.strip()):
        return None
    runs = notebook_runs(old, new)
    both = sum(len(run.added) + len(run.deleted) for run in runs)
    return None if both >= FILE_LINES else sum(max(len(run.added), len(run.deleted)) for run in runs)


def _read(notebook: bytes) -> list[bytes] | None:
    """Return the sources of the code cells, in order; ``None`` if this is not a notebook.

    Both formats in use (https://nbformat.readthedocs.io): 4, and 3 with its cells in worksheets and code in ``input``.
    """
    try:
        found = json.loads(notebook)
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
    return [_source(cell) for cell in every if cell.get("cell_type") == "code"]


def _source(cell: dict[str, object]) -> bytes:
    text = cell.get("source", cell.get("input", ""))
    parts = text if isinstance(text, list) else [text]
    return "".join(part for part in parts if isinstance(part, str)).encode("utf-8", "surrogatepass")


def _lines(sources: list[bytes]) -> list[bytes]:
    return [line for source in sources for raw in source.split(b"\n") for line in normal_lines(raw) if line]

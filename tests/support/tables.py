"""Tables of the documents that are made from declarations in the code, between two markers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from support.console import UPDATE


def hold_table(path: Path, marker: str, rows: Iterable[tuple[str, ...]]) -> None:
    """Hold the table below ``<!-- marker -->`` against rows, the first of which is its head.

    With ``LABGATE_UPDATE_GOLDEN=1`` the document is written instead.
    """
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    wanted = "\n".join(f"| {' | '.join(escaped(cell) for cell in row)} |" for row in lines) + "\n"
    before, start, rest = path.read_text(encoding="utf-8").partition(f"<!-- {marker} -->\n\n")
    assert start, f"{path.name} has no place for the table {marker}"
    found, after = _leading_table(rest)
    if found != wanted and os.environ.get(UPDATE) == "1":
        path.write_text(f"{before}{start}{wanted}{after if found else chr(10) + rest}", encoding="utf-8")
    else:
        assert found == wanted, f"run again with {UPDATE}=1"


def _leading_table(text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    end = next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return "".join(lines[:end]), "".join(lines[end:])


def escaped(text: str) -> str:
    """Keep a text from ending its cell (GitHub Flavored Markdown, 4.10)."""
    return text.replace("|", "\\|")

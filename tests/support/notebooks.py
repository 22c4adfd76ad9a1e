"""Jupyter notebooks (nbformat 4) from code: the same cells, run once or again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from support.codewriter import Codewriter


def notebook(cells: Sequence[str], run: str) -> str:
    """Return a notebook with these code cells. ``run`` seeds counts, outputs and the paragraph at the top."""
    author = Codewriter(run)
    start = author.chance.randint(1, 90)
    title = {"cell_type": "markdown", "metadata": {}, "source": _lines(f"# Explore\n\n{author.prose(2)}")}
    body = [title, *(_code(author, start + place, cell) for place, cell in enumerate(cells))]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": body, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def outputs(run: str) -> list[str]:
    """Return the lines that the cells of a run print."""
    document = json.loads(notebook([""], run))
    return [line for item in document["cells"][1]["outputs"] for line in item["text"]]


def _code(author: Codewriter, count: int, source: str) -> dict[str, object]:
    text = "".join(author.settings(3) for _ in range(4))
    output = {"name": "stdout", "output_type": "stream", "text": _lines(text)}
    cell = {"cell_type": "code", "execution_count": count, "metadata": {}, "outputs": [output]}
    return {**cell, "source": _lines(source)}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)

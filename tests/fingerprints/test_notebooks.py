"""A notebook counts by the lines of its code cells."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from labgate.fingerprints.aligned import ALIGNED_LINES
from labgate.fingerprints.notebooks import changed_code_lines, notebook_runs, unread_runs
from labgate.fingerprints.patches import FILE_LINES, Run
from labgate.fingerprints.text import LINE_BYTES


def code(source: str | list[str], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def notebook(*listed: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def runs_of(old: bytes, new: bytes) -> list[Run]:
    found = notebook_runs(old, new)
    assert found is not None
    return found


LOAD, FIT, PLOT = "data = load(path)\nmodel = build(data)", "model.fit(data)", "plot(model.history)"


def test_cells_are_those_of_code_in_their_order() -> None:
    (run,) = runs_of(b"", notebook(code(LOAD), text("# Fit"), code(["model.fit(\n", "    data)"])))
    assert run.added == [*LOAD.encode().split(b"\n"), b"model.fit(", b"data)"]


def test_the_older_format_keeps_cells_in_worksheets() -> None:
    sheet = {"cells": [{"cell_type": "code", "input": FIT}, {"cell_type": "heading", "source": "Fit"}]}
    (run,) = runs_of(b"", json.dumps({"nbformat": 3, "worksheets": [sheet, {}]}).encode())
    assert run.added == [FIT.encode()]


def test_an_edit_is_one_run_with_its_neighbours() -> None:
    old, new = notebook(code(LOAD), code(FIT), code(PLOT)), notebook(code(LOAD), code("model.fit(data, 3)"), code(PLOT))
    (run,) = runs_of(old, new)
    assert (run.deleted, run.added) == ([b"model.fit(data)"], [b"model.fit(data, 3)"])
    assert (run.before, run.after, run.start) == (b"model = build(data)", b"plot(model.history)", 3)


def test_separate_edits_are_separate_runs() -> None:
    old = notebook(code("a = 1\nb = 2\nc = 3\nd = 4"))
    new = notebook(code("a = 9\nb = 2\nc = 3\nd = 4\ne = 5"))
    assert [(run.before, run.deleted, run.added, run.after, run.start) for run in runs_of(old, new)] == [
        (b"", [b"a = 1"], [b"a = 9"], b"b = 2", 1),
        (b"d = 4", [], [b"e = 5"], b"", 5),
    ]


@pytest.mark.parametrize("old", [b"", notebook()], ids=["no file", "no cells"])
def test_a_new_notebook_adds_its_code(old: bytes) -> None:
    (run,) = runs_of(old, notebook(text("# Fit"), code(LOAD)))
    assert (run.deleted, run.added, run.start) == ([], LOAD.encode().split(b"\n"), 1)


def test_a_deleted_notebook_deletes_its_code() -> None:
    (run,) = runs_of(notebook(code(FIT)), b"")
    assert (run.deleted, run.added) == ([FIT.encode()], [])


@pytest.mark.parametrize(
    "new",
    [
        notebook(code(LOAD, outputs=[{"output_type": "stream", "text": "loss 0.1"}])),
        notebook(code(LOAD, execution_count=7)),
        notebook(code(LOAD, metadata={"collapsed": True}), metadata={"kernelspec": {"name": "torch"}}),
        notebook(code(LOAD), text("Now it works")),
        notebook(*map(code, LOAD.split("\n"))),
        notebook(code(LOAD.replace("\n", "\n\n    "))),
    ],
    ids=["an output", "an execution count", "metadata", "a text", "another split into cells", "blanks"],
)
def test_what_is_not_code_changes_nothing(new: bytes) -> None:
    assert runs_of(notebook(code(LOAD)), new) == []


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b"[]",
        b"7",
        b'{"cells": 7}',
        b"\xff\xfe",
        b'{"cells": ' + b"[" * 100_000,
        b"<<<<<<< HEAD",
        b'{"cells": [], "cells": []}',
    ],
    ids=["cut off", "a list", "a number", "no list of cells", "no text", "too deep", "a conflict", "a name twice"],
)
def test_what_is_no_notebook_has_no_runs(broken: bytes) -> None:
    assert notebook_runs(broken, notebook(code(LOAD))) is None
    assert notebook_runs(notebook(code(LOAD)), broken) is None


@pytest.mark.parametrize("cell", [7, None, {"cell_type": "code"}, code([7, None]), {"cell_type": "code", "source": 7}])  # type: ignore[list-item]
def test_a_strange_cell_is_empty(cell: Any) -> None:
    old, new = notebook(code(LOAD)), notebook(cell, code(LOAD))
    assert runs_of(old, new) == []


def test_lines_are_stripped_and_cut_as_those_of_patches() -> None:
    (run,) = runs_of(b"", notebook(code("  " + "x" * 1000 + "  ")))
    assert run.added == [b"x" * LINE_BYTES]


def test_a_lone_surrogate_is_text() -> None:
    (run,) = runs_of(b"", notebook(code("name = '\ud800'")))
    assert run.added == [b"name = '\xed\xa0\x80'"]


def many(count: int, word: str) -> bytes:
    return notebook(code("\n".join(f"{word}_{number} = {number}" for number in range(count))))


def test_what_is_too_long_to_align_is_compared_without_places() -> None:
    count = ALIGNED_LINES + 1
    (run,) = runs_of(many(count, "old"), many(count, "new"))
    assert (len(run.deleted), len(run.added), run.before, run.heading) == (count, count, b"", b"")


def test_a_notebook_is_read_up_to_a_limit() -> None:
    (run,) = runs_of(b"", many(FILE_LINES + 500, "line"))
    assert len(run.added) == FILE_LINES


@pytest.mark.parametrize("kinds", [1, 7, 70, 10_000])
def test_no_notebook_takes_long(kinds: int) -> None:
    lines = [f"value = {number % kinds}" for number in range(ALIGNED_LINES)]
    start = time.process_time()
    notebook_runs(notebook(code("\n".join(lines))), notebook(code("\n".join(reversed(lines)))))
    assert time.process_time() - start < 3


CODE = [b"def load(path):", b"return read(path) + 1", b"model = build(load(path))"]


def test_code_in_other_cells_counts() -> None:
    source = "Then:\n" + b"\n".join(CODE).decode()
    (run,) = runs_of(b"", notebook(text(source), text("# A title\n\nAnd prose (of a kind)."), code(FIT)))
    assert run.added == [*CODE, FIT.encode()]


@pytest.mark.parametrize("quoted", [True, False], ids=["texts of JSON", "plain lines"])
def test_of_what_is_no_notebook_the_code_counts(*, quoted: bool) -> None:
    lines = [json.dumps(line.decode() + "\n").encode() + b"," for line in CODE] if quoted else CODE
    unread = [Run(b"", b"", added=[b"{", b'"cells": [', b'"cell_type": "code",', *lines, b"]"], start=1)]
    (run,) = unread_runs(unread)
    assert run.added == CODE


def test_of_what_is_no_notebook_and_in_one_line_the_code_counts() -> None:
    lines = ["import json\n", *(line.decode() + "\n" for line in CODE), "fit()\n"]
    for source in (lines, "".join(lines)):
        line = json.dumps({"cells": [{"cell_type": "code", "source": source}]}).encode()[:-2] + b"\\n"
        (run,) = unread_runs([Run(b"", b"", added=[line], start=1)])
        assert set(CODE) <= set(run.added)


CELLS = tuple(
    f"import part_{number}\nfirst_{number} = load(part_{number})\nprint(first_{number})\nrate_{number} = {number}"
    for number in range(3)
)


@pytest.mark.parametrize(
    ("after", "counted"),
    [
        ((CELLS[1], CELLS[0], CELLS[2]), 0),
        ((CELLS[2].replace("= 2", "= 7"), CELLS[0], CELLS[1]), 2),
        ((*CELLS, CELLS[0]), 4),
        ((CELLS[0].replace("= 0", "= 7"), *CELLS[1:]), 1),
    ],
    ids=["cells that moved", "a moved cell with an edited line", "a copy", "an edited line"],
)
def test_cells_that_moved_are_not_read_again(after: tuple[str, ...], counted: int) -> None:
    assert changed_code_lines(notebook(*map(code, CELLS)), notebook(*map(code, after))) == counted

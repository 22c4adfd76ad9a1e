"""docs/provenance.md is true: its example happens as it stands there, its score is the one that is computed."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from labgate.derivation.score import GONE_STEP, SMALL_STEP, STEP_LEFT, SUSPECT, UNSHOWN, score
from labgate.fingerprints.kinds import KINDS
from labgate.values.finding import ALARM, METHODS
from support.console import blocks, hold
from support.data import ROOT
from support.repo import Repo

PAGE = ROOT / "docs" / "provenance.md"
TEXT = PAGE.read_text(encoding="utf-8")
#: Large enough for what is added below the line of a fraction to vanish.
MANY = 10**9


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table that starts with a heading."""
    table = TEXT.partition(f"\n| {head} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def terms(shared: Mapping[str, int], each: int) -> dict[str, float]:
    """Return the terms of a score, by name, where both sides have ``each`` features of every kind, and files (P)."""
    both = {KINDS.index(name): count for name, count in shared.items() if name in KINDS}
    sides = dict.fromkeys(range(len(KINDS)), each)
    return dict(score(both, sides, sides, (shared.get("P", 0), each, each)).terms)


def test_the_example_happens_as_it_stands_there(clone: Repo) -> None:
    hold(PAGE, [block for block in blocks(PAGE) if block.language == "console"], clone)


def test_the_methods_are_those_of_the_contract_in_their_order() -> None:
    assert [name for name, *_ in rows("method")] == list(METHODS)


def test_the_terms_are_those_of_the_score() -> None:
    found = terms(dict.fromkeys((*KINDS, "P"), MANY), MANY)
    assert {name: float(most) for name, most, *_ in rows("term")} == pytest.approx(found)


@pytest.mark.parametrize("row", rows("term"), ids=lambda row: str(row[0]))
def test_a_term_is_computed_as_it_stands_there(row: list[str]) -> None:
    name, most, formula, _ = row
    shared, each = 8, 20
    added = int(re.findall(r"\+ ([0-9]+)\)$", formula)[0])
    found = terms({name: shared}, each)
    assert found[name] == pytest.approx(float(most) * shared / (each + added))


def test_the_alarm_and_the_note_start_where_it_says() -> None:
    assert re.findall(r"A score of ([0-9.]+) or more is an\s+\*alarm\*", TEXT) == [f"{ALARM:g}"]
    assert re.findall(r"From ([0-9.]+) on it is a note", TEXT) == [f"{SUSPECT:g}"]
    assert re.findall(r"the\s+score\s+is\s+at\s+most\s+([0-9.]+)", TEXT) == [f"{UNSHOWN:g}"]


def test_a_step_counts_from_where_it_says() -> None:
    assert [int(part) for part in re.findall(r"counts if it is at least ([0-9]+) % of the judged commit", TEXT)] == [
        round(100 * GONE_STEP),
        round(100 * SMALL_STEP),
    ]
    assert STEP_LEFT == 0.5
    assert "if half of the shared features are in the branch as a whole" in " ".join(TEXT.split())


def test_there_is_one_place_for_the_figures() -> None:
    assert TEXT.count("<!-- figures -->\n") == 1

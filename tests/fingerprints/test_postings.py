"""Sorted runs of packed numbers give back what was put in."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from labgate.fingerprints import postings as runs
from labgate.fingerprints.features import KINDS, UNIT_BITS

units = st.lists(st.integers(0, (1 << 44) - 1), unique=True).map(sorted)
values = st.integers(0, runs.VALUES - 1)


@given(units=units, value=values)
def test_bytes_are_numbers(units: list[int], value: int) -> None:
    entries = runs.entries(units, value)
    assert list(runs.from_blob(runs.to_blob(entries))) == entries
    assert [entry >> runs.VALUE_BITS for entry in entries] == units
    assert {entry & (runs.VALUES - 1) for entry in entries} <= {value}


@given(units=units, entries=st.booleans())
def test_parts_are_the_whole_in_order(units: list[int], entries: bool) -> None:
    numbers = runs.entries(units, 7) if entries else units
    parts = list(runs.split(numbers, entries=entries))
    assert [number for _, part in parts for number in part] == numbers
    assert [part for part, _ in parts] == sorted({part for part, _ in parts})
    assert all(part for _, part in parts)
    assert all(0 <= part < runs.PARTS for part, _ in parts)


@given(units=units)
def test_a_unit_and_its_entries_are_in_one_part(units: list[int]) -> None:
    of_units = {unit: part for part, mine in runs.split(units, entries=False) for unit in mine}
    entries = runs.entries(units, runs.VALUES - 1)
    of_entries = {entry >> runs.VALUE_BITS: part for part, mine in runs.split(entries, entries=True) for entry in mine}
    assert of_units == of_entries


@given(rows=st.sets(st.tuples(st.integers(0, 30), st.integers(0, 40))), asked=st.sets(st.integers(0, 30)))
def test_find_returns_every_entry_of_the_units(rows: set[tuple[int, int]], asked: set[int]) -> None:
    run = array("Q", sorted(unit << runs.VALUE_BITS | value for unit, value in rows))
    expected = sorted(unit << runs.VALUE_BITS | value for unit, value in rows if unit in asked)
    assert sorted(runs.find(run, sorted(asked))) == expected
    # In a long run it is searched, in a short one read from end to end.
    beyond = sorted(unit << runs.VALUE_BITS for unit in range(100, 2100))
    assert sorted(runs.find(array("Q", [*run, *beyond]), sorted(asked))) == expected


@given(rows=st.lists(st.tuples(units, values), max_size=5))
def test_entries_are_cut_into_parts(rows: list[tuple[list[int], int]]) -> None:
    parts = runs.parted(rows)
    expected = sorted(entry for mine, value in rows for entry in runs.entries(mine, value))
    assert sorted(entry for part in parts for entry in part) == expected
    assert [list(mine) for _, mine in runs.split(expected, entries=True)] == [sorted(part) for part in parts if part]


def test_ids_are_units_of_kinds_of_their_own() -> None:
    assert min(runs.EXACT, runs.CORE, runs.FILE) >= len(KINDS)
    for kind in (runs.EXACT, runs.CORE, runs.FILE):
        named = runs.packed_name(kind, bytes(range(255, 239, -1)))
        assert runs.kind(named) == kind
        assert named < 1 << UNIT_BITS
        assert named == runs.packed_name(kind, bytes(range(255, 250, -1)) + b"other")
        assert runs.is_id(named) is (kind != runs.FILE)

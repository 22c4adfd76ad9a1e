"""Posting lists give back what was put in."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.fingerprints import postings
from labgate.fingerprints.kinds import FEATURE_BITS, KINDS

features = st.lists(st.integers(0, (1 << 44) - 1), unique=True).map(sorted)
values = st.integers(0, postings.VALUES - 1)


@given(features=features, value=values)
def test_an_entry_is_a_feature_and_a_value(features: list[int], value: int) -> None:
    entries = postings.entries(features, value)
    assert [entry >> postings.VALUE_BITS for entry in entries] == features
    assert {entry & (postings.VALUES - 1) for entry in entries} <= {value}


@given(features=features, entries=st.booleans())
def test_parts_are_the_whole_in_order(features: list[int], entries: bool) -> None:
    numbers = postings.entries(features, 7) if entries else features
    parts = list(postings.split(numbers, entries=entries))
    assert [number for _, part in parts for number in part] == numbers
    assert [part for part, _ in parts] == sorted({part for part, _ in parts})
    assert all(part for _, part in parts)
    assert all(0 <= part < postings.PARTS for part, _ in parts)


@given(rows=st.lists(features, max_size=5), most=st.integers(1, 8))
def test_ranges_are_the_rows_in_order(rows: list[list[int]], most: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(postings, "RANGE", most)
        found = list(postings.ranges(rows))
    assert [[one for part in parts for one in part] for parts in zip(*found, strict=True)] == rows
    everything = [one for parts in found for one in sorted(set().union(*parts))]
    assert everything == sorted(set().union(*rows)), "no feature is in two ranges"


@given(features=features)
def test_a_feature_and_its_entries_are_in_one_part(features: list[int]) -> None:
    of_features = {feature: part for part, mine in postings.split(features, entries=False) for feature in mine}
    entries = postings.entries(features, postings.VALUES - 1)
    parts = postings.split(entries, entries=True)
    of_entries = {entry >> postings.VALUE_BITS: part for part, mine in parts for entry in mine}
    assert of_features == of_entries


@given(rows=st.sets(st.tuples(st.integers(0, 30), st.integers(0, 40))), asked=st.sets(st.integers(0, 30)))
def test_find_returns_every_entry_of_the_features(rows: set[tuple[int, int]], asked: set[int]) -> None:
    run = array("Q", sorted(feature << postings.VALUE_BITS | value for feature, value in rows))
    expected = sorted(feature << postings.VALUE_BITS | value for feature, value in rows if feature in asked)
    assert sorted(postings.find(run, sorted(asked))) == expected
    # In a long run it is searched, in a short one read from end to end.
    beyond = sorted(feature << postings.VALUE_BITS for feature in range(100, 2100))
    assert sorted(postings.find(array("Q", [*run, *beyond]), sorted(asked))) == expected


@given(rows=st.lists(st.tuples(features, values), max_size=5))
def test_entries_are_cut_into_parts(rows: list[tuple[list[int], int]]) -> None:
    parts = postings.parted(rows)
    expected = sorted(entry for mine, value in rows for entry in postings.entries(mine, value))
    assert sorted(entry for part in parts for entry in part) == expected
    cut = [list(mine) for _, mine in postings.split(expected, entries=True)]
    assert cut == [sorted(part) for part in parts if part]


def test_ids_are_units_of_kinds_of_their_own() -> None:
    assert min(postings.EXACT, postings.CORE, postings.BLOB) >= len(KINDS)
    for kind in (postings.EXACT, postings.CORE, postings.BLOB):
        named = postings.packed_id(kind, bytes(range(255, 239, -1)))
        assert postings.kind(named) == kind
        assert named < 1 << FEATURE_BITS
        assert named == postings.packed_id(kind, bytes(range(255, 250, -1)) + b"other")
        assert postings.is_id(named) is (kind != postings.BLOB)

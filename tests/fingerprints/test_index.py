"""The index gives back what was put in, and knows when a chain first had each feature."""

from __future__ import annotations

import os
import random
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labgate.fingerprints import filters, joined_pieces, posting_lists, postings
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index, Link, index_path, indexed
from labgate.fingerprints.postings import EXACT
from support.provenance import in_children


def feature(number: int, kind: int = 1) -> int:
    """Return a packed feature; numbers from 0 to 9 are in as many parts of a run."""
    return (number * 0x19999999 << 16 | number) % (1 << 40) << 4 | kind


def a_document(key: str, *numbers: int, kind: int = 1, paths: tuple[str, ...] = ("a.py",)) -> Document:
    features = array("Q", sorted({feature(number, kind) for number in numbers}))
    return Document(key, b"exact" + key.encode(), None, b"", 3, len(numbers), paths, features)


@contextmanager
def opened(path: Path | None) -> Iterator[Index]:
    with closing(Index(None if path is None else str(path))) as index:
        yield index


PATHS = ("a b/c.py", "caf\xe9", b"latin\xe9\n\t".decode("utf-8", "surrogateescape"), "quote'\"", "\u2028")


@pytest.mark.parametrize("paths", [(), ("one",), PATHS], ids=["no path", "one path", "paths of any bytes"])
def test_a_document_is_kept_as_it_was(tmp_path: Path, paths: tuple[str, ...]) -> None:
    one, two = a_document("1" * 40, 1, 2, 3, paths=paths), a_document("2" * 40)
    with opened(tmp_path / "index") as index:
        index.add_documents([one, two])
    with opened(tmp_path / "index") as index:
        ids = index.document_ids()
        assert [index.document(ids[item.key]) for item in (one, two)] == [one, two]
        assert index.counts() == {"document": 2, "link": 0}
        index.extend(None, [one])
        assert index.linked(one.key) == one


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    batches=st.lists(st.lists(st.sets(st.integers(0, 40), max_size=8), max_size=4), max_size=8),
    asked=st.sets(st.integers(0, 45)),
    page=st.sampled_from([-8, 3, 8]),
)
def test_having_finds_every_document_with_a_unit(
    batches: list[list[set[int]]], asked: set[int], page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting_lists, "_TAIL", 9)
    monkeypatch.setattr(posting_lists, "_TAILS", 2)
    monkeypatch.setattr(posting_lists, "_PAGE_BITS", page)
    monkeypatch.setattr(filters, "_LEAST", 8)
    with opened(None) as index:
        keys = count()
        held: dict[str, set[int]] = {}
        for batch in batches:
            documents = [a_document(str(next(keys)), *numbers) for numbers in batch]
            held.update((item.key, numbers) for item, numbers in zip(documents, batch, strict=True))
            index.add_documents(documents)
        ids = index.document_ids()
        both = ((feature(n), ids[key]) for key, mine in held.items() for n in mine & asked)
        expected = sorted(one << postings.VALUE_BITS | number for one, number in both)
        wanted = sorted(map(feature, asked))
        assert sorted(index.having(wanted)) == expected
        possible = index.possible(wanted)
        assert possible == sorted({*possible, *(entry >> postings.VALUE_BITS for entry in expected)})
        assert set(possible) <= set(wanted)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.tuples(st.integers(-1, 20), st.sets(st.integers(0, 12), max_size=4)), min_size=1, max_size=20),
    kind=st.sampled_from([1, EXACT]),
    joined=st.sampled_from([0, 16, 250_000]),
)
def test_first_depths_are_those_of_the_chain_itself(
    rows: list[tuple[int, set[int]]], kind: int, joined: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row is a commit on top of an earlier one (or a new root), with its features."""
    monkeypatch.setattr(joined_pieces, "MOST_ENTRIES", joined)
    monkeypatch.setattr(posting_lists, "_TAIL", 5)
    monkeypatch.setattr(posting_lists, "_TAILS", 2)
    monkeypatch.setattr(posting_lists, "_PAGE_BITS", -8)
    everything = sorted(feature(number, kind) for number in range(13))
    chains: list[list[set[int]]] = []
    with opened(None) as index:
        for at, (above, numbers) in enumerate(rows):
            parent = above if above < at else at - 1
            chains.append([*(chains[parent] if parent >= 0 else []), {feature(n, kind) for n in numbers}])
            index.extend(str(parent) if parent >= 0 else None, [a_document(str(at), *numbers, kind=kind)])
        for at, chain in enumerate(chains):
            first = {u: next(depth for depth, mine in enumerate(chain) if u in mine) for u in set().union(*chain)}
            past = index.past([str(at)])
            assert index.first_depths(everything, past) == first
            link = index.link(str(at))
            assert link is not None
            assert link.depth == len(chain) - 1
            every = {u: [depth for depth, features in enumerate(chain) if u in features] for u in everything}
            new = {u for u in chain[-1] if postings.is_id(u) or first[u] == len(chain) - 1}
            assert set(index.linked(str(at)).features) == new
            if kind == EXACT:
                found = index.depths(everything, past)
                assert {u: sorted(depths) for u, depths in found.items()} == {
                    u: mine for u, mine in every.items() if mine
                }
        both = index.past([str(at) for at in range(len(chains))])
        for u, depth in index.first_depths(everything, both).items():
            assert depth == min(d for chain in chains for d, features in enumerate(chain) if u in features)


@given(cut=st.integers(1, 5))
@settings(max_examples=5, deadline=None)
def test_a_row_of_commits_is_the_same_as_each_alone(cut: int) -> None:
    documents = [a_document(str(n), n % 3, n % 4, 9) for n in range(6)]
    with opened(None) as one, opened(None) as other:
        for item, above in zip(documents, [None, *documents], strict=False):
            one.extend(None if above is None else above.key, [item])
        other.extend(None, documents[:cut])
        other.extend(documents[cut - 1].key, documents[cut:])
        for item in documents:
            assert one.linked(item.key) == other.linked(item.key)
            assert one.link(item.key) == other.link(item.key)


def test_what_is_not_indexed_is_not_on_a_chain() -> None:
    with opened(None) as index:
        index.extend(None, [a_document("a", 1)])
        assert index.link("a") == Link(1, 0)
        assert index.link("b") is None
        with pytest.raises(KeyError):
            index.past(["b"])
        with pytest.raises(KeyError):
            index.linked("b")
        assert index.first_depths([feature(1)], index.past([])) == {}


def test_forks_are_where_they_are_however_often_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "index"

    def places(*oids: str) -> dict[str, Link]:
        with opened(path) as index:
            found = index.forks(oids)
            return {oid: Link(*divmod(found[oid], postings.VALUES)) for oid in oids if oid in found}

    assert places("a") == {}
    with opened(path) as index:
        index.extend(None, [a_document("a", 1), a_document("b", 2)])
        index.extend("a", [a_document("c", 3)])
    assert places("b", "x") == {"b": Link(1, 1)}
    assert places("a", "b", "c") == {"a": Link(1, 0), "b": Link(1, 1), "c": Link(2, 1)}
    assert places("c") == {"c": Link(2, 1)}
    with opened(path) as index:
        index.extend("c", [a_document("x", 4)])
    assert places("x", "c") == {"x": Link(2, 2), "c": Link(2, 1)}


def test_nothing_is_half_added(tmp_path: Path) -> None:
    with opened(tmp_path / "index") as index:
        index.add_documents([a_document("a", 1)])
        with pytest.raises(sqlite3.IntegrityError):
            index.add_documents([a_document("b", 1), a_document("a", 2)])
        assert index.document_ids().keys() == {"a"}
        assert len(index.having(sorted([feature(1), feature(2)]))) == 1
        index.extend(None, [a_document("a", 1)])
        with pytest.raises(sqlite3.IntegrityError):
            index.extend("a", [a_document("b", 3), a_document("a", 4)])
        assert index.link("b") is None
        assert index.first_depths([feature(1), feature(3)], index.past(["a"])) == {feature(1): 0}


def test_a_reader_sees_one_state(tmp_path: Path) -> None:
    path = tmp_path / "index"

    def add() -> None:
        with opened(path) as other:
            other.add_documents([a_document("b", 1)])

    with opened(path) as index:
        index.add_documents([a_document("a", 1)])
        assert len(index.having([feature(1)])) == 1
        assert in_children(add) == [0]
        with index.reading():
            assert len(index.having([feature(1)])) == len(index.document_ids()) == 2
        with index.building():
            assert len(index.having([feature(1)])) == 2


@pytest.mark.parametrize(
    "damage",
    [
        *("UPDATE document SET lines = 9", "UPDATE link SET depth = 9", "UPDATE segment SET last = 9"),
        "UPDATE run SET data = zeroblob(12)",
        "UPDATE fork SET oids = 'b'",
    ],
)
def test_a_damaged_row_is_never_believed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "index"
    with opened(path) as index:
        index.add_documents([a_document("a", 1, 2)])
        index.extend(None, [a_document("a", 1, 2)])
        index.forks(["a"])
        index._db.execute(damage)

    def everything(index: Index) -> None:
        index.document(index.document_ids()["a"])
        index.first_depths([feature(1)], index.past(["a"]))
        index.having([feature(1)])
        index.possible([feature(1)])
        index.forks(["a"])

    with opened(path) as index, pytest.raises(sqlite3.DatabaseError, match="damaged"):
        everything(index)


def test_a_filter_leaves_out_nearly_all_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting_lists, "_TAIL", 0)
    chance = random.Random(1)  # noqa: S311  (a test that repeats)
    here, elsewhere = ([chance.getrandbits(44) for _ in range(20_000)] for _ in range(2))
    with opened(None) as index:
        for start in range(4):
            index.add_documents([a_document(str(start)).changed(features=array("Q", sorted(here[start::4])))])
        possible = set(index.possible(sorted({*here, *elsewhere})))
        assert possible.issuperset(here)
        assert len(possible) < 20_500


def test_a_damaged_index_is_thrown_away_and_begun_anew(tmp_path: Path) -> None:
    path = Path(index_path(str(tmp_path)))
    indexed(str(tmp_path), lambda index: index.add_documents([a_document("a", 1)]))
    path.write_bytes(os.urandom(9000))
    seen = []

    def work(index: Index) -> None:
        seen.append(index.counts()["document"])
        index.add_documents([a_document("b", 1)])

    indexed(str(tmp_path), work)
    assert indexed(str(tmp_path), lambda index: index.document_ids().keys()) == {"b"}
    assert seen == [0]


def test_a_full_index_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    indexed(str(tmp_path), lambda index: index.add_documents([a_document(key, 1) for key in "abc"]))
    monkeypatch.setattr(postings, "VALUES", 5)
    indexed(str(tmp_path), lambda index: index.add_documents([a_document(key, 1) for key in "def"]))
    assert indexed(str(tmp_path), lambda index: index.document_ids().keys()) == {"d", "e", "f"}


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk is full"), OSError("read-only")], ids=repr)
def test_where_the_file_does_not_do_the_work_is_done_without(tmp_path: Path, error: Exception) -> None:
    indexed(str(tmp_path), lambda index: index.add_documents([a_document("a", 1)]))

    seen = []

    def work(index: Index) -> str:
        seen.append(index.counts()["document"])
        if seen == [1]:
            raise error
        return "done"

    assert indexed(str(tmp_path), work) == "done"
    assert seen == [1, 0], "the second one is another index"
    # What was in it is still right.
    assert indexed(str(tmp_path), lambda index: index.document_ids().keys()) == {"a"}


def test_other_errors_are_not_taken_for_the_indexs(tmp_path: Path) -> None:
    calls = []

    def work(index: Index) -> None:
        calls.append(index)
        message = "something else"
        raise KeyError(message)

    with pytest.raises(KeyError, match="something else"):
        indexed(str(tmp_path), work)
    assert len(calls) == 1

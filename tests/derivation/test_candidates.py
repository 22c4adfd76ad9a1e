"""Which documents may be a source, whose they are, and between which places of the chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.derivation.candidates import LONGEST_RANGE, SKEW, Candidate, Scope, find_candidates
from labgate.research.commit_graph import NEVER, CommitGraph
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from support.ledgers import look

#: Written as ``child: parents``, children first. ``m3`` merges what ``x2`` brings; ``y`` is stacked on ``x``.
HISTORY = {
    "y2": ("y1",),
    "y1": ("x2",),
    "m3": ("m2", "x2"),
    "m2": ("m1",),
    "x2": ("x1",),
    "x1": ("m1",),
    "m1": ("m0",),
    "m0": (),
}


def source(name: str, oid: str) -> SourceRef:
    return SourceRef(f"refs/heads/research/{name}", f"refs/heads/research/{name}", oid, None)


X, Y = source("x", "x2"), source("y", "y2")


def candidates(
    tip: str, *sources: SourceRef, scope: Scope | None = None, parents: dict[str, tuple[str, ...]] | None = None
) -> dict[str, Candidate]:
    graph = CommitGraph(HISTORY if parents is None else parents)
    return dict(find_candidates(graph, graph.chain(tip), sources, scope or Scope()).by_key)


def test_every_commit_beside_the_chain_is_a_piece_and_so_is_a_branch_as_a_whole() -> None:
    found = candidates("m2", X)
    assert found.keys() == {"x1", "x2", "m1..x2"}
    assert found["m1..x2"].commits == ("x2", "x1")
    assert {candidate.source for candidate in found.values()} == {X}
    assert [found[key].fork for key in ("x1", "x2", "m1..x2")] == [1, 1, 1]
    assert [found[key].landed for key in found] == [NEVER] * 3
    assert (found["x1"].parent, found["x1"].place < found["x2"].place) == ("m1", True)


def test_what_has_landed_says_when() -> None:
    found = candidates("m3", X)
    assert [found[key].landed for key in ("x1", "x2", "m1..x2")] == [3, 3, 3]


def test_a_shared_commit_belongs_to_the_lowest_of_a_stack() -> None:
    found = candidates("m2", Y, X)
    assert [found[key].source for key in ("x1", "x2", "y1", "y2")] == [X, X, Y, Y]
    assert found["m1..y2"].commits == ("y2", "y1", "x2", "x1")


def test_a_shared_commit_belongs_to_the_ref_that_was_seen_with_it_first(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "ledger"))
    ledger.observe({Y.ref: "x1"}, {Y.ref: ["x1"]}, 100)
    ledger.observe({X.ref: "x2", Y.ref: "y2"}, {X.ref: ["x2", "x1"], Y.ref: ["y2", "y1", "x2", "x1"]}, 200)
    found = candidates("m2", X, Y, scope=Scope(ledger=ledger))
    assert [found[key].source for key in ("x1", "x2", "y1")] == [Y, X, Y]


def test_a_branch_that_only_has_the_chain_is_nobodys_source() -> None:
    assert candidates("m2", source("z", "m1")) == {}
    assert candidates("m2", source("z", "m2")) == {}


def test_commits_that_are_no_research_are_no_pieces_nor_is_a_branch_that_has_some() -> None:
    found = candidates("m2", X, Y, scope=Scope(is_research=lambda oid: oid != "x1"))
    assert found.keys() == {"x2", "y1", "y2"}


def test_a_merge_of_the_chain_brings_nothing_and_one_of_other_work_does() -> None:
    history = {"x3": ("x2", "m1"), "x2": ("x1", "z1"), "z1": ("m0",), "x1": ("m0",), "m1": ("m0",), "m0": ()}
    found = candidates("m1", source("x", "x3"), parents=history)
    assert found.keys() == {"x1", "x2", "z1", "m1..x3"}


@pytest.mark.parametrize(("commits", "ranges"), [(1, 0), (2, 1), (LONGEST_RANGE, 1), (LONGEST_RANGE + 1, 0)])
def test_a_range_is_of_more_than_one_commit_and_not_of_too_many(commits: int, ranges: int) -> None:
    history: dict[str, tuple[str, ...]] = {
        f"x{number}": (f"x{number - 1}" if number > 1 else "m0",) for number in range(commits, 0, -1)
    }
    graph, x = CommitGraph({**history, "m0": ()}), source("x", f"x{commits}")
    possible = find_candidates(graph, graph.chain("m0"), [x], Scope())
    found = possible.by_key
    assert len(found) == commits + ranges
    assert possible.long == ((x.ref,) if commits > LONGEST_RANGE else ())
    assert sum(candidate.is_range for candidate in found.values()) == ranges
    assert found["x1"].whole is (commits == 1)


def test_history_without_a_root_in_common_has_no_range() -> None:
    found = candidates("m0", source("x", "x2"), parents={"x2": ("x1",), "x1": (), "m0": ()})
    assert found.keys() == {"x1", "x2"}
    assert [candidate.fork for candidate in found.values()] == [-1, -1]


def test_only_what_was_beside_the_chain_then_is_there() -> None:
    # Between m3 and what follows it nothing of x was beside the chain any more.
    history = {"m5": ("m4",), "m4": ("m3",), **HISTORY}
    assert candidates("m5", X, scope=Scope(since=4), parents=history) == {}
    assert candidates("m5", X, scope=Scope(until=1), parents=history) == {}
    assert candidates("m5", X, scope=Scope(since=2, until=3), parents=history).keys() == {"x1", "x2", "m1..x2"}


@pytest.mark.parametrize(
    ("depth", "time", "may"),
    [(2, 50, True), (2, 49, False), (1, 50, False), (3, 50, True), (4, 50, False)],
    ids=["beside it", "made earlier", "where it was cut", "the landing itself", "after it had landed"],
)
def test_a_piece_may_be_the_source_of_what_came_beside_it(depth: int, time: int, may: bool) -> None:
    candidate = Candidate(X, ("x1",), "x1", time=50, fork=1, landed=3, beside=1)
    assert candidate.may_be_source(depth, time) is may


@pytest.mark.parametrize(("time", "whole", "may"), [(-SKEW, True, True), (-SKEW - 1, True, False), (0, False, False)])
def test_a_whole_branch_may_have_landed_a_day_before_its_date(time: int, whole: bool, may: bool) -> None:
    candidate = Candidate(X, ("x1",), "x1", time=50, fork=1, landed=3, beside=1, whole=whole)
    assert candidate.may_be_landed(2, 50 + time) is may
    assert not candidate.may_be_landed(1, 50)


def test_the_ledger_can_make_a_commit_earlier_and_never_later(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "ledger"))
    look(ledger, 70, x=["x2", "x1"])
    found = candidates("m2", X, scope=Scope(times={"x1": 60, "x2": 80}, ledger=ledger))
    assert [found[key].time for key in ("x1", "x2")] == [60, 70]

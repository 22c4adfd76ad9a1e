"""Where commits stand to a first-parent chain, on any history."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from labgate.research.commit_graph import NEVER, CommitGraph

Parents = dict[str, tuple[str, ...]]


@st.composite
def histories(draw: st.DrawFn) -> Parents:
    """Return commits by number with their parents, children before parents."""
    chance = draw(st.randoms(use_true_random=False))
    rows: Parents = {"0": ()}
    for number in range(1, draw(st.integers(1, 14))):
        above = chance.sample(range(number), min(number, chance.choice([0, 1, 1, 1, 2, 3])))
        rows[str(number)] = tuple(map(str, above))
    return dict(reversed(rows.items()))


def reach(parents: Parents, oid: str) -> set[str]:
    return {oid}.union(*(reach(parents, parent) for parent in parents[oid]))


@given(parents=histories())
def test_a_chain_says_when_each_commit_landed_and_what_it_was_cut_from(parents: Parents) -> None:
    graph = CommitGraph(parents)
    for tip in parents:
        chain = graph.chain(tip)
        assert list(chain.commits) == list(range(len(chain.commits)))
        commits = list(chain.commits.values())
        assert commits[-1] == tip
        assert parents[commits[0]] == ()
        assert all(parents[child][0] == above for above, child in pairwise(commits))
        for oid in parents:
            landed = [depth for depth, at in enumerate(commits) if oid in reach(parents, at)]
            assert chain.landed.get(oid, NEVER) == min(landed, default=NEVER)
            held = [depth for depth, at in enumerate(commits) if at in reach(parents, oid)]
            assert chain.fork[oid] == max(held, default=-1)


@given(parents=histories(), tips=st.lists(st.integers(0, 15).map(str), max_size=4))
def test_reached_is_a_bit_for_each_tip(parents: Parents, tips: list[str]) -> None:
    found = CommitGraph(parents).reached(tips)
    assert list(found) == [oid for oid in parents if oid in found]
    for oid in parents:
        bits = found.get(oid, 0)
        assert (oid in found) == bool(bits)
        assert [bits >> bit & 1 for bit in range(len(tips))] == [
            int(tip in parents and oid in reach(parents, tip)) for tip in tips
        ]


def test_a_history_may_end_before_a_root() -> None:
    graph = CommitGraph({"c": ("b",), "b": ("a",)})
    assert list(graph.first_parents("c")) == ["c", "b"]
    assert list(graph.first_parents("a")) == []
    assert graph.chain("c").fork == {"b": 0, "c": 1}

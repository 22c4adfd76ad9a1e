"""Where commits stand to a first-parent chain, on any history."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from labgate.research.commit_graph import NEVER, History

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
def test_a_line_says_when_each_commit_landed_and_what_it_was_cut_from(parents: Parents) -> None:
    history = History(parents)
    for tip in parents:
        line = history.line(tip)
        chain = list(line.chain.values())
        assert chain[-1] == tip
        assert parents[chain[0]] == ()
        assert all(parents[child][0] == above for above, child in pairwise(chain))
        for oid in parents:
            landed = [depth for depth, at in enumerate(chain) if oid in reach(parents, at)]
            assert line.landed.get(oid, NEVER) == min(landed, default=NEVER)
            held = [depth for depth, at in enumerate(chain) if at in reach(parents, oid)]
            assert line.fork[oid] == max(held, default=-1)


@given(parents=histories(), tips=st.lists(st.integers(0, 15).map(str), max_size=4))
def test_reached_is_a_bit_for_each_tip(parents: Parents, tips: list[str]) -> None:
    found = History(parents).reached(tips)
    assert found.keys() == parents.keys()
    for oid, bits in found.items():
        assert [bits >> bit & 1 for bit in range(len(tips))] == [
            int(tip in parents and oid in reach(parents, tip)) for tip in tips
        ]


def test_a_history_may_end_before_a_root() -> None:
    history = History({"c": ("b",), "b": ("a",)})
    assert history.chain("c") == ["b", "c"]
    assert history.chain("a") == []
    assert history.line("c").fork == {"b": 0, "c": 1}

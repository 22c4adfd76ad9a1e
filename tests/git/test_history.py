"""All history in few bytes a commit, with the answers of plain dictionaries."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.git.history import ByCommit, History, read_history
from labgate.git.repository import discover
from labgate.research.commit_graph import NEVER, CommitGraph
from labgate.research.history_graph import HistoryGraph
from support.repo import Repo

Parents = dict[str, tuple[str, ...]]


def oid(number: int, algorithm: str = "sha1") -> str:
    """Return an oid; every third one begins with the same bytes."""
    full = hashlib.new(algorithm, str(number).encode()).hexdigest()
    return "abcd" + full[4:] if number % 3 == 0 else full


def lines(parents: Mapping[str, Sequence[str]], times: dict[str, int]) -> list[bytes]:
    return [" ".join((str(times[one]), one, *above)).encode() for one, above in parents.items()]


@st.composite
def histories(draw: st.DrawFn) -> Parents:
    """Return commits with their parents, children before parents."""
    chance, algorithm = draw(st.randoms(use_true_random=False)), draw(st.sampled_from(["sha1", "sha256"]))
    rows: Parents = {}
    for number in range(draw(st.integers(0, 16))):
        above = chance.sample(range(number), min(number, chance.choice([0, 1, 1, 1, 2, 3])))
        rows[oid(number, algorithm)] = tuple(oid(one, algorithm) for one in above)
    return dict(reversed(rows.items()))


@given(parents=histories(), tips=st.lists(st.integers(0, 17), max_size=5))
@settings(deadline=None)
def test_it_answers_as_dictionaries_do(parents: Parents, tips: list[int]) -> None:
    times = {one: number * 7 for number, one in enumerate(parents)}
    history = History(iter(lines(parents, times)))
    algorithm = "sha256" if any(len(one) == 64 for one in parents) else "sha1"
    assert dict(history) == parents
    assert list(history) == list(parents)
    assert all(one in history for one in parents)
    for stranger in (oid(99), oid(99, "sha256"), "", "main", next(iter(parents), "a")[:-1]):
        assert stranger not in history
        assert history.get(stranger) is None
    plain, packed = CommitGraph(parents), HistoryGraph(history)
    assert dict(packed.times) == times
    some = [oid(number, algorithm) for number in tips]
    assert list(packed.reached(some).items()) == list(plain.reached(some).items())
    reached = plain.reached(some)
    assert packed.held(some, parents) == set(reached)
    for tip in parents:
        one, other = plain.chain(tip), packed.chain(tip)
        for since in range(len(one.commits) + 1):
            late = {at: bits for at, bits in reached.items() if one.landed.get(at, NEVER) >= since}
            assert dict(plain.reached(some, one, since)) == dict(packed.reached(some, other, since)) == late
        assert dict(other.commits) == dict(one.commits)
        assert dict(other.fork) == dict(one.fork)
        assert dict(other.landed) == dict(one.landed)
        for at in parents:
            assert other.landed.get(at, NEVER) == one.landed.get(at, NEVER)
            assert other.depth(at) == one.depth(at) == {mine: depth for depth, mine in one.commits.items()}.get(at)
        assert other.depth(oid(99)) is None


def test_git_lists_it(repo: Repo) -> None:
    repo.commit("One", {"a": "1\n"})
    repo.branch("side")
    repo.commit("Two", {"b": "1\n"})
    repo.checkout("main")
    repo.commit("Three", {"c": "1\n"})
    repo.merge("side", "Merge")
    history = read_history(discover(repo.env, str(repo.path)), [repo.head()])
    listed = [line.split() for line in repo.git("rev-list", "--parents", "--timestamp", "HEAD").splitlines()]
    assert {row[1]: tuple(row[2:]) for row in listed} == dict(history)
    assert {row[1]: int(row[0]) for row in listed} == dict(ByCommit(history, history.times))


@pytest.mark.parametrize("branches", [20, 400])
def test_a_commit_takes_few_bytes_however_many_branches_hold_it(branches: int) -> None:
    size = 20_000
    parents = {oid(number): (oid(number - 1),) if number else () for number in reversed(range(size))}
    rows = lines(parents, dict.fromkeys(parents, 1_700_000_000))
    tips = [oid(number) for number in range(0, size, size // branches)]
    tip = next(iter(parents))
    del parents
    tracemalloc.start()
    graph = HistoryGraph(History(iter(rows)))
    held = (graph, graph.chain(tip), graph.reached(tips))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held[2].get(tip) is None
    assert taken / size < 80

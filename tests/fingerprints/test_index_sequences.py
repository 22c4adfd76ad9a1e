"""Whatever happens to a repository and to its index, the answers are those of an index that is built anew."""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labgate.derivation.index_maintenance import rebuild
from labgate.derivation.range_evidence import range_evidence
from labgate.derivation.tracing import Tracer
from labgate.fingerprints import posting_lists
from labgate.fingerprints.building import ensure_branch
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index, index_path
from labgate.fingerprints.past import Past
from labgate.fingerprints.postings import is_id
from labgate.git.commits import read_commits, rev_list
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from labgate.research.first_seen import FirstSeen
from labgate.research.research_commits import ResearchGraph
from labgate.research.source_refs import RefClasses, SourceRef, classify_refs
from support.histories import MAIN, Historian
from support.policies import parse_policy
from support.provenance import in_children, sources_of
from support.repo import Repo
from support.thorough import tried

YEAR = 365 * 86_400
#: ``topic`` is no research; it is what lands.
BRANCHES = (MAIN, "topic", "research/x", "research/y")
_NUMBERS = count()
SOURCES = parse_policy(
    """version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/**"]
[research-gate]
keep-deleted = "365d"
"""
)


class World:
    """A repository, its history, and what is asked about it."""

    def __init__(self, folder: Path) -> None:
        self.repo = Repo.init(folder)
        self.history = Historian(self.repo)
        self.history.start()
        self.history.write()
        self.repository = discover(self.repo.env, str(folder))
        # Before any process parts: it is given back with this one alone.
        assert self.repository.objects.git_dir
        self.path = Path(index_path(self.repository.common_dir))
        self.now = 1_800_000_000

    def sources(self) -> tuple[SourceRef, ...]:
        """Return the source refs, and where they stood before they were moved or deleted."""
        refs = read_refs(self.repository)
        live = classify_refs(SOURCES, refs, (), self.repository.remotes)
        return FirstSeen(self.repository).known(SOURCES, live, refs, self.now).sources

    def look(self) -> None:
        """Write down what is new, as every push does."""
        self.now += 60
        self.history.write()
        classes = RefClasses(sources_of(self.repository), (), ())
        FirstSeen(self.repository).observe(classes, [self.history.branches[MAIN].oid], self.now)

    def trace(self, branch: str, last: int) -> list[object]:
        """Return what is said of the last commits of a branch."""
        tip = self.history.branches.get(branch, self.history.branches[MAIN])
        oids = [node.oid for node, _ in zip(tip.chain(), range(last), strict=False)]
        return list(Tracer(self.repository, read_refs(self.repository), sources_of(self.repository)).trace(oids))

    def land(self, branch: str, below: int) -> object:
        """Return what is said when a branch lands on main, as it was some commits ago."""
        main = [node.oid for node in self.history.branches[MAIN].chain()]
        base = main[min(below, len(main) - 1)]
        head = self.history.branches.get(branch, self.history.branches[MAIN]).oid
        seen = FirstSeen(self.repository)
        graph = ResearchGraph(self.repository, RefClasses(self.sources(), (), ()), [base], seen)
        commits = read_commits(self.repository, rev_list(self.repository, [head], [base]))
        return range_evidence(self.repository, graph, commits, [base], seen.research)

    def answers(self) -> list[object]:
        return [self.trace(MAIN, 4), self.trace("topic", 2), self.land("topic", 0), self.land(MAIN, 2)]

    def held(self) -> dict[str, tuple[Document, list[int]]]:
        """Return what the index has: documents by their key, each with when main first had its features."""
        with closing(Index(str(self.path))) as index:
            tip = self.history.branches[MAIN].oid
            ensure_branch(self.repository, index, tip)
            past = index.past([tip])
            documents = {key: index.document(number) for key, number in index.document_ids().items()}
            return {key: (item, self._depths(index, item.features, past)) for key, item in documents.items()}

    @staticmethod
    def _depths(index: Index, features: Sequence[int], past: Past) -> list[int]:
        first = index.first_depths(features, past)
        every = index.depths([feature for feature in features if is_id(feature)], past)
        return [first.get(feature, -1) for feature in features] + [
            depth for feature in sorted(every) for depth in sorted(every[feature])
        ]


# What happens.


def commit(world: World, branch: str, number: int) -> None:
    world.history.commit(branch, number)


def amend(world: World, branch: str, number: int) -> None:
    world.history.amend(branch, number)


def merge(world: World, branch: str, number: int) -> None:
    world.history.merge(branch, BRANCHES[number % len(BRANCHES)])


def rebase(world: World, branch: str, _: int) -> None:
    world.history.rebase(branch)


def squash(world: World, branch: str, _: int) -> None:
    world.history.squash(branch)


def pick(world: World, branch: str, _: int) -> None:
    world.history.pick(branch)


def delete(world: World, branch: str, _: int) -> None:
    world.history.delete(branch)


def collect(world: World, _: str, __: int) -> None:
    world.look()
    world.repo.git("gc", "--quiet", "--prune=now")


def trace(world: World, branch: str, number: int) -> None:
    world.look()
    world.trace(branch, 1 + number % 3)


def land(world: World, branch: str, number: int) -> None:
    world.look()
    world.land(branch, number % 3)


def damage(world: World, _: str, number: int) -> None:
    """Do to the index what people, disks and other programs do."""
    if world.path.is_dir():
        world.path.rmdir()
    chance = random.Random(number)  # noqa: S311  (hypothesis must be able to repeat it)
    size = world.path.stat().st_size if world.path.exists() else 0
    kind = number % 5
    if kind == 0:
        world.path.unlink(missing_ok=True)
    elif kind == 1:
        world.path.unlink(missing_ok=True)
        world.path.mkdir(parents=True)
    elif kind == 2 and size:
        os.truncate(world.path, chance.randrange(size))
    elif kind == 3 and size:
        with world.path.open("r+b") as stream:
            stream.seek(chance.randrange(size))
            stream.write(chance.randbytes(300))
    elif kind == 4:
        world.path.parent.mkdir(exist_ok=True)
        world.path.write_bytes(chance.randbytes(5000))


def kill(world: World, branch: str, number: int) -> None:
    """Kill a process before one of the statements that it has for SQLite."""
    world.look()
    with dying_before(1 + number % 40) as connect:

        def work() -> None:
            sqlite3.connect = connect  # type: ignore[assignment]
            world.trace(branch, 2)
            world.land(branch, 1)

        assert in_children(work)[0] in {0, -signal.SIGKILL}


@contextmanager
def dying_before(statement: int) -> Iterator[Callable[..., sqlite3.Connection]]:
    left = count(1)

    class Mortal(sqlite3.Connection):
        def execute(self, *args: Any) -> sqlite3.Cursor:
            if next(left) == statement:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().execute(*args)

    yield functools.partial(sqlite3.connect, factory=Mortal)


def twice(world: World, branch: str, number: int) -> None:
    """Ask two processes at once."""
    world.look()
    works = (lambda: world.trace(branch, 3), lambda: world.land(branch, number % 3))
    assert in_children(*works) == [0, 0]


EVENTS = [commit] * 8 + [amend, merge, rebase, squash, squash, pick, delete, collect, trace, trace, land, land]
EVENTS += [damage, kill, twice]

steps = st.tuples(st.sampled_from(EVENTS), st.sampled_from(BRANCHES), st.integers(0, 1000))


@pytest.mark.slow
@pytest.mark.parametrize("half", ["one half", "the other half"])
def test_the_living_index_says_what_a_new_one_says(half: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one looks everything up, the living one only what research may have, in pages."""
    assert half
    monkeypatch.setattr(posting_lists, "_TAIL", 300)
    monkeypatch.setattr(posting_lists, "_TAILS", 2)
    monkeypatch.setattr(posting_lists, "_PAGE_BITS", -2)

    @settings(max_examples=tried(20, 100), deadline=None, suppress_health_check=list(HealthCheck))
    @given(story=st.lists(steps, min_size=5, max_size=14))
    def holds(story: list[tuple[Callable[[World, str, int], None], str, int]]) -> None:
        folder = tmp_path / str(next(_NUMBERS))
        try:
            world = World(folder)
            for event, branch, number in story:
                event(world, branch, number)
            world.look()
            assert_same(world)
        finally:
            shutil.rmtree(folder)

    holds()


def assert_same(world: World) -> None:
    """Hold what the index says and has against a new one."""
    living = world.answers()
    kept = {}
    # What is damaged where no answer needed it is only found now.
    with suppress(sqlite3.DatabaseError):
        kept = world.held() if world.path.is_file() else {}
    if world.path.is_dir():
        world.path.rmdir()
    repository: Repository = world.repository
    rebuild(repository, read_refs(repository), world.sources(), f"refs/heads/{MAIN}")
    with pytest.MonkeyPatch.context() as everything:
        everything.setattr(Index, "possible", lambda _, features: list(features))
        assert living == world.answers()
    new = world.held()
    assert {key: item for key, item in kept.items() if key in new} == {key: new[key] for key in kept if key in new}

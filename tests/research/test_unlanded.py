"""What is remembered of unlanded history is what git says of it, whatever has happened since."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from labgate.git.commits import parents_of
from labgate.git.repository import Repository
from labgate.research import unlanded
from labgate.research.unlanded import Unlanded, in_order, read_unlanded, unlanded_path
from labgate.values.errors import MissingObjectError
from support.provenance import in_children, open_repository
from support.repo import Repo
from support.thorough import tried

PROTECTED = ("main", "release")
OPEN = ("research/a", "research/b", "research/c", "topic")
_NUMBERS = count()


class World:
    """Branches of both sides in a repository, and those that were deleted. Commits are written without a work tree."""

    def __init__(self, folder: Path) -> None:
        self.repo = Repo.init(folder)
        self.repository = open_repository(self.repo)
        self.tree = self.repo.git("mktree", stdin="")
        start = self.commit(None)
        self.refs = {"main": start, "research/a": self.commit(start)}
        self.deleted: list[str] = []

    def grow(self) -> None:
        """Give every branch something that others have, too."""
        start, first = self.refs["main"], self.refs["research/a"]
        main = self.refs["main"] = self.commit(start)
        self.refs |= {"release": start, "research/a": self.commit(first), "research/b": self.commit(first, main)}
        self.refs |= {"research/c": self.commit(main), "topic": self.commit(self.refs["research/a"], main)}

    @property
    def path(self) -> Path:
        return Path(unlanded_path(self.repository.common_dir))

    def commit(self, *parents: str | None) -> str:
        self.repo.clock += 60
        options = [word for parent in parents if parent for word in ("-p", parent)]
        return self.repo.git("commit-tree", "-m", "Work", *options, self.tree)

    def move(self, branch: str, oid: str) -> None:
        old = self.refs.get(branch)
        if old is not None and branch in OPEN:
            self.deleted.append(old)
        self.refs[branch] = oid

    def ask(self, *, deleted: bool) -> tuple[list[str], list[str]]:
        """Return the tips and what has landed."""
        tips = [self.refs[name] for name in OPEN if name in self.refs] + (self.deleted if deleted else [])
        return tips, [self.refs[name] for name in PROTECTED if name in self.refs]

    def look(self, *, deleted: bool) -> None:
        """Look as one process does: at what there is, and then perhaps at what was deleted, too."""
        seen = Unlanded(self.repository)
        for kind in (False, True) if deleted else (False,):
            tips, landed = self.ask(deleted=kind)
            found = seen.parents(tips, landed)
            assert list(found.items()) == list(read_unlanded(self.repository, tips, landed).items())
            places = {oid: place for place, oid in enumerate(found)}
            assert all(places[oid] < places.get(parent, len(found)) for oid in found for parent in found[oid])


def commit(world: World, branch: str, other: str, _: int) -> None:
    parent = world.refs.get(branch) or world.refs.get(other)
    world.refs[branch] = world.commit(parent)


def merge(world: World, branch: str, other: str, _: int) -> None:
    if branch in world.refs and other in world.refs:
        world.refs[branch] = world.commit(world.refs[branch], world.refs[other])


def forward(world: World, branch: str, other: str, number: int) -> None:
    """Move a branch to where another one is, or was some commits ago."""
    if other in world.refs:
        below = world.repo.git("rev-list", "-n", "5", world.refs[other]).split()
        world.move(branch, below[number % len(below)])


def back(world: World, branch: str, _: str, __: int) -> None:
    """Move a branch back to the first parent of its tip."""
    if branch in world.refs:
        below = world.repo.git("rev-list", "-n", "2", "--first-parent", world.refs[branch]).split()
        world.move(branch, below[-1])


def delete(world: World, branch: str, _: str, __: int) -> None:
    if branch != "main" and branch in world.refs:
        world.move(branch, world.refs[branch])
        del world.refs[branch]


def collect(world: World, _: str, __: str, ___: int) -> None:
    """Throw away what no branch reaches."""
    for name, oid in world.refs.items():
        world.repo.git("update-ref", f"refs/heads/{name}", oid)
    gone = set(world.repo.git("for-each-ref", "--format=%(refname:short)").split()).difference(world.refs)
    for name in gone:
        world.repo.git("update-ref", "-d", f"refs/heads/{name}")
    world.repo.git("gc", "--quiet", "--prune=now")
    world.deleted.clear()


def damage(world: World, _: str, __: str, number: int) -> None:
    if not world.path.exists() or not world.path.stat().st_size:
        return
    chance = random.Random(number)  # noqa: S311  (hypothesis must be able to repeat it)
    content = bytearray(world.path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 + chance.randrange(255)
    world.path.write_bytes(content[: chance.choice((0, len(content) // 2, len(content)))])


EVENTS = [commit] * 4 + [merge] * 3 + [forward, forward, back, back, delete, collect, damage]
steps = st.tuples(
    st.sampled_from(EVENTS), st.sampled_from(PROTECTED + OPEN), st.sampled_from(PROTECTED + OPEN), st.integers(0, 999)
)


@pytest.mark.slow
def test_what_is_remembered_is_what_git_says(tmp_path: Path) -> None:
    @settings(max_examples=tried(30, 100), deadline=None, suppress_health_check=list(HealthCheck))
    @given(story=st.lists(steps, min_size=4, max_size=12))
    def holds(story: list[tuple[Callable[[World, str, str, int], None], str, str, int]]) -> None:
        folder = tmp_path / str(next(_NUMBERS))
        try:
            world = World(folder)
            world.grow()
            world.look(deleted=False)
            for happens, branch, other, number in story:
                event(happens.__name__)
                happens(world, branch, other, number)
                if number % 3:
                    world.look(deleted=number % 3 == 1)
            world.look(deleted=True)
        finally:
            shutil.rmtree(folder)

    holds()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "work")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[set[str], set[str]]]:
    """What git is asked for from now on: what is included, and what is left out."""
    found: list[tuple[set[str], set[str]]] = []

    def noting(repository: Repository, include: Iterable[str], exclude: Iterable[str] = ()) -> object:
        found.append((set(include), set(exclude)))
        return parents_of(repository, include, exclude)

    monkeypatch.setattr(unlanded, "parents_of", noting)
    return found


def seen(world: World, tips: Sequence[str], landed: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what a new process is told."""
    return Unlanded(world.repository).parents(tips, landed)


def test_refs_that_did_not_move_are_no_question_for_git(world: World, asked: list[object]) -> None:
    tips, landed = world.ask(deleted=False)
    first = seen(world, tips, landed)
    assert len(asked) == 1
    assert seen(world, tips, landed) == first == {tips[0]: (landed[0],)}
    assert len(asked) == 1


def test_git_is_asked_only_for_what_moved(world: World, asked: list[tuple[set[str], set[str]]]) -> None:
    world.look(deleted=False)
    old, start = world.refs["research/a"], world.refs["main"]
    new = world.refs["research/a"] = world.commit(old)
    landed = world.refs["main"] = world.commit(start)
    asked.clear()
    assert seen(world, [new], [landed]) == {new: (old,), old: (start,)}
    assert asked == [({new, landed}, {start, old})]


def test_what_landed_is_taken_away(world: World, asked: list[object]) -> None:
    world.look(deleted=False)
    tip = world.refs["research/a"]
    merged = world.commit(world.refs["main"], tip)
    asked.clear()
    assert seen(world, [tip], [merged]) == {}
    assert len(asked) == 1


def test_a_protected_branch_that_moved_back_is_read_anew(world: World, asked: list[tuple[set[str], set[str]]]) -> None:
    start = world.refs["main"]
    own = world.commit(start)
    tip = world.commit(own)
    assert seen(world, [tip], [own]) == {tip: (own,)}
    assert seen(world, [tip], [start]) == {tip: (own,), own: (start,)}
    assert asked[-1] == ({tip}, {start})


def test_deleted_tips_are_remembered_with_the_others(world: World, asked: list[object]) -> None:
    start = world.refs["main"]
    gone, tip = world.commit(start), world.refs["research/a"]
    first = Unlanded(world.repository)
    first.parents([tip], [start])
    both = first.parents([tip, gone], [start])
    asked.clear()
    later = Unlanded(world.repository)
    assert later.parents([tip], [start]) == {tip: (start,)}
    assert later.parents([tip, gone], [start]) == both
    assert asked == []


def test_without_a_tip_nothing_is_asked_or_kept(world: World, asked: list[object]) -> None:
    assert seen(world, [], [world.refs["main"]]) == {}
    assert not asked
    assert not world.path.exists()


def test_a_shallow_clone_keeps_nothing(world: World, tmp_path: Path) -> None:
    world.repo.git("update-ref", "refs/heads/main", world.refs["research/a"])
    clone = Repo(tmp_path / "clone", world.repo.env)
    world.repo.git("clone", "--quiet", "--depth=1", f"file://{world.repo.path}", str(clone.path))
    repository = open_repository(clone)
    tip = clone.head()
    assert Unlanded(repository).parents([tip], []) == {tip: ()}
    assert not Path(unlanded_path(repository.common_dir)).exists()


def test_where_nothing_can_be_kept_the_answer_is_the_same(world: World) -> None:
    world.path.mkdir(parents=True)
    world.look(deleted=False)
    assert [name.name for name in world.path.parent.iterdir()] == [world.path.name]


def test_a_missing_tip_is_said(world: World) -> None:
    with pytest.raises(MissingObjectError):
        seen(world, ["1" * 40], [world.refs["main"]])
    world.look(deleted=False)
    with pytest.raises(MissingObjectError):
        seen(world, [world.refs["research/a"], "1" * 40], [world.refs["main"]])


def test_processes_do_not_disturb_each_other(world: World) -> None:
    tips = [world.commit(world.refs["main"]) for _ in range(6)]
    assert world.repository.objects.git_dir  # before any process parts: it is given back with this one alone

    def work() -> None:
        for number in range(12):
            mine = tips[number % 3 : 3 + number % 4]
            landed = [world.refs["main"]]
            assert seen(world, mine, landed) == read_unlanded(world.repository, mine, landed)

    assert in_children(work, work, work) == [0, 0, 0]
    assert os.listdir(world.path.parent) == [world.path.name]


def test_the_order_is_that_of_the_tips() -> None:
    parents = {"d": ("b", "c"), "a": (), "b": ("a",), "c": ("a",), "e": ("a",)}
    assert list(in_order(parents, ["e", "d"])) == ["e", "d", "c", "b", "a"]
    assert list(in_order(parents, ["d", "e"])) == ["d", "c", "b", "e", "a"]
    assert list(in_order(parents, ["b", "d", "z"])) == ["d", "c", "b", "a"]
    assert list(in_order(parents, ["b"])) == ["b", "a"]

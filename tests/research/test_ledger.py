"""The ledger remembers who first had a commit, and which tips are gone."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from labgate.git.refs import read_refs
from labgate.git.repository import discover
from labgate.research.ledger import DeletedTip, FirstRecord, Ledger
from support.ledgers import YEAR, A, B, C, D, X, Y, answers, look
from support.repo import Repo


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "git").mkdir()
    return tmp_path / "git" / "labgate" / "ledger"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    return Ledger(str(path))


# What it remembers.


def test_a_missing_file_is_an_empty_ledger(ledger: Ledger, path: Path) -> None:
    assert answers(ledger, [A]) == ([None], {}, (), 0)
    assert not path.parent.exists()


def test_a_look_at_nothing_makes_no_file(ledger: Ledger, path: Path) -> None:
    ledger.observe({}, {}, 5)
    assert not path.parent.exists()


def test_the_first_sight_of_a_commit_is_kept(ledger: Ledger, path: Path) -> None:
    look(ledger, 10, x=[B, A])
    look(ledger, 20, x=[C, B, A], y=[D, A])
    for reader in (ledger, Ledger(str(path))):
        assert [reader.first_seen(oid) for oid in (A, B, C, D)] == [
            FirstRecord(A, X, 10),
            FirstRecord(B, X, 10),
            FirstRecord(C, X, 20),
            FirstRecord(D, Y, 20),
        ]
        assert reader.tips() == {X: C, Y: D}
        assert reader.deleted(20, YEAR) == ()


def test_the_first_ref_of_a_look_has_the_commits_that_it_shares_with_others(ledger: Ledger, path: Path) -> None:
    ledger.observe({Y: B, X: C}, {X: [C, A], Y: [B, A]}, 10)
    assert ledger.first_seen(A) == FirstRecord(A, Y, 10)
    assert ledger.first_seen(C) == FirstRecord(C, X, 10)
    assert path.read_text() == f"labgate-ledger 1\nnew 10 {Y} {B} {A} .\nnew 10 {X} {C} .\n"


def test_two_refs_may_share_a_tip(ledger: Ledger, path: Path) -> None:
    look(ledger, 10, x=[A], y=[A])
    assert Ledger(str(path)).tips() == {X: A, Y: A}
    assert ledger.first_seen(A) == FirstRecord(A, X, 10)


def test_commits_below_a_known_tip_may_be_new(ledger: Ledger, path: Path) -> None:
    """As when a protected branch is moved back from them."""
    look(ledger, 10, x=[B])
    look(ledger, 20, x=[B, A])
    assert Ledger(str(path)).first_seen(A) == FirstRecord(A, X, 20)
    assert Ledger(str(path)).first_seen(B) == FirstRecord(B, X, 10)


def test_a_ref_without_research_commits_has_a_tip_all_the_same(ledger: Ledger, path: Path) -> None:
    ledger.observe({X: A}, {}, 10)
    assert Ledger(str(path)).tips() == {X: A}
    assert ledger.first_seen(A) is None


def test_a_clock_that_goes_back_changes_no_first_sight(ledger: Ledger, path: Path) -> None:
    look(ledger, 1000, x=[A])
    path.write_bytes(path.read_bytes() + f"new 10 {Y} {A} .\n".encode())
    look(ledger, 20, x=[B, A], y=[A])
    for reader in (ledger, Ledger(str(path))):
        assert reader.first_seen(A) == FirstRecord(A, X, 1000)
        assert reader.first_seen(B) == FirstRecord(B, X, 20)


@pytest.mark.parametrize("again", ["the same object", "another process"])
def test_a_look_that_shows_nothing_new_writes_nothing(ledger: Ledger, path: Path, again: str) -> None:
    look(ledger, 10, x=[B, A], y=[C])
    look(ledger, 20, y=[D])
    os.utime(path, (1, 1))
    look(ledger if again == "the same object" else Ledger(str(path)), 30, y=[D])
    assert path.stat().st_mtime == 1


# Deleted tips.


def test_a_ref_that_is_missing_is_deleted(ledger: Ledger, path: Path) -> None:
    look(ledger, 10, x=[A], y=[B])
    look(ledger, 20, y=[B])
    for reader in (ledger, Ledger(str(path))):
        assert reader.deleted(30, YEAR) == (DeletedTip(X, A, 20),)
        assert reader.tips() == {Y: B}
        assert reader.first_seen(A) == FirstRecord(A, X, 10)


@pytest.mark.parametrize(
    ("before", "after", "covered", "left"),
    [
        pytest.param([A], [B, A], [], False, id="a ref that moved on leaves nothing"),
        pytest.param([A], [C, B], [], True, id="a ref that was rewritten leaves its tip"),
        pytest.param([B, A], [A], [], True, id="a ref that was moved back leaves its tip"),
        pytest.param([A], [C, B], [A], False, id="a tip that is reached elsewhere is not left"),
        pytest.param([A], [C, B], [B], True, id="what else is reached does not count"),
    ],
)
def test_a_ref_that_moves(
    ledger: Ledger, path: Path, before: list[str], after: list[str], covered: list[str], left: bool
) -> None:
    look(ledger, 10, x=before)
    look(ledger, 20, *covered, x=after)
    for reader in (ledger, Ledger(str(path))):
        assert reader.deleted(20, YEAR) == ((DeletedTip(X, before[0], 20),) if left else ())
        assert reader.tips() == {X: after[0]}


def test_without_somebody_who_can_tell_only_the_commits_of_the_ref_count(ledger: Ledger) -> None:
    look(ledger, 10, x=[A], y=[B])
    ledger.observe({X: C, Y: D}, {X: [C], Y: [D, B]}, 20)
    assert ledger.deleted(20, YEAR) == (DeletedTip(X, A, 20),)


def test_only_tips_that_moved_away_are_asked_about_and_once(ledger: Ledger) -> None:
    asked: list[tuple[str, str]] = []

    def continues(old: str, new: str) -> bool:
        asked.append((old, new))
        return False

    ledger.observe({X: A, Y: B}, {X: [A], Y: [B]}, 10, continues=continues)
    ledger.observe({X: C, Y: D}, {X: [C], Y: [D, B]}, 20, continues=continues)
    ledger.observe({Y: D}, {Y: [D, B]}, 30, continues=continues)
    assert asked == [(A, C)]


def test_what_cannot_be_told_leaves_the_ledger_as_it_was(ledger: Ledger, path: Path) -> None:
    def continues(old: str, new: str) -> bool:
        raise LookupError(old, new)

    look(ledger, 10, x=[A])
    before = path.read_bytes()
    with pytest.raises(LookupError):
        ledger.observe({X: B}, {X: [B]}, 20, continues=continues)
    assert path.read_bytes() == before
    assert ledger.tips() == {X: A}


@pytest.mark.parametrize(
    ("back", "still"),
    [
        pytest.param({"x": [A]}, [], id="created again at the same tip"),
        pytest.param({"x": [C, B, A]}, [], id="created again with more on top"),
        pytest.param({"x": [C, B]}, [A], id="created again with other commits"),
        pytest.param({"y": [A]}, [A], id="another name for the same commits"),
    ],
)
def test_a_ref_that_comes_back(ledger: Ledger, path: Path, back: dict[str, list[str]], still: list[str]) -> None:
    look(ledger, 10, x=[A])
    ledger.observe({}, {}, 20)
    look(ledger, 30, **back)
    for reader in (ledger, Ledger(str(path))):
        assert [tip.oid for tip in reader.deleted(30, YEAR)] == still
        assert reader.tips() == {{"x": X, "y": Y}[name]: oids[0] for name, oids in back.items()}


def test_a_tip_below_the_one_that_came_back_stays_found(ledger: Ledger, path: Path) -> None:
    look(ledger, 10, x=[A])
    ledger.observe({}, {}, 20)
    look(ledger, 30, x=[A])
    look(ledger, 40, x=[B, A])
    assert ledger.deleted(40, YEAR) == Ledger(str(path)).deleted(40, YEAR) == ()


def test_a_merge_of_what_was_left_brings_it_back(ledger: Ledger, path: Path) -> None:
    look(ledger, 10, x=[A])
    look(ledger, 20, x=[B])
    look(ledger, 30, x=[C, B, A])
    assert ledger.deleted(40, YEAR) == Ledger(str(path)).deleted(40, YEAR) == ()


def test_a_ref_deleted_twice_is_listed_once_with_the_later_time(ledger: Ledger, path: Path) -> None:
    for now in (10, 30):
        look(ledger, now, x=[A])
        ledger.observe({}, {}, now + 5)
    assert ledger.deleted(40, YEAR) == Ledger(str(path)).deleted(40, YEAR) == (DeletedTip(X, A, 35),)


def test_deleted_tips_are_kept_for_so_long_and_listed_newest_first(ledger: Ledger) -> None:
    for now, tip in ((10, A), (20, B), (30, C), (40, D)):
        look(ledger, now, x=[tip])
    found = [(B, 30), (A, 20)]
    assert [(tip.oid, tip.time) for tip in ledger.deleted(40, YEAR)] == [(C, 40), *found]
    assert [(tip.oid, tip.time) for tip in ledger.deleted(40, 10)] == [(C, 40), (B, 30)]
    assert [tip.oid for tip in ledger.deleted(41, 10)] == [C]
    assert ledger.deleted(51, 10) == ()
    assert len(ledger.deleted(5, 0)) == 3, "a clock that goes back forgets nothing"
    look(ledger, 25, y=[A])
    assert [(tip.oid, tip.time) for tip in ledger.deleted(40, YEAR)] == [(C, 40), (B, 30), (D, 25), (A, 20)]


def test_of_tips_deleted_at_once_the_last_recorded_is_listed_first(ledger: Ledger) -> None:
    look(ledger, 10, x=[A], y=[B])
    ledger.observe({}, {}, 20)
    assert [tip.ref for tip in ledger.deleted(20, YEAR)] == [Y, X]


def test_an_older_look_that_comes_last_is_set_right_by_the_next(path: Path) -> None:
    """One hook reads the refs, another pushes and records, and only then the first one records."""
    look(Ledger(str(path)), 10, x=[A])
    look(Ledger(str(path)), 20, x=[B, A], y=[C])
    look(Ledger(str(path)), 19, x=[A])
    look(Ledger(str(path)), 30, x=[D, B, A], y=[C])
    after = Ledger(str(path))
    assert after.deleted(30, YEAR) == ()
    assert after.tips() == {X: D, Y: C}
    assert after.first_seen(B) == FirstRecord(B, X, 20)


def test_real_refs_that_a_pruning_fetch_or_a_removed_remote_takes_away(repo: Repo) -> None:
    def observe(now: int) -> Ledger:
        refs = {ref: tip for ref, tip in read_refs(discover(repo.env, str(repo.path))).items() if "/research/" in ref}
        ledger = Ledger(str(repo.path / ".git/labgate/ledger"))
        ledger.observe(refs, {ref: repo.git("rev-list", tip).split() for ref, tip in refs.items()}, now)
        return Ledger(str(repo.path / ".git/labgate/ledger"))

    repo.commit("Start")
    remote = repo.with_remote()
    # U+2028, U+0085 and U+00A0 end a line or part words for Python, but not for git; \udcff is a byte that is no UTF-8.
    names = ["research/a\u2028b", "research/c\x85\xa0d", "research/\udcff", "research/plain"]
    tips = {}
    for name in names:
        tips[f"refs/remotes/origin/{name}"] = repo.branch(name, "main").commit(ascii(name))
        repo.push(name)
        repo.checkout("main").git("branch", "--quiet", "-D", name)
    assert observe(10).tips() == tips

    remote.git("update-ref", "-d", f"refs/heads/{names[2]}")
    repo.git("fetch", "--quiet", "--prune", "origin")
    gone = f"refs/remotes/origin/{names[2]}"
    assert observe(20).deleted(20, YEAR) == (DeletedTip(gone, tips[gone], 20),)

    repo.git("remote", "remove", "origin")
    after = observe(30)
    assert {(tip.ref, tip.oid) for tip in after.deleted(30, YEAR)} == tips.items()
    assert after.tips() == {}
    assert after.first_seen(tips[gone]) == FirstRecord(tips[gone], gone, 10)


def test_oids_of_sha256_are_held_whole(ledger: Ledger, path: Path) -> None:
    one, two = (sha256(name).hexdigest() for name in (b"1", b"2"))
    look(ledger, 10, x=[two, one])
    look(ledger, 20, x=[one])
    assert Ledger(str(path)).first_seen(two) == FirstRecord(two, X, 10)
    assert Ledger(str(path)).deleted(20, YEAR) == (DeletedTip(X, two, 20),)

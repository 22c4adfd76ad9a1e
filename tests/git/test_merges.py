"""A merge says whether git makes it alone, and of which tree; where two histories meet is never guessed."""

from __future__ import annotations

import pytest

from labgate.git.commits import CLEAN, CONFLICT, UNRELATED, Merge, merge, merge_bases, tree_of
from labgate.git.repository import Repository, discover
from labgate.values.errors import MissingObjectError
from support.repo import Repo

TEN = "".join(f"line {number}\n" for number in range(10))


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


def sides(repo: Repo, ours: str, theirs: str) -> tuple[str, str]:
    """Return the tips of two branches, each with its own text of one file."""
    repo.commit("base", {"a": TEN})
    other = repo.branch("side").commit("side", {"a": theirs})
    return repo.checkout("main").commit("main", {"a": ours}), other


def test_a_clean_merge_has_the_tree_that_git_makes(either: Repo) -> None:
    tips = sides(either, TEN.replace("line 9", "nine"), TEN.replace("line 0", "zero"))
    tree = tree_of(found(either), either.merge("side", "merge"))
    assert merge(found(either), *tips) == Merge(CLEAN, tree)
    assert merge(found(either), *reversed(tips)) == Merge(CLEAN, tree)


def test_a_conflict_has_no_tree(either: Repo) -> None:
    tips = sides(either, TEN.replace("line 5", "five"), TEN.replace("line 5", "5"))
    assert merge(found(either), *tips) == Merge(CONFLICT)


def test_no_attribute_settles_a_conflict(repo: Repo) -> None:
    tips = sides(repo, TEN.replace("line 5", "five"), TEN.replace("line 5", "5"))
    repo.commit("union", {".gitattributes": "* merge=union\n"})
    repo.write({".git/info/attributes": "* merge=union\n"})
    assert merge(found(repo), repo.head(), tips[1]) == Merge(CONFLICT)


def test_one_that_holds_the_other_is_the_merge_of_both(either: Repo) -> None:
    one, two = either.commit("one", {"a": "1"}), either.commit("two", {"a": "2"})
    tree = tree_of(found(either), two)
    assert merge(found(either), one, two) == merge(found(either), two, one) == Merge(CLEAN, tree)
    assert merge(found(either), two, two) == Merge(CLEAN, tree)


def test_unrelated_histories_do_not_meet(repo: Repo) -> None:
    one = repo.commit("one", {"a": "1"})
    repo.git("checkout", "--quiet", "--orphan", "other")
    other = repo.commit("other", {"b": "1"})
    assert merge(found(repo), one, other) == Merge(UNRELATED)
    assert merge_bases(found(repo), one, other) == ()


def test_histories_that_crossed_meet_twice(repo: Repo) -> None:
    repo.commit("base", {"a": TEN})
    left, right = (repo.branch(name, "main").commit(name, {name: "1"}) for name in ("left", "right"))
    one = repo.checkout("left").merge(right, "right into left")
    other = repo.checkout("right").merge(left, "left into right")
    assert sorted(merge_bases(found(repo), one, other)) == sorted((left, right))
    assert merge(found(repo), one, other) == Merge(CLEAN, tree_of(found(repo), one))


def test_a_blob_that_is_not_here_is_no_conflict(repo: Repo) -> None:
    tips = sides(repo, TEN.replace("line 9", "nine"), TEN.replace("line 0", "zero"))
    blob = repo.git("rev-parse", "side:a")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(MissingObjectError):
        merge(found(repo), *tips)

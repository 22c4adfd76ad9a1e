"""A delta-id is the content that changes and nothing else: not the commits, the people, or the files that stay."""

from __future__ import annotations

import hashlib
import os

import pytest

from labgate.git.commits import tree_of
from labgate.git.repository import Repository, discover
from labgate.reviews.delta import EMPTY, delta_id
from labgate.values.errors import MissingObjectError
from support.repo import Repo


@pytest.fixture(params=["sha1", "sha256"])
def either(request: pytest.FixtureRequest, repo: Repo) -> Repo:
    """An empty repository, once with SHA-1 and once with SHA-256."""
    return Repo.init(repo.path.parent / request.param, f"--object-format={request.param}")


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


def delta(repo: Repo, old: str, new: str) -> str:
    return delta_id(found(repo), old, new)


def blob(repo: Repo, revision: str, path: str) -> str:
    return repo.git("rev-parse", f"{revision}:{path}")


def test_the_bytes_that_are_hashed_are_as_documented(either: Repo) -> None:
    odd = os.fsdecode(b'na\xefve \t"file".py')
    old = either.commit("one", {"changed": "1\n", "gone": "1\n", "run": "1\n", "kind": "1\n", "same": "1\n"})
    (either.path / "gone").unlink()
    (either.path / "kind").unlink()
    (either.path / "kind").symlink_to("same")
    (either.path / "run").chmod(0o755)
    new = either.commit("two", {"changed": "2\n", odd: "new\n", "sub/new": "new\n"})
    null = "0" * len(new)

    def entry(modes: str, before: str | None, after: str | None, status: str, path: str) -> bytes:
        sides = (null if side is None else blob(either, side, path) for side in (before, after))
        return f":{modes} {' '.join(sides)} {status}".encode() + b"\0" + os.fsencode(path) + b"\0"

    said = (
        entry("100644 100644", old, new, "M", "changed"),
        entry("100644 000000", old, None, "D", "gone"),
        entry("100644 120000", old, new, "T", "kind"),
        entry("000000 100644", None, new, "A", odd),
        entry("100644 100755", old, new, "M", "run"),
        entry("000000 100644", None, new, "A", "sub/new"),
    )
    assert delta(either, old, new) == hashlib.sha256(b"".join(said)).hexdigest()


def test_commits_and_their_trees_give_the_same(either: Repo) -> None:
    old, new = either.commit("one", {"a": "1\n"}), either.commit("two", {"a": "2\n"})
    repository = found(either)
    assert delta(either, old, new) == delta(either, tree_of(repository, old), tree_of(repository, new))


def test_equal_trees_give_the_empty_delta(repo: Repo) -> None:
    old = repo.commit("one", {"a": "1\n"})
    assert delta(repo, old, repo.commit("nothing")) == EMPTY


def test_it_depends_neither_on_commits_nor_on_files_that_stay(repo: Repo) -> None:
    first = repo.commit("one", {"a": "1\n"})
    second = repo.branch("side").commit("two", {"a": "2\n"})
    before = repo.checkout("main").commit("another file", {"b": "1\n"})
    repo.commit("halfway", {"a": "1.5\n"})
    after = repo.commit("by somebody else", {"a": "2\n"}, GIT_AUTHOR_NAME="Ada", GIT_AUTHOR_EMAIL="ada@example.org")
    assert delta(repo, before, after) == delta(repo, first, second)


@pytest.mark.parametrize(
    "files",
    [{"a": "2\n", "b": "1\n"}, {"a": "2 \n"}, {"b": "2\n"}, {"a": "2"}, {"A": "2\n"}],
    ids=["one more file", "white space", "another path", "no last line feed", "another case"],
)
def test_any_other_content_is_another_delta(repo: Repo, files: dict[str, str]) -> None:
    old = repo.commit("one", {"a": "1\n"})
    new = repo.commit("two", {"a": "2\n"})
    repo.branch("side", old)
    assert delta(repo, old, repo.commit("other", files)) != delta(repo, old, new)


def test_another_mode_is_another_delta(repo: Repo) -> None:
    old = repo.commit("one", {"a": "1\n"})
    new = repo.commit("two", {"a": "2\n"})
    (repo.path / "a").chmod(0o755)
    assert delta(repo, old, repo.commit("three")) != delta(repo, old, new)


def test_the_other_content_before_is_another_delta(repo: Repo) -> None:
    one, two, three = (repo.commit(text, {"a": f"{text}\n"}) for text in "123")
    assert delta(repo, one, three) != delta(repo, two, three)


def test_a_rename_is_a_deletion_and_an_addition_whatever_is_set(repo: Repo) -> None:
    old = repo.commit("one", {"a": "1\n" * 50})
    (repo.path / "a").rename(repo.path / "b")
    new = repo.commit("two")
    plain = delta(repo, old, new)
    for name, value in (("diff.renames", "copies"), ("diff.relative", "true"), ("diff.orderFile", "order")):
        repo.git("config", name, value)
    repo.write({"order": "b\na\n", ".gitattributes": "* -diff\n"})
    assert delta(repo, old, new) == plain
    null, oid = "0" * 40, blob(repo, new, "b")
    said = f":100644 000000 {oid} {null} D\0a\0:000000 100644 {null} {oid} A\0b\0"
    assert plain == hashlib.sha256(said.encode()).hexdigest()


def test_a_tree_that_is_not_here_is_no_empty_one(repo: Repo) -> None:
    old = repo.commit("one", {"sub/a": "1\n"})
    new = repo.commit("two", {"sub/a": "2\n"})
    tree = blob(repo, new, "sub")
    (repo.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(MissingObjectError):
        delta(repo, old, new)

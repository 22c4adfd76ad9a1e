"""Generated and vendored files are what the given tree's own attributes say, and nobody else's."""

from __future__ import annotations

import os

import pytest

from labgate.git.diffs import excluded_paths
from labgate.git.repository import Repository, discover
from support.repo import Repo


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


ATTRIBUTES = """\
*.pb.py linguist-generated
vendor/** linguist-vendored=true
vendor/ours/** -linguist-vendored
*.min.js linguist-generated=false
[attr]machine linguist-generated
*.lock machine
"""


def test_paths_are_excluded_by_the_attributes_of_the_tree(either: Repo) -> None:
    tree = either.commit("one", {".gitattributes": ATTRIBUTES, "sub/.gitattributes": "*.pb.py !linguist-generated\n"})
    wanted = {"x.pb.py", "a/x.pb.py", "sub/x.pb.py", "vendor/a", "vendor/ours/a", "a.min.js", "a.lock", "a.py"}
    assert excluded_paths(found(either), tree, wanted) == {"x.pb.py", "a/x.pb.py", "vendor/a", "a.lock"}


def test_without_attributes_or_paths_nothing_is_excluded(either: Repo) -> None:
    plain = either.commit("one", {"a": "1"})
    tree = either.commit("two", {".gitattributes": ATTRIBUTES})
    assert excluded_paths(found(either), plain, ["a.lock"]) == frozenset()
    assert excluded_paths(found(either), tree, []) == frozenset()


def test_each_tree_is_asked_on_its_own(repo: Repo) -> None:
    one = repo.commit("one", {".gitattributes": "a linguist-generated\n", "x/.gitattributes": "* linguist-vendored\n"})
    (repo.path / "x/.gitattributes").unlink()
    two = repo.commit("two", {".gitattributes": "b linguist-generated\n"})
    repository = found(repo)
    assert excluded_paths(repository, one, ["a", "b", "x/c"]) == {"a", "x/c"}
    assert excluded_paths(repository, two, ["a", "b", "x/c"]) == {"b"}


@pytest.mark.parametrize(
    "name", ["a b", "tab\there", "line\nbreak", 'quo"te', os.fsdecode(b"\xff"), "-x", "é"], ids=ascii
)
def test_t52_any_path_is_asked_for_as_it_is(repo: Repo, name: str) -> None:
    tree = repo.commit("one", {".gitattributes": "gen/** linguist-generated\n"})
    assert excluded_paths(found(repo), tree, [f"gen/{name}", name]) == {f"gen/{name}"}


def test_t45_attributes_of_the_work_tree_the_clone_and_the_index_do_not_count(repo: Repo) -> None:
    tree = repo.commit("one", {".gitattributes": "a linguist-generated\n"})
    repo.write({".gitattributes": "* linguist-generated\n"})
    repo.git("add", ".gitattributes")
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/attributes").write_text("* linguist-generated\n")
    (repo.path.parent / "mine").write_text("* linguist-generated\n")
    repo.git("config", "core.attributesFile", str(repo.path.parent / "mine"))
    assert excluded_paths(found(repo), tree, ["a", "b"]) == {"a"}


@pytest.mark.parametrize("setting", ["core.splitIndex", "core.fsmonitor", "index.threads"])
def test_nothing_is_left_behind(repo: Repo, setting: str) -> None:
    tree = repo.commit("one", {".gitattributes": ATTRIBUTES})
    repo.git("config", setting, "true")
    before = sorted((repo.path / ".git").rglob("*"))
    excluded_paths(found(repo), tree, ["a.lock"])
    assert sorted((repo.path / ".git").rglob("*")) == before

"""Diffs count what the objects hold, whatever attributes and settings say, and merges by what is not the merge."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from labgate.git.commits import tree_of
from labgate.git.diffs import changed_entries, clean_merge, commit_files, is_exact_revert, tree_files
from labgate.git.raw import MOST_PARENTS
from labgate.git.repository import Repository, discover
from labgate.values.batch import FileChange
from labgate.values.errors import MissingObjectError
from support.repo import Repo

TEN = "".join(f"line {number}\n" for number in range(10))


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


def files(repo: Repo, oid: str) -> list[FileChange]:
    return list(commit_files(found(repo), [oid])[oid])


# One commit.


def test_each_kind_of_change_is_counted(either: Repo) -> None:
    either.commit("one", {"changed": TEN, "gone": TEN, "moved": TEN * 2, "mode": TEN * 3})
    (either.path / "gone").unlink()
    (either.path / "moved").rename(either.path / "there")
    (either.path / "mode").chmod(0o755)
    oid = either.commit("two", {"changed": TEN + "more\n", "new": "a\nb\n", "binary": b"\0" * 50})
    assert files(either, oid) == [
        FileChange("binary", "A", 0, 0, 50),
        FileChange("changed", "M", 1, 0, len(TEN) + 5),
        FileChange("gone", "D", 0, 10, 0),
        FileChange("mode", "M", 0, 0, 0),
        FileChange("new", "A", 2, 0, 4),
        FileChange("there", "R", 0, 0, 0),
    ]


def test_a_first_commit_adds_everything(either: Repo) -> None:
    assert files(either, either.commit("one", {"a": "1\n"})) == [FileChange("a", "A", 1, 0, 2)]


def test_an_empty_commit_changes_nothing(either: Repo) -> None:
    either.commit("one", {"a": "1\n"})
    assert files(either, either.commit("two")) == []


def test_several_commits_are_told_apart(either: Repo) -> None:
    one, two, three = (either.commit(text, {"a": text}) for text in ("1", "2", "3"))
    empty = either.commit("4")
    counted = commit_files(found(either), [three, empty, one, two])
    assert {oid: [file.path for file in changes] for oid, changes in counted.items()} == {
        three: ["a"],
        empty: [],
        one: ["a"],
        two: ["a"],
    }
    assert commit_files(found(either), []) == {}


def test_a_merge_is_compared_with_its_first_parent(repo: Repo) -> None:
    repo.commit("one", {"a": "1\n"})
    repo.branch("side").commit("side", {"b": "1\n2\n"})
    repo.checkout("main").commit("two", {"a": "2\n"})
    assert files(repo, repo.merge("side", "merge")) == [FileChange("b", "A", 2, 0, 4)]


def test_t43_a_rename_that_changes_one_byte_is_no_rename(repo: Repo) -> None:
    repo.commit("one", {"a": TEN})
    (repo.path / "a").unlink()
    assert files(repo, repo.commit("two", {"b": TEN[:-1] + "!"})) == [
        FileChange("a", "D", 0, 10, 0),
        FileChange("b", "A", 10, 0, len(TEN)),
    ]


def test_t43_names_that_differ_in_case_are_two_files(repo: Repo) -> None:
    assert [file.path for file in files(repo, repo.commit("one", {"A.py": "1\n", "a.py": "2\n"}))] == ["A.py", "a.py"]


def test_t42_what_is_no_text_is_still_a_change(repo: Repo) -> None:
    repo.commit("one", {"tool": "#!/bin/sh\n", "data": b"\0one", "link": "x"})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},part")
    repo.git("commit", "--quiet", "-m", "a submodule")
    (repo.path / "tool").chmod(0o755)
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("/etc/passwd")
    repo.write({"data": b"\0two"})
    repo.git("add", "tool", "link", "data")
    repo.git("update-index", "--cacheinfo", f"160000,{'2' * 40},part")
    repo.git("commit", "--quiet", "-m", "all of it")
    oid = repo.head()
    for name, value in (("core.fileMode", "false"), ("core.symlinks", "false"), ("diff.ignoreSubmodules", "all")):
        repo.git("config", name, value)
    entries = changed_entries(found(repo), [oid])[oid]
    assert [(entry.status, entry.path, entry.new_mode) for entry in entries] == [
        ("M", "data", "100644"),
        ("T", "link", "120000"),
        ("M", "part", "160000"),
        ("M", "tool", "100755"),
    ]
    assert [(file.path, file.size) for file in files(repo, oid)] == [
        ("data", 4),
        ("link", 11),
        ("part", 0),
        ("tool", 0),
    ]


NAMES = ["a b", "tab\there", "line\nbreak", ":100644 100644 x", 'quo"te', "1\t2\tx", "-x", os.fsdecode(b"\xff"), "é"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_t52_any_path_is_one_path(repo: Repo, name: str) -> None:
    repo.commit("one", {name: TEN, "z": "z\n"})
    (repo.path / name).rename(repo.path / f"{name}2")
    assert files(repo, repo.commit("two")) == [FileChange(f"{name}2", "R", 0, 0, 0)]
    assert files(repo, repo.commit("three", {f"{name}2": TEN + "x\n"}))[0].path == f"{name}2"


# T44, T45, T60: who may say that lines are no lines.


def in_tree(repo: Repo) -> None:
    repo.commit("attributes", {".gitattributes": "* -diff\n", "sub/.gitattributes": "* binary\n"})


def info_attributes(repo: Repo) -> None:
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/attributes").write_text("* -diff\n")


def core_attributes_file(repo: Repo) -> None:
    info = repo.path.parent / "attributes"
    info.write_text("* -diff\n")
    repo.git("config", "core.attributesFile", str(info))


def work_tree_setting(repo: Repo) -> None:
    in_tree(repo)
    repo.git("config", "core.worktree", str(repo.path))


def default_driver(repo: Repo) -> None:
    repo.git("config", "diff.default.binary", "true")


def big_file(repo: Repo) -> None:
    repo.git("config", "core.bigFileThreshold", "1")


def rename_limit(repo: Repo) -> None:
    repo.git("config", "diff.renameLimit", "1")
    repo.git("config", "diff.renames", "copies")


@pytest.mark.parametrize(
    "hide",
    [in_tree, info_attributes, core_attributes_file, work_tree_setting, default_driver, big_file, rename_limit],
)
@pytest.mark.parametrize("bare", [False, True], ids=["work tree", "bare"])
def test_t44_t45_lines_cannot_be_hidden(repo: Repo, hide: Callable[[Repo], None], bare: bool) -> None:
    repo.commit("base", {"old": TEN})
    hide(repo)
    oid = repo.commit("hidden", {"big.py": "x\n" * 5000, "sub/big.py": "y\n" * 5000})
    if bare:
        repo.run("git", "config", "--unset", "core.worktree", status=None)
        repo.git("config", "core.bare", "true")
    counted = commit_files(discover(repo.env | {"GIT_DIR": str(repo.path / ".git")}), [oid])[oid]
    assert [(file.path, file.added) for file in counted] == [("big.py", 5000), ("sub/big.py", 5000)]


def test_t44_lines_in_a_submodule_cannot_be_hidden(repo: Repo) -> None:
    part = Repo.init(repo.path.parent / "part")
    part.commit("one", {"a": "1", ".gitattributes": "* -diff\n"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part.path), "part")
    inside = Repo(repo.path / "part", repo.env)  # its core.worktree is always set
    assert files(inside, inside.commit("hidden", {"big.py": "x\n" * 5000}))[0].added == 5000


def test_t46_the_bytes_of_one_long_line_count(repo: Repo) -> None:
    assert files(repo, repo.commit("one", {"min.js": "x" * 100_000})) == [FileChange("min.js", "A", 1, 0, 100_000)]


# Merges.


def merge_of(repo: Repo, **ours: str) -> tuple[str, str]:
    """Two branches that change different lines of one file; return their tips."""
    repo.commit("base", {"a": TEN})
    other = repo.branch("side").commit("side", {"a": TEN.replace("line 0", "zero")})
    return repo.checkout("main").commit("main", {"a": TEN.replace("line 9", "nine"), **ours}), other


def test_the_clean_merge_is_the_tree_that_git_makes(either: Repo) -> None:
    tips = merge_of(either)
    merge = either.merge("side", "merge")
    repository = found(either)
    assert clean_merge(repository, tips) == tree_of(repository, merge)


def test_the_clean_merge_leaves_nothing_in_the_repository(repo: Repo) -> None:
    tips = merge_of(repo)
    before = sorted((repo.path / ".git").rglob("*"))
    repository = found(repo)
    tree = clean_merge(repository, tips)
    assert tree is not None
    assert [file.path for file in tree_files(repository, tips[0], tree)] == ["a"]
    assert sorted((repo.path / ".git").rglob("*")) == before


@pytest.mark.parametrize("name", ["merge.renames", "diff.renames", "merge.directoryRenames"])
def test_the_clean_merge_follows_renames_whatever_is_set(repo: Repo, name: str) -> None:
    repo.commit("base", {"a": TEN * 9})
    repo.branch("side").commit("side", {"a": TEN * 9 + "more\n"})
    repo.checkout("main").git("mv", "a", "b")
    tips = (repo.commit("moved"), repo.head("side"))
    merge = repo.merge("side", "merge")
    repo.git("config", name, "false")
    assert clean_merge(found(repo), tips) == tree_of(found(repo), merge)


def test_of_a_conflict_the_merge_has_markers(repo: Repo) -> None:
    repo.commit("base", {"a": TEN})
    other = repo.branch("side").commit("side", {"a": TEN.replace("line 5", "five")})
    ours = repo.checkout("main").commit("main", {"a": TEN.replace("line 5", "5")})
    repository = found(repo)
    tree = clean_merge(repository, (ours, other))
    assert tree is not None
    (file,) = tree_files(repository, ours, tree)
    assert (file.path, file.added, file.deleted) == ("a", 4, 0)


def test_an_octopus_has_the_tree_that_git_makes(either: Repo) -> None:
    either.commit("base", {"a": TEN})
    sides = [
        either.branch(f"side-{n}", "main").commit(f"side {n}", {"a": TEN.replace(f"line {n}", "x")}) for n in "159"
    ]
    either.checkout("side-1").git("merge", "--quiet", "-m", "octopus", *sides[1:])
    assert len(either.git("log", "-1", "--format=%P").split()) == 3
    assert clean_merge(found(either), sides) == tree_of(found(either), either.head())


@pytest.mark.parametrize("parents", [1, MOST_PARENTS + 1], ids=["one parent", "too many parents"])
def test_of_one_parent_and_of_very_many_there_is_no_clean_merge(repo: Repo, parents: int) -> None:
    assert clean_merge(found(repo), [repo.commit(str(number)) for number in range(parents)]) is None


def test_the_clean_merge_of_unrelated_histories_has_the_files_of_both(repo: Repo) -> None:
    one = repo.commit("one", {"a": "1"})
    repo.git("checkout", "--quiet", "--orphan", "other")
    repo.git("rm", "-rfq", "--cached", ".")
    tree = clean_merge(found(repo), (one, repo.commit("other", {"b": "1"})))
    assert repo.git("ls-tree", "--name-only", str(tree)).split() == ["a", "b"]


def test_a_merge_whose_blobs_are_not_here_is_not_taken_for_one_that_git_cannot_make(repo: Repo) -> None:
    tips = merge_of(repo)
    blob = repo.git("rev-parse", "HEAD~1:a")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(MissingObjectError) as caught:
        clean_merge(found(repo), tips)
    assert caught.value.help == "git fsck --no-dangling"


# Reverts.


def test_a_revert_is_exact(either: Repo) -> None:
    either.commit("base", {"a": TEN})
    done = either.commit("done", {"a": TEN.replace("line 5", "five"), "b": TEN})
    either.git("revert", "--no-edit", done)
    assert is_exact_revert(found(either), either.head(), done)


def test_a_revert_is_exact_where_lines_and_files_have_moved_since(repo: Repo) -> None:
    repo.commit("base", {"a": TEN * 5})
    done = repo.commit("done", {"a": TEN * 4 + TEN.replace("line 5", "five")})
    repo.commit("later", {"a": "top\n" + TEN * 4 + TEN.replace("line 5", "five")})
    repo.git("mv", "a", "b")
    repo.commit("moved")
    repo.git("revert", "--no-edit", done)
    assert is_exact_revert(found(repo), repo.head(), done)


def test_a_revert_of_a_merge_is_exact(repo: Repo) -> None:
    merge_of(repo)
    merge = repo.merge("side", "merge")
    repo.commit("later", {"z": "z"})
    repo.git("revert", "--no-edit", "-m", "1", merge)
    assert is_exact_revert(found(repo), repo.head(), merge)


def test_a_revert_of_a_binary_file_is_exact(repo: Repo) -> None:
    repo.commit("base", {"a": b"\0one"})
    done = repo.commit("done", {"a": b"\0two"})
    assert is_exact_revert(found(repo), repo.commit("undone", {"a": b"\0one"}), done)


@pytest.mark.parametrize(
    "extra", [{"c": "smuggled\n"}, {"a": TEN + "smuggled\n"}], ids=["another file", "another line"]
)
def test_a_revert_with_something_more_is_not_exact(repo: Repo, extra: dict[str, str]) -> None:
    repo.commit("base", {"a": TEN})
    done = repo.commit("done", {"a": TEN.replace("line 5", "five"), "b": TEN})
    repo.git("revert", "--no-commit", done)
    assert not is_exact_revert(found(repo), repo.commit("undone", extra), done)


def test_t41_taking_the_same_lines_from_another_place_is_no_revert(repo: Repo) -> None:
    repo.commit("base", {"a": TEN * 10})
    there, elsewhere = TEN * 3 + "line 0\nnew\n" + TEN[7:], TEN * 2 + "line 0\nnew\n" + TEN[7:]
    done = repo.commit("done", {"a": there + TEN * 6})
    repo.commit("later", {"a": there + elsewhere + TEN * 3})
    undone = repo.commit("undone", {"a": there + TEN * 6})
    assert not is_exact_revert(found(repo), undone, done)


@pytest.mark.parametrize("what", ["a first commit", "an empty commit"])
def test_nothing_to_take_back_is_no_revert(repo: Repo, what: str) -> None:
    first = repo.commit("first", {"a": TEN})
    empty = repo.commit("empty")
    assert not is_exact_revert(found(repo), repo.commit("x", {"a": "x"}), first if what == "a first commit" else empty)


# T51: size.


def test_t51_a_hundred_thousand_files_are_counted(repo: Repo) -> None:
    lines = ["blob\nmark :1\ndata 2\nx\n\n", "commit refs/heads/main\ncommitter A <a@x> 1700000000 +0000\ndata 1\nx\n"]
    lines += [f"M 100644 :1 {number // 1000}/{number}\n" for number in range(100_000)]
    repo.git("fast-import", "--quiet", stdin="".join(lines))
    oid = repo.head("main")
    counted = commit_files(found(repo), [oid])[oid]
    assert len(counted) == 100_000
    assert {(file.added, file.size) for file in counted} == {(1, 2)}

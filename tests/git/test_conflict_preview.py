"""The conflicts of a merge that nobody has made: what git meets when it is made, and the commits that collide."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labgate.git.conflict_preview import preview
from labgate.git.repository import discover
from labgate.values.conflicted_file import ConflictedFile
from support.repo import Repo
from support.templates import prepared


@prepared
def forked(repo: Repo) -> Repo:
    """``ours`` and ``theirs`` change the same line of one file, and each another file."""
    repo.commit("Start", {"a.py": "a = 1\n", "b.py": "b = 1\n", "c.py": "c = 1\n"})
    repo.branch("theirs").commit("Their a", {"a.py": "a = 2\n", "b.py": "b = 2\n"})
    repo.checkout("main").branch("ours").commit("Our a", {"a.py": "a = 3\n"})
    repo.commit("Our c", {"c.py": "c = 3\n"})
    return repo


def test_a_conflict_names_the_commits_of_both_sides(forked: Repo) -> None:
    found = preview(discover(forked.env, str(forked.path)), forked.head("ours"), forked.head("theirs"))
    expected = ConflictedFile("a.py", (forked.head("ours~1"),), (forked.head("theirs"),))
    assert (found.files, found.skipped) == ((expected,), None)


def test_each_of_many_files_has_its_own_commits_without_a_process_for_each(
    forked: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"d/[{number}]*.py" for number in range(130)]
    forked.checkout("main").commit("More", dict.fromkeys(names, "x = 1\n"))
    forked.branch("side").commit("Side", {names[0]: "x = 5\n"})
    forked.checkout("main").branch("more").commit("All", dict.fromkeys(names, "x = 2\n"))
    mine = forked.commit("One again", {names[1]: "x = 4\n"})
    forked.merge("side", "Merge side", "--strategy=ours", "--no-commit")
    forked.write({names[0]: "x = 6\n"})
    merge = forked.commit("Merge side")
    forked.checkout("main").branch("others").commit("All", dict.fromkeys(names, "x = 3\n"))
    log = tmp_path / "log"
    git = tmp_path / "counting" / "git"
    git.parent.mkdir()
    real = shutil.which("git", path=forked.env["PATH"])
    git.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {real} "$@"\n')
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{forked.env['PATH']}")
    repository = discover(forked.env, str(forked.path))
    log.unlink()
    found = {file.path: file for file in preview(repository, forked.head("more"), forked.head("others")).files}
    assert len(log.read_text().splitlines()) <= 12
    first, side, others = forked.head("more~2"), forked.head("side"), (forked.head("others"),)
    assert list(found) == sorted(names)
    assert found[names[0]] == ConflictedFile(names[0], (merge, first, side), others)
    assert found[names[1]] == ConflictedFile(names[1], (mine, first), others)
    assert found[names[2]] == ConflictedFile(names[2], (first,), others)


def let_git_sleep(words: str, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git take a minute for a command line with some words, and be itself for any other."""
    slow = tmp_path / "slow" / "git"
    slow.parent.mkdir()
    real = shutil.which("git", path=repo.env["PATH"])
    slow.write_text(f'#!/bin/sh\ncase "$*" in *"{words}"*) exec sleep 60;; *) exec {real} "$@";; esac\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{repo.env['PATH']}")


def test_a_file_is_named_without_commits_where_git_has_no_time_for_them(
    forked: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_git_sleep(" log ", forked, tmp_path, monkeypatch)
    found = preview(discover(forked.env, str(forked.path)), forked.head("ours"), forked.head("theirs"), 1)
    assert found.files == (ConflictedFile("a.py", (), ()),)


def test_attributes_decide_as_in_a_work_tree(repo: Repo) -> None:
    attributes = {
        ".gitattributes": "*.md merge=union\n*.dat -merge\n[attr]whole -merge\nx.cfg whole\nlog.txt merge=union\n",
        'a *"b/.gitattributes': '# c\n*.txt\tmerge=union\n"q w.md" -merge\n/sub/x.cfg !whole\n',
        'a *"b/log.txt/.gitattributes': "*.md -merge\n",
    }
    below = ("c.txt", "sub/c.txt", "q w.md", "sub/q w.md", "C.md", "sub/x.cfg", "log.txt/C.md")
    beside = ("C.md", "x.dat", "x.cfg", "log.txt", "sub/log.txt", "y.txt", "a zb/c.txt")
    names = (*beside, *(f'a *"b/{name}' for name in below))
    lines = [f"line {number}" for number in range(9)]

    def text(first: str, last: str) -> str:
        return "\n".join((first, *lines, last, ""))

    repo.commit("Start", attributes | dict.fromkeys(names, text("a", "a")))
    both = {name: ("ours", "ours") if name.endswith((".md", ".txt")) else ("ours", "a") for name in names}
    repo.branch("theirs").commit(
        "Theirs", {name: text("a" if name[-3:] in ("dat", "cfg") else "t", "t") for name in names}
    )
    repo.checkout("main").branch("ours").commit("Ours", {name: text(*both[name]) for name in names})
    found = preview(discover(repo.env, str(repo.path)), repo.head("ours"), repo.head("theirs"))
    said = repo.run("git", "-c", "core.quotePath=false", "merge", "--no-commit", "theirs", status=1).text
    met = set(repo.git("-c", "core.quotePath=false", "diff", "--name-only", "-z", "--diff-filter=U").split("\0")) - {""}
    assert said.count("CONFLICT") == len(met) > 3
    assert {file.path for file in found.files} == met != set(names)


def test_what_is_ahead_or_unrelated_has_no_conflict(forked: Repo) -> None:
    repository = discover(forked.env, str(forked.path))
    assert preview(repository, forked.head("ours"), forked.head("main")).files == ()
    forked.git("checkout", "--quiet", "--orphan", "alone")
    alone = forked.commit("Alone", {"a.py": "a = 9\n"})
    assert preview(repository, forked.head("ours"), alone).skipped == "the branches have no common history"


def test_a_merge_that_takes_too_long_is_skipped(forked: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_git_sleep("merge-tree", forked, tmp_path, monkeypatch)
    found = preview(discover(forked.env, str(forked.path)), forked.head("ours"), forked.head("theirs"), 0.05)
    assert (found.files, found.skipped) == ((), "git needs more than 50 ms for the merge")

from __future__ import annotations

import os

import pytest
from tracing import fuse
from tracing.clone import Clone
from tracing.labels import Labels, Range

from labgate.git.settings import git_version
from support.repo import Repo

OURS, BASE, THEIRS, END = (mark * 31 for mark in ("<", "|", "=", ">"))


def conflict(ours: str, base: str, theirs: str) -> bytes:
    parts = (OURS, ours, BASE, base, THEIRS, theirs, END)
    return "\n".join(["before", *(part for part in parts if part), "after", ""]).encode()


@pytest.mark.parametrize(
    ("merged", "settled"),
    [
        pytest.param(conflict("a", "", "b"), "before\na\nb\nafter\n", id="both add at one place: both stay"),
        pytest.param(conflict("a", "old", "b"), "before\nb\nafter\n", id="both change the same line: the newer wins"),
        pytest.param(conflict("a", "old", ""), "before\nafter\n", id="the newer deletes what the older changes"),
        pytest.param(b"a\n=====\nb\n", "a\n=====\nb\n", id="no conflict: nothing changes"),
    ],
)
def test_a_conflict_is_settled(merged: bytes, settled: str) -> None:
    assert fuse.settle(merged).decode() == settled


def test_ranges_are_grouped_by_number() -> None:
    ranges = [Range(number, "base", "tip") for number in range(23, 0, -1)]
    assert [[part.number for part in group] for group in fuse.groups(ranges)] == [
        list(range(1, 11)),
        list(range(11, 21)),
        [21, 22, 23],
    ]
    assert fuse.holding(ranges, "half")[11] == "refs/bench/fused-half/2"


@pytest.mark.skipif(git_version(os.environ) < (2, 38), reason="git merge-tree --write-tree came with git 2.38")
def test_the_branch_has_every_commit_and_the_sum_of_all_ranges(repo: Repo) -> None:
    """Two pull requests: both add to the notes at one place, the second is cut from a main that went on."""
    fork = repo.commit("start", {"notes.md": "# Notes\n\nend\n", "a.py": "a = 1\n", "b.py": "b = 1\n"})
    repo.branch("one").commit("one", {"notes.md": "# Notes\n- one\n\nend\n", "a.py": "a = 2\n"})
    first = repo.commit("one more", {"c.py": "c = 1\n"})
    repo.checkout("main")
    later = repo.commit("main goes on", {"main.py": "m = 1\n", "b.py": "b = 1\nm = 1\n"})
    repo.branch("two").commit("two", {"notes.md": "# Notes\n- two\n\nend\n", "b.py": "b = 2\nm = 1\n"})
    repo.checkout("main").commit("main goes on again", {"main.py": "m = 2\n"})
    repo.checkout("two")
    repo.merge("main", "Merge main")
    second = repo.commit("two more", {"main.py": "m = 2\nn = 2\n"})
    base = repo.head("main")

    ranges = (Range(8, base, second), Range(5, fork, first))
    labels = Labels("made", base, {"half": ranges}, {}, (), {}, frozenset(), {}, ())
    clone = Clone(repo.path / ".git")
    fuse.fuse(clone, labels, "half")
    tip = repo.head("refs/bench/fused-half/1")

    assert repo.git("merge-base", "main", tip) == fork
    kept = "--format=%s %at %ct"
    assert repo.git("log", "--reverse", kept, f"{fork}..{tip}").split("\n") == [
        *repo.git("log", "--reverse", kept, f"{fork}..{first}").split("\n"),
        *repo.git("log", "--reverse", "--no-merges", kept, f"{base}..{second}").split("\n"),
    ]
    assert repo.git("show", f"{tip}:notes.md") == "# Notes\n- one\n- two\n\nend"
    assert repo.git("show", f"{tip}:a.py") == "a = 2"
    assert "b = 2" in repo.git("show", f"{tip}:b.py").split("\n")
    # Changed on the branch, but made on main after it was cut: it is there as the range has it.
    assert repo.git("show", f"{tip}:main.py") == "m = 2\nn = 2"
    assert later not in repo.git("rev-list", tip).split()

    fuse.fuse(clone, labels, "half")
    assert repo.head("refs/bench/fused-half/1") == tip

"""What is kept for the next run: it costs what changed, and nothing unusual in the file is believed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from shutil import which

import pytest

from labgate import FOLDER
from support.people import by, reviewed
from support.pipeline import code
from support.repo import Repo
from support.standing import rows, share


@pytest.fixture
def two(team: Repo) -> Repo:
    """Two branches that go on from main, which has moved."""
    for name in ("one", "two"):
        team.checkout("main").branch(f"research/{name}")
        team.commit(f"Try {name}", {f"{name}.py": code(name)}, **by("lin"))
        team.push(f"research/{name}")
    team.checkout("main").commit("Go on", {"model.py": "size = 2\n"})
    team.push("main")
    return team


def kept(repo: Repo) -> Path:
    return repo.path / ".git" / FOLDER / "status"


def counted(repo: Repo, folder: Path) -> Path:
    """Let every git of a repository write the name of its command into a file."""
    real, log = which("git", path=repo.env["PATH"]), folder / "log"
    git = folder / "counting" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {real} "$@"\n')
    git.chmod(0o755)
    repo.env["PATH"] = f"{git.parent}:{repo.env['PATH']}"
    return log


def merges(log: Path) -> int:
    found = log.read_text().count("merge-tree") if log.exists() else 0
    log.unlink(missing_ok=True)
    return found


def test_the_second_call_merges_nothing_and_a_new_tip_only_its_own(two: Repo, tmp_path: Path) -> None:
    log = counted(two, tmp_path)
    first = rows(two)
    assert merges(log) == 2
    assert rows(two) == first
    assert merges(log) == 0
    two.checkout("research/two").commit("Try more", {"more.py": code("more")}, **by("lin"))
    two.push("research/two")
    log.unlink(missing_ok=True)
    assert rows(two)["origin/research/two"]["landed"] == share(0, 2)
    assert merges(log) == 1


def test_what_lands_and_is_reviewed_later_is_seen(two: Repo) -> None:
    assert rows(two)["origin/research/one"]["landed"] == share(0, 1)
    two.checkout("main").git("cherry-pick", "research/one")
    two.push("main")
    assert rows(two)["origin/research/one"]["landed"] == share(1, 1)
    two.commit("Go on again", {"model.py": "size = 4\n"})
    two.push("main")
    assert rows(two)["origin/research/one"]["landed"] == share(1, 1)
    two.checkout("research/two").commit(reviewed("ada"), None, "--allow-empty")
    two.push("research/two")
    assert rows(two)["origin/research/two"]["reviewed"] == share(1, 1)
    two.checkout("main").merge("research/two", "Merge two")
    two.push("main")
    found = rows(two)["origin/research/two"]
    assert (found["landed"], found["reviewed"]) == (share(1, 1), share(1, 1))


def test_a_trunk_that_was_rewritten_takes_back_what_landed(two: Repo) -> None:
    two.checkout("main").git("cherry-pick", "research/one")
    two.push("main")
    assert rows(two)["origin/research/one"]["landed"] == share(1, 1)
    two.git("reset", "--quiet", "--hard", "HEAD~1")
    two.git("push", "--quiet", "--force", "origin", "main")
    assert rows(two)["origin/research/one"]["landed"] == share(0, 1)


def test_another_policy_counts_reviews_anew(two: Repo) -> None:
    two.checkout("research/one").commit(reviewed("kim"), None, "--allow-empty")
    two.push("research/one")
    assert rows(two)["origin/research/one"]["reviewed"] == share(0, 1)
    policy = (two.path / "labgate.toml").read_text() + '[reviews.people.kim]\nemails = ["kim@example.org"]\n'
    two.checkout("main").commit("List Kim", {"labgate.toml": policy})
    two.push("main")
    assert rows(two)["origin/research/one"]["reviewed"] == share(1, 1)


@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "another", "large"])
def test_a_damaged_file_is_made_again(two: Repo, how: str) -> None:
    expected = rows(two)
    content = bytearray(kept(two).read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    damaged = {"cut": bytes(content[:-9]), "empty": b"", "another": b"{}", "large": b"\0" * (2**23 + 1)}
    kept(two).write_bytes(damaged.get(how, bytes(content)))
    assert rows(two) == expected


def test_a_file_of_somebody_else_is_neither_read_nor_followed(two: Repo, tmp_path: Path) -> None:
    expected = rows(two)
    aside = tmp_path / "aside"
    aside.write_bytes(b"mine")
    kept(two).unlink()
    kept(two).symlink_to(aside)
    said = two.labgate("status", "--all", "--format", "json", status=0)
    assert {row["ref"] for row in json.loads(said.out)["branches"]} == {f"refs/remotes/{name}" for name in expected}
    assert "is a symbolic link" in said.err
    assert (aside.read_bytes(), kept(two).is_symlink()) == (b"mine", True)


def test_a_read_only_clone_is_shown_all_the_same(two: Repo) -> None:
    if os.geteuid() == 0:
        kept(two).parent.mkdir(exist_ok=True)
        kept(two).mkdir()  # root writes everywhere, but not a file over a folder
    else:
        (two.path / ".git").chmod(0o555)
    try:
        assert rows(two)["origin/research/one"]["landed"] == share(0, 1)
    finally:
        (two.path / ".git").chmod(0o755)


def test_nothing_but_labgates_folder_is_touched(two: Repo) -> None:
    (two.path / "model.py").write_text("size = 99\n")
    (two.path / "untracked").write_text("x")
    before = two.git("status", "--porcelain"), two.git("for-each-ref"), (two.path / ".git" / "index").read_bytes()
    rows(two)
    two.labgate("status", status=0)
    after = two.git("status", "--porcelain"), two.git("for-each-ref"), (two.path / ".git" / "index").read_bytes()
    assert after[:2] == before[:2]
    assert sorted(os.listdir(two.path)) == sorted(["README.md", "labgate.toml", "model.py", "untracked", ".git"])

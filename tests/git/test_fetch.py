"""Fetching brings every branch to where remote-tracking refs stand, and does nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.errors import UndecidedError
from labgate.git.fetch import fetch_branches
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from support.marker import Marker
from support.repo import Repo


def found(repo: Repo, **env: str) -> Repository:
    return discover(repo.env | env, str(repo.path))


@pytest.fixture
def clone(repo: Repo, tmp_path: Path) -> Repo:
    """A clone of ``main`` alone; the remote also has ``research/x`` and a tag."""
    repo.commit("one")
    repo.branch("research/x").commit("two")
    repo.git("tag", "v1")
    repo.git(
        "clone", "--quiet", "--single-branch", "--no-tags", "-b", "main", f"file://{repo.path}", str(tmp_path / "c")
    )
    return Repo(tmp_path / "c", repo.env)


def test_every_branch_is_fetched_and_no_tag(clone: Repo, repo: Repo) -> None:
    fetch_branches(found(clone), "origin")
    assert read_refs(found(clone)) == {
        "refs/heads/main": repo.head("main"),
        "refs/remotes/origin/main": repo.head("main"),
        "refs/remotes/origin/research/x": repo.head("research/x"),
    }
    assert not (clone.path / ".git/FETCH_HEAD").exists()


def test_a_branch_that_was_rewritten_is_followed_and_one_that_is_gone_is_kept(clone: Repo, repo: Repo) -> None:
    fetch_branches(found(clone), "origin")
    gone = repo.head("research/x")
    repo.git("checkout", "--quiet", "main")
    repo.git("branch", "-D", "research/x")
    repo.git("commit", "--quiet", "--amend", "--allow-empty", "-m", "rewritten")
    fetch_branches(found(clone), "origin")
    refs = read_refs(found(clone))
    assert refs["refs/remotes/origin/main"] == repo.head("main")
    assert refs["refs/remotes/origin/research/x"] == gone


def test_it_works_in_a_bare_clone(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one")
    repo.branch("research/x").commit("two")
    repo.git("clone", "--quiet", "--bare", f"file://{repo.path}", str(tmp_path / "bare.git"))
    bare = Repo(tmp_path / "bare.git", repo.env)
    fetch_branches(found(bare), "origin")
    assert read_refs(found(bare))["refs/remotes/origin/research/x"] == repo.head("research/x")


def test_a_remote_that_is_gone_leaves_it_undecided(clone: Repo, tmp_path: Path) -> None:
    clone.git("remote", "set-url", "origin", str(tmp_path / "gone.git"))
    with pytest.raises(UndecidedError, match=r"cannot fetch from origin: .*gone") as caught:
        fetch_branches(found(clone), "origin")
    assert caught.value.help == "git fetch origin"


def test_no_hook_and_no_program_of_the_environment_runs(clone: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    (clone.path / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("reference-transaction", "post-checkout", "post-merge", "post-index-change"):
        (clone.path / ".git/hooks" / hook).symlink_to(marker.program)
    clone.git("config", "core.fsmonitor", marker.command)
    hostile = {
        "GIT_SSH_COMMAND": marker.command,
        "GIT_ASKPASS": str(marker.program),
        "GIT_PROXY_COMMAND": marker.command,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "remote.origin.uploadpack",
        "GIT_CONFIG_VALUE_0": str(marker.program),
        "GIT_CONFIG_PARAMETERS": f"'remote.origin.uploadpack'='{marker.program}'",
    }
    fetch_branches(found(clone, **hostile), "origin")
    assert "refs/remotes/origin/research/x" in read_refs(found(clone))
    assert marker.ran == ""


def test_a_remote_whose_url_reads_as_an_option_or_a_program_is_refused(clone: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    for url in (f"ext::{marker.program}", f"--upload-pack={marker.program}", f"-u{marker.program}"):
        clone.git("config", "remote.origin.url", url)
        with pytest.raises(UndecidedError):
            fetch_branches(found(clone), "origin")
    assert marker.ran == ""

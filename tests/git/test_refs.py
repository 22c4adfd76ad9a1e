"""Refs are read whole and by full names, and a user's word means the branch."""

from __future__ import annotations

import os

import pytest

from labgate.git.refs import (
    TrackingRef,
    read_refs,
    refs_with,
    resolve_commit,
    resolve_revision,
    symbolic_ref,
    tracking_refs,
)
from labgate.git.repository import Remote, Repository, discover
from labgate.values.errors import UsageError
from labgate.values.refnames import branch_named
from support.repo import Repo


def found(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


# Reading.


def test_a_repository_without_commits_has_no_refs(either: Repo) -> None:
    assert read_refs(found(either)) == {}


def test_branches_and_tags_are_read_with_the_commit_that_they_lead_to(either: Repo) -> None:
    one, two = either.commit("one"), either.commit("two")
    either.git("tag", "light", one)
    either.git("tag", "-a", "heavy", "-m", "x", one)
    either.git("tag", "-a", "heavier", "-m", "x", "heavy")
    refs = read_refs(found(either))
    assert refs["refs/heads/main"] == two
    assert refs["refs/tags/light"] == refs["refs/tags/heavy"] == one


def test_refs_that_lead_to_no_commit_are_left_out(either: Repo) -> None:
    either.commit("one", {"a": "1"})
    either.git("tag", "tree", "HEAD^{tree}")
    either.git("tag", "-a", "blob", "-m", "x", "HEAD:a")
    assert set(read_refs(found(either))) == {"refs/heads/main"}


def test_symbolic_refs_are_left_out(repo: Repo) -> None:
    repo.commit("one")
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    assert set(read_refs(found(repo))) == {"refs/heads/main"}
    assert symbolic_ref(found(repo), "refs/heads/alias") == "refs/heads/main"
    assert symbolic_ref(found(repo), "refs/heads/main") is None
    assert symbolic_ref(found(repo), "refs/heads/nothing") is None


@pytest.mark.parametrize(
    ("content", "target"),
    [
        pytest.param("ref: refs/heads/other\n", "refs/heads/other", id="as git writes it"),
        pytest.param("ref:refs/heads/other", "refs/heads/other", id="without blank and line end"),
        pytest.param("ref: \trefs/heads/other \n\n", "refs/heads/other", id="with more blanks"),
        pytest.param("ref: refs/heads/none\n", "refs/heads/none", id="of a branch that is missing"),
        pytest.param(None, None, id="gone"),
    ],
)
def test_a_symbolic_ref_is_read_as_git_reads_it(content: str | None, target: str | None, repo: Repo) -> None:
    repo.commit("Start", {"a": "1\n"})
    repo.git("branch", "other")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    path = repo.path / ".git/refs/remotes/origin/HEAD"
    if content is not None:
        path.write_text(content)
    shown = repo.run("git", "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", status=None).out.strip()
    assert (symbolic_ref(found(repo), "refs/remotes/origin/HEAD") or "") == shown == (target or "")


def test_a_symbolic_link_is_a_symbolic_ref(repo: Repo) -> None:
    """As in repositories that a very old git made."""
    repo.commit("Start", {"a": "1\n"})
    (repo.path / ".git/HEAD").unlink()
    (repo.path / ".git/HEAD").symlink_to("refs/heads/main")
    assert symbolic_ref(found(repo), "HEAD") == "refs/heads/main"


@pytest.mark.parametrize(
    "name",
    ["x\u2028y", "x\u2029y", "x\u0085y", "x\u202ey", "x\u200by", "\u3164", "a;b", "$(id)", "-x", os.fsdecode(b"\xff")],
    ids=ascii,
)
def test_t65_any_name_that_git_takes_is_read(repo: Repo, name: str) -> None:
    oid = repo.commit("one")
    repo.git("update-ref", f"refs/heads/{name}", oid)
    assert read_refs(found(repo)) == {"refs/heads/main": oid, f"refs/heads/{name}": oid}


def test_refs_of_every_work_tree_are_read(either: Repo) -> None:
    oid = either.commit("one")
    either.git("worktree", "add", "--quiet", "../linked", "-b", "x")
    linked = Repo(either.path.parent / "linked", either.env)
    assert read_refs(found(linked)) == {"refs/heads/main": oid, "refs/heads/x": oid}


def test_tracking_refs_know_their_remote_even_when_names_nest() -> None:
    refs = {
        "refs/remotes/origin/main": "1",
        "refs/remotes/team/lab/main": "2",
        "refs/remotes/team/x": "3",
        "refs/remotes/gone/main": "4",
        "refs/heads/origin/main": "5",
    }
    remotes = (Remote("team", None, ()), Remote("team/lab", None, ()), Remote("origin", None, ()))
    assert tracking_refs(refs, remotes) == (
        TrackingRef("refs/remotes/origin/main", "origin", "refs/heads/main", "1"),
        TrackingRef("refs/remotes/team/lab/main", "team/lab", "refs/heads/main", "2"),
        TrackingRef("refs/remotes/team/x", "team", "refs/heads/x", "3"),
    )


# A user's word.


def test_a_revision_is_resolved_to_a_commit(either: Repo) -> None:
    one, two = either.commit("one"), either.commit("two")
    either.git("tag", "-a", "v1", "-m", "x", one)
    words = {"HEAD": two, "main": two, "HEAD~1": one, "v1": one, one: one, one[:8]: one, "@": two}
    repository = found(either)
    assert {word: resolve_commit(repository, word) for word in words} == words


@pytest.mark.parametrize(
    "word",
    [
        "nothing",
        "",
        "^HEAD",
        "^main",
        "main..x",
        "HEAD HEAD",
        "--all",
        "--help",
        "-1",
        "HEAD:a",
        "HEAD^{tree}",
        "0" * 40,
    ],
)
def test_t63_what_names_no_single_commit_is_an_error(repo: Repo, word: str) -> None:
    repo.commit("one", {"a": "1"})
    repo.branch("x").commit("two")
    with pytest.raises(UsageError, match="names no commit"):
        resolve_commit(found(repo), word)


@pytest.mark.parametrize("word", ["--output=file", "--git-dir=x", "-file"])
def test_t63_a_branch_that_reads_as_an_option_is_a_branch(repo: Repo, word: str) -> None:
    repo.commit("one")
    other = repo.git("commit-tree", "HEAD^{tree}", "-m", "other")
    repo.git("update-ref", f"refs/heads/{word}", other)
    repository = found(repo)
    assert resolve_revision(repository, word, read_refs(repository)) == other
    assert not (repo.path / "file").exists()


@pytest.mark.parametrize("suffix", ["", "~0", "^0", "^{commit}"])
def test_t26_a_tag_named_main_changes_nothing(repo: Repo, suffix: str) -> None:
    repo.commit("one")
    tip = repo.commit("two")
    repo.git("tag", "main", "HEAD~1")
    repo.git("update-ref", "refs/main", "HEAD~1")
    repository = found(repo)
    refs = read_refs(repository)
    assert branch_named("main", refs) == "refs/heads/main"
    assert resolve_revision(repository, f"main{suffix}", refs) == tip


def test_t26_a_branch_named_like_a_full_ref_is_not_that_ref(repo: Repo) -> None:
    repo.commit("one")
    tip = repo.commit("two")
    repo.git("update-ref", "refs/heads/refs/heads/main", "HEAD~1")
    assert resolve_revision(found(repo), "refs/heads/main", read_refs(found(repo))) == tip


def test_t26_branches_named_head_or_like_an_oid_never_stand_for_a_commit(repo: Repo) -> None:
    one, two = repo.commit("one"), repo.commit("two")
    for name in ("HEAD", "@", two):
        repo.git("update-ref", f"refs/heads/{name}", one)
    repository = found(repo)
    for word in ("HEAD", "@", two):
        assert branch_named(word, read_refs(repository)) is None
        assert resolve_revision(repository, word, read_refs(repository)) == two


def test_the_refs_that_reach_a_commit_are_told(either: Repo) -> None:
    one, two = either.commit("one"), either.commit("two")
    side = either.branch("side", one).commit("side")
    for name, oid in (("origin/main", two), ("origin/side", side), ("other/main", two)):
        either.git("update-ref", f"refs/remotes/{name}", oid)
    repository = found(either)
    origin = "refs/remotes/origin/"
    assert refs_with(repository, [two], origin) == {f"{origin}main"}
    assert refs_with(repository, [two, side], origin) == {f"{origin}main", f"{origin}side"}
    assert refs_with(repository, [], origin) == frozenset()

"""Where a hook stands, held against what git itself says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from labgate.scene.workplace import Workplace, find_workplace
from labgate.values.errors import GitError
from support.repo import Repo


def standing(repo: Repo, folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Workplace:
    return find_workplace({**repo.env, **(environ or {})}, str(folder or repo.path))


def by_git(repo: Repo, *names: str) -> list[str]:
    return repo.git("rev-parse", "--path-format=absolute", *names).split("\n")


def same(workplace: Workplace, repo: Repo) -> bool:
    found = [workplace.git_dir, workplace.common_dir, workplace.top]
    return found == by_git(repo, "--git-dir", "--git-common-dir", "--show-toplevel")


def conflicting(repo: Repo) -> Repo:
    """``side`` and ``main`` change the same line; ``main`` is checked out."""
    repo.commit("Start", {"a": "0\n"})
    repo.branch("side").commit("Side", {"a": "1\n"})
    repo.commit("Side again", {"b": "1\n"})
    repo.checkout("main").commit("Main", {"a": "2\n"})
    return repo


def test_the_main_work_tree(repo: Repo) -> None:
    repo.commit("Start")
    assert same(standing(repo), repo)
    assert standing(repo).index == str(repo.path / ".git/index")


def test_a_linked_work_tree(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("worktree", "add", "--quiet", "-b", "other", "../linked")
    linked = Repo(repo.path.parent / "linked", repo.env)
    assert same(standing(linked), linked)
    git_dir = linked.git("rev-parse", "--absolute-git-dir")
    assert same(standing(linked, environ={"GIT_DIR": git_dir}), linked)
    assert standing(linked).branch() == "refs/heads/other"


def test_a_submodule(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.path), "part")
    part = Repo(repo.path / "part", repo.env)
    assert same(standing(part), part)


def test_a_folder_below_the_top_is_left_to_git(repo: Repo) -> None:
    below = repo.write({"deep/er/file": ""}).path / "deep" / "er"
    assert same(standing(repo, below), repo)


def test_the_callers_variables_win(repo: Repo, tmp_path: Path) -> None:
    repo.commit("Start")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    stated = {"GIT_DIR": "work/.git", "GIT_WORK_TREE": "elsewhere", "GIT_INDEX_FILE": "an-index"}
    found = standing(repo, tmp_path, stated)
    assert (found.git_dir, found.common_dir) == (str(repo.path / ".git"), str(repo.path / ".git"))
    assert (found.top, found.index) == (str(elsewhere), str(tmp_path / "an-index"))
    assert standing(repo, environ={"GIT_COMMON_DIR": str(elsewhere)}).common_dir == str(elsewhere)


def test_a_git_dir_that_is_a_pointer_is_followed(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("worktree", "add", "--quiet", "-b", "other", "../linked")
    linked = Repo(repo.path.parent / "linked", repo.env)
    assert same(standing(linked, environ={"GIT_DIR": ".git"}), linked)


def test_a_bare_repository_has_no_top(repo: Repo) -> None:
    bare = repo.with_remote()
    assert standing(bare, environ={"GIT_DIR": "."}).top is None
    assert standing(bare).top is None
    assert standing(bare).git_dir == str(bare.path)


def test_outside_of_any_repository(repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        standing(repo, tmp_path)


def test_a_folder_of_somebody_else_is_left_to_git(repo: Repo, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    repo.commit("Start")
    os.chown(repo.path, 12345, 12345)
    with pytest.raises(GitError, match="dubious ownership"):
        standing(repo)
    (tmp_path / "config").write_text("[safe]\n\tdirectory = *\n")
    trusting = {"GIT_CONFIG_GLOBAL": str(tmp_path / "config"), "HOME": str(tmp_path)}
    (tmp_path / ".gitconfig").write_text("[safe]\n\tdirectory = *\n")
    assert standing(repo, environ=trusting).top == str(repo.path)


@pytest.mark.parametrize(
    ("index", "temporary"),
    [
        pytest.param(".git/index", False, id="the index itself"),
        pytest.param(".git/index.lock", True, id="of commit -a"),
        pytest.param(".git/next-index-123.lock", True, id="of commit FILE"),
    ],
)
def test_a_throw_away_index_is_known(repo: Repo, index: str, temporary: bool) -> None:
    assert standing(repo, environ={"GIT_INDEX_FILE": index}).temporary_index is temporary


def test_an_unborn_branch_has_its_name(repo: Repo) -> None:
    assert standing(repo).branch() == "refs/heads/main"
    assert standing(repo).unborn()
    repo.commit("Start")
    assert not standing(repo).unborn()
    repo.git("pack-refs", "--all")
    assert not standing(repo).unborn()


def test_a_detached_head_is_on_no_branch(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("checkout", "--quiet", "--detach")
    assert standing(repo).branch() is None
    assert not standing(repo).unborn()


def test_a_head_that_is_a_symbolic_link(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("-c", "core.preferSymlinkRefs=true", "checkout", "--quiet", "-b", "linked")
    head = repo.path / ".git/HEAD"
    if not head.is_symlink():
        head.unlink()
        head.symlink_to("refs/heads/linked")
    assert standing(repo).branch() == "refs/heads/linked"


def test_a_head_in_a_reftable(tmp_path: Path) -> None:
    probe = Repo.init(tmp_path / "probe")
    if probe.run("git", "init", "--quiet", "--ref-format=reftable", "x", status=None).status:
        pytest.skip("this git knows no reftables")
    repo = Repo.init(tmp_path / "work", "--ref-format=reftable", branch="topic")
    repo.commit("Start")
    assert standing(repo).branch() == "refs/heads/topic"
    assert not standing(repo).unborn()


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_a_stopped_rebase(repo: Repo, backend: str) -> None:
    conflicting(repo).checkout("side").run("git", "rebase", "--quiet", backend, "main", status=1)
    assert standing(repo).operation() == "rebase"
    assert standing(repo).branch() == "refs/heads/side"


def test_a_rebase_of_a_detached_head_is_on_no_branch(repo: Repo) -> None:
    conflicting(repo).git("checkout", "--quiet", "--detach", "side")
    repo.run("git", "rebase", "--quiet", "main", status=1)
    assert standing(repo).branch() is None


def test_a_stopped_am(repo: Repo) -> None:
    patch = conflicting(repo).git("format-patch", "--stdout", "main..side") + "\n"
    repo.run("git", "am", "--quiet", stdin=patch, status=128)
    assert standing(repo).operation() == "am"
    assert standing(repo).branch() == "refs/heads/main"


def test_a_stopped_merge_names_what_is_merged(repo: Repo) -> None:
    conflicting(repo).run("git", "merge", "--quiet", "side", status=1)
    assert standing(repo).operation() == "merge"
    assert standing(repo).merged_heads() == (repo.head("side"),)


def test_what_merges_before_merge_head_is_written(repo: Repo) -> None:
    conflicting(repo)
    oid = repo.head("side")
    assert standing(repo, environ={f"GITHEAD_{oid}": "side"}).merged_heads() == (oid,)


@pytest.mark.parametrize("command", ["cherry-pick", "revert"])
def test_a_stopped_cherry_pick_or_revert(repo: Repo, command: str) -> None:
    conflicting(repo)
    oid = repo.head("side~1")
    if command == "revert":
        repo.checkout("side").commit("Again", {"a": "3\n"})
    repo.run("git", command, oid, status=1)
    assert standing(repo).operation() == command
    assert standing(repo).reverted() == (oid if command == "revert" else None)


@pytest.mark.parametrize("command", ["cherry-pick", "revert"])
def test_between_the_commits_of_a_series(repo: Repo, command: str) -> None:
    """A commit made by hand removes CHERRY_PICK_HEAD and REVERT_HEAD; the series goes on all the same."""
    conflicting(repo)
    series = ["side~1", "side"]
    if command == "revert":
        repo.checkout("side").commit("Again", {"a": "3\n"})
        series = ["HEAD~2", "HEAD~1"]
    repo.run("git", command, *series, status=1)
    repo.write({"a": "resolved\n"}).git("commit", "--quiet", "--no-verify", "-am", "By hand")
    assert standing(repo).operation() == command


def test_nothing_in_progress(repo: Repo) -> None:
    repo.commit("Start")
    found = standing(repo)
    assert (found.operation(), found.merged_heads(), found.reverted()) == (None, (), None)

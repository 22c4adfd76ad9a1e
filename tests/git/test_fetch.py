"""Fetching brings every branch to where remote-tracking refs stand, and does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labgate.git.fetch import default_branch, fetch_branches, fetch_commit, fetch_history
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from labgate.values.errors import UndecidedError
from support.marker import Marker
from support.repo import Repo
from support.templates import prepared


def found(repo: Repo, **env: str) -> Repository:
    return discover(repo.env | env, str(repo.path))


def cloned(repo: Repo, path: Path, *options: str) -> Repo:
    repo.git("clone", "--quiet", *options, f"file://{repo.path}", str(path))
    return Repo(path, repo.env)


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


def test_refspecs_of_a_mirror_move_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one")
    repo.git("clone", "--quiet", "--mirror", f"file://{repo.path}", str(tmp_path / "mirror.git"))
    mirror = Repo(tmp_path / "mirror.git", repo.env)
    before = mirror.head("main")
    repo.commit("two")
    fetch_branches(found(mirror), "origin")
    fetch_commit(found(mirror), "origin", repo.head(), ("refs/heads/main",))
    assert read_refs(found(mirror)) == {"refs/heads/main": before, "refs/remotes/origin/main": repo.head()}


# History.


@prepared
def deep(repo: Repo) -> Repo:
    """Thirty commits on ``main``, and ``research/x`` cut from the tenth with three of its own."""
    for number in range(30):
        repo.commit(f"main {number}", {"a": f"{number}\n"})
    repo.branch("research/x", "main~20")
    for number in range(3):
        repo.commit(f"research {number}", {"x": f"{number}\n"})
    repo.checkout("main")
    return repo


@pytest.mark.parametrize("depth", [1, 20], ids=["depth-1", "depth-20"])
@pytest.mark.parametrize("options", [(), ("--no-single-branch",)], ids=["one-branch", "every-branch"])
def test_a_shallow_clone_becomes_whole(deep: Repo, tmp_path: Path, depth: int, options: tuple[str, ...]) -> None:
    clone = cloned(deep, tmp_path / "c", f"--depth={depth}", *options)
    assert found(clone).shallow
    fetch_history(found(clone), "origin")
    assert not found(clone).shallow
    for branch in ("main", "research/x"):
        assert clone.git("rev-list", f"origin/{branch}") == deep.git("rev-list", branch)
    clone.git("fsck", "--connectivity-only")


def test_a_shallow_clone_of_a_merge_that_no_branch_has_becomes_whole(deep: Repo, tmp_path: Path) -> None:
    """As actions/checkout leaves it: the host's own merge of a pull request, and nothing else."""
    deep.git("checkout", "--quiet", "--detach", "main")
    merge = deep.merge("research/x", "Merge into main")
    deep.git("update-ref", "refs/pull/7/merge", merge)
    deep.checkout("main")
    clone = Repo.init(tmp_path / "c")
    clone.git("remote", "add", "origin", f"file://{deep.path}")
    clone.git("fetch", "--quiet", "--depth=1", "origin", f"+{merge}:refs/remotes/pull/7/merge")
    clone.git("checkout", "--quiet", "--detach", merge)
    fetch_history(found(clone), "origin")
    assert not found(clone).shallow
    assert clone.git("rev-list", "HEAD") == deep.git("rev-list", merge)
    assert clone.head() == merge


def test_a_full_clone_only_gets_what_is_new(deep: Repo, tmp_path: Path) -> None:
    clone = cloned(deep, tmp_path / "c")
    fetch_history(found(clone), "origin")
    before = read_refs(found(clone)), clone.git("count-objects", "-v")
    fetch_history(found(clone), "origin")
    assert (read_refs(found(clone)), clone.git("count-objects", "-v")) == before


def test_a_clone_of_a_shallow_remote_stays_shallow_and_says_so(deep: Repo, tmp_path: Path) -> None:
    remote = cloned(deep, tmp_path / "shallow", "--depth=5")
    clone = cloned(remote, tmp_path / "c", "--depth=1")
    fetch_history(found(clone), "origin")
    with pytest.raises(UndecidedError, match="shallow"):
        found(clone).require_history()


# One commit.


@pytest.fixture
def hidden(deep: Repo) -> str:
    """A commit that no branch has, only ``refs/pull/7/head``, to which more was pushed since."""
    oid = deep.branch("fork").commit("from a fork", {"f": "1\n"})
    deep.git("update-ref", "refs/pull/7/head", deep.commit("pushed since"))
    deep.checkout("main")
    deep.git("branch", "-D", "fork")
    return oid


def test_a_commit_is_had_by_its_oid(deep: Repo, hidden: str, tmp_path: Path) -> None:
    clone = cloned(deep, tmp_path / "c")
    before = read_refs(found(clone))
    assert fetch_commit(found(clone), "origin", hidden)
    assert clone.git("rev-list", hidden) == deep.git("rev-list", hidden)
    assert read_refs(found(clone)) == before
    assert not (clone.path / ".git/FETCH_HEAD").exists()


@pytest.mark.parametrize(
    ("refs", "expected"),
    [((), False), (("refs/pull/8/head",), False), (("refs/pull/8/head", "refs/pull/7/head"), True)],
    ids=["no-ref", "a-ref-that-is-not-there", "a-ref-that-leads-to-it"],
)
def test_where_oids_are_refused_a_ref_leads_to_the_commit(
    deep: Repo, hidden: str, tmp_path: Path, refs: tuple[str, ...], expected: bool
) -> None:
    clone = cloned(deep, tmp_path / "c")
    # Servers of protocol version 2 give any commit by its oid, whatever their configuration (gitprotocol-v2).
    clone.git("config", "protocol.version", "0")
    clone.git("config", "remote.origin.fetch", "+refs/pull/*:refs/heads/pull/*")
    before = read_refs(found(clone)), clone.head()
    assert fetch_commit(found(clone), "origin", hidden, refs) is expected
    assert (read_refs(found(clone)), clone.head()) == before


@pytest.mark.parametrize("oid", ["0123456789" * 4, "main:a", "+main:refs/remotes/origin/research/x", "main", ""])
def test_a_commit_that_is_nowhere_is_not_had(deep: Repo, tmp_path: Path, oid: str) -> None:
    clone = cloned(deep, tmp_path / "c")
    before = read_refs(found(clone))
    assert not fetch_commit(found(clone), "origin", oid, ("refs/heads/main",))
    assert read_refs(found(clone)) == before


def test_a_commit_that_is_here_is_not_asked_for(deep: Repo, tmp_path: Path) -> None:
    clone = cloned(deep, tmp_path / "c")
    clone.git("remote", "set-url", "origin", str(tmp_path / "gone.git"))
    assert fetch_commit(found(clone), "origin", clone.head())
    assert not fetch_commit(found(clone), "origin", deep.head("research/x")[::-1], ("refs/heads/research/x",))


# The default branch.


@pytest.mark.parametrize("protocol", ["0", "2"], ids=["protocol-0", "protocol-2"])
@pytest.mark.parametrize("name", ["main", "trunk", "a/HEAD", "ref", "ä\u2028x"])
def test_the_default_branch_is_what_the_remote_says_now(repo: Repo, tmp_path: Path, name: str, protocol: str) -> None:
    repo.commit("one")
    clone = cloned(repo, tmp_path / "c")
    clone.git("config", "protocol.version", protocol)
    # A branch that ends in HEAD is listed as well, and stands before.
    repo.git("symbolic-ref", "refs/heads/0/HEAD", "refs/heads/main")
    if name != "main":
        repo.branch(name)
    assert default_branch(found(clone), "origin") == name


def test_a_remote_with_a_detached_head_names_no_default_branch(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one")
    repo.git("symbolic-ref", "refs/heads/x/HEAD", "refs/heads/main")
    repo.git("checkout", "--quiet", "--detach")
    clone = cloned(repo, tmp_path / "c")
    assert default_branch(found(clone), "origin") is None


def test_an_empty_remote_names_no_default_branch(repo: Repo, tmp_path: Path) -> None:
    assert default_branch(found(cloned(repo, tmp_path / "c")), "origin") is None


def test_a_remote_that_is_gone_names_nothing(clone: Repo, tmp_path: Path) -> None:
    clone.git("remote", "set-url", "origin", str(tmp_path / "gone.git"))
    with pytest.raises(UndecidedError, match=r"cannot ask origin for its default branch: .*gone") as caught:
        default_branch(found(clone), "origin")
    assert caught.value.help == "git ls-remote origin"
    assert "\n" not in caught.value.message
    with pytest.raises(UndecidedError, match="cannot fetch from origin"):
        fetch_history(found(clone), "origin")


@pytest.mark.parametrize("read", [default_branch, fetch_history], ids=["default-branch", "history"])
def test_asking_a_remote_starts_no_program_of_its_url(
    clone: Repo, tmp_path: Path, read: Callable[[Repository, str], object]
) -> None:
    marker = Marker(tmp_path / "marker")
    for url in (f"ext::{marker.program}", f"--upload-pack={marker.program}"):
        clone.git("config", "remote.origin.url", url)
        with pytest.raises(UndecidedError):
            read(found(clone), "origin")
    assert marker.ran == ""


@pytest.mark.parametrize(("old", "new"), [("research", "research/x"), ("research/x", "research/x/y"), ("a/b", "a")])
def test_an_old_branch_that_stands_in_the_way_is_named_with_what_mends_it(
    repo: Repo, tmp_path: Path, old: str, new: str
) -> None:
    repo.commit("one")
    repo.git("branch", old)
    repo.git("clone", "--quiet", f"file://{repo.path}", str(tmp_path / "stale"))
    repo.git("branch", "-D", old)
    repo.git("branch", new)
    clone = Repo(tmp_path / "stale", repo.env)
    with pytest.raises(UndecidedError) as raised:
        fetch_branches(found(clone), "origin")
    assert raised.value.help == "git remote prune origin"
    clone.git("remote", "prune", "origin")
    fetch_branches(found(clone), "origin")
    assert f"refs/remotes/origin/{new}" in read_refs(found(clone))


def test_of_the_repositorys_own_programs_none_is_started_at_the_other_end(clone: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    clone.git("config", "remote.origin.uploadpack", str(marker.program))
    fetch_branches(found(clone), "origin")
    assert marker.ran == ""


def test_a_job_without_credentials_is_told_what_it_needs(repo: Repo, tmp_path: Path) -> None:
    """As ssh says it to a job whose checkout took the key away."""
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text("#!/bin/sh\necho 'git@host: Permission denied (publickey).' >&2\nexit 255\n")
    ssh.chmod(0o755)
    repo.git("remote", "add", "origin", "ssh://git@host.invalid/t/models.git")
    repo.env["PATH"] = f"{ssh.parent}:{repo.env['PATH']}"
    with pytest.raises(UndecidedError, match="cannot fetch from origin") as caught:
        fetch_branches(discover(repo.env, str(repo.path)), "origin")
    assert caught.value.help is not None
    assert caught.value.help.startswith("git fetch origin  # in a job: let the checkout keep its credentials")

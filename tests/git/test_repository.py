"""Discovery finds the repository that git would use, and says what kind of clone it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labgate.git.repository import Remote, Repository, discover
from labgate.values.errors import GitError, UndecidedError
from support.repo import Repo

WIDEN = "git config --add remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'"


def found(repo: Repo, directory: Path | None = None, **env: str) -> Repository:
    return discover(repo.env | env, str(directory or repo.path))


# Where it is.


def test_a_work_tree_is_found_from_any_folder_in_it(either: Repo) -> None:
    (either.path / "a/b").mkdir(parents=True)
    repository = found(either, either.path / "a/b")
    assert (repository.top, repository.git_dir) == (str(either.path), str(either.path / ".git"))
    assert repository.common_dir == repository.git_dir
    assert not repository.shallow


@pytest.mark.parametrize(("object_format", "digits"), [("sha1", 40), ("sha256", 64)])
def test_the_null_oid_is_as_long_as_the_repositorys_own(tmp_path: Path, object_format: str, digits: int) -> None:
    repository = found(Repo.init(tmp_path / "work", f"--object-format={object_format}"))
    assert (repository.object_format, repository.null_oid) == (object_format, "0" * digits)


def test_a_bare_repository_has_no_top(tmp_path: Path) -> None:
    bare = Repo.init(tmp_path / "bare.git", "--bare")
    assert (found(bare).top, found(bare).git_dir) == (None, str(bare.path))


def test_inside_the_git_directory_there_is_no_top(either: Repo) -> None:
    assert found(either, either.path / ".git").top is None


def test_a_linked_work_tree_shares_the_common_directory(either: Repo) -> None:
    either.commit("one")
    either.git("worktree", "add", "--quiet", "../linked", "-b", "x")
    repository = found(either, either.path.parent / "linked")
    assert repository.top == str(either.path.parent / "linked")
    assert repository.git_dir == str(either.path / ".git/worktrees/linked")
    assert repository.common_dir == str(either.path / ".git")


def test_a_submodule_is_a_repository_of_its_own(repo: Repo, tmp_path: Path) -> None:
    part = Repo.init(tmp_path / "part")
    part.commit("one", {"a": "1"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(part.path), "part")
    assert found(repo, repo.path / "part").git_dir == str(repo.path / ".git/modules/part")


def test_a_path_that_is_not_utf8_is_found(tmp_path: Path) -> None:
    odd = Repo.init(tmp_path / os.fsdecode(b"caf\xe9 \xe2\x80\xa8"))
    assert found(odd).top == str(odd.path)


def test_a_path_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="line break"):
        found(Repo.init(tmp_path / "a\nb"))


def test_git_dir_of_the_caller_counts(repo: Repo, tmp_path: Path) -> None:
    other = Repo.init(tmp_path / "other")
    repository = found(repo, GIT_DIR=str(other.path / ".git"), GIT_WORK_TREE=str(other.path))
    assert (repository.git_dir, repository.top) == (str(other.path / ".git"), str(other.path))


def test_outside_of_any_repository_is_an_error(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "nowhere").mkdir()
    with pytest.raises(GitError, match="not a git repository") as caught:
        found(repo, tmp_path / "nowhere", GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert caught.value.help == "cd REPOSITORY  # or, to start one here: git init"


# T61: whose it is.


@pytest.mark.parametrize("bare", ["true", "false"], ids=["that says it is bare", "that denies it"])
@pytest.mark.parametrize("place", ["", "refs"], ids=["in it", "in a folder of it"])
def test_t61_a_bare_repository_in_a_work_tree_is_refused(repo: Repo, bare: str, place: str) -> None:
    repo.commit("one")
    evil = Repo(repo.path / "vendor", repo.env)
    evil.path.mkdir()
    evil.git("init", "--quiet", "--bare")
    evil.git("--git-dir=.", "config", "core.bare", bare)
    with pytest.raises(GitError, match="bare repository inside another repository's work tree"):
        found(repo, evil.path / place)
    assert found(repo, evil.path, GIT_DIR=str(evil.path)).git_dir == str(evil.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_t61_a_repository_of_somebody_else_is_refused_unless_it_is_declared_safe(repo: Repo, tmp_path: Path) -> None:
    for folder in (repo.path, repo.path / ".git"):
        os.chown(folder, 12345, 12345)
    with pytest.raises(GitError, match="dubious ownership") as caught:
        found(repo)
    assert caught.value.help == f"git config --global --add safe.directory {repo.path}"
    # The command that mends it is taken at its word, in the file that the user really has.
    settings = tmp_path / "settings"
    repo.run("sh", "-c", caught.value.help, GIT_CONFIG_GLOBAL=str(settings))
    assert found(repo, GIT_CONFIG_GLOBAL=str(settings)).top == str(repo.path)


# What it is set to.


def test_settings_are_the_users_own_too(repo: Repo) -> None:
    (Path(repo.env["HOME"]) / ".gitconfig").write_text("[labgate]\n\ttrunk = develop\n")
    env = {name: value for name, value in repo.env.items() if name != "GIT_CONFIG_GLOBAL"}
    repository = discover(env, str(repo.path))
    assert (repository.setting("labgate.trunk"), repository.setting("labgate.nothing")) == ("develop", None)


def test_the_last_value_of_a_setting_counts_and_line_breaks_survive(repo: Repo) -> None:
    repo.git("config", "--add", "labgate.trunk", "one")
    repo.git("config", "--add", "labgate.trunk", "two\nlines = 3")
    assert found(repo).setting("labgate.trunk") == "two\nlines = 3"


def test_remotes_have_their_url_and_refspecs(repo: Repo) -> None:
    repo.git("remote", "add", "origin", "https://example.org/a.git")
    repo.git("remote", "add", "team/lab.x", "git@example.org:b.git")
    repo.git("config", "--add", "remote.origin.fetch", "+refs/pull/*/head:refs/remotes/origin/pr/*")
    repo.git("config", "remote.no-url.fetch", "+refs/heads/*:refs/remotes/no-url/*")
    refspec = "+refs/heads/*:refs/remotes/{}/*"
    assert found(repo).remotes == (
        Remote(
            "origin",
            "https://example.org/a.git",
            (refspec.format("origin"), "+refs/pull/*/head:refs/remotes/origin/pr/*"),
        ),
        Remote("team/lab.x", "git@example.org:b.git", (refspec.format("team/lab.x"),)),
        Remote("no-url", None, (refspec.format("no-url"),)),
    )


def test_a_url_that_git_rewrites_is_known_by_both(repo: Repo) -> None:
    repo.git("remote", "add", "origin", "gh:acme/a")
    for base, start in (("https://github.com/", "gh:"), ("https://elsewhere.example/", "g"), ("x:", "gh:acme/b")):
        repo.git("config", "--add", f"url.{base}.insteadOf", start)
    (remote,) = found(repo).remotes
    assert (remote.url, remote.rewritten) == ("gh:acme/a", "https://github.com/acme/a")


def test_a_host_of_ssh_is_known_by_both_names(repo: Repo, tmp_path: Path) -> None:
    """So is a source repository, and what a push names by its URL."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host work\n  HostName github.com\n")
    repo.env["HOME"] = str(tmp_path)
    repo.git("remote", "add", "origin", "gh:acme/a")
    repo.git("config", "url.git@work:.insteadOf", "gh:")
    (remote,) = found(repo).remotes
    assert (remote.url, remote.rewritten) == ("gh:acme/a", "git@github.com:acme/a")


# What of it is here.


def test_a_whole_clone_has_its_history(repo: Repo) -> None:
    found(repo).require_history()


def test_a_shallow_clone_says_how_to_get_the_rest(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", repo.env)
    with pytest.raises(UndecidedError, match="shallow") as caught:
        found(clone).require_history()
    assert caught.value.help == f"{WIDEN} && git fetch --unshallow origin"
    clone.run("sh", "-c", caught.value.help)
    found(clone).require_history()


def test_the_command_that_fetches_quotes_the_remote(repo: Repo) -> None:
    repo.git("config", "remote.$(id).fetch", "+refs/heads/*:refs/remotes/$(id)/*")
    repository = found(repo)
    assert repository.fetching_branches("$(id)") == "git fetch '$(id)'"
    widen = "git config --add 'remote.a b.fetch' '+refs/heads/*:refs/remotes/a b/*'"
    assert repository.fetching_branches("a b") == f"{widen} && git fetch 'a b'"


# What is read from objects alone.


def test_objects_are_read_without_any_setting_of_the_repository(either: Repo) -> None:
    oid = either.commit("one", {"a": "1"})
    repository = found(either)
    either.git("config", "alias.x", "!true")
    assert repository.objects.run("cat-file", "-t", oid) == b"commit\n"
    assert b"alias" not in repository.objects.run("config", "--list")


def test_what_is_written_beside_the_objects_is_not_in_the_repository_and_goes_away(either: Repo) -> None:
    repository = found(either)
    before = sorted((either.path / ".git").rglob("*"))
    folder = Path(repository.objects.git_dir)
    oid = repository.objects.run("hash-object", "-w", "--stdin", stdin=b"mine").decode().strip()
    assert repository.objects.run("cat-file", "blob", oid) == b"mine"
    assert sorted((either.path / ".git").rglob("*")) == before
    del repository
    assert not folder.exists()


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "hash#", os.fsdecode(b"caf\xe9"), "a:b"])
def test_objects_are_found_under_any_path(tmp_path: Path, name: str) -> None:
    odd = Repo.init(tmp_path / name)
    oid = odd.commit("one", {"a": "1"})
    assert found(odd).objects.run("cat-file", "-t", oid) == b"commit\n"


def test_objects_of_alternates_are_found_relative_ones_too(repo: Repo, tmp_path: Path) -> None:
    oid = repo.commit("one", {"a": "1"})
    fork = Repo.init(tmp_path / "fork.git", "--bare")
    (fork.path / "objects/info/alternates").write_text("../../work/.git/objects\n")
    assert found(fork).objects.run("cat-file", "-t", oid) == b"commit\n"


def test_objects_of_a_push_in_quarantine_are_found(repo: Repo, tmp_path: Path) -> None:
    oid = repo.commit("one", {"a": "1"})
    (tmp_path / "in").mkdir()
    quarantine = {
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "in"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repo.path / ".git/objects"),
    }
    fresh = repo.git("commit-tree", f"{oid}^{{tree}}", "-p", oid, "-m", "pushed", **quarantine)
    objects = discover(repo.env | quarantine, str(repo.path)).objects
    assert objects.run("rev-list", fresh).decode().split() == [fresh, oid]


def test_a_shallow_history_ends_where_the_clone_ends(repo: Repo, tmp_path: Path) -> None:
    repo.commit("one")
    tip = repo.commit("two")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = found(Repo(tmp_path / "clone", repo.env))
    assert clone.objects.run("rev-list", tip).decode().split() == [tip]


def test_every_way_to_start_labgate_gives_back_what_it_borrowed(sdg: Repo, tmp_path: Path) -> None:
    here = tmp_path / "temporary"
    here.mkdir()
    sdg.branch("feature/x", "main").commit("x", {"a": "1\n"})
    pushed = f"refs/heads/feature/x {sdg.head()} refs/heads/main {sdg.head('main')}\n"
    sdg.run("labgate", "check", "--target", "main", TMPDIR=str(here))
    sdg.run("labgate", "check", "--target", "main", "--head", "research/pr-72", status=1, TMPDIR=str(here))
    sdg.run("labgate", "check", "--target", "nothing", "--head", "nothing", status=2, TMPDIR=str(here))
    sdg.run("labgate-hook", "pre-push", "--native", "origin", "url", stdin=pushed, TMPDIR=str(here))
    assert list(here.iterdir()) == []

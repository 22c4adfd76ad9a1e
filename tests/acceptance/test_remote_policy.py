"""Each remote takes what the policy lets it take, and a mirror only what the canonical remote has."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from support.people import adopt
from support.repo import Repo
from support.sdg import POLICY


@pytest.fixture
def mirrored(sdg: Repo) -> Repo:
    """The sdg project with a canonical remote (origin) and a mirror that is up to date, on main."""
    mirror = sdg.with_remote("mirror")
    canonical = sdg.git("config", "remote.origin.url")
    rules = f"""
[[remote-policy.remotes]]
match = "{canonical}"
canonical = true
[[remote-policy.remotes]]
match = "{mirror.path}"
kinds = ["protected", "topic"]
mirror = true
"""
    adopt(sdg, POLICY + rules)
    sdg.git("push", "--quiet", "--no-verify", "mirror", "main")
    sdg.git("fetch", "--quiet", "--all")
    sdg.labgate("install", status=0)
    return sdg


def push(repo: Repo, remote: str, refspec: str, status: int) -> str:
    return repo.run("git", "push", remote, refspec, status=status).text


def help_of(said: str) -> str:
    return next(line.split("help: ")[1] for line in said.splitlines() if "help: " in line)


def test_a_code_drop_is_refused_with_the_commits_that_it_flattens(mirrored: Repo) -> None:
    for number in range(4):
        mirrored.commit(f"Step {number}", {f"s{number}.py": f"s = {number}\n"})
    mirrored.push("main")
    mirrored.git("fetch", "--quiet", "origin")
    drop = mirrored.git("commit-tree", "main^{tree}", "-p", "mirror/main", "-m", "Code drop")
    said = push(mirrored, "mirror", f"{drop}:main", status=1)
    assert "would flatten 4 commits: " in said
    assert all(f"(Step {number})" in said for number in range(3))
    assert " and 1 more" in said
    mirrored.run("sh", "-c", help_of(said))
    assert mirrored.git("ls-remote", "mirror", "refs/heads/main").split()[0] == mirrored.head("main")


def test_a_mirror_with_commits_of_its_own_is_shown_and_not_pushed_over(mirrored: Repo) -> None:
    mirrored.commit("Step", {"s.py": "s = 1\n"})
    mirrored.push("main")
    own = mirrored.git("commit-tree", "mirror/main^{tree}", "-p", "mirror/main", "-m", "Only here")
    mirrored.git("push", "--quiet", "--no-verify", "mirror", f"{own}:main")
    mirrored.git("fetch", "--quiet", "--all")
    drop = mirrored.git("commit-tree", "main^{tree}", "-p", own, "-m", "Code drop")
    said = push(mirrored, "mirror", f"{drop}:main", status=1)
    assert "Only here" in mirrored.run("sh", "-c", help_of(said)).text


def test_a_host_that_ssh_has_by_another_name_is_the_same_repository(sdg: Repo, tmp_path: Path) -> None:
    """People with two accounts on one code host have a name of their own for it in ``~/.ssh/config``."""
    adopt(sdg, f'{POLICY}[[remote-policy.remotes]]\nmatch = "github.com/acme/mirror"\nkinds = ["protected", "topic"]\n')
    sdg.git("init", "--quiet", "--bare", str(tmp_path / "acme" / "mirror.git"))
    server = tmp_path / "ssh"
    server.write_text(f'#!/bin/sh\ncd {shlex.quote(str(tmp_path))} && eval "$2"\n')
    server.chmod(0o755)
    sdg.git("remote", "add", "mirror", "git@work:acme/mirror.git")
    sdg.env |= {"GIT_SSH": str(server), "GIT_SSH_VARIANT": "simple", "HOME": str(tmp_path)}
    sdg.labgate("install", status=0)
    sdg.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    assert "LG701" not in sdg.run("git", "push", "--dry-run", "mirror", "research/x", status=0).text
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host work\n  HostName github.com\n")
    assert "LG701" in push(sdg, "mirror", "research/x", status=1)
    assert "LG701" in push(sdg, "git@work:acme/mirror", "research/x", status=1)
    sdg.git("push", "--quiet", "mirror", "main")


def test_a_research_branch_goes_where_the_policy_lets_it(mirrored: Repo) -> None:
    mirrored.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    said = push(mirrored, "mirror", "research/x", status=1)
    assert "LG701 error: research/x is a research branch, which " in said
    mirrored.run("sh", "-c", help_of(said))
    assert mirrored.git("ls-remote", "origin", "refs/heads/research/x") != ""


def test_a_topic_branch_follows_the_canonical_remote(mirrored: Repo) -> None:
    mirrored.branch("feature/y").commit("Add y", {"y.py": "y = 1\n"})
    said = push(mirrored, "mirror", "feature/y", status=1)
    assert "the canonical remote does not have what is pushed" in said
    mirrored.run("sh", "-c", help_of(said))
    push(mirrored, "mirror", "feature/y", status=0)


def test_a_remote_is_known_by_its_place_whatever_it_is_called(mirrored: Repo) -> None:
    mirrored.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    mirrored.git("remote", "rename", "mirror", "backup")
    assert "LG701" in push(mirrored, "backup", "research/x", status=1)
    assert "LG701" in push(mirrored, mirrored.git("config", "remote.backup.url"), "research/x", status=1)


def test_a_repository_is_known_however_a_push_names_it(mirrored: Repo) -> None:
    mirrored.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    mirrored.checkout("main").branch("feature/y").commit("Add y", {"y.py": "y = 1\n"})
    mirrored.push("feature/y")
    path, name = mirrored.git("config", "remote.mirror.url"), "mirror"
    (mirrored.path / "link").symlink_to(path)
    mirrored.git("config", f"url.{path}.insteadOf", "short:")
    mirrored.git("config", f"url.{path}.pushInsteadOf", "https://example.org/y")
    mirrored.git("remote", "add", "twofold", mirrored.git("config", "remote.origin.url"))
    mirrored.git("remote", "set-url", "--push", "twofold", path)
    mirrored.git("remote", "add", "aliased", "https://example.org/y")
    relative = os.path.relpath(path, mirrored.path)
    names = (
        name,
        relative,
        f"{relative}/",
        f"file://{path}",
        f"file://{path[:-1]}%{ord(path[-1]):x}",
        "link",
        "short:",
    )
    for remote in (*names, "twofold", "aliased"):
        assert "LG701 error: research/x is" in push(mirrored, remote, "research/x:research/z", status=1), remote
        assert "LG701" not in push(mirrored, remote, "feature/y", status=0), remote
        mirrored.git("push", "--quiet", "--no-verify", name, ":feature/y")


def test_what_git_rewrites_to_a_proxy_is_known_by_what_people_write(mirrored: Repo) -> None:
    mirrored.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    proxy = mirrored.with_remote("proxy")
    mirrored.git("config", f"url.{proxy.path}.insteadOf", "https://git.example.org/acme/mirror")
    policy = mirrored.git("show", "main:labgate.toml").replace(
        f'"{mirrored.git("config", "remote.mirror.url")}"', '"https://git.example.org/acme/*"'
    )
    adopt(mirrored, policy)
    mirrored.git("push", "--quiet", "--no-verify", "proxy", "main")
    assert "LG701" in push(mirrored, "https://git.example.org/acme/mirror", "research/x", status=1)
    assert "LG701" in push(mirrored, "proxy", "research/x", status=1)


def test_research_under_another_name_goes_where_research_may(mirrored: Repo) -> None:
    mirrored.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    push(mirrored, "origin", "research/x:feature/x", status=0)
    said = push(mirrored, "mirror", "research/x:feature/x", status=1)
    assert "LG701 error: research/x is a research branch, which " in said
    mirrored.run("sh", "-c", help_of(said))
    assert mirrored.git("ls-remote", "origin", "refs/heads/research/x") != ""


def test_a_mirrors_main_takes_only_what_a_protected_branch_has(mirrored: Repo) -> None:
    for number in range(2):
        mirrored.commit(f"Step {number}", {f"s{number}.py": f"s = {number}\n"})
    mirrored.push("main")
    drop = mirrored.git("commit-tree", "main^{tree}", "-p", "mirror/main", "-m", "Code drop")
    push(mirrored, "origin", f"{drop}:refs/heads/feature/drop", status=0)
    mirrored.git("fetch", "--quiet", "origin")
    said = push(mirrored, "mirror", f"{drop}:main", status=1)
    assert "would flatten 2 commits: " in said
    push(mirrored, "mirror", f"{drop}:refs/heads/feature/drop", status=0)
    push(mirrored, "mirror", "main:refs/heads/main", status=0)
    mirrored.git("tag", "v1.0")
    push(mirrored, "mirror", "v1.0", status=0)
    mirrored.commit("Only here", {"o.py": "o = 1\n"})
    mirrored.git("tag", "--annotate", "--message", "v1.1", "v1.1")
    said = push(mirrored, "mirror", "v1.1", status=1)
    assert "Only here" in mirrored.run("sh", "-c", help_of(said), status=0).text


def test_deletions_and_refs_of_no_kind_go_everywhere(mirrored: Repo) -> None:
    mirrored.branch("research/x").commit("Try x", {"x.py": "x = 1\n"})
    mirrored.git("push", "--quiet", "--no-verify", "mirror", "research/x")
    push(mirrored, "mirror", "HEAD:refs/notes/x", status=0)
    push(mirrored, "mirror", ":research/x", status=0)


def test_a_clone_without_the_canonical_remote_cannot_judge_a_mirror(mirrored: Repo) -> None:
    mirrored.commit("Step", {"s.py": "s = 1\n"})
    url = mirrored.git("config", "remote.origin.url")
    mirrored.git("remote", "set-url", "origin", "https://example.org/other.git")
    said = push(mirrored, "mirror", "main", status=1)
    assert "is not a remote of this clone" in said
    mirrored.git("remote", "set-url", "origin", url)

"""Which branch is the trunk: whatever it is called, all commands agree, and no help leads back to another."""

from __future__ import annotations

import json
import re

import pytest

from support.console import blocks
from support.data import ROOT
from support.people import by
from support.pipeline import POLICY as TEAM
from support.pipeline import Pipeline, code, rules
from support.policies import LEAST
from support.repo import Repo, Result

README = next(block.text for block in blocks(ROOT / "README.md") if block.file == "labgate.toml")
TRUNKS = ("main", "master", "develop")
ONE_LINE = 'change one line of labgate.toml: trunk = ["{}", "main"]'
BY_MAIN = 'trunk = "main"'


def project(repo: Repo, trunk: str, policy: str = README) -> Repo:
    """A repository whose trunk has this name, on the remote with a policy, and with labgate's hooks."""
    remote = repo.with_remote()
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{trunk}")
    remote.git("symbolic-ref", "HEAD", f"refs/heads/{trunk}")
    repo.commit("Start", {"start.py": code("start")})
    repo.push(trunk)
    repo.git("remote", "set-head", "origin", "-a")
    repo.commit("Adopt labgate", {"labgate.toml": policy})
    repo.push(trunk)
    repo.labgate("install", status=0)
    return repo


def trunk_item(repo: Repo) -> dict[str, str]:
    items = json.loads(repo.labgate("doctor", "--format", "json").out)["items"]
    (found,) = (item for item in items if item["name"] == "trunk")
    assert isinstance(found, dict)
    return found


def staged(repo: Repo) -> Result:
    index = str(repo.path / ".git" / "index")
    return repo.run("labgate-hook", "pre-commit", "--native", status=None, GIT_INDEX_FILE=index)


@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("remote", [True, False], ids=["on a remote", "before the first push"])
def test_the_readmes_policy_works_or_says_the_one_line_to_change(repo: Repo, trunk: str, remote: bool) -> None:
    if remote:
        project(repo, trunk)
    else:
        repo.with_remote()
        repo.git("symbolic-ref", "HEAD", f"refs/heads/{trunk}")
        repo.labgate("install", status=0)
        repo.write({"labgate.toml": README, "start.py": code("start")})
    repo.write({"more.py": code("more")}).git("add", "--all")
    other = trunk != "main"
    said = staged(repo)
    assert said.status == 0, said.text
    assert (ONE_LINE.format(trunk) in said.text) == other
    repo.commit("Go on")
    said = repo.run("git", "push", "origin", trunk)
    assert (ONE_LINE.format(trunk) in said.text) == other
    if not other:
        return
    changed = README.replace(BY_MAIN, f'trunk = ["{trunk}", "main"]')
    repo.commit("Name the trunk", {"labgate.toml": changed})
    repo.git("push", "origin", trunk)
    repo.commit("Go on", {"more.py": code("even_more")})
    said = repo.run("git", "push", "origin", trunk)
    assert "labgate" not in said.text
    assert trunk_item(repo)["state"] in ("ok", "advice")
    assert "counts" not in trunk_item(repo)["message"]


@pytest.mark.parametrize("trunk", ["master", "develop"])
def test_a_trunk_that_the_policy_does_not_name_is_protected_and_every_command_says_so(repo: Repo, trunk: str) -> None:
    project(repo, trunk)
    line = ONE_LINE.format(trunk)
    repo.branch("research/x").commit("Try it", {"x.py": code("x")}, **by("lin"))
    repo.push("research/x")
    repo.checkout(trunk).merge("research/x", "Take it")
    refused = repo.run("git", "push", "origin", trunk, status=1)
    assert "LG201 error" in refused.text
    checked = repo.labgate("check", "--target", trunk, status=1)
    assert "LG201 error" in checked.text
    assert line in refused.text
    assert line in checked.text
    repo.checkout("research/x")
    item = trunk_item(repo)
    assert (item["state"], f"{trunk} counts as the trunk" in item["message"], item["help"]) == ("advice", True, line)
    said = repo.labgate("policy", "check", status=0)
    assert f"{trunk} counts as the trunk; {line}" in said.err


def test_it_is_the_same_in_ci(pipeline: Pipeline) -> None:
    repo = pipeline.repo
    repo.git("push", "--quiet", "--no-verify", "origin", "main:refs/heads/master")
    pipeline.remote.git("symbolic-ref", "HEAD", "refs/heads/master")
    repo.git("push", "--quiet", "--no-verify", "origin", ":main")
    before = pipeline.remote.head("master")
    repo.checkout("main").merge("research/bigger-batches", "Take it")
    repo.git("push", "--quiet", "--no-verify", "origin", "main:refs/heads/master")
    landed = pipeline.pushed(before, branch="master")
    assert rules(landed) == ["LG201"]
    assert any(ONE_LINE.format("master") in notice for notice in json.loads(landed.out)["notices"])


def renamed(repo: Repo, old: str, new: str) -> None:
    """Rename the default branch on the host, and do in the clone what hosts advise."""
    remote = repo.git("remote", "get-url", "origin")
    repo.git("--git-dir", remote, "branch", "-m", old, new)
    repo.git("branch", "-m", old, new)
    repo.git("fetch", "--quiet", "--prune", "origin")
    repo.git("branch", "--quiet", "--set-upstream-to", f"origin/{new}")


@pytest.mark.parametrize("set_head", [True, False], ids=["set-head", "no set-head"])
def test_a_rename_that_was_prepared(repo: Repo, set_head: bool) -> None:
    project(repo, "main", LEAST)
    assert repo.git("config", "labgate.trunk") == "main"
    repo.commit("Prepare", {"labgate.toml": LEAST.replace(BY_MAIN, 'trunk = ["develop", "main"]')})
    assert "LG210 warning" in repo.run("git", "push", "origin", "main").text
    repo.commit("Go on", {"a.py": code("a")})
    assert "labgate" not in repo.run("git", "push", "origin", "main").text
    renamed(repo, "main", "develop")
    if set_head:
        repo.git("remote", "set-head", "origin", "-a")
    repo.commit("Go on", {"b.py": code("b")})
    said = repo.run("git", "push", "origin", "develop")
    assert "git config --unset labgate.trunk" in said.text
    assert trunk_item(repo)["state"] == "invalid"
    repo.run("sh", "-c", trunk_item(repo)["help"])
    assert trunk_item(repo)["state"] == "ok"
    repo.commit("Go on", {"c.py": code("c")})
    assert "labgate" not in repo.run("git", "push", "origin", "develop").text
    repo.branch("research/x").commit("Try it", {"x.py": code("x")}, **by("lin"))
    repo.push("research/x")
    repo.checkout("develop").merge("research/x", "Take it")
    assert "LG201 error" in repo.run("git", "push", "origin", "develop", status=1).text


def test_a_rename_that_was_not_prepared(repo: Repo) -> None:
    project(repo, "main", LEAST)
    renamed(repo, "main", "develop")
    repo.commit("Go on", {"b.py": code("b")})
    seen: set[str] = set()
    for _ in range(4):
        said = repo.run("git", "push", "origin", "develop", status=None)
        if said.status == 0:
            break
        (help,) = re.findall(r"help: (.*)", said.text)
        assert help not in seen, "a circle"
        seen.add(help)
        repo.run("sh", "-c", help)
    assert said.status == 0, said.text
    assert ONE_LINE.format("develop") in said.text
    repo.commit("Name it", {"labgate.toml": LEAST.replace(BY_MAIN, 'trunk = ["develop", "main"]')})
    repo.git("push", "origin", "develop")
    if trunk_item(repo)["state"] == "invalid":
        repo.run("sh", "-c", trunk_item(repo)["help"])
    repo.commit("Go on", {"c.py": code("c")})
    assert "labgate" not in repo.run("git", "push", "origin", "develop").text


def test_all_names_of_a_trunk_are_protected(repo: Repo) -> None:
    project(repo, "main", LEAST.replace(BY_MAIN, 'trunk = ["main", "master"]'))
    repo.branch("research/x").commit("Try it", {"x.py": code("x")}, **by("lin"))
    repo.push("research/x")
    assert "LG201 error" in repo.run("git", "push", "origin", "research/x:refs/heads/master", status=1).text


def test_the_first_name_that_is_there_judges(repo: Repo) -> None:
    project(repo, "main", LEAST.replace(BY_MAIN, 'trunk = ["main", "master"]'))
    repo.git("push", "--quiet", "--no-verify", "origin", "main:refs/heads/master")
    repo.git("config", "--unset", "labgate.trunk")
    repo.commit(
        "Off", {"labgate.toml": LEAST.replace(BY_MAIN, 'trunk = ["main", "master"]') + '[levels]\nLG201 = "off"\n'}
    )
    repo.git("push", "--quiet", "--no-verify", "origin", "HEAD:refs/heads/master")
    remote = repo.git("remote", "get-url", "origin")
    repo.git("--git-dir", remote, "symbolic-ref", "HEAD", "refs/heads/master")
    repo.git("remote", "set-head", "origin", "-a")
    repo.git("reset", "--quiet", "--hard", "origin/main")
    report = json.loads(repo.labgate("check", "--target", "main", "--format", "json", status=0).out)
    assert report["policy"]["commit"] == repo.head("origin/main")


def test_a_policy_that_names_another_branch_which_is_there_asks_once(repo: Repo) -> None:
    project(repo, "master")
    repo.git("push", "--quiet", "--no-verify", "origin", "master:refs/heads/main")
    repo.git("config", "--unset", "labgate.trunk")
    repo.commit("Go on", {"b.py": code("b")})
    said = repo.run("git", "push", "origin", "HEAD:refs/heads/main", status=None)
    if said.status:
        (help,) = re.findall(r"help: (.*)", said.text)
        assert trunk_item(repo)["help"] == help
        repo.run("sh", "-c", help)
        repo.git("push", "origin", "HEAD:refs/heads/main")


# D3.


@pytest.mark.parametrize("base", [(), ("--base", "HEAD")], ids=["no base", "base"])
def test_a_target_that_the_remote_does_not_have_is_named(repo: Repo, base: tuple[str, ...]) -> None:
    project(repo, "main", LEAST)
    said = repo.labgate("check", "--target", "mian", *base, status=2)
    assert said.err == ("error: origin has no branch mian (did you mean main?)\n  help: labgate check --target main\n")
    repo.labgate("check", "--target", "main", status=0)
    said = repo.labgate("check", "--target", "something-else", *base, status=2)
    assert "origin has no branch something-else" in said.err


def test_a_protected_target_may_be_to_come(repo: Repo) -> None:
    project(repo, "main", TEAM)
    repo.labgate("check", "--target", "release/9", status=0)


def test_a_branch_to_audit_that_is_not_there_is_named(repo: Repo) -> None:
    project(repo, "main", LEAST)
    assert "did you mean main?" in repo.labgate("audit", "mian", status=2).err

"""Research that this clone cannot see makes a verdict undecided, with the command after which it is seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.people import by
from support.pipeline import code
from support.policies import TEAM
from support.repo import Repo, Result

SISTER = TEAM.replace("lines = 10\n", "lines = 100\n") + (
    '[research-gate]\nsource-repositories = ["*/acme-research/*"]\n[reviews.people.lin]\nemails = ["lin@example.org"]\n'
)
RESEARCH = "refs/remotes/origin/research/x"
ALL = "+refs/heads/*:refs/remotes/{}/*"


@pytest.fixture
def team(repo: Repo, tmp_path: Path) -> Repo:
    """A clone on ``feature/copy``, which has the file of ``research/x``; a sister repository has it on ``main``."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": SISTER, "start.py": code("start")})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "main")
    repo.branch("research/x").commit("Try", {"tried.py": code("tried") * 3}, **by("lin"))
    repo.push("research/x")
    sister = tmp_path / "host" / "acme-research" / "models.git"
    repo.git("clone", "--quiet", "--bare", ".", str(sister))
    repo.git(f"--git-dir={sister}", "update-ref", "refs/heads/main", "refs/heads/research/x")
    repo.git("config", f"url.{tmp_path}/host/.insteadOf", "https://host.example/")
    repo.git("checkout", "--quiet", "-b", "feature/copy", "main")
    repo.git("branch", "--quiet", "-D", "research/x")
    repo.commit("Copy", {"tried.py": code("tried") * 3}, **by("kim"))
    return repo


def check(repo: Repo, *options: str) -> Result:
    return repo.labgate("check", "research-gate", "--target", "main", *options)


# Each hides the research branch from the clone; after the printed command it is found.


def symbolic(repo: Repo) -> None:
    repo.git("symbolic-ref", RESEARCH, "refs/remotes/origin/main")


def dangling(repo: Repo) -> None:
    repo.git("symbolic-ref", RESEARCH, "refs/elsewhere/x")


def broken(repo: Repo) -> None:
    (repo.path / ".git" / RESEARCH).write_text("no oid\n", encoding="utf-8")


def zero(repo: Repo) -> None:
    (repo.path / ".git" / RESEARCH).write_text("0" * 40 + "\n", encoding="utf-8")


def link(repo: Repo) -> None:
    ref = repo.path / ".git" / RESEARCH
    ref.unlink()
    ref.symlink_to("../main")


def a_blob(repo: Repo) -> None:
    (repo.path / ".git" / RESEARCH).write_text(repo.git("rev-parse", "origin/main:start.py") + "\n", encoding="utf-8")


def refspec(repo: Repo, *specs: str) -> None:
    repo.git("config", "--unset-all", "remote.origin.fetch")
    for spec in specs:
        repo.git("config", "--add", "remote.origin.fetch", spec)
    repo.git("update-ref", "-d", RESEARCH)


def redirected(repo: Repo) -> None:
    refspec(repo, ALL.format("team"))
    repo.git("fetch", "--quiet", "origin")


def redirected_in_part(repo: Repo) -> None:
    refspec(
        repo,
        "+refs/heads/main:refs/remotes/origin/main",
        "+refs/heads/experiment--*:refs/remotes/origin/experiment--*",
        "+refs/heads/research/*:refs/remotes/origin/feature/*",
    )


def narrowed(repo: Repo) -> None:
    only = "refs/heads/research/a*:refs/remotes/origin/research/a*"
    refspec(repo, "+refs/heads/main:refs/remotes/origin/main", f"+{only}")


def excluded(repo: Repo) -> None:
    refspec(repo, ALL.format("origin"), "^refs/heads/research/*")


def named_like_a_ref(repo: Repo) -> None:
    repo.git("remote", "add", "origin/research", repo.git("config", "remote.origin.url"))


def named_like_a_case_of_it(repo: Repo) -> None:
    repo.push(f"{RESEARCH}:refs/heads/Research/ada/x", ":refs/heads/research/x")
    repo.git("fetch", "--quiet", "--prune")
    repo.git("remote", "add", "origin/Research/ada", repo.git("config", "remote.origin.url"))


def overwritten(repo: Repo) -> None:
    url = repo.git("config", "remote.origin.url")
    repo.git("remote", "add", "mine", url)
    repo.git("config", "remote.mine.fetch", "+refs/heads/main:refs/remotes/origin/research/x")
    repo.git("fetch", "--quiet", "mine")


def never_fetched(repo: Repo) -> None:
    repo.git("push", "--quiet", "origin", "--delete", "research/x")
    repo.git("fetch", "--quiet", "--prune")
    drop_ledger(repo)
    repo.git("remote", "add", "sister", "https://host.example/acme-research/models.git")


def fetched_in_part(repo: Repo) -> None:
    never_fetched(repo)
    repo.git("config", "remote.sister.fetch", "+refs/heads/feature/*:refs/remotes/sister/feature/*")


def drop_ledger(repo: Repo) -> None:
    for name in ("ledger", "ledger-others", "unlanded"):
        (repo.path / ".git" / "labgate" / name).unlink(missing_ok=True)


HIDDEN: list[Callable[[Repo], None]] = [
    symbolic,
    dangling,
    broken,
    zero,
    link,
    a_blob,
    redirected,
    redirected_in_part,
    narrowed,
    excluded,
    overwritten,
    never_fetched,
    fetched_in_part,
]


@pytest.mark.parametrize("hide", HIDDEN)
def test_hidden_research_is_undecided_until_its_command_has_run(team: Repo, hide: Callable[[Repo], None]) -> None:
    hide(team)
    said = check(team)
    assert (said.status, "undecided" in said.text) == (2, True) or "LG201" in said.text
    report = json.loads(check(team, "--format", "json").out)
    assert report["view"]["sources_complete"] is False
    (outcome,) = (item for item in report["updates"][0]["checks"])
    help = outcome["help"] or re.findall(r"help: (.*)", said.text)[-1]
    team.run("sh", "-c", help)
    after = json.loads(check(team, "--format", "json").out)
    assert after["view"]["sources_complete"] is True
    assert [finding["rule"] for finding in after["findings"]] == ["LG201"]


@pytest.mark.parametrize("hide", [named_like_a_ref, named_like_a_case_of_it])
def test_a_remote_named_like_research_takes_none_of_it_away(team: Repo, hide: Callable[[Repo], None]) -> None:
    hide(team)
    report = json.loads(check(team, "--format", "json").out)
    assert report["view"]["sources_complete"] is False
    assert [finding["rule"] for finding in report["findings"]] == ["LG201"]
    team.checkout("feature/copy").git("reset", "--quiet", "--hard", "origin/main")
    team.commit("Be honest", {"own.py": code("own")})
    said = check(team)
    assert (said.status, "are the same refs here" in said.text) == (2, True)
    (help,) = re.findall(r"help: (.*)", said.text)
    team.run("sh", "-c", help)
    assert check(team).status == 0


@pytest.mark.parametrize("hide", HIDDEN)
def test_a_push_says_it_too(team: Repo, hide: Callable[[Repo], None]) -> None:
    team.labgate("install", status=0)
    hide(team)
    said = team.run("git", "push", "origin", "feature/copy:main", status=1)
    assert "undecided" in said.text or "LG201" in said.text
    assert "help: " in said.text


def test_the_branch_that_the_change_targets_is_not_hidden_by_others(team: Repo) -> None:
    """Remotes side by side, one below a name that is no research, and a symbolic branch that is none either."""
    url = team.git("config", "remote.origin.url")
    for name in ("origin2", "origin-research", "origin/fork", "team/a", "team/b"):
        team.git("remote", "add", name, url)
    team.git("symbolic-ref", "refs/remotes/origin/feature/alias", "refs/remotes/origin/main")
    team.git("symbolic-ref", "refs/heads/research/mine", "refs/heads/main")
    report = json.loads(check(team, "--format", "json").out)
    assert report["view"]["sources_complete"] is True
    assert [finding["rule"] for finding in report["findings"]] == ["LG201"]


def test_other_remotes_may_stay_unfetched_and_narrow(team: Repo) -> None:
    """Only source repositories hold research under any name."""
    team.git("remote", "add", "friend", "https://host.example/acme/models.git")
    team.git("remote", "add", "narrow", "https://host.example/other/models.git", "-t", "main")
    assert json.loads(check(team, "--format", "json").out)["view"]["sources_complete"] is True


def test_the_teams_repository_that_was_never_fetched_is_undecided(team: Repo, tmp_path: Path) -> None:
    """``origin`` is a fork without the research, ``upstream`` the policy's ``repository``."""
    teams = tmp_path / "host" / "acme" / "models.git"
    team.git("clone", "--quiet", "--bare", team.git("remote", "get-url", "origin"), str(teams))
    team.push(":research/x")
    team.git("fetch", "--quiet", "--prune")
    drop_ledger(team)
    policy = (team.path / "labgate.toml").read_text(encoding="utf-8")
    team.checkout("main").commit("Name it", {"labgate.toml": 'repository = "host.example/acme/models"\n' + policy})
    team.git("push", "--quiet", "--no-verify", "origin", "main")
    team.checkout("feature/copy").git("rebase", "--quiet", "origin/main")
    team.git("remote", "add", "upstream", "https://host.example/Acme/Models")
    undecided = check(team)
    (unused,) = re.findall(r"# or, if it is out of use: (.*)", undecided.text)
    assert undecided.status == 2
    team.run("sh", "-c", unused)
    said = check(team)
    assert (said.status, "not compared: branches of upstream" in said.text) == (0, True)
    team.git("config", "--unset", "remote.upstream.skipFetchAll")
    team.git("config", f"url.{teams}.insteadOf", "https://host.example/Acme/Models")
    (help,) = re.findall(r"help: (.*)", check(team).text)
    team.git("remote", "add", "friend", "https://host.example/kim/models")
    team.run("sh", "-c", help)
    said = check(team)
    assert ("LG201" in said.text, "not compared: branches of friend" in said.text) == (True, True)


@pytest.mark.parametrize("hide", [never_fetched, fetched_in_part, redirected, narrowed])
def test_a_check_that_fetches_sees_it(team: Repo, hide: Callable[[Repo], None]) -> None:
    hide(team)
    report = json.loads(check(team, "--format", "json", "--fetch").out)
    assert report["view"]["sources_complete"] is True
    assert [finding["rule"] for finding in report["findings"]] == ["LG201"]


def test_doctor_and_trace_say_it(team: Repo) -> None:
    redirected(team)
    assert "the research refs of origin are not fetched here" in team.labgate("doctor").text
    assert "the research refs of origin are not fetched here" in team.labgate("trace", "HEAD").text


# Merged straight from a URL.


def pulled(team: Repo, branch: str, url: str) -> Result:
    """Merge a branch of the sister repository, as ``git pull URL BRANCH`` does, and forget where it came from."""
    path = team.git("config", "--get-regexp", "insteadof").partition(".")[2].partition(".insteadof")[0]
    team.git("push", "--quiet", "origin", "--delete", "research/x")
    team.git("fetch", "--quiet", "--prune")
    drop_ledger(team)
    team.git("reset", "--quiet", "--hard", "origin/main")
    team.commit("Go on", {"own.py": code("own")})
    team.git("fetch", "--quiet", f"{path}acme-research/models.git", branch)
    of = f"branch '{branch}' of {url}" if branch != "HEAD" else url
    team.git("merge", "--quiet", "--no-ff", "-m", f"Merge {of} into feature/copy", "FETCH_HEAD")
    return check(team)


@pytest.mark.parametrize(
    ("branch", "owner"),
    [("research/x", "acme"), ("Research/X/y", "acme"), ("main", "Acme-Research"), ("HEAD", "acme-research")],
)
def test_research_that_is_merged_by_url_is_undecided(team: Repo, branch: str, owner: str) -> None:
    sister = team.git("config", "--get-regexp", "insteadof").partition(".")[2].partition(".insteadof")[0]
    if branch == "Research/X/y":
        team.git(f"--git-dir={sister}acme-research/models.git", "update-ref", f"refs/heads/{branch}", "research/x")
    said = pulled(team, branch, f"https://host.example/{owner}/models")
    assert (said.status, f"of https://host.example/{owner}/models" in said.text or branch == "HEAD") == (2, True)
    (help,) = re.findall(r"help: (.*)", said.text)
    team.git("config", f"url.{sister}acme-research/.insteadOf", f"https://host.example/{owner}/")
    team.run("sh", "-c", help)
    assert "LG201" in check(team).text


@pytest.mark.parametrize(("branch", "owner"), [("main", "acme"), ("main", "acme-research2")])
def test_what_else_is_merged_by_url_is_not(team: Repo, branch: str, owner: str) -> None:
    assert "no research ref here has that" not in pulled(team, branch, f"https://host.example/{owner}/models").text

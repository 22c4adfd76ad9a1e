"""A policy that cannot judge never stands in the way of its own repair, and never gets onto the trunk unseen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from labgate import __version__
from support.audited import adopted
from support.people import by
from support.pipeline import Pipeline, code, rules
from support.policies import LEAST
from support.repo import Repo, Result
from support.templates import prepared

#: What somebody appends to a policy by accident.
OOPS = LEAST + "oops\n"
DOUBLED = '[tool.labgate]\nversion = 1\ntrunk = "main"\n[tool.labgate.kinds.protected]\nnames = ["main"]\n'
RESEARCH, FEATURE = "research/bigger-batches", "feature/x"
READ = "using the last version that can be read, of "


@prepared
def team(repo: Repo) -> Repo:
    """Somebody's clone with labgate's own hooks; ``main`` with a policy is on the remote."""
    repo.with_remote()
    repo.commit("Adopt labgate", {"labgate.toml": LEAST, "start.py": code("start")})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "-a")
    repo.labgate("install", status=0)
    repo.git("config", "--unset", "labgate.trunk")
    return repo


def pushed(repo: Repo, *arguments: str, status: int = 0) -> Result:
    return repo.run("git", "push", "origin", *arguments, status=status)


def helps(result: Result) -> list[str]:
    return re.findall(r"help: (.*)", result.text)


def broken(repo: Repo, text: str = OOPS) -> str:
    """Break the policy on the trunk past every hook; return the commit before."""
    before = repo.head("origin/main")
    repo.checkout("main").commit("Break the policy", {"labgate.toml": text})
    repo.push("main")
    return before


# What is proposed.

PROPOSED: dict[str, Callable[[str], dict[str, str]]] = {
    "not TOML": lambda text: {"labgate.toml": text + "oops\n"},
    "unknown key": lambda text: {"labgate.toml": "mistake = 1\n" + text},
    "in both files": lambda _: {"pyproject.toml": DOUBLED},
    "trunk not protected": lambda text: {"labgate.toml": text.replace('names = ["main"]', 'names = ["stable"]')},
    "another trunk": lambda text: {"labgate.toml": text.replace('"main"', '"stable"')},
    "only others in a list": lambda text: {"labgate.toml": text.replace('trunk = "main"', 'trunk = ["a", "b"]')},
    "newer": lambda text: {"labgate.toml": 'labgate-min = "99.1"\n' + text},
    "another version": lambda text: {"labgate.toml": text.replace("version = 1", "version = 2")},
    "not text": lambda text: {"labgate.toml": text + "# \udcff\n"},
}


@pytest.mark.parametrize("what", PROPOSED)
def test_a_proposed_policy_that_cannot_judge_is_refused(team: Repo, what: str) -> None:
    if what == "in both files":
        team.commit("Be a project", {"pyproject.toml": '[project]\nname = "x"\n'})
        team.push("main")
    files = {name: text.encode("utf-8", "surrogateescape") for name, text in PROPOSED[what](LEAST).items()}
    team.commit("Change the policy", files)
    said = pushed(team, "main", status=1)
    assert "LG210 error" in said.text
    (help,) = helps(said)
    team.run("sh", "-c", help)
    assert pushed(team, "main").err.count("LG210") == 0


def test_it_is_refused_in_a_change_of_a_branch_that_is_not_checked_out(team: Repo) -> None:
    team.commit("Allow topics", {"labgate.toml": LEAST + '[kinds.topic]\nnames = ["feature/{slug}"]\n'})
    team.push("main")
    team.branch("feature/x").commit("Break it", {"labgate.toml": OOPS})
    team.checkout("main")
    said = team.labgate("check", "--target", "main", "--head", "feature/x", status=1)
    assert "LG210 error" in said.text
    assert "feature/x:labgate.toml" in said.text
    (help,) = helps(said)
    team.run("sh", "-c", help)
    team.checkout("main")
    team.labgate("check", "--target", "main", "--head", "feature/x", status=0)


def test_a_branch_that_was_cut_from_a_broken_trunk_is_not_blamed_for_it(team: Repo) -> None:
    broken(team)
    team.branch("research/x").commit("Go on", {"x.py": code("x")})
    team.checkout("main").commit("Repair the policy", {"labgate.toml": LEAST})
    team.push("main")
    said = team.labgate("check", "--target", "main", "--head", "research/x", status=1)
    assert "LG210" not in said.text


def test_other_branches_may_hold_any_policy(team: Repo) -> None:
    team.branch("research/x").commit("Break it", {"labgate.toml": OOPS})
    assert "LG210" not in pushed(team, "research/x").text


def test_a_team_can_leave(team: Repo) -> None:
    team.git("rm", "--quiet", "labgate.toml")
    team.commit("No more labgate")
    assert "LG210 warning: the policy of labgate is removed without a review" in pushed(team, "main").text


def test_what_is_no_policy_in_a_project_file_is_free(team: Repo) -> None:
    team.commit("Be a project", {"pyproject.toml": '[project]\nname = "x"\n'})
    assert "LG210" not in pushed(team, "main").text


# What stands already.


def test_the_repair_passes_by_the_last_policy_that_can_be_read(team: Repo) -> None:
    before = broken(team)
    team.commit("Repair the policy", {"labgate.toml": LEAST})
    said = pushed(team, "main")
    assert "labgate: origin/main:labgate.toml: line 9" in said.text
    assert READ + before[:12] in said.text
    assert said.err.count("labgate: ") == 1
    assert READ not in pushed(team, "main:refs/heads/main").text
    team.branch("research/x").commit("Go on", {"x.py": code("x")})
    assert READ not in pushed(team, "research/x").text


def test_the_command_that_is_printed_repairs_it(team: Repo) -> None:
    broken(team)
    team.branch("research/x").commit("Go on", {"x.py": code("x")})
    said = pushed(team, "research/x")
    assert said.text.count("to restore it") == 1
    command = said.text.partition("to restore it: ")[2].splitlines()[0]
    team.run("sh", "-c", command)
    assert team.git("rev-parse", "--abbrev-ref", "HEAD") == "research/x"
    team.commit("Further", {"x.py": code("y")})
    assert READ not in pushed(team, "research/x").text


def test_the_gate_stays_closed(team: Repo) -> None:
    team.branch("research/x").commit("Try it", {"x.py": code("x")}, **by("lin"))
    team.push("research/x")
    broken(team)
    team.git("merge", "--quiet", "--no-verify", "--no-ff", "-m", "Take it", "research/x")
    said = pushed(team, "main", status=1)
    assert "LG201 error" in said.text
    assert READ in said.text
    assert "LG210" not in said.text, "the policy is as it was"


def test_a_second_break_is_refused(team: Repo) -> None:
    broken(team)
    team.commit("Break it more", {"labgate.toml": OOPS + "oops\n"})
    assert "LG210 error" in pushed(team, "main", status=1).text


def test_check_says_it_in_one_line_and_names_the_trunks_file(team: Repo) -> None:
    before = broken(team, "mistake = 1\nother-mistake = 1\n" + LEAST)
    (team.path / "labgate.toml").unlink()
    said = team.labgate("check", "--target", "main", "--head", "HEAD", status=0)
    (line,) = (line for line in said.text.splitlines() if "cannot" in line or READ in line)
    assert line.startswith(
        f"labgate: origin/main:labgate.toml: mistake: unknown key, perhaps written for a newer labgate "
        f"(this is {__version__}) (and 1 more mistake); {READ}{before[:12]}"
    )
    report = json.loads(team.labgate("check", "--target", "main", "--format", "json", status=0).out)
    assert report["policy"]["origin"] == "trunk"
    assert report["policy"]["commit"] == before


@pytest.mark.parametrize("removed", [False, True], ids=["in the work tree too", "no policy in the work tree"])
def test_a_commit_on_a_branch_of_the_broken_trunk_is_judged(team: Repo, removed: bool) -> None:
    before = broken(team)
    team.labgate("install", status=0)
    team.branch("research/x").write({"x.py": code("x")})
    if removed:
        team.git("rm", "--quiet", "labgate.toml")
    team.git("add", "x.py")
    said = hook(team, "pre-commit")
    assert (said.status, said.text.count("\n")) == (0, 1)
    assert READ + before[:12] in said.text
    team.git("checkout", "--quiet", "-b", "bad name".replace(" ", "--~".strip("~")))
    assert "LG101" in hook(team, "pre-commit").text


def test_a_mistake_of_ones_own_is_said_at_commit(team: Repo) -> None:
    team.write({"labgate.toml": OOPS, "x.py": code("x")})
    team.git("add", "x.py")
    said = hook(team, "pre-commit")
    assert said.status == 2
    assert "error: labgate.toml: line 9" in said.text


def hook(repo: Repo, stage: str) -> Result:
    index = str(repo.path / ".git" / "index")
    return repo.run("labgate-hook", stage, "--native", status=None, GIT_INDEX_FILE=index)


def test_without_any_readable_policy_the_proposed_one_judges_and_that_is_said(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Adopt labgate", {"labgate.toml": OOPS})
    repo.push("main")
    repo.labgate("install", status=0)
    repo.commit("Repair the policy", {"labgate.toml": LEAST})
    said = pushed(repo, "main")
    assert "no version of it could ever be read; using the one in this push" in said.text
    assert "origin/main:labgate.toml" in said.text


def test_a_chain_that_a_shallow_clone_cuts_asks_for_the_rest(team: Repo) -> None:
    broken(team)
    origin = team.git("remote", "get-url", "origin")
    path = team.path.parent / "shallow"
    team.git("clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{origin}", str(path))
    clone = Repo(path, dict(team.env))
    clone.labgate("install", status=0)
    clone.commit("Repair", {"labgate.toml": LEAST})
    said = pushed(clone, "main", status=1)
    (help,) = helps(said)
    assert help == "git fetch --unshallow origin"
    clone.run("sh", "-c", help)
    assert READ in pushed(clone, "main").text


def test_a_policy_for_a_newer_labgate_says_so_and_nothing_else(repo: Repo) -> None:
    repo.write({"labgate.toml": 'version = 7\nlabgate-min = "99.2"\nmagic = true\n'})
    said = repo.labgate("policy", "check", status=2)
    problem, help = said.err.splitlines()
    assert problem == (
        f"error: labgate.toml: labgate-min: this policy needs labgate 99.2 or later, and this is {__version__}"
    )
    assert "99.2" in help
    repo.write({"labgate.toml": f'labgate-min = "{__version__}"\n{LEAST}'})
    repo.labgate("policy", "check", status=0)


# In CI.


def break_pipeline(pipeline: Pipeline) -> tuple[Repo, str]:
    repo = pipeline.repo.checkout("main")
    good = (repo.path / "labgate.toml").read_text(encoding="utf-8")
    repo.commit("Break it", {"labgate.toml": good + "oops\n"})
    repo.push("main")
    return repo, good


def test_ci_refuses_a_policy_that_cannot_judge(pipeline: Pipeline) -> None:
    repo = pipeline.repo.checkout(FEATURE)
    repo.commit("Break it", {"labgate.toml": "oops\n"})
    result = pipeline.job("github-pull-request", pipeline.propose(FEATURE), changes={RESEARCH: FEATURE})
    assert result.status == 1
    assert "LG210" in rules(result)


def test_ci_judges_the_repair_and_nothing_else(pipeline: Pipeline) -> None:
    repo, good = break_pipeline(pipeline)
    other = pipeline.job("github-pull-request", pipeline.propose(FEATURE), changes={RESEARCH: FEATURE})
    assert other.status == 2
    (problem,) = json.loads(other.out)["problems"]
    assert problem["message"].startswith("origin/main:labgate.toml: ")
    repo.branch("feature/repair").commit("Repair", {"labgate.toml": good})
    head = pipeline.propose("feature/repair")
    repair = pipeline.job("github-pull-request", head, changes={RESEARCH: "feature/repair"})
    assert repair.status == 0, repair.text
    assert any(READ in notice for notice in json.loads(repair.out)["notices"])
    repo.checkout("main").run("sh", "-c", problem["help"])
    after = pipeline.job("github-pull-request", pipeline.propose(FEATURE), changes={RESEARCH: FEATURE})
    assert after.status == 0, after.text


def test_the_push_job_refuses_what_broke_it_and_passes_what_repaired_it(pipeline: Pipeline) -> None:
    before = pipeline.remote.head("main")
    repo, good = break_pipeline(pipeline)
    middle = pipeline.remote.head("main")
    assert rules(pipeline.pushed(before)) == ["LG210"]
    repo.commit("Repair", {"labgate.toml": good})
    repo.push("main")
    assert pipeline.pushed(middle).status == 0


def test_an_audit_judges_the_repair_and_leaves_what_landed_before_it_undecided(repo: Repo) -> None:
    main = adopted(repo)
    good = (repo.path / "labgate.toml").read_text(encoding="utf-8")
    main.commit("Break it", {"labgate.toml": good + "oops\n"})
    lost = main.commit("Meanwhile", {"m.py": code("m")})
    repaired = main.commit("Repair it", {"labgate.toml": good})
    later = main.commit("Later", {"later.py": code("later")})
    report = main.audit(status=2)
    outcomes = {update["new"]: update["outcome"] for update in report["updates"]}
    assert outcomes[repaired] == outcomes[later] == "passed"
    assert outcomes[lost] == "undecided"
    (undecided,) = (update for update in report["updates"] if update["new"] == lost)
    help = undecided["checks"][0]["help"]
    assert repaired[:12] in help
    assert main.audit("--since", repaired[:12], status=0)["outcome"] == "passed"

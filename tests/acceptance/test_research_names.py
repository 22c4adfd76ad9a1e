"""A branch whose name only begins as research does is research for every caller, and no kind takes research's names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.audited import Branch
from support.people import by
from support.pipeline import Pipeline, code, rules
from support.policies import LEAST
from support.pushing import push
from support.repo import Repo, Result

#: The kind that would take research's names, by its literal text or altogether.
SHADOW = '[kinds.topic]\nnames = ["{type}/{slug}"]\nfields = { type = ["feature", "fix"] }\n'
SHADOWED = LEAST.replace("[kinds.research]", f"{SHADOW}[kinds.research]")
WARNED = (
    "warning: labgate.toml: [kinds.topic] names: [kinds.topic] comes before [kinds.research] and would take its "
    "branches, so research comes first; move [kinds.research] up"
)
NESTED, CASED, FOLDER, NEIGHBOUR = "research/ada/x", "Research/x", "research", "researchers/list"


@pytest.fixture
def team(tmp_path: Path) -> Pipeline:
    """A team's clone, with nothing research on the remote: everybody's own branches come in the tests."""
    found = Pipeline.build(tmp_path)
    found.repo.git("push", "--quiet", "origin", "--delete", "research/bigger-batches")
    found.repo.git("branch", "-D", "research/bigger-batches")
    found.repo.git("remote", "set-head", "origin", "main")
    return found


def tried(team: Pipeline, branch: str) -> str:
    """Push a branch with somebody's code, and copy its commit to another branch; return that."""
    team.repo.branch(branch, "main").commit("Try", {"tried.py": code("tried") * 9}, **by("lin"))
    team.repo.push(branch)
    team.repo.git("checkout", "--quiet", "-b", "feature/copy")
    return team.repo.head()


# Each caller, and the command or job by which it is asked.


def by_push(team: Pipeline, _: str) -> tuple[int, list[str]]:
    team.repo.labgate("install", status=0)
    said = push(team.repo, "feature/copy:main")
    return said.result.status, sorted(said.errors)


def by_check(team: Pipeline, _: str) -> tuple[int, list[str]]:
    said = team.repo.labgate("check", "--target", "main", "--format", "json")
    return said.status, rules(said)


def by_its_own_name(team: Pipeline, branch: str) -> tuple[int, list[str]]:
    said = team.repo.labgate("check", "--target", "main", "--head", f"origin/{branch}", "--format", "json")
    return said.status, rules(said)


def by_a_stated_source(team: Pipeline, branch: str) -> tuple[int, list[str]]:
    """Nothing here or on the remote has the name: only the words of the command say where the commits come from."""
    team.repo.git("push", "--quiet", "origin", "--delete", branch)
    team.repo.git("branch", "-D", branch)
    said = team.repo.labgate("check", "--target", "main", "--source", branch, "--format", "json")
    return said.status, rules(said)


def by_ci(team: Pipeline, _: str) -> tuple[int, list[str]]:
    changes = {"research/bigger-batches": "feature/copy"}
    said = team.job("github-pull-request", team.propose("feature/copy"), changes=changes)
    return said.status, rules(said)


def by_ci_of_a_fork(team: Pipeline, branch: str) -> tuple[int, list[str]]:
    team.repo.git("push", "--quiet", "origin", "--delete", branch)
    head = team.propose("feature/copy")
    changes = {f'"ref": "main", "sha": "{head}"': f'"ref": "{branch}", "sha": "{head}"'}
    said = team.job("github-pull-request-from-fork", head, changes=changes)
    return said.status, rules(said)


def by_audit(team: Pipeline, _: str) -> tuple[int, list[str]]:
    team.repo.checkout("main").merge("feature/copy", "Merge it")
    team.repo.git("push", "--quiet", "--no-verify", "origin", "main")
    report = Branch(team.repo).audit()
    found = [finding["rule"] for finding in report["findings"] if finding["level"] == "error"]
    return 1 if found else 0, found


CALLERS: list[Callable[[Pipeline, str], tuple[int, list[str]]]] = [
    by_push,
    by_check,
    by_its_own_name,
    by_a_stated_source,
    by_ci,
    by_ci_of_a_fork,
    by_audit,
]


@pytest.mark.parametrize("branch", [NESTED, CASED])
@pytest.mark.parametrize("caller", CALLERS)
def test_what_only_begins_as_research_is_research(
    team: Pipeline, caller: Callable[[Pipeline, str], tuple[int, list[str]]], branch: str
) -> None:
    tried(team, branch)
    status, found = caller(team, branch)
    assert (status, "LG201" in found) == (1, True)


@pytest.mark.parametrize("caller", [by_check, by_audit])
def test_the_folder_of_the_names_of_research_is_research(
    team: Pipeline, caller: Callable[[Pipeline, str], tuple[int, list[str]]]
) -> None:
    tried(team, FOLDER)
    status, found = caller(team, FOLDER)
    assert (status, "LG201" in found) == (1, True)


@pytest.mark.parametrize("caller", CALLERS)
def test_a_neighbour_of_that_name_is_not(
    team: Pipeline, caller: Callable[[Pipeline, str], tuple[int, list[str]]]
) -> None:
    tried(team, NEIGHBOUR)
    _, found = caller(team, NEIGHBOUR)
    assert "LG201" not in found


def test_trace_and_the_report_call_it_research(team: Pipeline) -> None:
    oid = tried(team, NESTED)
    team.repo.checkout("feature/x").git("cherry-pick", oid)
    row = json.loads(team.repo.labgate("trace", "--format", "jsonl", "HEAD", status=0).out)
    assert row["derived"]
    assert row["evidence"][0]["source_ref"] == f"refs/remotes/origin/{NESTED}"
    team.repo.git("config", "labgate.trunk", "main")
    said = team.repo.labgate("check", "--target", NESTED, "--format", "json")
    report = json.loads(said.out)
    assert report["updates"][0]["kind"] == "research"


def test_its_name_is_still_refused_where_it_is_new(team: Pipeline) -> None:
    team.repo.labgate("install", status=0)
    team.repo.branch(NESTED, "main").commit("Try", {"tried.py": code("tried")})
    said = push(team.repo, NESTED)
    assert said.errors == {"LG101"}
    assert "nearest legal name: research/ada-x" in said.result.text


# A kind that shadows research.


def adopted(repo: Repo, policy: str) -> Repo:
    repo.with_remote()
    repo.commit("Adopt labgate", {"labgate.toml": policy, "start.py": code("start")})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "main")
    return repo


def proposed(repo: Repo, policy: str) -> Result:
    repo.branch("feature/policy", "origin/main").commit("Change the policy", {"labgate.toml": policy})
    return repo.labgate("check", "--target", "main")


def test_a_proposed_policy_that_shadows_research_is_refused(repo: Repo) -> None:
    said = proposed(adopted(repo, LEAST + SHADOW), SHADOWED)
    assert said.status == 1
    assert "LG210 error: the proposed policy cannot judge: feature/policy:labgate.toml: [kinds.topic]" in said.text
    (help,) = (line.partition("help: ")[2] for line in said.text.splitlines() if "help: " in line)
    repo.run("sh", "-c", help)
    assert repo.labgate("check", "--target", "main").status == 0


def test_the_same_kinds_in_the_other_order_are_not(repo: Repo) -> None:
    said = proposed(adopted(repo, LEAST), LEAST + SHADOW)
    assert "LG210 error: the proposed policy cannot judge" not in said.text


def test_a_policy_that_shadows_research_and_judges_goes_on_with_a_warning(repo: Repo) -> None:
    """It stood before labgate asked; a change that leaves it as it is must not wait for its repair."""
    adopted(repo, SHADOWED)
    repo.branch("research/x").commit("Try", {"try.py": code("tried")}, **by("lin"))
    repo.push("research/x")
    said = repo.labgate("check", "--target", "main", "--head", "origin/research/x")
    assert (said.status, "LG201 error" in said.text, WARNED in said.text) == (1, True, True)
    changed = proposed(repo, SHADOWED + '[reviews.people.kim]\nemails = ["kim@example.org"]\n')
    assert "the proposed policy cannot judge" not in changed.text
    repo.checkout("main").git("branch", "--quiet", "-D", "feature/policy")
    assert "the proposed policy cannot judge" not in proposed(repo, LEAST + SHADOW).text
    report = json.loads(repo.labgate("audit", "main", "--format", "json").out)
    assert WARNED in report["notices"]

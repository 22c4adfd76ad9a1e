"""What landed is judged by what was research before it landed, by a push job and by an audit; else it is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.audited import Branch, adopted
from support.people import by, reviewed
from support.pipeline import Pipeline, code, rules
from support.repo import Repo

RESEARCH = "research/bigger-batches"
UNKNOWN = "not known here: whether"


@pytest.fixture
def main(repo: Repo) -> Branch:
    return adopted(repo)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipeline")
    Pipeline.build(folder)
    return folder


@pytest.fixture
def pipeline(template: Path, tmp_path: Path) -> Pipeline:
    return Pipeline.copy(template, tmp_path)


def look(repo: Repo) -> None:
    repo.labgate("check", "--target", "main", "--head", "origin/main", status=0)


def fast_forward(repo: Repo, branch: str, *, more: bool = False) -> str:
    """Push a branch directly to main; return the commit."""
    repo.checkout("main").git("merge", "--quiet", "--ff-only", branch)
    landed = repo.head()
    if more:
        repo.commit("Main goes on", {"on.py": code("on")}, **by("ada"))
    repo.push("main")
    return landed


def swap(repo: Repo, branch: str) -> str:
    """Merge main into a branch, and push that to main; return the branch's own commit."""
    landed = repo.head(branch)
    repo.git("checkout", "--quiet", "-B", "swapped", branch)
    repo.merge("main", "Merge main")
    repo.git("branch", "--force", "main", "swapped")
    repo.checkout("main").push("main")
    return landed


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("way", ["fast-forward", "fast-forward and more", "swapped"])
def test_an_audit_knows_what_was_research_before(main: Branch, way: str, goes_on: bool) -> None:
    repo = main.repo
    if way == "swapped":
        main.research("idea")
        main.commit("Main goes on", {"on.py": code("on")})
    else:
        main.research("idea")
    look(repo)
    landed = (
        swap(repo, "research/idea") if way == "swapped" else fast_forward(repo, "research/idea", more="more" in way)
    )
    if goes_on:
        repo.checkout("research/idea").commit("Try more", {"more.py": code("more")}, **by("lin"))
        repo.push("research/idea")
        look(repo)
    report = main.audit(status=1)
    accused = [oid for item in report["findings"] if item["rule"] == "LG201" for oid in item["commits"]]
    assert accused == [landed]
    assert UNKNOWN not in repo.labgate("audit", "main").text


def test_an_audit_that_cannot_know_says_so(main: Branch) -> None:
    main.research("idea")
    fast_forward(main.repo, "research/idea")
    assert main.past_review() == []
    assert f"{UNKNOWN} origin/research/idea, research/idea" in main.repo.labgate("audit", "main", status=0).text


def test_research_that_was_cut_from_main_is_no_landing(main: Branch) -> None:
    repo = main.repo
    main.commit("Main goes on", {"on.py": code("on")})
    look(repo)
    repo.branch("research/idea", "main")
    repo.push("research/idea")
    look(repo)
    assert main.past_review() == []
    assert UNKNOWN not in repo.labgate("audit", "main", status=0).text


def test_a_topic_that_was_fast_forwarded_and_had_been_cut_from_is_innocent(main: Branch) -> None:
    repo = main.repo
    repo.branch("feature/base", "main").commit("Base", {"base.py": code("base")}, **by("ada"))
    repo.push("feature/base")
    look(repo)
    main.research("idea", start="feature/base")
    look(repo)
    fast_forward(repo, "feature/base")
    assert main.past_review() == []


def test_research_on_a_main_that_was_not_fetched_yet_accuses_nobody(main: Branch) -> None:
    """A clone that fetches one branch alone sees main's commits on it first."""
    repo = main.repo
    stale = repo.head("origin/main")
    main.commit("Main goes on", {"on.py": code("on")})
    main.research("idea")
    repo.git("update-ref", "refs/remotes/origin/main", stale)
    repo.git("branch", "--quiet", "-D", "research/idea")
    look(repo)
    repo.git("fetch", "--quiet", "origin")
    assert main.past_review() == []


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("more", [True, False])
@pytest.mark.parametrize("way", ["fast-forward", "swapped"])
def test_the_job_of_a_push_finds_research_or_says_that_it_cannot_know(
    pipeline: Pipeline, way: str, more: bool, goes_on: bool
) -> None:
    repo, before = pipeline.repo, pipeline.remote.head("main")
    if way == "fast-forward":
        repo.checkout(RESEARCH).git("rebase", "--quiet", "main")
        repo.push("--force", RESEARCH)
        fast_forward(repo, RESEARCH, more=more)
    else:
        swap(repo, RESEARCH)
    if goes_on:
        repo.checkout(RESEARCH).commit("Try more", {"more.py": code("more")}, **by("lin"))
        repo.push(RESEARCH)
    result = pipeline.pushed(before)
    assert (rules(result), rules(result, "warning")) == (
        (["LG201"], []) if not goes_on or way == "swapped" else ([], ["LG202"])
    )
    if goes_on and way == "fast-forward":
        (finding,) = [item for item in json.loads(result.out)["findings"] if item["rule"] == "LG202"]
        assert len(finding["commits"]) == 3
        assert "main is believed" in finding["message"]


# A review that the remote does not get.


def reviewed_here(main: Branch) -> str:
    """Let research land by squash, with a review commit on the local branch; return the squash."""
    repo = main.repo
    main.research("idea")
    repo.checkout("research/idea").commit(reviewed("ada"), None, **by("ada"))
    repo.checkout("main").git("merge", "--quiet", "--squash", "research/idea")
    repo.commit("Take the idea", None, **by("lin"))
    repo.labgate("install", status=0)
    return repo.head()


def test_a_review_that_is_only_here_does_not_let_research_through(main: Branch) -> None:
    """An audit elsewhere, and the job on main, could not see it."""
    repo = main.repo
    squash = reviewed_here(main)
    said = repo.run("git", "push", "origin", "HEAD:main", status=1)
    assert "LG201 error" in said.text
    assert "not counted: ada: its commit is not on the remote: push the branch that has it" in said.text
    repo.git("push", "--quiet", "origin", "research/idea")
    repo.git("push", "--quiet", "origin", "HEAD:main")
    assert main.past_review() == []
    assert repo.head("origin/main") == squash


def test_a_review_that_the_same_push_brings_counts(main: Branch) -> None:
    squash = reviewed_here(main)
    main.repo.git("push", "--quiet", "origin", "HEAD:main", "research/idea")
    assert main.repo.head("origin/main") == squash


def test_the_help_for_a_review_that_is_only_here_settles_it(main: Branch) -> None:
    repo = main.repo
    reviewed_here(main)
    said = repo.run("git", "push", "origin", "HEAD:main", status=1).text
    (command,) = {line.partition("help: ")[2].partition("  #")[0] for line in said.splitlines() if "help: " in line}
    repo.run("sh", "-c", command)
    repo.git("push", "--quiet", "origin", "HEAD:main")
    assert main.past_review() == []

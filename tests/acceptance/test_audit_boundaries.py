"""A review reaches what it is bound to: an audit of a linear history sees where each reviewed landing begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labgate.entrypoints.audit import AuditRequest
from labgate.entrypoints.audit import audit as judged_here
from support.people import EMAILS, adopt, by, reviewed
from support.pipeline import code
from support.repo import Repo, Result
from support.team import POLICY, found
from support.templates import prepared


def as_(person: str) -> dict[str, str]:
    """Return the environment in which a person is author and committer."""
    return {**by(person), "GIT_COMMITTER_NAME": person.title(), "GIT_COMMITTER_EMAIL": EMAILS[person]}


@prepared
def team(repo: Repo) -> Repo:
    """A team's clone on ``main``, with a file of research that is on ``research/x``."""
    found(repo)
    repo.env |= as_("ada")
    repo.commit("Models", {"models.py": code("start"), "clip.py": code("clip")})
    repo.push("main")
    return repo


def research(repo: Repo, name: str, *names: str, start: str = "main") -> None:
    """Push ``research/NAME`` with a commit for each name, by Ada, and stay on it."""
    repo.branch(f"research/{name}", start)
    for one in names:
        repo.commit(f"Try {one}", {f"{one}.py": code(one)})
    repo.push(f"research/{name}")


def approve(repo: Repo, branch: str, person: str = "lin") -> None:
    repo.labgate("review", "approve", branch, "--by", person, status=0)


def fast_forward(repo: Repo, branch: str) -> str:
    repo.checkout("main").git("merge", "--quiet", "--ff-only", branch)
    repo.push("main")
    return repo.head()


def audit(repo: Repo, *args: str) -> Result:
    return repo.labgate("audit", "main", *args, "--format", "json")


def reported(said: Result) -> dict[str, list[str]]:
    """Return the rules at level error, by the landing (full oid) that they were found in."""
    report: dict[str, Any] = json.loads(said.out)
    return {
        update["new"]: [f["rule"] for f in report["findings"] if f["update"] == number and f["level"] == "error"]
        for number, update in enumerate(report["updates"])
        if any(f["update"] == number and f["level"] == "error" for f in report["findings"])
    }


def sneak(repo: Repo) -> str:
    """Take research over past the hooks."""
    research(repo, "x", "fast", "faster")
    repo.checkout("main").git("merge", "--quiet", "--squash", "research/x")
    repo.commit("Sneak")
    repo.push("main")
    return repo.head()


def feature(repo: Repo, *names: str) -> None:
    repo.branch("feature/hon", "main")
    for one in names or ("hon",):
        repo.commit(f"Add {one}", {f"{one}.py": code(one)})


def undo(repo: Repo, path: str) -> None:
    repo.git("rm", "--quiet", path)
    repo.commit("Undo it")


def clone_of(repo: Repo, path: Path) -> Repo:
    clone = Repo(path, repo.env)
    repo.git("clone", "--quiet", f"{repo.path}-origin.git", str(path))
    return clone


@pytest.mark.parametrize("bound", [True, False])
def test_the_next_reviewed_landing_clears_no_bypass(team: Repo, tmp_path: Path, *, bound: bool) -> None:
    if bound:
        adopt(team, POLICY + "\n[reviews]\nbound = true\n")
    landed = sneak(team)
    feature(team, "hon", "more")
    approve(team, "feature/hon")
    approve(team, "feature/hon", "kim")
    fast_forward(team, "feature/hon")
    assert reported(audit(team)) == {landed: ["LG201"]}
    said = audit(clone_of(team, tmp_path / "fresh"), "--fetch")
    assert (said.status, reported(said)) == (1, {landed: ["LG201"]})


@pytest.mark.parametrize(("name", "most", "said"), [("_BELOW", 1, 1), ("_ALL", 0, 1), ("_ALL", 4, 0)])
def test_a_landing_whose_beginning_was_not_sought_is_named(
    team: Repo, monkeypatch: pytest.MonkeyPatch, name: str, most: int, said: int
) -> None:
    feature(team, "hon", "more", "most")
    approve(team, "feature/hon")
    new = fast_forward(team, "feature/hon")
    monkeypatch.setattr(f"labgate.reviews.landed_runs.{name}", most)
    monkeypatch.chdir(team.path)
    report = judged_here(AuditRequest("main"), team.env)
    named = [line for line in report.notices if f"where the landing of {new[:12]} begins" in line]
    assert len(named) == said


@pytest.mark.parametrize("same_file", [False, True], ids=["delta", "replay"])
def test_nor_does_one_that_was_rebased_onto_it(team: Repo, *, same_file: bool) -> None:
    """The review stands from before; a change of the same file elsewhere leaves only the replay to tell."""
    start = "\n".join(code(f"f{number}") for number in range(3))
    team.commit("Clip", {"clip.py": start})
    team.push("main")
    feature(team)
    if same_file:
        team.commit("Clip more", {"clip.py": start + code("last")})
    team.commit("End", {"end.py": code("end")})
    approve(team, "feature/hon")
    landed = sneak(team)
    if same_file:
        team.commit("Clip first", {"clip.py": code("first") + start})
        team.push("main")
    team.git("rebase", "--quiet", "main", "feature/hon")
    fast_forward(team, "feature/hon")
    assert reported(audit(team)) == {landed: ["LG201"]}


@pytest.mark.parametrize("rebased", [False, True])
def test_who_wrote_the_commits_before_may_review(team: Repo, tmp_path: Path, *, rebased: bool) -> None:
    """A week of two people; in the research are several commits, one of them undone."""
    if not rebased:
        team.commit("Words by Lin", {"README.md": "Better.\n"}, **as_("lin"))
        team.push("main")
    research(team, "x", "fast", "faster")
    undo(team, "faster.py")
    approve(team, "research/x")
    team.commit("Try again", {"again.py": code("again")})
    approve(team, "research/x")
    if rebased:
        team.checkout("main").commit("Words by Lin", {"README.md": "Better.\n"}, **as_("lin"))
        team.push("main")
        team.git("rebase", "--quiet", "main", "research/x")
        team.git("push", "--quiet", "--force", "origin", "research/x")
    team.labgate("check", "--target", "main", "--head", "research/x", "--source", "research/x", status=0)
    fast_forward(team, "research/x")
    said = audit(team)
    assert (said.status, reported(said)) == (0, {})
    assert audit(clone_of(team, tmp_path / "fresh"), "--fetch").status == 0


def test_a_change_that_undoes_itself_first_is_one_landing_and_that_is_said(team: Repo) -> None:
    research(team, "x", "fast")
    undo(team, "fast.py")
    team.commit("Try another", {"other.py": code("other")})
    approve(team, "research/x")
    fast_forward(team, "research/x")
    said = audit(team)
    assert said.status == 0
    assert [notice for notice in json.loads(said.out)["notices"] if "which undo each other" in notice]


def test_what_others_undid_before_is_no_part_of_a_landing(team: Repo) -> None:
    team.commit("Words by Lin", {"README.md": "Worse.\n"}, **as_("lin"))
    team.commit("Undo them", {"README.md": "Models.\n"}, **as_("lin"))
    team.push("main")
    research(team, "x", "fast")
    approve(team, "research/x")
    fast_forward(team, "research/x")
    said = audit(team)
    assert said.status == 0
    assert "which undo each other" not in said.out


def test_a_marker_that_is_bound_to_nothing_covers_what_it_did(team: Repo) -> None:
    """A landing before ``review approve`` was used: where it begins nobody knows."""
    team.commit("Words by Kim", {"README.md": "Better.\n"}, **as_("kim"))
    research(team, "x", "fast", "faster")
    team.commit(reviewed("lin"))
    fast_forward(team, "research/x")
    assert audit(team).status == 0


def test_a_merge_inside_a_reviewed_change_is_part_of_it(team: Repo) -> None:
    research(team, "part", "part")
    research(team, "x", "fast")
    team.merge("research/part", "Take the part")
    team.commit("Try more", {"more.py": code("more")})
    approve(team, "research/x")
    fast_forward(team, "research/x")
    said = audit(team)
    assert (said.status, reported(said)) == (0, {})


def helps(said: Result, rule: str) -> str:
    """Return the help of the first finding of a rule."""
    return str(next(item["help"] for item in json.loads(said.out)["findings"] if item["rule"] == rule))


def test_nobody_reviews_late_what_he_wrote_and_once_is_enough(team: Repo) -> None:
    """The landing that is named by its last commit, an empty one, has Ada's commits below it."""
    research(team, "x", "fast", "faster")
    team.checkout("main").merge("research/x", "Take x")
    team.commit("Start the CI again")
    team.push("main")
    late = helps(audit(team), "LG201")
    own = team.run("sh", "-c", late.replace("--by lin", "--by ada").replace("--by kim", "--by ada"), status=2)
    assert "ada contributed to" in own.text
    team.run("sh", "-c", late, status=0)
    tip = team.head("main")
    again = team.run("sh", "-c", late, status=0)
    assert "was already reviewed by" in again.text
    assert team.head("main") == tip
    assert audit(team).status == 0


def test_a_stale_review_that_landed_is_mended_by_a_late_one(team: Repo) -> None:
    research(team, "x", "fast")
    approve(team, "research/x")
    team.git("reset", "--quiet", "--hard", "HEAD~1")
    team.commit("Try other", {"other.py": code("other")})
    marker = team.git("log", "-1", "--format=%B", "ORIG_HEAD")
    team.commit(marker)
    team.push("research/x")
    team.checkout("main").merge("research/x", "Take x")
    team.push("main")
    stale = audit(team)
    assert "LG203" in next(iter(reported(stale).values()))
    team.run("sh", "-c", helps(stale, "LG203"), status=0)
    assert audit(team).status == 0

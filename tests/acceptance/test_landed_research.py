"""Research that has landed is no research any more, by ancestry or by what it brings, whoever is asked."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support.audited import Branch, adopted
from support.people import by, reviewed
from support.pipeline import code
from support.repo import Repo


def squashed(main: Branch) -> None:
    main.squash("a", reviewed("ada", subject="Take a"))


def rebased(main: Branch) -> None:
    main.repo.git("cherry-pick", "main..research/a")
    main.repo.commit(reviewed("ada"))
    main.repo.push("main")


@pytest.fixture(params=[squashed, rebased], ids=["squashed", "rebased"])
def main(request: pytest.FixtureRequest, repo: Repo) -> Branch:
    """Two commits of research that landed with a review, after main had gone on and before it does again."""
    main = adopted(repo)
    main.research("a", count=2)
    main.commit("Main goes on", {"models.py": code("further")})
    land: Callable[[Branch], None] = request.param
    land(main)
    main.commit("And on", {"a_0.py": code("a_0") + code("more")})
    return main


def verdicts(repo: Repo, head: str) -> tuple[list[str], bool]:
    """Return what a check finds on the way to main, and whether a trace says that the head derives from research."""
    said = repo.labgate("check", "research-gate", "--target", "main", "--head", head, "--format", "json")
    (traced,) = json.loads(repo.labgate("trace", head, "--format", "json", status=0).out)
    return [finding["rule"] for finding in json.loads(said.out)["findings"]], traced["derived"]


@pytest.mark.parametrize("kept", [True, False], ids=["branch-kept", "branch-deleted"])
def test_what_was_built_on_landed_research_is_innocent(main: Branch, kept: bool) -> None:
    repo = main.repo
    repo.branch("feature/on-top", "research/a").commit("Own", {"own.py": code("own")}, **by("ada"))
    repo.labgate("check", "--target", "main", "--head", "main", status=0)
    if not kept:
        repo.push(":research/a")
        repo.git("branch", "--quiet", "-D", "research/a")
    repo.run("git", "merge", "--quiet", "--no-edit", "-X", "theirs", "main", status=0)
    assert verdicts(repo, "feature/on-top") == ([], False)
    assert verdicts(repo, "feature/on-top^^") == ([], False)
    landed = main.land(lambda: repo.checkout("main").merge("feature/on-top", "Land it"))
    assert landed not in main.past_review()


def test_what_research_did_since_is_research(main: Branch) -> None:
    repo = main.repo
    repo.checkout("research/a").commit("Try more", {"more.py": code("try_more")}, **by("lin"))
    repo.push("research/a")
    assert verdicts(repo, "research/a") == (["LG201"], True)
    landed = main.land(lambda: repo.checkout("main").merge("research/a", "Merge it again", "-X", "ours"))
    report = main.audit(status=1)
    (finding,) = report["findings"]
    assert report["updates"][finding["update"]]["new"] == landed
    assert finding["commits"] == [repo.head("research/a")]


def test_a_step_that_was_taken_back_before_it_landed_has_not(repo: Repo) -> None:
    main = adopted(repo)
    main.research("a")
    first = repo.checkout("research/a").commit("Both", {"kept.py": code("kept"), "dropped.py": code("dropped")})
    repo.git("rm", "--quiet", "dropped.py")
    repo.commit("Only one")
    repo.push("research/a")
    repo.checkout("main")
    main.squash("a", reviewed("ada", subject="Take a"))
    assert verdicts(repo, first) == (["LG201"], True)


def test_research_that_brings_nothing_has_not_landed(repo: Repo) -> None:
    main = adopted(repo)
    main.research("a")
    tried = repo.head("research/a")
    repo.checkout("research/a").git("revert", "--no-edit", "HEAD")
    repo.push("research/a")
    repo.checkout("main")
    main.commit("Main goes on", {"models.py": code("further")})
    assert verdicts(repo, tried) == (["LG201"], True)

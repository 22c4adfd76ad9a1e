"""An audit judges what the push judged: of a merge only what git itself would not have made of its parents."""

from __future__ import annotations

import json

import pytest

from support.audited import Branch, adopted
from support.people import by, reviewed
from support.pipeline import code
from support.repo import Repo


@pytest.fixture
def main(repo: Repo) -> Branch:
    """Research that landed by squash, with its review, and whose branch is kept, beside other work on main."""
    main = adopted(repo)
    repo.branch("feature/y").commit("Faster", {"models.py": code("faster"), "y.py": code("y")}, **by("lin"))
    repo.checkout("main")
    main.research("a", count=2)
    main.squash("a", reviewed("ada", subject="Take a"))
    main.commit("Main goes on", {"models.py": code("further")})
    return main


def take_main_over(repo: Repo, files: dict[str, str]) -> None:
    """Merge main into the branch, which conflicts in ``models.py``, and settle it by these files."""
    repo.checkout("feature/y")
    repo.run("git", "merge", "--quiet", "--no-commit", "main", status=1)
    repo.commit("Merge main", files, **by("lin"))
    repo.push("feature/y")


def found_before_and_after(main: Branch) -> tuple[list[str], bool]:
    """Return what a check finds of the branch, and whether the audit reports its landing."""
    said = main.repo.labgate("check", "--target", "main", "--format", "json", "research-gate")
    landed = main.land(lambda: main.repo.checkout("main").merge("feature/y", "Land y"))
    return [finding["rule"] for finding in json.loads(said.out)["findings"]], landed in main.past_review()


@pytest.mark.parametrize("kept", [True, False], ids=["branch-kept", "branch-deleted"])
def test_a_merge_of_main_with_settled_conflicts_is_innocent(main: Branch, kept: bool) -> None:
    take_main_over(main.repo, {"models.py": code("further") + code("faster")})
    if not kept:
        main.repo.push(":research/a")
    assert found_before_and_after(main) == ([], False)


def test_research_that_comes_in_while_conflicts_are_settled_is_found(main: Branch) -> None:
    main.research("b", count=1)
    taken = main.repo.git("show", "research/b:b_0.py")
    take_main_over(main.repo, {"models.py": code("further") + code("faster"), "b_0.py": f"{taken}\n"})
    assert found_before_and_after(main) == (["LG201"], True)

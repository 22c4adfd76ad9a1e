"""What a merge grafts on, as git subtree does, is measured where the merge puts it, and not where it came from."""

from __future__ import annotations

import pytest

from support.people import adopt
from support.repo import Repo
from support.sdg import LIMITS, POLICY
from support.verdicts import assert_passes, judge

SIZE = ("commit-size", "--target", "main", "--head", "HEAD")
MEASURED = LIMITS.replace(', "vendor/**"', "")


def lines(number: int, text: str = "line") -> str:
    return "".join(f"{text} {index}\n" for index in range(number))


@pytest.fixture(params=["squashed", "whole history"])
def library(request: pytest.FixtureRequest, sdg: Repo) -> Repo:
    """A library of 1,000 lines on a branch without history in common, which ``vendored`` grafts on."""
    sdg.git("checkout", "--quiet", "--orphan", "library")
    sdg.git("rm", "-r", "--quiet", "--force", ".")
    sdg.commit("The library", {"src/a.py": lines(600)})
    if request.param == "whole history":
        sdg.commit("More of it", {"src/b.py": lines(400)})
    else:
        sdg.commit("The library", {"src/b.py": lines(400)}, "--amend")
    return sdg.checkout("main")


def vendored(repo: Repo, subject: str) -> str:
    """Merge the library below ``vendor/lib``, as ``git subtree add`` and ``merge`` do, and return the merge."""
    repo.run("git", "rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "vendor/lib", status=0)
    repo.git("read-tree", "--prefix=vendor/lib/", "library")
    tree, head = repo.git("write-tree"), repo.head()
    oid = repo.git("commit-tree", tree, "-p", head, "-p", "library", "-m", subject)
    repo.git("reset", "--quiet", "--hard", oid)
    return oid


def grow(repo: Repo) -> None:
    """Let the library grow by 700 lines."""
    here = repo.git("symbolic-ref", "--short", "HEAD")
    repo.checkout("library").commit("Even more", {"src/c.py": lines(700, "more")})
    repo.checkout(here)


def test_a_vendored_library_counts_by_the_folder_that_it_comes_to(library: Repo) -> None:
    adopt(library, POLICY + LIMITS)
    library.branch("feature/vendor")
    vendored(library, "Add the library")
    assert_passes(library, *SIZE, check="commit-size")
    grow(library)
    vendored(library, "Update the library")
    assert_passes(library, *SIZE, check="commit-size")
    library.push("HEAD:main")
    library.git("fetch", "--quiet", "origin")
    library.branch("feature/update")
    library.checkout("library").commit("Again", {"src/d.py": lines(900, "again")})
    library.checkout("feature/update")
    vendored(library, "Update the library again")
    assert_passes(library, *SIZE, check="commit-size")


def test_what_is_not_ignored_is_measured_once_as_the_merge(library: Repo) -> None:
    adopt(library, POLICY + MEASURED)
    library.branch("feature/vendor")
    merge = vendored(library, "Add the library")
    verdict = judge(library, *SIZE, status=1)
    assert verdict.rules == ["LG401"]
    finding = verdict.finding("LG401")
    assert (finding["commits"], finding["data"]["actual"]) == ([merge], 1000)
    assert "vendor/lib/src/a.py 600 lines" in finding["message"]
    assert "rebase" not in finding["help"]


def test_a_line_of_its_own_hides_nothing_that_the_merge_does_not_show(sdg: Repo) -> None:
    adopt(sdg, POLICY + LIMITS)
    sdg.git("checkout", "--quiet", "--orphan", "aside")
    hidden = sdg.commit("Much", {"big.py": lines(5000)})
    sdg.git("merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "-X", "ours", "main")
    sdg.branch("feature/x", "main").merge("aside", "Take it")
    verdict = judge(sdg, *SIZE, status=1)
    assert [hidden] in [finding["commits"] for finding in verdict.report["findings"]]


def test_an_unrelated_branch_that_is_pushed_by_itself_is_measured(sdg: Repo) -> None:
    adopt(sdg, POLICY + LIMITS)
    sdg.git("checkout", "--quiet", "--orphan", "aside")
    sdg.git("rm", "-r", "--quiet", "--force", ".")
    oid = sdg.commit("Much", {"big.py": lines(1000)})
    assert judge(sdg, *SIZE, status=1).finding("LG401")["commits"] == [oid]

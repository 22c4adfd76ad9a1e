"""Who puts into a merge what no side has is a contributor, and no reviewer of it; who merges cleanly is neither."""

from __future__ import annotations

from inline_snapshot import snapshot

from support.people import by, reviewed
from support.repo import Repo
from support.verdicts import assert_passes, judge

TO_MAIN = ("--target", "main", "--head", "HEAD")


# Row 5.


def evil_merge(repo: Repo, message: str) -> None:
    """Merge research into main as Ada, with a file that no side has."""
    repo.git("merge", "--quiet", "--no-ff", "--no-commit", "research/pr-72")
    repo.commit(message, {"slipped-in.py": "1\n"}, **by("ada"))
    assert len(repo.git("show", "--no-patch", "--format=%P").split()) == 2


def test_who_slips_a_file_into_a_merge_is_no_reviewer(sdg: Repo) -> None:
    evil_merge(sdg, reviewed("ada", subject="Merge branch 'research/pr-72'"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more; not counted: ada: self-review
    help: labgate review approve main --by lin  # once lin has reviewed it
    evidence: ancestry origin/research/pr-72
LG204 error main: the review by ada in <Merge branch 'research/pr-72'> does not count: ada contributed to
        <Merge branch 'research/pr-72'>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.finding("LG204")["data"] == {
        "person": "ada",
        "marker": sdg.head(),
        "wrote": sdg.head(),
        "change": None,
        "sought": None,
    }
    assert verdict.finding("LG201")["data"]["reviewers"][0]["person"] == "lin"


def test_an_evil_merge_below_an_empty_commit_has_a_contributor_too(sdg: Repo) -> None:
    evil_merge(sdg, "Merge branch 'research/pr-72'")
    evil = sdg.head()
    sdg.commit(reviewed("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more; not counted: ada: self-review
    help: labgate review approve main --by lin  # once lin has reviewed it
    evidence: ancestry origin/research/pr-72
LG204 error main: the review by ada in <Review> does not count: ada contributed to <Merge branch
        'research/pr-72'>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.finding("LG204")["data"]["wrote"] == evil


def test_somebody_else_may_review_an_evil_merge(sdg: Repo) -> None:
    evil_merge(sdg, "Merge branch 'research/pr-72'")
    sdg.commit(reviewed("lin"))
    assert assert_passes(sdg, *TO_MAIN).counted == ["lin"]


def test_a_clean_merge_makes_nobody_a_contributor(sdg: Repo) -> None:
    sdg.merge("research/pr-72", reviewed("ada"), **by("ada"))
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada"]


def test_a_clean_merge_across_a_rename_makes_nobody_a_contributor(sdg: Repo) -> None:
    """What git merges by its own defaults is clean, and they include following renames."""
    lines = [f"line {number}\n" for number in range(50)]
    sdg.commit("Add a file", {"before.txt": "".join(lines)})
    sdg.push("main")
    sdg.branch("research/rename").git("mv", "before.txt", "after.txt")
    sdg.commit("Rename it")
    sdg.checkout("main").commit("Edit it", {"before.txt": "".join(["new first line\n", *lines])})
    sdg.push("main")
    sdg.merge("research/rename", reviewed("ada"), **by("ada"))
    assert sdg.git("show", "HEAD:after.txt").startswith("new first line")
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada"]


def test_an_empty_commit_makes_nobody_a_contributor(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("ada"), None, **by("ada"))
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada"]

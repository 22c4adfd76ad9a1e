"""A review counts where the contract says so, and where it does not, the report says why."""

from __future__ import annotations

import pytest

from support.golden import Verdict, judge
from support.people import by, reviewed
from support.repo import Repo

TO_MAIN = ("--target", "main", "--head", "HEAD")


# Row 2.


def test_a_merge_that_a_listed_person_reviewed_passes(sdg: Repo) -> None:
    sdg.merge("research/pr-72", reviewed("ada", subject="Merge branch 'research/pr-72'"))
    verdict = judge(sdg, "passes/reviewed-merge", *TO_MAIN, status=0)
    assert verdict.text == ""
    assert verdict.review == {
        "required": "trailer",
        "reached": "trailer",
        "counted": ["ada"],
        "not_counted": [],
        "missing": [],
    }


def test_an_empty_commit_on_top_covers_what_is_below(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("lin"))
    verdict = judge(sdg, "passes/empty-commit", *TO_MAIN, status=0)
    assert verdict.review is not None
    assert verdict.review["counted"] == ["lin"]


def test_one_more_commit_above_the_review_needs_its_own(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("ada"))
    more = sdg.commit("One more thing", {"more.py": "1\n"})
    sdg.push("research/pr-72")
    verdict = judge(sdg, "reviews/one-more-commit", *TO_MAIN, status=1)
    assert verdict.rules == ["LG201"]
    assert verdict.finding("LG201")["commits"] == [more]
    assert verdict.review is not None
    assert (verdict.review["reached"], verdict.review["counted"]) == ("none", ["ada"])


def test_a_review_in_each_commit_covers_just_that_commit(sdg: Repo) -> None:
    sdg.branch("research/two", "main").commit(reviewed("ada", subject="First"), {"one.py": "1\n"})
    second = sdg.commit("Second", {"two.py": "1\n"})
    verdict = judge(sdg, "reviews/each-commit", *TO_MAIN, status=1)
    assert verdict.finding("LG201")["commits"] == [second]


def test_a_reviewed_merge_covers_only_what_it_brings_in(sdg: Repo) -> None:
    sdg.branch("research/one", "main").commit("One", {"one.py": "1\n"})
    sdg.branch("research/two", "main").commit("Two", {"two.py": "1\n"})
    sdg.checkout("main").merge("research/one", "Merge branch 'research/one'")
    sdg.merge("research/two", reviewed("ada", subject="Merge branch 'research/two'"))
    verdict = judge(sdg, "reviews/two-merges", *TO_MAIN, status=1)
    assert verdict.finding("LG201")["commits"] == [sdg.head("research/one")]


def test_a_merge_of_main_into_research_does_not_review_research(sdg: Repo) -> None:
    sdg.commit("Work on main", {"work.py": "1\n"})
    sdg.push("main")
    sdg.checkout("research/pr-72").merge("main", reviewed("ada", subject="Merge branch 'main' into research/pr-72"))
    verdict = judge(sdg, "reviews/merge-the-other-way", *TO_MAIN, status=1)
    assert len(verdict.finding("LG201")["commits"]) == 8


# Row 3: each claim that does not count says why.


def refuse(repo: Repo, name: str, message: str, **author: str) -> Verdict:
    """Judge one research commit of Ada's with this message, or this author."""
    repo.branch("research/claim", "main").commit(message, {"claim.py": "1\n"}, **(author or by("ada")))
    verdict = judge(repo, f"reviews/{name}", *TO_MAIN, status=1)
    assert verdict.rules[0] == "LG201"
    return verdict


NOT_COUNTED = {
    "stranger": ("Reviewed-by: Eve <eve@example.net>", None, "not listed in [reviews.people]"),
    "machine": ("Reviewed-by: GitHub <noreply@github.com>", None, "a machine identity"),
    "in-the-body": ("Reviewed-by: Lin <lin@example.org>\nwas there.\n\nMore.", "lin", "outside the trailer block"),
    "folded-before-the-email": ("Reviewed-by: Lin\n <lin@example.org>", "lin", "folded over two lines"),
    "folded-after-the-email": ("Reviewed-by: Lin <lin@example.org>\n and all", None, "folded over two lines"),
    "look-alike-hyphen": ("Reviewed\u2011by: Lin <lin@example.org>", "lin", "the key only looks like Reviewed-by"),
    "look-alike-letter": ("R\u0435viewed-by: Lin <lin@example.org>", "lin", "the key only looks like Reviewed-by"),
    "look-alike-in-ascii": ("ReviewedBy: Lin <lin@example.org>", "lin", "the key only looks like Reviewed-by"),
    "two-people": ("Reviewed-by: Lin <lin@example.org>, Kim <kim@example.org>", None, "no Name <email>"),
    "no-email": ("Reviewed-by: lin", None, "no Name <email>"),
    "no-name": ("Reviewed-by: <lin@example.org>", None, "no Name <email>"),
}


@pytest.mark.parametrize("name", NOT_COUNTED)
def test_a_claim_that_cannot_count_says_why(sdg: Repo, name: str) -> None:
    claim, person, reason = NOT_COUNTED[name]
    verdict = refuse(sdg, name, f"Claim\n\n{claim}")
    assert verdict.rules == ["LG201"]
    assert verdict.not_counted == [(person, reason)]
    assert f": {reason}" in verdict.text


def test_a_claim_as_the_subject_says_why(sdg: Repo) -> None:
    verdict = refuse(sdg, "as-the-subject", "Reviewed-by: Lin <lin@example.org>")
    assert verdict.not_counted == [("lin", "outside the trailer block")]


CO_AUTHORED = {
    "co-author": "Co-authored-by: Ada <ada@example.com>\nReviewed-by: Ada <ada@example.org>",
    "co-author-in-another-case": "co-AUTHORED-by: A <ADA@Example.Org>\nReviewed-by: Ada <ada@example.org>",
    "co-author-in-the-body": "Co-authored-by: Ada <ada@example.org>\nyes\n\nReviewed-by: Ada <ada@example.org>",
    "co-author-folded": "Reviewed-by: Ada <ada@example.org>\nCo-authored-by: Ada\n <ada@example.org>",
    "co-author-second-of-two": "Co-authored-by: Eve <e@x>, Ada <ada@example.org>\nReviewed-by: Ada <ada@example.org>",
    "co-author-with-a-remark": "Co-authored-by: Ada <ada@example.org> (half)\nReviewed-by: Ada <ada@example.org>",
}


@pytest.mark.parametrize("name", CO_AUTHORED)
def test_a_co_author_is_no_reviewer(sdg: Repo, name: str) -> None:
    verdict = refuse(sdg, name, f"Claim\n\n{CO_AUTHORED[name]}", **by("lin"))
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.not_counted == [("ada", "self-review")]
    assert "ada: self-review" in verdict.text


def test_an_author_is_no_reviewer(sdg: Repo) -> None:
    verdict = refuse(sdg, "author", "Claim\n\nReviewed-by: Ada <ada@example.org>")
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.not_counted == [("ada", "self-review")]
    assert verdict.finding("LG204")["data"] == {"person": "ada", "marker": sdg.head(), "wrote": sdg.head()}
    reviewers = verdict.finding("LG201")["data"]["reviewers"]
    assert reviewers == [{"person": "lin", "email": "lin@example.org"}], "the help line names somebody who can review"


def test_a_committer_is_no_reviewer(sdg: Repo) -> None:
    committer = {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    verdict = refuse(sdg, "committer", reviewed("ada", subject="Claim"), **committer)
    assert verdict.not_counted == [("ada", "self-review")]


def test_the_author_of_one_commit_is_no_reviewer_of_the_range(sdg: Repo) -> None:
    sdg.branch("research/claim", "main").commit("Mine", {"mine.py": "1\n"}, **by("ada"))
    mine = sdg.head()
    sdg.commit("Theirs", {"theirs.py": "1\n"}, **by("kim"))
    sdg.commit(reviewed("ada"))
    verdict = judge(sdg, "reviews/author-of-one", *TO_MAIN, status=1)
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.finding("LG204")["data"]["wrote"] == mine


def test_every_claim_of_one_range_is_answered(sdg: Repo) -> None:
    message = (
        "Claim\n\nReviewed-by: Lin <lin@example.org>\nsays the body.\n\n"
        "Reviewed-by: Ada <ADA@example.org>\nReviewed-by: Eve <eve@example.net>\nReviewed-by: nobody"
    )
    verdict = refuse(sdg, "several-claims", message)
    assert verdict.not_counted == [
        ("ada", "self-review"),
        (None, "not listed in [reviews.people]"),
        (None, "no Name <email>"),
        ("lin", "outside the trailer block"),
    ]


@pytest.mark.parametrize(
    "key",
    ["Reviewed-by: ", "reviewed-BY: ", "Reviewed-by:", "Reviewed-by : "],
    ids=["plain", "other-case", "no-blank", "blank-before-the-colon"],
)
def test_what_git_reads_as_the_trailer_counts(sdg: Repo, key: str) -> None:
    sdg.checkout("research/pr-72").commit(f"Review\n\n{key}Ada <Ada@Example.ORG>")
    verdict = judge(sdg, f"passes/key-{len(key)}-{key[9]}", *TO_MAIN, status=0)
    assert verdict.review is not None
    assert (verdict.review["counted"], verdict.not_counted) == (["ada"], [])


def test_windows_line_ends_change_nothing(sdg: Repo) -> None:
    message = "Review\r\n\r\nReviewed-by: Ada <ada@example.org>\r\n"
    sdg.checkout("research/pr-72").commit(message, None, "--cleanup=verbatim")
    assert "\r" in sdg.git("cat-file", "commit", "HEAD")
    judge(sdg, "passes/windows-line-ends", *TO_MAIN, status=0)


def test_the_configuration_of_the_repository_makes_no_trailers(sdg: Repo) -> None:
    """A line of another key, or with another separator, is no review because git's configuration says so (T04)."""
    sdg.checkout("research/pr-72").commit("Review\n\nseen: Ada <ada@example.org>\nReviewed-by# Ada <ada@example.org>")
    sdg.git("config", "trailer.seen.key", "Reviewed-by")
    sdg.git("config", "trailer.separators", ":#")
    shown = sdg.git("log", "-1", "--format=%(trailers:only)")
    assert shown.count("Reviewed-by: Ada") == 2, "git itself takes both for reviews"
    verdict = judge(sdg, "reviews/configured-trailers", *TO_MAIN, status=1)
    assert verdict.rules == ["LG201"]


def test_the_configuration_of_the_repository_hides_no_trailers(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("ada"))
    sdg.git("config", "core.commentChar", "R")
    assert sdg.git("log", "-1", "--format=%(trailers:only)") == "", "git itself takes it for a comment"
    judge(sdg, "passes/configured-comments", *TO_MAIN, status=0)


# Row 5.


def evil_merge(repo: Repo, message: str) -> None:
    """Merge research into main as Ada, with a file that no side has."""
    repo.git("merge", "--quiet", "--no-ff", "--no-commit", "research/pr-72")
    repo.commit(message, {"slipped-in.py": "1\n"}, **by("ada"))
    assert len(repo.git("show", "--no-patch", "--format=%P").split()) == 2


def test_who_slips_a_file_into_a_merge_is_no_reviewer(sdg: Repo) -> None:
    evil_merge(sdg, reviewed("ada", subject="Merge branch 'research/pr-72'"))
    verdict = judge(sdg, "reviews/evil-merge", *TO_MAIN, status=1)
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.finding("LG204")["data"] == {"person": "ada", "marker": sdg.head(), "wrote": sdg.head()}
    assert verdict.finding("LG201")["data"]["reviewers"][0]["person"] == "lin"


def test_an_evil_merge_below_an_empty_commit_has_a_contributor_too(sdg: Repo) -> None:
    evil_merge(sdg, "Merge branch 'research/pr-72'")
    evil = sdg.head()
    sdg.commit(reviewed("ada"))
    verdict = judge(sdg, "reviews/evil-merge-below", *TO_MAIN, status=1)
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.finding("LG204")["data"]["wrote"] == evil


def test_somebody_else_may_review_an_evil_merge(sdg: Repo) -> None:
    evil_merge(sdg, "Merge branch 'research/pr-72'")
    sdg.commit(reviewed("lin"))
    judge(sdg, "passes/evil-merge-reviewed", *TO_MAIN, status=0)


def test_a_clean_merge_makes_nobody_a_contributor(sdg: Repo) -> None:
    sdg.merge("research/pr-72", reviewed("ada"), **by("ada"))
    judge(sdg, "passes/clean-merge-by-the-reviewer", *TO_MAIN, status=0)


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
    judge(sdg, "passes/clean-merge-across-a-rename", *TO_MAIN, status=0)


def test_an_empty_commit_makes_nobody_a_contributor(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("ada"), None, **by("ada"))
    judge(sdg, "passes/empty-commit-by-the-reviewer", *TO_MAIN, status=0)

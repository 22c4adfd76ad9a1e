"""A review counts where the contract says so, and where it does not, the report says why."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from support.people import by, reviewed
from support.repo import Repo
from support.verdicts import Verdict, assert_passes, judge

TO_MAIN = ("--target", "main", "--head", "HEAD")


# Row 2.


def test_a_merge_that_a_listed_person_reviewed_passes(sdg: Repo) -> None:
    sdg.merge("research/pr-72", reviewed("ada", subject="Merge branch 'research/pr-72'"))
    verdict = assert_passes(sdg, *TO_MAIN)
    assert verdict.text == ""
    assert verdict.review == {
        "required": "trailer",
        "reached": "trailer",
        "counted": ["ada"],
        "not_counted": [],
        "missing": [],
        "late": [],
    }


def test_an_empty_commit_on_top_covers_what_is_below(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("lin"))
    verdict = assert_passes(sdg, *TO_MAIN)
    assert verdict.counted == ["lin"]


def test_one_more_commit_above_the_review_needs_its_own(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("ada"))
    more = sdg.commit("One more thing", {"more.py": "1\n"})
    sdg.push("research/pr-72")
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from origin/research/pr-72 (same commit): <One more thing> One more
        thing
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
review: trailer required; none reached; counted: ada; missing: total
""")
    assert verdict.rules == ["LG201"]
    assert verdict.finding("LG201")["commits"] == [more]
    assert verdict.review is not None
    assert (verdict.review["reached"], verdict.review["counted"]) == ("none", ["ada"])


def test_a_review_in_each_commit_covers_just_that_commit(sdg: Repo) -> None:
    sdg.branch("research/two", "main").commit(reviewed("ada", subject="First"), {"one.py": "1\n"})
    second = sdg.commit("Second", {"two.py": "1\n"})
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/two (same commit): <Second> Second
    help: labgate review approve research/two --by ada  # once ada has reviewed it
    evidence: ancestry research/two
review: trailer required; none reached; counted: ada; missing: total
""")
    assert verdict.finding("LG201")["commits"] == [second]


def test_a_reviewed_merge_covers_only_what_it_brings_in(sdg: Repo) -> None:
    sdg.branch("research/one", "main").commit("One", {"one.py": "1\n"})
    sdg.branch("research/two", "main").commit("Two", {"two.py": "1\n"})
    sdg.checkout("main").merge("research/one", "Merge branch 'research/one'")
    sdg.merge("research/two", reviewed("ada", subject="Merge branch 'research/two'"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/one (same commit): <One> One
    help: labgate review approve main --by ada  # once ada has reviewed it
    evidence: ancestry research/one
review: trailer required; none reached; counted: ada; missing: total
""")
    assert verdict.finding("LG201")["commits"] == [sdg.head("research/one")]


def test_a_merge_of_main_into_research_does_not_review_research(sdg: Repo) -> None:
    sdg.commit("Work on main", {"work.py": "1\n"})
    sdg.push("main")
    sdg.checkout("research/pr-72").merge("main", reviewed("ada", subject="Merge branch 'main' into research/pr-72"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from research/pr-72 (same commits): <Tidy the filter and the...> Tidy
        the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that hold no
        number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry research/pr-72
""")
    assert len(verdict.finding("LG201")["commits"]) == 8


# Row 3: each claim that does not count says why.


def refuse(repo: Repo, message: str, **author: str) -> Verdict:
    """Judge one research commit of Ada's with this message, or this author."""
    repo.branch("research/claim", "main").commit(message, {"claim.py": "1\n"}, **(author or by("ada")))
    verdict = judge(repo, *TO_MAIN, status=1)
    assert verdict.rules[0] == "LG201"
    return verdict


# fmt: off
NOT_COUNTED = {
    "stranger": ("Reviewed-by: Eve <eve@example.net>", None, "not listed in [reviews.people]", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted:
        eve@example.net: not listed in [reviews.people]
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: somebody; missing: total
""")),
    "machine": ("Reviewed-by: GitHub <noreply@github.com>", None, "a machine identity", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted:
        noreply@github.com: a machine identity
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: somebody; missing: total
""")),
    "in-the-body": (
        "Reviewed-by: Lin <lin@example.org>\nwas there.\n\nMore.", "lin", "outside the trailer block", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: lin:
        outside the trailer block
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: lin; missing: total
""")),
    "folded-before-the-email": ("Reviewed-by: Lin\n <lin@example.org>", "lin", "folded over two lines", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: lin:
        folded over two lines
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: lin; missing: total
""")),
    "folded-after-the-email": (
        "Reviewed-by: Lin <lin@example.org>\n and all", None, "folded over two lines", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: a
        claim: folded over two lines
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: somebody; missing: total
""")),
    "look-alike-hyphen": (
        "Reviewed\u2011by: Lin <lin@example.org>", "lin", "the key only looks like Reviewed-by", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: lin:
        the key only looks like Reviewed-by
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: lin; missing: total
""")),
    "look-alike-letter": (
        "R\u0435viewed-by: Lin <lin@example.org>", "lin", "the key only looks like Reviewed-by", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: lin:
        the key only looks like Reviewed-by
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: lin; missing: total
""")),
    "look-alike-in-ascii": (
        "ReviewedBy: Lin <lin@example.org>", "lin", "the key only looks like Reviewed-by", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: lin:
        the key only looks like Reviewed-by
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: lin; missing: total
""")),
    "two-people": ("Reviewed-by: Lin <lin@example.org>, Kim <kim@example.org>", None, "no Name <email>", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: a
        claim: no Name <email>
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: somebody; missing: total
""")),
    "no-email": ("Reviewed-by: lin", None, "no Name <email>", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: a
        claim: no Name <email>
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: somebody; missing: total
""")),
    "no-name": ("Reviewed-by: <lin@example.org>", None, "no Name <email>", snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: a
        claim: no Name <email>
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: somebody; missing: total
""")),
}
# fmt: on


@pytest.mark.parametrize("name", NOT_COUNTED)
def test_a_claim_that_cannot_count_says_why(sdg: Repo, name: str) -> None:
    claim, person, reason, expected = NOT_COUNTED[name]
    verdict = refuse(sdg, f"Claim\n\n{claim}")
    assert verdict.summary == expected
    assert verdict.rules == ["LG201"]
    assert verdict.not_counted == [(person, reason)]
    assert f": {reason}" in verdict.text


def test_a_claim_as_the_subject_says_why(sdg: Repo) -> None:
    verdict = refuse(sdg, "Reviewed-by: Lin <lin@example.org>")
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Reviewed-by: Lin...> Reviewed-by:
        Lin <lin@example.org>; not counted: lin: outside the trailer block
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
review: trailer required; none reached; not counted: lin; missing: total
""")
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
    verdict = refuse(sdg, f"Claim\n\n{CO_AUTHORED[name]}", **by("lin"))
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: ada:
        self-review
    help: list somebody else in [reviews.people], in labgate.toml on the trunk: nobody there can review this
    evidence: ancestry research/claim
LG204 error main: the review by ada in <Claim> does not count: ada contributed to <Claim>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.not_counted == [("ada", "self-review")]
    assert "ada: self-review" in verdict.text


def test_an_author_is_no_reviewer(sdg: Repo) -> None:
    verdict = refuse(sdg, "Claim\n\nReviewed-by: Ada <ada@example.org>")
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: ada:
        self-review
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
LG204 error main: the review by ada in <Claim> does not count: ada contributed to <Claim>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.not_counted == [("ada", "self-review")]
    assert verdict.finding("LG204")["data"] == {
        "person": "ada",
        "marker": sdg.head(),
        "wrote": sdg.head(),
        "change": None,
        "sought": None,
    }
    reviewers = verdict.finding("LG201")["data"]["reviewers"]
    assert reviewers == [{"person": "lin", "email": "lin@example.org"}], "the help line names somebody who can review"


def test_a_committer_is_no_reviewer(sdg: Repo) -> None:
    committer = {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    verdict = refuse(sdg, reviewed("ada", subject="Claim"), **committer)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: ada:
        self-review
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
LG204 error main: the review by ada in <Claim> does not count: ada committed <Claim>, and no commit by Grace
        with the same change was found
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert verdict.not_counted == [("ada", "self-review")]


def test_the_author_of_one_commit_is_no_reviewer_of_the_range(sdg: Repo) -> None:
    sdg.branch("research/claim", "main").commit("Mine", {"mine.py": "1\n"}, **by("ada"))
    mine = sdg.head()
    sdg.commit("Theirs", {"theirs.py": "1\n"}, **by("kim"))
    sdg.commit(reviewed("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 2 unreviewed commits from research/claim (same commits): <Theirs> Theirs, <Mine> Mine; not
        counted: ada: self-review
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
LG204 error main: the review by ada in <Review> does not count: ada contributed to <Mine>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.finding("LG204")["data"]["wrote"] == mine


def test_every_claim_of_one_range_is_answered(sdg: Repo) -> None:
    message = (
        "Claim\n\nReviewed-by: Lin <lin@example.org>\nsays the body.\n\n"
        "Reviewed-by: Ada <ADA@example.org>\nReviewed-by: Eve <eve@example.net>\nReviewed-by: nobody"
    )
    verdict = refuse(sdg, message)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/claim (same commit): <Claim> Claim; not counted: ada:
        self-review, eve@example.net: not listed in [reviews.people], a claim: no Name <email> and 1 more
    help: labgate review approve research/claim --by lin  # once lin has reviewed it
    evidence: ancestry research/claim
LG204 error main: the review by ada in <Claim> does not count: ada contributed to <Claim>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada, somebody, somebody, lin; missing: total
""")
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
    verdict = assert_passes(sdg, *TO_MAIN)
    assert (verdict.counted, verdict.not_counted) == (["ada"], [])


def test_windows_line_ends_change_nothing(sdg: Repo) -> None:
    message = "Review\r\n\r\nReviewed-by: Ada <ada@example.org>\r\n"
    sdg.checkout("research/pr-72").commit(message, None, "--cleanup=verbatim")
    assert "\r" in sdg.git("cat-file", "commit", "HEAD")
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada"]


def test_the_configuration_of_the_repository_makes_no_trailers(sdg: Repo) -> None:
    """A line of another key, or with another separator, is no review because git's configuration says so (T04)."""
    sdg.checkout("research/pr-72").commit("Review\n\nseen: Ada <ada@example.org>\nReviewed-by# Ada <ada@example.org>")
    sdg.git("config", "trailer.seen.key", "Reviewed-by")
    sdg.git("config", "trailer.separators", ":#")
    shown = sdg.git("log", "-1", "--format=%(trailers:only)")
    assert shown.count("Reviewed-by: Ada") == 2, "git itself takes both for reviews"
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from research/pr-72 (same commits): <Tidy the filter and the...> Tidy
        the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that hold no
        number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry research/pr-72
LG501 note main: 1 commit is empty and no review marker: <Review> (Review)
    help: git reset --soft HEAD^  # then: git push --force-with-lease --force-if-includes origin
        research/pr-72
""")
    assert verdict.rules == ["LG201", "LG501"]


def test_the_configuration_of_the_repository_hides_no_trailers(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit(reviewed("ada"))
    sdg.git("config", "core.commentChar", "R")
    assert sdg.git("log", "-1", "--format=%(trailers:only)") == "", "git itself takes it for a comment"
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada"]

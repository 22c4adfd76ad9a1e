"""A quorum counts persons, by groups and affiliations of the policy, and names who is missing."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from support.people import EMAILS, adopt, by, reviewed
from support.repo import Repo
from support.sdg import POLICY
from support.verdicts import assert_passes, judge

TO_MAIN = ("--target", "main", "--head", "HEAD")

PEOPLE = """
[reviews.people.ada]
emails = ["ada@example.org", "ada@example.com"]
affiliation = "uni-a"
[reviews.people.lin]
emails = ["lin@example.org"]
affiliation = "uni-b"
[reviews.people.kim]
emails = ["kim@example.org"]
affiliation = "uni-a"
[reviews.people.max]
emails = ["max@example.org"]
"""


def team(*, quorum: str, reviews: str = "", groups: str = "") -> str:
    """Return the policy of sdg with four reviewers and this quorum."""
    rest = f'[reviews]\nmachines = ["noreply@github.com"]\nquorum = {quorum}\n{reviews}\n{groups}\n{PEOPLE}'
    return POLICY.partition("[reviews]")[0] + rest


def test_a_second_reviewer_is_missing(sdg: Repo) -> None:
    adopt(sdg, team(quorum="{ total = 2 }"))
    sdg.merge("research/pr-72", reviewed("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG205 error main: 8 commits reviewed by ada; still missing: more reviewers
    help: labgate review approve main --by lin  # once lin has reviewed it
review: trailer required; none reached; counted: ada; missing: total
""")
    assert verdict.rules == ["LG205"]
    assert verdict.finding("LG205")["data"]["missing"] == ["total"]
    assert verdict.review is not None
    assert (verdict.review["counted"], verdict.review["missing"]) == (["ada"], ["total"])
    sdg.run("sh", "-c", verdict.finding("LG205")["help"])
    verdict = assert_passes(sdg, *TO_MAIN)
    assert verdict.counted == ["ada", "lin"]


def test_two_emails_of_one_person_count_once(sdg: Repo) -> None:
    adopt(sdg, team(quorum="{ total = 2 }"))
    sdg.merge("research/pr-72", "Merge\n\nReviewed-by: Ada <ada@example.org>\nReviewed-by: A. D. <ADA@example.com>")
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG205 error main: 8 commits reviewed by ada; still missing: more reviewers
    help: labgate review approve main --by lin  # once lin has reviewed it
review: trailer required; none reached; counted: ada; missing: total
""")
    assert verdict.rules == ["LG205"]
    assert verdict.finding("LG205")["data"]["counted"] == ["ada"]


def test_an_author_under_another_address_is_the_same_person(sdg: Repo) -> None:
    sdg.branch("research/own", "main").commit("Own", {"own.py": "1\n"}, **by("ada", "ada@example.com"))
    sdg.commit(reviewed("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/own (same commit): <Own> Own; not counted: ada:
        self-review
    help: labgate review approve research/own --by lin  # once lin has reviewed it
    evidence: ancestry research/own
LG204 error main: the review by ada in <Review> does not count: ada contributed to <Own>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert verdict.rules == ["LG201", "LG204"]


def test_a_mailmap_in_the_tree_makes_nobody_another(sdg: Repo) -> None:
    sdg.branch("research/own", "main")
    files = {"own.py": "1\n", ".mailmap": "Eve <eve@example.net> <ada@example.org>\n"}
    sdg.commit("Own", files, **by("ada"))
    sdg.git("config", "log.mailmap", "true")
    sdg.commit(reviewed("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.rules == ["LG201", "LG204"]
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/own (same commit): <Own> Own; not counted: ada:
        self-review
    help: labgate review approve research/own --by lin  # once lin has reviewed it
    evidence: ancestry research/own
LG204 error main: the review by ada in <Review> does not count: ada contributed to <Own>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")


def test_beside_one_review_that_counts_a_self_review_is_no_finding_of_its_own(sdg: Repo) -> None:
    adopt(sdg, team(quorum="{ total = 2 }"))
    sdg.branch("research/own").commit("Own", {"own.py": "1\n"}, **by("ada"))
    sdg.commit(reviewed("ada", "lin"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG205 error main: 1 commit reviewed by lin; still missing: more reviewers; not counted: ada: self-review
    help: labgate review approve research/own --by kim  # once kim has reviewed it
review: trailer required; none reached; counted: lin; not counted: ada; missing: total
""")
    assert verdict.rules == ["LG205"]
    assert verdict.not_counted == [("ada", "self-review")]
    assert verdict.finding("LG205")["data"]["reviewers"] == [{"person": "kim", "email": EMAILS["kim"]}]


def test_beside_a_met_quorum_a_self_review_is_only_reported(sdg: Repo) -> None:
    sdg.branch("research/own", "main").commit("Own", {"own.py": "1\n"}, **by("ada"))
    sdg.commit(reviewed("ada", "lin"))
    verdict = assert_passes(sdg, *TO_MAIN)
    assert verdict.not_counted == [("ada", "self-review")]


CORE = '[reviews.groups.core]\npeople = ["lin", "max"]\npaths = ["src/**"]\n'


def test_a_group_must_review_its_own_paths(sdg: Repo) -> None:
    adopt(sdg, team(quorum="{ total = 1, groups = { core = 1 } }", groups=CORE))
    sdg.merge("research/pr-72", reviewed("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG205 error main: 8 commits reviewed by ada; still missing: core
    help: labgate review approve main --by lin  # once lin has reviewed it
review: trailer required; none reached; counted: ada; missing: core
""")
    assert verdict.rules == ["LG205"]
    assert "still missing: core" in verdict.text
    assert verdict.review is not None
    assert verdict.review["missing"] == ["core"]
    assert verdict.finding("LG205")["data"]["reviewers"] == [{"person": "lin", "email": EMAILS["lin"]}]
    sdg.run("sh", "-c", verdict.finding("LG205")["help"])
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada", "lin"]


def test_a_group_has_no_say_elsewhere(sdg: Repo) -> None:
    adopt(sdg, team(quorum="{ total = 1, groups = { core = 1 } }", groups=CORE))
    sdg.branch("research/words").commit("Words", {"docs/words.md": "Words.\n"})
    sdg.commit(reviewed("ada"))
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada"]


def test_affiliations_come_from_the_policy_and_not_from_addresses(sdg: Repo) -> None:
    """Kim is of ada's affiliation, and max of none, whatever their addresses look like (T11)."""
    adopt(sdg, team(quorum="{ total = 2, affiliations = 2 }").replace("max@example.org", "max@uni-b.example"))
    sdg.merge("research/pr-72", f"{reviewed('ada', 'kim')}\nReviewed-by: Max <max@uni-b.example>")
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG205 error main: 8 commits reviewed by ada, kim, max; still missing: more affiliations
    help: labgate review approve main --by lin  # once lin has reviewed it
review: trailer required; none reached; counted: ada, kim, max; missing: affiliations
""")
    assert verdict.rules == ["LG205"]
    assert verdict.finding("LG205")["data"]["missing"] == ["affiliations"]
    assert verdict.finding("LG205")["data"]["reviewers"] == [{"person": "lin", "email": EMAILS["lin"]}]


def test_a_landing_identity_blocks_nobody(sdg: Repo) -> None:
    landing = {"GIT_COMMITTER_NAME": "GitHub", "GIT_COMMITTER_EMAIL": "noreply@github.com"}
    sdg.branch("research/squash", "main").commit("Squash", {"squash.py": "1\n"}, **by("ada"))
    sdg.branch("feature/landed", "main")
    sdg.git("cherry-pick", "-x", "research/squash", **landing)
    sdg.git("commit", "--quiet", "--amend", "--no-edit", "--trailer", "Reviewed-by: Lin <lin@example.org>", **landing)
    verdict = assert_passes(sdg, *TO_MAIN)
    assert verdict.counted == ["lin"]


def test_where_nobody_is_left_to_review_the_help_says_so(sdg: Repo) -> None:
    sdg.branch("research/own", "main").commit("Own", {"own.py": "1\n"}, **by("ada"))
    sdg.commit("Lin's part", {"lin.py": "1\n"}, **by("lin"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 2 unreviewed commits from research/own (same commits): <Lin's part> Lin's part, <Own> Own
    help: list somebody else in [reviews.people], in labgate.toml on the trunk: nobody there can review this
    evidence: ancestry research/own
""")
    assert verdict.finding("LG201")["data"]["reviewers"] is None
    assert "[reviews.people]" in verdict.finding("LG201")["help"]


@pytest.mark.parametrize(
    ("assurance", "expected"),
    [
        (
            "forge",
            snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more; not counted: ada: a trailer is only a
        claim, and [reviews] assurance requires more
    help: open a pull request and ask ada to approve it
    evidence: ancestry origin/research/pr-72
review: forge required; none reached; not counted: ada; missing: total
"""),
        ),
        (
            "signed",
            snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more; not counted: ada: a trailer is only a
        claim, and [reviews] assurance requires more
    help: this version of labgate cannot verify signatures: set assurance = "forge" in [reviews] on the
        trunk
    evidence: ancestry origin/research/pr-72
review: signed required; none reached; not counted: ada; missing: total
"""),
        ),
    ],
)
def test_a_trailer_is_not_enough_where_the_policy_asks_for_more(sdg: Repo, assurance: str, expected: str) -> None:
    adopt(sdg, team(quorum="{ total = 1 }", reviews=f'assurance = "{assurance}"'))
    sdg.merge("research/pr-72", reviewed("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == expected
    assert verdict.rules == ["LG201"]
    assert verdict.review is not None
    assert (verdict.review["required"], verdict.review["reached"]) == (assurance, "none")
    assert verdict.not_counted == [("ada", "a trailer is only a claim, and [reviews] assurance requires more")]


def test_all_code_needs_a_review_where_the_policy_says_so(sdg: Repo) -> None:
    adopt(
        sdg, team(quorum="{ total = 1 }").replace("[reviews]", '[research-gate]\nrequire-review = "all"\n[reviews]', 1)
    )
    sdg.branch("feature/plain").commit("Plain", {"plain.py": "1\n"})
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG205 error main: 1 commit without a review; still missing: reviewers
    help: labgate review approve feature/plain --by ada  # once ada has reviewed it
""")
    assert verdict.rules == ["LG205"]
    sdg.commit(reviewed("ada"))
    assert assert_passes(sdg, *TO_MAIN).counted == ["ada"]

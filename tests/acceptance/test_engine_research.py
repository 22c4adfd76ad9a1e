"""Research on its way to main is found under every name and shape; what is not research passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import get_snapshot_value, snapshot

from support.people import reviewed
from support.repo import Repo
from support.sdg import BASE, POLICY
from support.verdicts import Verdict, assert_passes, judge

SOURCE = "refs/remotes/origin/research/pr-72"

PULL_REQUEST_72 = snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")


def pull_request_72_on(branch: str) -> str:
    """Return the same, but for line breaks, where the commits are on another branch: there the review is stated."""
    text: str = get_snapshot_value(PULL_REQUEST_72)
    return unwrapped(text).replace("approve research/pr-72 ", f"approve {branch} ")


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def commits_of_pull_request_72(repo: Repo) -> list[str]:
    return repo.git("rev-list", "--topo-order", f"{BASE}..{SOURCE}").split("\n")


def assert_finds_pull_request_72(verdict: Verdict, commits: list[str]) -> None:
    assert verdict.rules == ["LG201"]
    finding = verdict.finding("LG201")
    assert len(commits) == 8
    assert finding["commits"] == commits
    (evidence,) = finding["evidence"]
    assert (evidence["method"], evidence["source_ref"]) == ("ancestry", SOURCE)
    assert evidence["source_commits"] == commits
    assert "8 unreviewed commits from origin/research/pr-72" in verdict.text
    assert "    help: labgate review approve" in verdict.text


# Row 1.


def test_a_research_branch_does_not_reach_main(sdg: Repo) -> None:
    verdict = judge(sdg, "--target", "main", "--head", "research/pr-72", status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))
    assert verdict.report["policy"]["origin"] == "trunk"


def test_another_name_does_not_help(sdg: Repo) -> None:
    sdg.git("branch", "-m", "research/pr-72", "feature/x")
    verdict = judge(sdg, "--target", "main", "--head", "feature/x", status=1)
    assert unwrapped(verdict.summary) == pull_request_72_on("feature/x")
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


def test_another_name_on_the_remote_does_not_help(sdg: Repo) -> None:
    sdg.push("research/pr-72:feature/x")
    verdict = judge(sdg, "--target", "main", "--head", "origin/feature/x", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))
    assert verdict.finding("LG201")["data"]["rivals"] == ["refs/remotes/origin/feature/x"]
    assert "holds them too" not in verdict.text


def test_a_local_merge_does_not_help(sdg: Repo) -> None:
    sdg.merge("research/pr-72", "Merge branch 'research/pr-72'")
    verdict = judge(sdg, "--target", "main", "--head", "main", status=1)
    assert unwrapped(verdict.summary) == pull_request_72_on("main")
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


def test_a_local_main_that_moved_on_is_no_negative(sdg: Repo) -> None:
    sdg.git("merge", "--quiet", "--no-edit", "research/pr-72")
    sdg.branch("feature/on-top").commit("Build on it", {"top.py": "1\n"})
    verdict = judge(sdg, "--target", "main", status=1)
    assert unwrapped(verdict.summary) == pull_request_72_on("feature/on-top")
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


def test_the_refusal_can_be_mended_by_its_own_help_line(sdg: Repo) -> None:
    sdg.checkout("research/pr-72")
    verdict = judge(sdg, "--target", "main", "--head", "research/pr-72", status=1)
    assert verdict.summary == PULL_REQUEST_72
    sdg.run("sh", "-c", verdict.finding("LG201")["help"])
    sdg.labgate("check", "--target", "main", status=0)


def test_a_teammate_without_the_branch_is_judged_by_the_remote_one(sdg: Repo) -> None:
    oid = sdg.head("research/pr-72")
    sdg.git("branch", "-D", "research/pr-72")
    verdict = judge(sdg, "--target", "main", "--head", oid, status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


def test_a_branch_that_only_exists_here_is_a_source_too(sdg: Repo) -> None:
    sdg.branch("research/new").commit("Try it", {"try.py": "1\n"})
    verdict = judge(sdg, "--target", "main", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from research/new (same commit): <Try it> Try it
    help: labgate review approve research/new --by ada  # once ada has reviewed it
    evidence: ancestry research/new
""")
    assert verdict.finding("LG201")["evidence"][0]["source_ref"] == "refs/heads/research/new"


def test_a_branch_ahead_of_the_remote_is_one_finding(sdg: Repo) -> None:
    sdg.checkout("research/pr-72").commit("Try more", {"more.py": "1\n"})
    verdict = judge(sdg, "--target", "main", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 9 unreviewed commits from research/pr-72 (same commits): <Try more> Try more, <Tidy the
        filter and the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import and 6
        more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry research/pr-72
""")
    assert verdict.rules == ["LG201"]
    assert len(verdict.finding("LG201")["commits"]) == 9


# Row 4: what is not research.


def test_a_topic_branch_merged_into_research_stays_a_topic_branch(sdg: Repo) -> None:
    sdg.branch("feature/tidy").commit("Tidy up", {"tidy.py": "1\n"})
    sdg.push("feature/tidy")
    sdg.labgate("check", "--target", "main", "--head", "main", status=0)  # it is seen first
    sdg.checkout("research/pr-72").merge("feature/tidy", "Merge branch 'feature/tidy' into research/pr-72")
    sdg.push("research/pr-72")
    sdg.git("branch", "-D", "feature/tidy")
    verdict = assert_passes(sdg, "--target", "main", "--head", "origin/feature/tidy")
    assert verdict.text == ""


def test_a_release_cut_from_main_passes(sdg: Repo) -> None:
    sdg.branch("release/1.0", "main")
    verdict = assert_passes(sdg, "--target", "release/1.0", "--head", "release/1.0")
    assert verdict.text == ""


def release_with_reviewed_research_on_main(repo: Repo) -> None:
    repo.push("main:release/1.0")
    repo.merge("research/pr-72", reviewed("ada", subject="Merge branch 'research/pr-72'"))
    repo.push("main")


def test_reviewed_code_goes_from_main_to_a_release(sdg: Repo) -> None:
    release_with_reviewed_research_on_main(sdg)
    sdg.git("config", "labgate.trunk", "main")
    verdict = assert_passes(sdg, "--target", "release/1.0", "--head", "main")
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_without_a_configured_trunk_the_release_is_taken_for_it_and_the_mending_command_said(sdg: Repo) -> None:
    release_with_reviewed_research_on_main(sdg)
    verdict = judge(sdg, "--target", "release/1.0", "--head", "main", status=2)
    assert verdict.summary == snapshot("""\
problem: labgate.toml on origin/release/1.0 says trunk = "main", but the trunk here is release/1.0
    help: git config labgate.trunk main
""")
    (problem,) = verdict.report["problems"]
    assert problem["help"] == "git config labgate.trunk main"
    sdg.run("sh", "-c", problem["help"])
    sdg.labgate("check", "--target", "release/1.0", "--head", "main", status=0)


def test_unreviewed_research_does_not_reach_a_release_either(sdg: Repo) -> None:
    sdg.push("main:release/1.0")
    sdg.git("config", "labgate.trunk", "main")
    verdict = judge(sdg, "--target", "release/1.0", "--head", "research/pr-72", status=1)
    assert verdict.summary == snapshot("""\
LG201 error release/1.0: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter
        and the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows
        that hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


def test_main_merged_into_research_stays_main(sdg: Repo) -> None:
    sdg.checkout("main").commit("Work on main", {"work.py": "1\n"})
    sdg.push("main")
    sdg.checkout("research/pr-72").merge("main", "Merge branch 'main' into research/pr-72")
    sdg.push("research/pr-72")
    sdg.branch("feature/next", "main").commit("Next", {"next.py": "1\n"})
    assert_passes(sdg, "--target", "main")
    sdg.git("config", "labgate.trunk", "main")
    onto_research = judge(sdg, "--target", "research/pr-72", "--head", "main", status=0)
    assert (onto_research.summary, onto_research.outcome()) == ("", "skipped")


def test_of_a_research_branch_with_main_merged_in_only_its_own_commits_count(sdg: Repo) -> None:
    sdg.checkout("main").commit("Work on main", {"work.py": "1\n"})
    sdg.push("main")
    sdg.checkout("research/pr-72").merge("main", "Merge branch 'main' into research/pr-72")
    sdg.push("research/pr-72")
    commits = sdg.git("rev-list", "--topo-order", "--no-merges", f"{BASE}..{SOURCE}", "^main").split("\n")
    verdict = judge(sdg, "--target", "main", "--head", "research/pr-72", status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits)


# Row 4b.


def test_research_started_from_an_unmerged_topic_branch_claims_it(sdg: Repo) -> None:
    sdg.branch("feature/tidy", "main").commit("Tidy up", {"tidy.py": "1\n"})
    sdg.push("feature/tidy")
    sdg.branch("research/tidier", "feature/tidy").commit("Tidy more", {"tidier.py": "1\n"})
    sdg.push("research/tidier")
    verdict = judge(sdg, "--target", "main", "--head", "origin/feature/tidy", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from origin/research/tidier (same commit): <Tidy up> Tidy up
    help: labgate review approve feature/tidy --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/tidier
""")
    assert verdict.rules == ["LG201"]
    finding = verdict.finding("LG201")
    assert finding["commits"] == [sdg.head("feature/tidy")]
    assert finding["data"]["rivals"] == ["refs/remotes/origin/feature/tidy"]
    assert "origin/research/tidier" in verdict.text
    # It is the change's own branch, and has nothing beside the research: there is nothing to move.
    assert "holds them too" not in verdict.text
    assert "rebase" not in finding["help"]


def test_another_branch_that_holds_the_research_is_named_and_stays(sdg: Repo) -> None:
    sdg.branch("feature/tidy", "main").commit("Tidy up", {"tidy.py": "1\n"})
    sdg.push("feature/tidy")
    sdg.branch("research/tidier", "feature/tidy").commit("Tidy more", {"tidier.py": "1\n"})
    sdg.push("research/tidier")
    verdict = judge(sdg, "--target", "main", "--head", "origin/research/tidier", status=1)
    said = "origin/feature/tidy holds them too: research wins (they came from research, or the other way round)"
    assert said in verdict.text
    assert "rebase" not in verdict.finding("LG201")["help"]


# Where a branch may land.


@pytest.mark.parametrize(
    ("stated", "level", "status", "expected"),
    [
        (
            (),
            "note",
            0,
            snapshot("""\
LG212 note main: research/pr-72 is a research branch and lands on research, not on main
    help: send it to a branch of kind research, or change [kinds.research] targets
"""),
        ),
        (
            ("--source", "research/pr-72"),
            "error",
            1,
            snapshot("""\
LG212 error main: research/pr-72 is a research branch and lands on research, not on main
    help: send it to a branch of kind research, or change [kinds.research] targets
review: trailer required; trailer reached; counted: ada
"""),
        ),
    ],
    ids=("seen", "said"),
)
def test_a_wrong_target_is_an_error_only_where_the_source_is_stated(
    sdg: Repo, stated: tuple[str, ...], level: str, status: int, expected: str
) -> None:
    sdg.commit("Keep research away", {"labgate.toml": POLICY.replace('["research", "protected"]', '["research"]')})
    sdg.push("main")
    args = ("research-gate", "--target", "main", "--head", "research/pr-72", *stated)
    sdg.checkout("research/pr-72").commit(reviewed("ada"))
    verdict = judge(sdg, *args, status=status)
    assert verdict.summary == expected
    assert verdict.rules == ["LG212"]
    assert verdict.finding("LG212")["level"] == level


# Names and views that lie (T26 and T27 of the threat table).


@pytest.mark.parametrize("tag", ["main", "research/pr-72", "origin/main", "heads/main", "HEAD"])
def test_a_tag_of_an_ambiguous_name_changes_nothing(sdg: Repo, tag: str) -> None:
    sdg.git("update-ref", f"refs/tags/{tag}", sdg.head("refs/heads/research/pr-72" if "main" in tag else BASE))
    args = ("--target", "main", "--base", "origin/main", "--head", "research/pr-72")
    verdict = judge(sdg, *args, status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


def test_a_tag_of_an_ambiguous_name_changes_no_relative_revision(sdg: Repo) -> None:
    sdg.git("tag", "research/pr-72", BASE)
    verdict = judge(sdg, "--target", "main", "--head", "research/pr-72~1", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 7 unreviewed commits from origin/research/pr-72 (same commits): <Leave out an import>
        Leave out an import, <Skip rows that hold no number> Skip rows that hold no number, <Shorten the
        filter> Shorten the filter and 4 more
    help: labgate review approve <Leave out an import> --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert verdict.finding("LG201")["commits"] == commits_of_pull_request_72(sdg)[1:]


def test_a_branch_called_like_an_oid_is_not_taken_for_it(sdg: Repo) -> None:
    oid = sdg.head("research/pr-72")
    sdg.git("branch", "-D", "research/pr-72")
    sdg.git("update-ref", f"refs/heads/{oid}", BASE)
    sdg.git("update-ref", f"refs/remotes/{oid}", BASE)
    verdict = judge(sdg, "--target", "main", "--head", oid, status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


@pytest.mark.parametrize("name", ["HEAD", "@"])
def test_a_branch_called_like_the_work_tree_is_not_taken_for_it(sdg: Repo, name: str) -> None:
    sdg.checkout("research/pr-72")
    sdg.git("update-ref", f"refs/heads/{name}", BASE)
    verdict = judge(sdg, "--target", "main", "--head", name, status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


@pytest.mark.parametrize("name", ["x\u2028y", "x\u0085y"])
def test_a_line_separator_in_a_refname_stops_nothing(sdg: Repo, name: str) -> None:
    sdg.git("update-ref", f"refs/heads/{name}", "main")
    verdict = judge(sdg, "--target", "main", "--head", "research/pr-72", status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits_of_pull_request_72(sdg))


@pytest.mark.parametrize("target", ["origin/main", "refs/remotes/origin/main"])
def test_a_remote_tracking_name_is_no_target(sdg: Repo, target: str) -> None:
    result = sdg.labgate("check", "--target", target, "--head", "research/pr-72", status=2)
    assert "labgate check --target main" in result.text


def hide_by_replacing(repo: Repo) -> None:
    """Let git show every commit of the pull request as one that has nothing but the trunk below it."""
    for oid in commits_of_pull_request_72(repo):
        repo.git("replace", "--graft", oid, "refs/remotes/origin/main")


def hide_by_grafts(repo: Repo) -> None:
    tip = repo.head("research/pr-72")
    grafts = Path(repo.git("rev-parse", "--absolute-git-dir"), "info", "grafts")
    grafts.write_text(f"{tip} {repo.head('main')}\n", encoding="ascii")


@pytest.mark.parametrize("hide", [hide_by_replacing, hide_by_grafts], ids=("refs/replace", "info/grafts"))
def test_history_that_git_is_told_to_hide_is_judged(sdg: Repo, hide: object) -> None:
    commits = commits_of_pull_request_72(sdg)
    assert callable(hide)
    hide(sdg)
    seen = sdg.run("git", "rev-list", "origin/main..research/pr-72").out.split()
    assert len(seen) == 1, "git itself no longer sees the history"
    verdict = judge(sdg, "--target", "main", "--head", "research/pr-72", status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert_finds_pull_request_72(verdict, commits)

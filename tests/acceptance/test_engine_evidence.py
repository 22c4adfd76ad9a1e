"""Research is found by exact evidence other than ancestry: a trailer, or a patch that is the same."""

from __future__ import annotations

from inline_snapshot import snapshot

from support.repo import Repo
from support.sdg import BASE
from support.verdicts import assert_passes, judge

SOURCE = "refs/remotes/origin/research/pr-72"


def test_a_cherry_pick_that_names_its_source_is_research(sdg: Repo) -> None:
    picked = sdg.head("research/pr-72~7")
    sdg.branch("feature/pick").git("cherry-pick", "-x", picked)
    verdict = judge(sdg, "--target", "main", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from origin/research/pr-72 (its message points to <Let the filter name
        the...>; same change): <Let the filter name the...> Let the filter name the values that it keeps
    help: labgate review approve feature/pick --by ada  # once ada has reviewed it
    evidence: trailer origin/research/pr-72
    evidence: patch-id origin/research/pr-72
""")
    evidence, same = verdict.finding("LG201")["evidence"]
    assert same["method"] == "patch-id"
    assert (evidence["method"], evidence["source_ref"]) == ("trailer", SOURCE)
    assert evidence["source_commits"] == [picked]
    assert evidence["commits"] == [sdg.head()]


def test_a_cherry_pick_of_landed_work_is_not_research(sdg: Repo) -> None:
    sdg.branch("feature/pick").commit(f"Again\n\n(cherry picked from commit {BASE})", {"again.py": "1\n"})
    assert_passes(sdg, "--target", "main")


def test_what_a_protected_branch_holds_is_landed_however_it_got_there(sdg: Repo) -> None:
    sdg.push("main:release/1.0")
    sdg.git("cherry-pick", "-x", sdg.head("research/pr-72~7"))
    sdg.push("main")
    sdg.git("config", "labgate.trunk", "main")
    assert_passes(sdg, "--target", "release/1.0", "--head", "main")


def test_a_commit_that_names_a_live_experiment_is_research(sdg: Repo) -> None:
    sdg.branch("experiment--ranker--ada").commit("Rank\n\nExperiment: ranker/ada", {"rank.py": "1\n"})
    sdg.push("experiment--ranker--ada")
    tip = sdg.head()
    sdg.branch("feature/rank", "main").commit("Rank (squashed)\n\nExperiment: ranker/ada", {"rank.py": "2\n"})
    verdict = judge(sdg, "--target", "main", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from origin/experiment--ranker--ada (its message points to <Rank>):
        <Rank (squashed)> Rank (squashed)
    help: labgate review approve feature/rank --by ada  # once ada has reviewed it
    evidence: trailer origin/experiment--ranker--ada
""")
    (evidence,) = verdict.finding("LG201")["evidence"]
    assert (evidence["method"], evidence["source_commits"]) == ("trailer", [tip])
    assert evidence["source_ref"] == "refs/remotes/origin/experiment--ranker--ada"

"""The trunk's policy judges as it was before the change, and where none can, nothing is said to have passed."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from support.people import by, reviewed
from support.repo import Repo
from support.sdg import POLICY
from support.verdicts import assert_passes, judge

TO_MAIN = ("--target", "main", "--head", "HEAD")

#: Each of them would let the pull request pass if it judged its own change.
LOWERED = {
    "rule-off": POLICY + '\n[levels]\nLG201 = "off"\n',
    "no-sources": POLICY + "\n[research-gate]\nsources = []\n",
    "own-reviewer": POLICY + '\n[reviews.people.eve]\nemails = ["eve@example.net"]\n',
}
#: Each of them could not judge at all.
USELESS = {
    "broken": "version = 1\ntrunk = 3\n",
    "other-trunk": POLICY.replace('trunk = "main"', 'trunk = "release/1.0"'),
}


# Row 6: the change under judgement does not judge itself.


@pytest.mark.parametrize("name", LOWERED)
def test_a_change_that_lowers_its_own_policy_is_judged_by_the_old_one(sdg: Repo, name: str) -> None:
    sdg.checkout("research/pr-72").commit("Be nice", {"labgate.toml": LOWERED[name]})
    sdg.commit("Review\n\nReviewed-by: Eve <eve@example.net>")
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG210 error main: the policy of labgate changes without a review: <Be nice> Be nice; still missing:
        reviewers; not counted: eve@example.net: not listed in [reviews.people]
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
LG201 error main: 9 unreviewed commits from research/pr-72 (same commits): <Be nice> Be nice, <Tidy the
        filter and the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import and 6
        more; not counted: eve@example.net: not listed in [reviews.people]
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry research/pr-72
review: trailer required; none reached; not counted: somebody; missing: total
""")
    assert verdict.finding("LG201")["level"] == "error"
    assert len(verdict.finding("LG201")["commits"]) == 9
    trunk = sdg.head("refs/remotes/origin/main")
    blob = sdg.git("rev-parse", f"{trunk}:labgate.toml")
    assert verdict.report["policy"] == {"origin": "trunk", "commit": trunk, "blob": blob}


@pytest.mark.parametrize("name", USELESS)
def test_a_change_that_spoils_the_policy_is_judged_by_the_old_one_and_refused_for_it(sdg: Repo, name: str) -> None:
    sdg.checkout("research/pr-72").commit("Be nice", {"labgate.toml": USELESS[name]})
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.rules == ["LG210", "LG201"]
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_a_policy_in_a_second_place_does_not_shadow_the_trunks(sdg: Repo) -> None:
    own = '[tool.labgate]\nversion = 1\ntrunk = "main"\n[tool.labgate.kinds.protected]\nnames = ["main"]\n'
    sdg.checkout("research/pr-72").commit("Be nice", {"pyproject.toml": own})
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.rules == ["LG210", "LG201"]
    assert verdict.summary == snapshot("""\
LG210 error main: the proposed policy cannot judge: research/pr-72:pyproject.toml: [tool.labgate]: the
        policy is in labgate.toml too; keep one of them
    help: keep it in one file, and repair it until this finds nothing: labgate policy check
LG201 error main: 9 unreviewed commits from research/pr-72 (same commits): <Be nice> Be nice, <Tidy the
        filter and the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import and 6
        more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry research/pr-72
""")
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_the_work_tree_does_not_judge(sdg: Repo) -> None:
    sdg.checkout("research/pr-72")
    sdg.write({"labgate.toml": LOWERED["rule-off"]})
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_a_local_trunk_does_not_judge(sdg: Repo) -> None:
    sdg.commit("Be nice", {"labgate.toml": LOWERED["rule-off"]})
    sdg.merge("research/pr-72", "Merge branch 'research/pr-72'")
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG210 error main: the policy of labgate changes without a review: <Be nice> Be nice; still missing:
        reviewers
    help: labgate review approve main --by ada  # once ada has reviewed it
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve main --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert verdict.rules == ["LG210", "LG201"]
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_a_lowered_policy_that_landed_judges_what_comes_next(sdg: Repo) -> None:
    sdg.commit("Be nice", {"labgate.toml": LOWERED["rule-off"]})
    sdg.push("main")
    sdg.checkout("research/pr-72")
    verdict = assert_passes(sdg, *TO_MAIN)
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")
    assert verdict.counted == []


def test_levels_of_the_trunk_hold(sdg: Repo) -> None:
    sdg.commit("Only warn", {"labgate.toml": POLICY + '\n[levels]\nLG201 = "warning"\n'})
    sdg.push("main")
    sdg.checkout("research/pr-72")
    verdict = judge(sdg, *TO_MAIN, status=0)
    assert verdict.summary == snapshot("""\
LG201 warning main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert verdict.finding("LG201")["level"] == "warning"
    assert "LG201 warning:" in verdict.text


# Row 6: first adoption.


@pytest.fixture
def bare_trunk(repo: Repo) -> Repo:
    """A project without a policy: ``main`` and ``research/x`` are on the remote."""
    repo.with_remote()
    repo.commit("Start", {"start.py": "1\n"})
    repo.branch("research/x").commit("Try it", {"try.py": "1\n"})
    repo.push("main", "research/x")
    return repo


def test_the_first_policy_judges_its_own_adoption_and_that_is_said(bare_trunk: Repo) -> None:
    bare_trunk.branch("feature/adopt", "main").commit("Add a policy for labgate", {"labgate.toml": POLICY})
    verdict = assert_passes(bare_trunk, *TO_MAIN)
    blob = bare_trunk.git("rev-parse", "HEAD:labgate.toml")
    assert verdict.report["policy"] == {"origin": "bootstrap", "commit": bare_trunk.head(), "blob": blob}
    assert "labgate: no labgate.toml on main yet; using the one in this change" in verdict.text


def test_research_that_comes_with_the_first_policy_is_found(bare_trunk: Repo) -> None:
    bare_trunk.checkout("research/x").commit("Add a policy for labgate", {"labgate.toml": POLICY})
    verdict = judge(bare_trunk, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 2 unreviewed commits from research/x (same commits): <Add a policy for labgate> Add a
        policy for labgate, <Try it> Try it
    help: labgate review approve research/x --by ada  # once ada has reviewed it
    evidence: ancestry research/x
""")
    assert verdict.rules == ["LG201"]
    assert verdict.report["policy"]["origin"] == "bootstrap"
    assert verdict.report["policy"]["commit"] == bare_trunk.head()


def test_a_first_policy_that_names_a_trunk_which_is_not_there_judges_with_a_warning(bare_trunk: Repo) -> None:
    bare_trunk.branch("feature/adopt", "main").commit("Add", {"labgate.toml": USELESS["other-trunk"]})
    verdict = assert_passes(bare_trunk, *TO_MAIN)
    assert (
        'so main counts as the trunk; change one line of labgate.toml: trunk = ["main", "release/1.0"]' in verdict.text
    )


def test_a_first_policy_that_names_another_trunk_which_is_there_cannot_judge(bare_trunk: Repo) -> None:
    bare_trunk.push("main:refs/heads/release/1.0")
    bare_trunk.branch("feature/adopt", "main").commit("Add", {"labgate.toml": USELESS["other-trunk"]})
    verdict = judge(bare_trunk, *TO_MAIN, status=2)
    assert verdict.summary == snapshot("""\
problem: labgate.toml on origin/main says trunk = "release/1.0", but the trunk here is main
    help: git config labgate.trunk release/1.0
""")
    assert 'trunk = "release/1.0"' in verdict.text


def test_a_policy_in_pyproject_judges_too(bare_trunk: Repo) -> None:
    table = POLICY.replace("version = 1", "[tool.labgate]\nversion = 1", 1)
    for section in ("kinds", "reviews"):
        table = table.replace(f"[{section}", f"[tool.labgate.{section}")
    bare_trunk.checkout("main").commit("Add", {"pyproject.toml": f'[project]\nname = "x"\n{table}'})
    bare_trunk.push("main")
    verdict = judge(bare_trunk, "--target", "main", "--head", "research/x", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from origin/research/x (same commit): <Try it> Try it
    help: labgate review approve research/x --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/x
""")
    assert verdict.rules == ["LG201"]
    assert verdict.report["policy"]["blob"] == bare_trunk.git("rev-parse", "main:pyproject.toml")


# Row 6: nothing that could judge.


def test_without_a_policy_anywhere_nothing_is_judged(bare_trunk: Repo) -> None:
    verdict = judge(bare_trunk, "--target", "main", "--head", "research/x", status=2)
    assert verdict.summary == snapshot("""\
problem: there is no labgate.toml on the trunk or in the judged commit
    help: labgate init
""")
    assert verdict.report["outcome"] == "undecided"
    assert verdict.report["policy"] == {"origin": "none", "commit": None, "blob": None}
    (problem,) = verdict.report["problems"]
    assert problem["help"] == "labgate init"
    assert "no labgate.toml" in verdict.text


THREE_MISTAKES = (
    POLICY.replace("[reviews]\n", '[reviews]\nasurance = "trailer"\n')
    .replace("base = ", "bases = ", 1)
    .replace('trunk = "main"', "trunk = 1")
)


def test_three_mistakes_are_three_lines(bare_trunk: Repo) -> None:
    bare_trunk.checkout("main").commit("Break it", {"labgate.toml": THREE_MISTAKES})
    bare_trunk.push("main")
    verdict = judge(bare_trunk, "--target", "main", "--head", "research/x", status=2)
    assert verdict.summary == snapshot("""\
problem: origin/main:labgate.toml: trunk: expected a branch name such as "main", found 1
problem: origin/main:labgate.toml: [kinds.research] bases: unknown key (did you mean "base"?)
problem: origin/main:labgate.toml: [reviews] asurance: unknown key (did you mean "assurance"?)
""")
    problems = [problem["message"] for problem in verdict.report["problems"]]
    assert len(problems) == 3
    assert all(problem.startswith("origin/main:labgate.toml: ") for problem in problems)
    lines = [line for line in verdict.text.splitlines() if line.startswith("error: ")]
    assert lines == [f"error: {problem}" for problem in problems]
    (trunk,) = (line for line in lines if "trunk" in line)
    assert "expected" in trunk
    assert "found" in trunk
    assert any("asurance" in line and 'did you mean "assurance"?' in line for line in lines)
    assert any("bases" in line and 'did you mean "base"?' in line for line in lines)


def test_a_proposed_policy_with_mistakes_does_not_stop_the_old_one(sdg: Repo) -> None:
    sdg.branch("feature/broken", "main").commit("Break it", {"labgate.toml": THREE_MISTAKES})
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.rules == ["LG210"]
    assert verdict.summary == snapshot("""\
LG210 error main: the proposed policy cannot judge: feature/broken:labgate.toml: trunk: expected a branch
        name such as "main", found 1 (and 2 more mistakes)
    help: git checkout feature/broken && git checkout <Add a policy for labgate> -- labgate.toml && git
        commit -m 'Keep the policy of labgate'
""")
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_a_policy_that_is_no_file_cannot_judge(bare_trunk: Repo) -> None:
    bare_trunk.checkout("main")
    (bare_trunk.path / "labgate.toml").symlink_to("elsewhere.toml")
    bare_trunk.commit("Point elsewhere", {"elsewhere.toml": POLICY})
    bare_trunk.push("main")
    verdict = judge(bare_trunk, "--target", "main", "--head", "research/x", status=2)
    assert verdict.summary == snapshot(
        "problem: origin/main:labgate.toml: expected a regular file, found mode 120000\n"
    )
    assert "expected a regular file" in verdict.text


# Which branch is the trunk.


def test_an_unclear_trunk_is_asked_for(sdg: Repo) -> None:
    """``main`` and ``master`` are there, and neither the remote nor a policy here says which it is."""
    sdg.push("main:master")
    sdg.git("checkout", "--quiet", "research/pr-72")
    args = ("--target", "release/9.9", "--head", "research/pr-72")
    verdict = judge(sdg, *args, status=2)
    assert verdict.summary == snapshot("""\
problem: cannot tell which branch of origin is the trunk
    help: git remote set-head origin -a
""")
    (problem,) = verdict.report["problems"]
    assert problem["help"] == "git remote set-head origin -a"
    remote = sdg.git("remote", "get-url", "origin")
    sdg.git("--git-dir", remote, "symbolic-ref", "HEAD", "refs/heads/main")
    sdg.run("sh", "-c", problem["help"])
    verdict = judge(sdg, *args, status=1)
    assert verdict.rules == ["LG201"]
    assert verdict.summary == snapshot("""\
LG201 error release/9.9: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter
        and the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows
        that hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_the_work_tree_may_name_the_trunk_and_no_more(sdg: Repo) -> None:
    sdg.push("main:master")
    sdg.write({"labgate.toml": LOWERED["rule-off"]})
    verdict = judge(sdg, "--target", "release/9.9", "--head", "research/pr-72", status=1)
    assert verdict.summary == snapshot("""\
LG201 error release/9.9: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter
        and the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows
        that hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")
    assert verdict.report["policy"]["commit"] == sdg.head("refs/remotes/origin/main")


def test_a_configured_trunk_that_the_remote_lacks_is_named(sdg: Repo) -> None:
    sdg.git("config", "labgate.trunk", "develop")
    verdict = judge(sdg, "--target", "main", "--head", "research/pr-72", status=2)
    assert verdict.summary == snapshot("""\
problem: origin has no branch develop, which labgate.trunk names
    help: git config --unset labgate.trunk  # or, if it is only not fetched yet: git fetch origin
""")
    assert "develop" in verdict.text
    assert "git config --unset labgate.trunk" in verdict.text


def test_without_a_remote_the_base_must_be_said(sdg: Repo) -> None:
    sdg.git("remote", "remove", "origin")
    result = sdg.labgate("check", "--target", "main", "--head", "research/pr-72", status=2)
    assert "help: labgate check --target main --base main --head research/pr-72" in result.text
    args = ("--target", "main", "--base", "main", "--head", "research/pr-72")
    verdict = judge(sdg, *args, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from research/pr-72 (same commits): <Tidy the filter and the...> Tidy
        the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that hold no
        number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry research/pr-72
""")
    assert verdict.finding("LG201")["evidence"][0]["source_ref"] == "refs/heads/research/pr-72"


def test_an_older_base_is_judged_by_its_own_policy(sdg: Repo) -> None:
    """The target stands at ``--base``: what landed since is part of the change, policy included."""
    before = sdg.head("main")
    message = reviewed("ada", subject="Be nice")
    sdg.commit(message, {"labgate.toml": LOWERED["rule-off"]}, **by("lin"))
    sdg.merge("research/pr-72", reviewed("lin", subject="Merge branch 'research/pr-72'"))
    sdg.push("main")
    args = ("--target", "main", "--head", "main", "--base", before)
    verdict = assert_passes(sdg, *args)
    assert verdict.report["policy"]["commit"] == before
    assert verdict.counted == ["ada", "lin"]

"""Real research, rewritten on its way to a real main: pull requests of instructlab/sdg, and what landed beside them.

Pull request 72 was given up for 78, which took a part of it. 141 is a branch of four commits that main moved on beside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.data import bundle
from support.lab import Lab
from support.laundering import (
    Claim,
    alarms,
    assert_traced,
    commit_index,
    commit_paths,
    hunks,
    judge,
    patch_id,
    pick,
    rebase,
    squash,
    stage,
    undo,
)
from support.pushing import hook, push, title
from support.repo import Repo
from support.sdg import POLICY, copy

#: The landing of pull request 78, its commit that took from 72, and its commit that did not.
MERGE_78 = "6b32b48fd9195ea78f80d20afc4d1dea1bea7fe7"
TAKEN, TESTS = "97d3fcd6513320edf4195ba62940af3eb79ffd8f", "0de3f62d13a373ca133f8605e285b0b92af0a7ef"
#: The landing of pull request 141, and of two others after it, which are honest work here.
MERGE_141 = "eb785499a1b3b2ff999293a38755b0699eec2935"
BEFORE, AFTER = "c083f98e173b25f5b03bcf00a66763fc138b8501", "f0ba04a6afd3c9a41771ee58b0b2df53a5547ec0"
BLOCK, BLOCK_TEST = "src/instructlab/sdg/llmblock.py", "tests/test_llmblock.py"


def project(folder: Path, number: int, landing: str) -> Lab:
    """Return sdg as it was before a landing, with a policy on top, a pull request as research, and no other branch."""
    repo = Repo.init(folder / "sdg")
    repo.with_remote()
    specs = (f"+refs/pull/{number}/head:refs/heads/research/pr-{number}", "+refs/heads/main:refs/scratch/main")
    repo.git("fetch", "--quiet", "--no-tags", str(bundle("sdg.bundle")), *specs)
    repo.git("update-ref", "refs/heads/main", f"{landing}^1")
    repo.git("reset", "--quiet", "--hard")
    repo.clock = int(repo.git("log", "-1", "--format=%ct", landing))
    repo.commit("Add a policy for labgate", {"labgate.toml": POLICY})
    repo.push("main", f"research/pr-{number}")
    repo.git("branch", "--quiet", "-D", f"research/pr-{number}")
    research = repo.git("rev-list", "--reverse", "--no-merges", f"origin/research/pr-{number}", "--not", "origin/main")
    return Lab(repo, tuple(research.split()))


# Row 3.


@pytest.fixture
def alternative(tmp_path: Path) -> Lab:
    """Pull request 72 is research, and the commits of 78 are to land, by a merge as they did."""
    lab = project(tmp_path, 72, MERGE_78)
    lab.repo.branch("feature/alternative").merge(f"{MERGE_78}^2", "Merge pull request #78 from pr-72-alternative")
    return lab


def strings(value: Any) -> set[str]:
    """Return every text in a document."""
    if isinstance(value, str):
        return {value.strip()}
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for item in items for text in strings(item)}


def shared_lines(lab: Lab) -> set[str]:
    """Return the lines with words that commit and research both add, and that main never had."""
    diffs = (lab.repo.git("show", TAKEN), lab.repo.git("log", "-p", "origin/research/pr-72", "--not", "origin/main"))
    mine, theirs = (
        {line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++ ")}
        for diff in diffs
    )
    found = {line for line in mine & theirs if sum(letter.isalnum() for letter in line) >= 3}
    assert len(found) == 9
    return found


def test_the_commit_that_took_from_research_is_suspected_and_the_lines_shown(alternative: Lab) -> None:
    lab = alternative
    assert set(lab.span()) == {TAKEN, TESTS, lab.repo.head()}
    report = lab.check()
    (finding,) = alarms(report)
    assert (finding["rule"], finding["level"], finding["commits"]) == ("LG202", "warning", [TAKEN])
    strongest = finding["evidence"][0]
    assert (strongest["method"], strongest["source_ref"]) == ("similarity", "refs/remotes/origin/research/pr-72")
    assert strongest["matched_lines"] == 9
    assert set(strongest["source_commits"]) <= set(lab.research)
    assert strongest["paths"] == ["src/instructlab/sdg/filterblock.py"]
    assert not any(TESTS in item["commits"] for item in report["findings"])
    shared = shared_lines(lab)
    assert len(shared & strings(finding)) >= 3
    text = lab.repo.labgate("check", "--target", "main", status=0).text
    assert len([line for line in text.splitlines() if line.strip(" |") in shared]) >= 3
    assert "9 lines" in text


def test_trace_shows_every_line_that_was_taken(alternative: Lab) -> None:
    lab = alternative
    claim = Claim({TAKEN: lab.research}, lab.research, method="similarity", ref="refs/remotes/origin/research/pr-72")
    assert_traced(lab, claim, [TESTS])
    text = lab.repo.labgate("trace", "--show", TAKEN, status=0, COLUMNS="300").out
    missing = {line for line in shared_lines(lab) if line not in text}
    assert missing == set()
    assert "origin/research/pr-72" in text


def test_trace_needs_no_policy_where_the_sources_are_named(tmp_path: Path) -> None:
    bare = Repo.init(tmp_path / "sdg.git", "--bare")
    refs = ("+refs/pull/72/head:refs/pull/72/head", "+refs/heads/main:refs/heads/main")
    bare.git("fetch", "--quiet", "--no-tags", str(bundle("sdg.bundle")), *refs)
    said = bare.labgate("trace", "--sources", "refs/pull/*/head", "--format", "jsonl", TAKEN, TESTS, status=0)
    taken, tests = (json.loads(line) for line in said.out.splitlines())
    assert (taken["derived"], tests["derived"]) == (True, False)
    assert taken["evidence"][0]["source_ref"] == "refs/pull/72/head"


# Row 4.


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pull request 141 is research, built once."""
    folder = tmp_path_factory.mktemp("sdg-141")
    project(folder, 141, MERGE_141)
    return folder


@pytest.fixture
def lab(template: Path, tmp_path: Path) -> Lab:
    """A branch for main that starts with what really landed next."""
    repo = copy(template, tmp_path / "copy")
    repo.clock = int(repo.git("log", "-1", "--format=%ct", AFTER))
    repo.branch("feature/landing", "origin/main")
    pick(repo, BEFORE, options=["--mainline", "1"])
    research = repo.git("rev-list", "--reverse", "--no-merges", "origin/research/pr-141", "--not", "origin/main")
    return Lab(repo, tuple(research.split()))


def claim_of(lab: Lab, landed: Sequence[str], research: Sequence[str]) -> Claim:
    pairs = zip(landed, research, strict=True)
    return Claim({new: [old] for new, old in pairs}, lab.research, ref="refs/remotes/origin/research/pr-141")


def rebased(lab: Lab) -> Claim:
    landed = rebase(lab.repo, lab.research[-1])
    moved = [patch_id(lab.repo, new) != patch_id(lab.repo, old) for new, old in zip(landed, lab.research, strict=True)]
    assert any(moved), "main has moved what stands around the research"
    return claim_of(lab, landed, lab.research)


def cherry_picked(lab: Lab) -> Claim:
    return claim_of(lab, pick(lab.repo, *lab.research[1:3]), lab.research[1:3])


def reordered(lab: Lab) -> Claim:
    order = [lab.research[1], lab.research[2], lab.research[0], lab.research[3]]
    return claim_of(lab, rebase(lab.repo, lab.research[-1], todo=[f"pick {oid}" for oid in order]), order)


def squashed(lab: Lab) -> Claim:
    landed = squash(lab.repo, lab.research[-1], "Allow model prompts")
    ref = "refs/remotes/origin/research/pr-141"
    return Claim({landed: lab.research}, lab.research, whole=True, ref=ref)


def split(lab: Lab) -> Claim:
    """Pick the last two commits as three: the tests, one hunk of the code, the rest of it."""
    repo = lab.repo
    first, second, third = pick(repo, *lab.research[1:])
    undo(repo, [third])
    landed = [first, second, commit_paths(repo, "Test prompts", BLOCK_TEST)]
    assert len(hunks(repo, BLOCK)) > 2
    stage(repo, hunks(repo, BLOCK)[1])
    landed += [commit_index(repo, "Format prompts"), commit_paths(repo, "Use it", BLOCK)]
    return claim_of(lab, landed, [*lab.research[1:], lab.research[3], lab.research[3]])


def checked_out(lab: Lab) -> Claim:
    lab.repo.git("checkout", lab.research[-1], "--", BLOCK_TEST)
    landed = commit_paths(lab.repo, "Test prompts", BLOCK_TEST)
    ref = "refs/remotes/origin/research/pr-141"
    return Claim({landed: lab.research[2:]}, lab.research, method="blob", ref=ref)


CASES: Sequence[Callable[[Lab], Claim]] = (rebased, cherry_picked, reordered, squashed, split, checked_out)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_laundered_pull_request_is_found_and_what_landed_beside_it_is_not(
    lab: Lab, case: Callable[[Lab], Claim]
) -> None:
    claim = case(lab)
    pick(lab.repo, AFTER, options=["--mainline", "1"])
    judge(lab, claim)


def test_a_push_of_the_squashed_pull_request_is_refused(lab: Lab) -> None:
    squashed(lab)
    hook(lab.repo, "native")
    outcome = push(lab.repo, "HEAD:main")
    assert (outcome.verdict, outcome.errors, outcome.moved) == ("refused", {"LG201"}, frozenset())
    assert "origin/research/pr-141" in outcome.result.text

"""A commit touches one component: refused at commit and on the way to main, split by the command that is printed."""

from __future__ import annotations

import pytest

from support.people import adopt
from support.repo import Repo
from support.sdg import POLICY
from support.verdicts import judge

COMPONENTS = """
[mixed-components]
shared = ["docs/**"]
[mixed-components.components]
realm = ["runtime/realm/**"]
legion = ["runtime/legion/**"]
"""
BOTH = {"runtime/realm/r.c": "int r;\n", "runtime/legion/l.c": "int l;\n", "runtime/legion/m.c": "int m;\n"}
CHECK = ("mixed-components", "--target", "main", "--head", "HEAD")


@pytest.fixture
def parts(sdg: Repo) -> Repo:
    """The sdg project with two components, on a topic branch with labgate's own hooks."""
    adopt(sdg, POLICY + COMPONENTS)
    sdg.labgate("install", status=0)
    return sdg.branch("feature/x")


def test_a_commit_is_refused_and_split_by_the_printed_command(parts: Repo) -> None:
    parts.write(BOTH | {"docs/a.md": "a\n"}).git("add", "--all")
    said = parts.run("git", "commit", "--quiet", "--message", "Both", status=1).text
    assert "LG405 error: this commit mixes 2 components: legion (3 files), realm (1 file)" in said
    command = next(line.split("help: ")[1] for line in said.splitlines() if "help: " in line)
    parts.run("sh", "-c", f"{command} --quiet --message Legion")
    parts.git("add", "--all")
    parts.run("git", "commit", "--quiet", "--message", "Realm")
    assert judge(parts, *CHECK, status=0).rules == []


def test_what_is_committed_is_split_by_a_rebase(parts: Repo) -> None:
    oid = parts.commit("Both", BOTH)
    parts.commit("Go on", {"runtime/realm/s.c": "int s;\n"})
    verdict = judge(parts, *CHECK, status=1)
    assert verdict.finding("LG405")["commits"] == [oid]
    parts.run("sh", "-c", verdict.finding("LG405")["help"], GIT_EDITOR="true")
    parts.commit("Realm")
    parts.git("rebase", "--continue")
    assert judge(parts, *CHECK, status=0).rules == []
    assert parts.git("log", "--reverse", "--format=%s", "main..").splitlines() == ["Both", "Realm", "Go on"]


@pytest.mark.parametrize("branch", ["research/x", "experiment--ranker--x"])
def test_research_is_free_until_it_lands(parts: Repo, branch: str) -> None:
    parts.checkout("main").branch(branch)
    parts.write(BOTH).git("add", "--all")
    assert "LG405" not in parts.run("git", "commit", "--message", "Both").text
    assert "LG405" in parts.run("git", "push", "origin", "HEAD:main", status=1).text


def test_a_merge_of_two_components_is_no_mixed_commit(parts: Repo) -> None:
    parts.commit("Realm", {"runtime/realm/r.c": "int r;\n"})
    parts.checkout("main").branch("feature/y").commit("Legion", {"runtime/legion/l.c": "int l;\n"})
    parts.merge("feature/x", "Merge both")
    assert judge(parts, *CHECK, status=0).rules == []


def test_without_components_the_check_is_off(sdg: Repo) -> None:
    sdg.branch("feature/x").commit("Both", BOTH)
    assert "no components" in sdg.labgate("check", *CHECK, "--verbose", status=0).text

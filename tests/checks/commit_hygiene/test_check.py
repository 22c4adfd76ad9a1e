"""commit-hygiene judges values: what is unfinished, whose file is short-lived, and which source lacks a test."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from labgate.checks.commit_hygiene.check import Facts, Looked, check
from labgate.checks.commit_hygiene.rules import ShortLivedArtifact, TestsMissing, UnfinishedCommit, Way
from labgate.values.finding import Finding
from labgate.values.statements import stated
from support.policies import TEAM, policy

HYGIENE = """
[commit-hygiene]
unfinished = ["Later"]
ci-authors = ["ci@example.org"]
short-lived = ["**/*.dvc"]
[[commit-hygiene.tests]]
source = ["src/**"]
tests = ["tests/**", "**/*_test.py"]
"""
WAY = Way("origin/main", "a" * 40)
SCRIPT = f'sed -i.bak "s/^p[a-z]* {"b" * 12}/reword {"b" * 12}/"'
REWORDING = f"GIT_SEQUENCE_EDITOR={shlex.quote(SCRIPT)} git -c core.abbrev=no"


def look(subject: str, oid: str = "b" * 40, **fields: Any) -> Looked:
    given: dict[str, Any] = {"message": subject, "email": "ada@example.org"} | fields
    return Looked(oid=oid, subject=subject, **given)


def judge(*commits: Looked, **fields: Any) -> list[Finding]:
    facts = Facts(ref="refs/heads/main", commits=commits, way=WAY).changed(**fields)
    return list(check(facts, policy(TEAM + HYGIENE)))


@pytest.mark.parametrize(
    ("commit", "level"),
    [
        (look("fixup! Go"), "error"),
        (look("LATER"), "error"),
        (look("wip"), None),
        (look("Go", conflict="a.py"), "error"),
        (look("Go", empty=True), "note"),
        (look("Go later"), None),
    ],
    ids=["fixup", "a subject of the policy", "the policy's list replaces the default", "markers", "empty", "fine"],
)
def test_a_commit_is_unfinished(commit: Looked, level: str | None) -> None:
    assert [finding.level for finding in judge(commit)] == ([] if level is None else [level])


def test_all_unfinished_commits_are_one_finding() -> None:
    [finding] = judge(*(look(f"fixup! {number}", oid=f"{number}" * 40) for number in range(5)))
    assert isinstance(finding, UnfinishedCommit)
    assert finding.message().startswith("5 commits are unfinished: 000000000000 (fixup! 0), ")
    assert finding.message().endswith(" and 2 more")
    assert len(finding.oids) == 5


def test_a_proposed_change_is_only_warned_of() -> None:
    assert [finding.level for finding in judge(look("fixup! Go"), proposed=True)] == ["warning"]


def test_what_landed_before_the_policy_asked_is_only_warned_of() -> None:
    facts = Facts(ref="refs/heads/main", commits=(look("wip"),), way=WAY, landed="c" * 40)
    assert [finding.level for finding in check(facts, policy(TEAM))] == ["warning"]
    assert [finding.level for finding in judge(look("later"), landed="c" * 40)] == ["error"]


@pytest.mark.parametrize(
    ("way", "command"),
    [
        (WAY, "git rebase --interactive --autosquash --keep-base origin/main"),
        (WAY.changed(onto=None), f"git rebase --interactive --autosquash {'a' * 40}^"),
        (WAY.changed(root=True), "git rebase --interactive --autosquash --root"),
        (
            WAY.changed(merges=True),  # the list of the rebase may be in another order
            f"{REWORDING} rebase --rebase-merges --interactive --autosquash --keep-base origin/main",
        ),
        (WAY.changed(branch="x"), "git rebase --interactive --autosquash --keep-base origin/main x"),
        (
            WAY.changed(switch="git switch --detach abc && "),
            "git switch --detach abc && git rebase --interactive --autosquash --keep-base origin/main",
        ),
    ],
)
def test_the_help_rewrites_the_commits_where_they_are(way: Way, command: str) -> None:
    [finding] = judge(look("Go", oid="c" * 40), look("fixup! Go"), way=way)
    assert finding.help() == command


def test_the_last_author_of_a_file_decides() -> None:
    job: dict[str, Any] = {"email": "ci@example.org", "paths": ("m.dvc",)}
    person: dict[str, Any] = {"paths": ("m.dvc",)}
    landing: dict[str, Any] = {"landing": {"m.dvc": 1}}
    [finding] = judge(look("Train", **person), look("Results", **job), **landing)
    assert isinstance(finding, ShortLivedArtifact)
    assert finding.paths == ("m.dvc",)
    assert judge(look("Results", **job), look("Train", **person), **landing) == []
    assert judge(look("Results", **job), landing={}) == []
    assert judge(look("Results", **job), look("Keep", message="Keep\n\nkeep-artifact: m.dvc"), **landing) == []
    assert judge(look("Results", **(job | {"message": "R\n\nKeep-Artifact: m.dvc"})), **landing) != []


@pytest.mark.parametrize(
    ("landing", "missing"),
    [
        ({"src/a.py": 3}, True),
        ({"src/a.py": 3, "tests/a.py": 1}, False),
        ({"src/a.py": 3, "src/a_test.py": 1}, False),
        ({"src/a.py": 0}, False),
        ({"src/a.py": 3, "tests/a.py": 0}, True),
        ({"lib/a.py": 3}, False),
    ],
)
def test_source_of_research_needs_a_test(landing: dict[str, int], missing: bool) -> None:
    found = judge(look("Go"), landing=landing, research=True)
    assert [type(finding) for finding in found] == ([TestsMissing] if missing else [])
    assert judge(look("Go"), landing=landing) == []


def test_a_reason_makes_it_a_note() -> None:
    commit = look("Go", message="Go\n\nTests-Not-Needed: only a constant")
    [finding] = judge(commit, landing={"src/a.py": 1}, research=True)
    assert (finding.level, finding.help()) == ("note", None)
    assert finding.message() == "src/a.py changed without a test in tests/**, **/*_test.py: only a constant"


def test_a_statement_is_a_line_with_a_value() -> None:
    assert stated("a\n\n KEEP-artifact : x \nkeep-artifact:\n", "keep-artifact") == ["x"]

"""branch-drift judges values: which limit is exceeded, and what collides."""

from __future__ import annotations

import pytest

from labgate.checks.branch_drift.check import Facts, check
from labgate.values.conflicted_file import ConflictedFile
from labgate.values.finding import Finding
from support.policies import TEAM, policy

DRIFT = "\n[branch-drift.limits.research]\ncommits = 10\ndays = 7\n"
FACTS = Facts("research", "research/x", "origin/main", "a" * 40, commits=10, days=7)


def judge(facts: Facts, under: str = DRIFT) -> list[Finding]:
    return list(check(facts, policy(TEAM + under)))


@pytest.mark.parametrize(
    ("commits", "days", "message"),
    [
        (10, 7, None),
        (11, 7, "research/x is 11 commits (limit 10) behind origin/main"),
        (10, 8, "research/x is 8 days (limit 7) behind origin/main"),
        (1200, 8, "research/x is 1,200 commits (limit 10) and 8 days (limit 7) behind origin/main"),
    ],
)
def test_a_branch_over_a_limit_is_reported(commits: int, days: int, message: str | None) -> None:
    found = judge(FACTS.changed(commits=commits, days=days))
    assert [finding.message() for finding in found] == ([] if message is None else [message])


def test_it_is_a_warning_unless_the_policy_refuses() -> None:
    [warned] = judge(FACTS.changed(commits=11))
    [refused] = judge(FACTS.changed(commits=11), DRIFT + "refuse-push = true\n")
    assert (warned.level, refused.level) == ("warning", "error")
    assert warned.help() == "git merge origin/main"


def test_conflicts_are_named_three_at_most() -> None:
    files = tuple(ConflictedFile(f"{name}.py", ("b" * 40,), ()) for name in "abcd")
    [finding] = judge(FACTS.changed(conflicts=files))
    assert finding.message() == (
        "merging origin/main into research/x would leave 4 files in conflict: "
        "a.py (bbbbbbbbbbbb against no commit); b.py (bbbbbbbbbbbb against no commit); "
        "c.py (bbbbbbbbbbbb against no commit); and 1 more"
    )

"""remote-policy judges values: whether a remote may take a branch, and which policies make no sense."""

from __future__ import annotations

import pytest

from labgate.checks.remote_policy.check import Facts, check
from labgate.checks.remote_policy.section import RemotePolicy
from labgate.values.errors import PolicyError
from support.policies import TEAM, parse_policy, policy

REMOTES = """
[[remote-policy.remotes]]
match = "github.com/Acme/models"
canonical = true
[[remote-policy.remotes]]
match = "github.com/acme/*"
kinds = ["topic"]
mirror = true
"""
FACTS = Facts("refs/heads/research/x", "a" * 40, "research", "github.com/acme/*", taken=False)


def test_a_kind_that_is_not_taken_is_refused_with_what_takes_it() -> None:
    [finding] = check(FACTS.changed(allowed=("github.com/acme/models",)), policy(TEAM + REMOTES))
    assert finding.level == "error"
    assert finding.message() == "research/x is a research branch, which github.com/acme/* does not take"
    assert finding.help() == "git remote add NAME URL  # of github.com/acme/models"


def test_a_kind_that_is_taken_passes_unless_a_mirror_runs_ahead() -> None:
    assert list(check(FACTS.changed(taken=True), policy(TEAM + REMOTES))) == []
    [finding] = check(FACTS.changed(taken=True, unknown_to_canonical=True), policy(TEAM + REMOTES))
    assert finding.mirror


def test_the_first_rule_that_matches_judges() -> None:
    section = policy(TEAM + REMOTES).section(RemotePolicy)
    first, second = section.remotes
    assert section.rule(("github.com/acme/models",)) is first
    assert section.rule(("github.com/acme/other",)) is second
    assert section.rule(("example.org/acme/models",)) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('match = "a/b"\nkinds = ["topics"]', 'there is no kind "topics"'),
        ('match = "a/b"\ncanonical = true\nmirror = true', "cannot be canonical and a mirror"),
        ('match = "a/b"\nmirror = true', "expected a canonical remote beside a mirror, found none"),
        ("mirror = false", "found nothing"),
        ('match = "a//b"', 'expected host/owner/name such as "github.com/acme/*", or a path, found "a//b"'),
    ],
)
def test_rules_that_make_no_sense_are_mistakes(text: str, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(f"{TEAM}\n[[remote-policy.remotes]]\n{text}\n")
    assert problem in "\n".join(caught.value.problems)

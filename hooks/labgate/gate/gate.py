"""Run the checks that apply to each ref update, put the policy's levels on what they find, and collect the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from labgate import checks
from labgate.checks.research_gate import check as research_gate
from labgate.gate.levels import levelled
from labgate.policy.model import Policy
from labgate.values.errors import GitError, UndecidedError
from labgate.values.finding import FAILED, PASSED, SKIPPED, UNDECIDED, Finding
from labgate.values.ref_update import RefUpdate
from labgate.values.report import CheckResult, Judged
from labgate.values.value import Value


class Collected(Value):
    """What one check is to judge about one update.

    ``facts`` has one item a subject (a check may judge two branch names). ``skipped`` is why the check does not apply.
    ``undecided`` is why silence of the check would not mean that all is well.
    """

    facts: tuple[Any, ...] = ()
    skipped: str | None = None
    undecided: UndecidedError | None = None


Collector = Callable[[RefUpdate], Collected]


def judge(
    updates: Iterable[RefUpdate], collectors: Mapping[str, Collector], policy: Policy, names: Sequence[str]
) -> tuple[Judged, ...]:
    """Judge every update by the named checks; facts that cannot be had here make that one check undecided."""
    return tuple(_judge_one(update, collectors, policy, names) for update in updates)


def _judge_one(update: RefUpdate, collectors: Mapping[str, Collector], policy: Policy, names: Sequence[str]) -> Judged:
    results, findings, review, undecidable = [], [], None, ()
    for name in names:
        check = checks.load(name)
        try:
            collected = collectors[name](update)
        except (UndecidedError, GitError) as error:
            results.append(CheckResult(name, UNDECIDED, error.message, error.help))
            continue
        raw = (finding for facts in collected.facts for finding in check.check(facts, policy))
        found = [finding for item in raw if (finding := levelled(item, policy, _kind(item.ref or update.ref, policy)))]
        findings += found
        results.append(_result(name, collected, found))
        if name == "research-gate" and collected.facts:
            review = research_gate.review_state(collected.facts[0], policy)
            undecidable = collected.facts[0].undecidable
    return Judged(update, _kind(update.ref, policy), tuple(results), tuple(findings), review, undecidable)


def _kind(ref: str, policy: Policy) -> str | None:
    return policy.classify(ref).name


def _result(name: str, collected: Collected, found: Sequence[Finding]) -> CheckResult:
    if any(finding.level == "error" for finding in found):
        return CheckResult(name, FAILED)
    if collected.skipped is not None:
        return CheckResult(name, SKIPPED, collected.skipped)
    if collected.undecided is not None:
        return CheckResult(name, UNDECIDED, collected.undecided.message, collected.undecided.help)
    return CheckResult(name, PASSED)

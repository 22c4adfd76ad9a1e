"""One gate for every caller: run checks over updates, put the policy's levels on what they find, collect a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from labgate.checks.collected import Collected
from labgate.checks.registry import Row
from labgate.gate.levels import levelled
from labgate.policy.model import Policy
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, UndecidedError
from labgate.values.finding import FAILED, PASSED, SKIPPED, UNDECIDED, Finding
from labgate.values.ref_update import RefUpdate, View
from labgate.values.report import CheckResult, Judged, PolicyOrigin, Report, ReviewState

#: Brings what a check is to judge about an update.
Collector = Callable[[Row, RefUpdate], Collected]


def judge_scene(stage: str, scene: Scene, origin: PolicyOrigin, rows: Sequence[Row], refs_total: int | None) -> Report:
    """Return the report on a scene's updates. ``refs_total`` is ``None`` where it is not known."""
    judged = judge(scene.updates, rows, lambda row, update: row.facts.collect(scene, update), scene.policy)
    view = View(len(scene.updates), refs_total, len(scene.classes.sources), scene.sources_complete)
    return Report(stage, origin, view, judged)


def judge(updates: Iterable[RefUpdate], rows: Sequence[Row], collect: Collector, policy: Policy) -> tuple[Judged, ...]:
    """Judge every update by the checks of ``rows``; facts that cannot be had here make that one check undecided."""
    return tuple(_judge_one(update, rows, collect, policy) for update in updates)


def _judge_one(update: RefUpdate, rows: Sequence[Row], collect: Collector, policy: Policy) -> Judged:
    results: list[CheckResult] = []
    findings: list[Finding] = []
    review: ReviewState | None = None
    for row in rows:
        try:
            collected = collect(row, update)
        except (UndecidedError, GitError) as error:
            results.append(CheckResult(row.name, UNDECIDED, error.message, error.help))
            continue
        found = _findings(row, collected, update, policy)
        findings += found
        results.append(_result(row, collected, found))
        review = _review(row, collected, policy) or review
    return Judged(update, _kind(update.ref, policy), tuple(results), tuple(findings), review)


def _findings(row: Row, collected: Collected, update: RefUpdate, policy: Policy) -> list[Finding]:
    if not collected.facts:
        return []
    raw = (finding for facts in collected.facts for finding in row.check.check(facts, policy))
    levels = (levelled(finding, policy, _kind(finding.ref or update.ref, policy)) for finding in raw)
    return [finding for finding in levels if finding is not None]


def _review(row: Row, collected: Collected, policy: Policy) -> ReviewState | None:
    reviewing = row.reviewing if collected.facts else None
    return None if reviewing is None else reviewing.review_state(collected.facts[0], policy)


def _kind(ref: str, policy: Policy) -> str | None:
    return policy.classify(ref).name


def _result(row: Row, collected: Collected, found: Sequence[Finding]) -> CheckResult:
    result = CheckResult(
        row.name,
        PASSED,
        codes=tuple(dict.fromkeys(finding.rule.code for finding in found)),
        undecidable=collected.undecidable,
    )
    if any(finding.level == "error" for finding in found):
        return result.changed(outcome=FAILED)
    if collected.skipped is not None:
        return result.changed(outcome=SKIPPED, reason=collected.skipped)
    if collected.undecided is not None:
        undecided = collected.undecided
        return result.changed(outcome=UNDECIDED, reason=undecided.message, help=undecided.help)
    return result

"""One gate for every caller: run checks on updates, apply the policy's levels, collect a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from labgate.checks.collected import Collected
from labgate.checks.registry import Row
from labgate.policy.model import Policy
from labgate.scene.governing_policy import shadow_notices
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, UndecidedError
from labgate.values.finding import FAILED, LEVELS, PASSED, SKIPPED, UNDECIDED, Finding
from labgate.values.ref_update import RefUpdate, View
from labgate.values.refnames import HEADS
from labgate.values.report import CheckResult, Judged, PolicyOrigin, Report, ReviewState

#: Collects the facts that a check judges about an update.
Collector = Callable[[Row, RefUpdate], Collected]


def judge_scene(stage: str, scene: Scene, origin: PolicyOrigin, rows: Sequence[Row], refs_total: int | None) -> Report:
    """Return the report on a scene's updates. ``refs_total`` is ``None`` if it is not known."""
    if scene.repository.online and scene.repository.partial:
        from labgate.scene.completing import complete  # few clones are, and it needs the index

        complete(scene)
    judged = judge(scene.updates, rows, lambda row, update: row.module("facts").collect(scene, update), scene.policy)
    view = View(len(scene.updates), refs_total, len(scene.classes.sources), scene.sources_gap is None)
    notices: tuple[str, ...] = ()
    if scene.judging is not None:
        found = scene.judging.found
        notices = (*scene.judging.notices, *shadow_notices(found.policy, found.file))
    return Report(stage, origin, view, judged, notices=(*notices, *readmes(judged, scene.policy), *unseen(judged)))


def readmes(judged: Iterable[Judged], policy: Policy) -> tuple[str, ...]:
    """Return notices about where the merge rules of the branches with findings stand, each once."""
    refs = [(item.update.ref, item.update.source) for item in judged if item.findings]
    names = dict.fromkeys(name for ref, source in refs for name in (source and HEADS + source, ref) if name)
    kinds = [kind for name in names if (kind := policy.classify(name).kind) is not None and kind.readme is not None]
    return tuple(dict.fromkeys(f"merge rules of {kind.name} branches: {kind.readme}" for kind in kinds))


def unseen(judged: Iterable[Judged]) -> tuple[str, ...]:
    """Return notices about what no check examined, each once."""
    return tuple(dict.fromkeys(line for item in judged for line in item.unseen))


def judge(updates: Iterable[RefUpdate], rows: Sequence[Row], collect: Collector, policy: Policy) -> tuple[Judged, ...]:
    """Judge every update by the checks of ``rows``; a check whose facts cannot be collected here is undecided."""
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
        found: list[Finding] = []
        if collected.facts:
            check = row.module("check")
            raw = (finding for facts in collected.facts for finding in check.check(facts, policy))
            levels = (levelled(finding, policy, policy.classify(finding.ref or update.ref).name) for finding in raw)
            found = [finding for finding in levels if finding is not None]
            if hasattr(check, "review_state"):
                review = check.review_state(collected.facts[0], policy) or review
        findings += found
        results.append(_result(row, collected, found))
    return Judged(update, policy.classify(update.ref).name, tuple(results), tuple(findings), review)


def _result(row: Row, collected: Collected, found: Sequence[Finding]) -> CheckResult:
    codes = tuple(dict.fromkeys(finding.rule.code for finding in found))
    outcome, reason, help = PASSED, None, None
    if any(finding.level == "error" for finding in found):
        outcome = FAILED
    elif collected.skipped is not None:
        outcome, reason = SKIPPED, collected.skipped
    elif collected.undecided is not None:
        outcome, reason, help = UNDECIDED, collected.undecided.message, collected.undecided.help
    return CheckResult(row.name, outcome, reason, help, codes, collected.undecidable, collected.unseen)


def levelled(finding: Finding, policy: Policy, kind: str | None) -> Finding | None:
    """Return a finding at the policy's level; ``None`` when the policy turns its rule off.

    A check may lower a rule's own level for its context (a note on a branch that exists already); the policy's level
    then only counts where it is lower still.
    """
    wanted = policy.level(finding.rule.code, kind)
    if wanted == "off":
        return None
    if wanted is None:
        return finding
    if finding.level != finding.rule.level:
        wanted = min(wanted, finding.level, key=LEVELS.index)
    return finding.at_level(wanted)

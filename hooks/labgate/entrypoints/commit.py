"""pre-commit and pre-merge-commit: the commit in progress. On the commit hook's path.

A commit that passes takes one or two short git processes. Only if a check needs it, the other facts are collected and
the commit is judged by them.
"""

from __future__ import annotations

from labgate.checks.registry import at_stage, policy_reader
from labgate.entrypoints.hook_call import Skipped, hook_policy, standing_back
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.workplace import find_workplace
from labgate.values.refnames import HEADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.collected import Collected
    from labgate.checks.registry import Row
    from labgate.entrypoints.hook_call import HookCall
    from labgate.scene.surroundings import Surroundings
    from labgate.scene.workplace import Workplace
    from labgate.values.ref_update import RefUpdate
    from labgate.values.report import Report


def run(call: HookCall) -> Report | Skipped | None:
    """Judge the commit in progress; return ``None`` if it passes.

    Raises: ``NoPolicyError`` when there is no policy, any other ``LabgateError`` when labgate could not judge.
    """
    rows = at_stage(call.stage, call.checks)
    place = find_workplace(call.environ)
    active = standing_back(call, place.common_dir)
    if active is not None:
        return active
    commit = _proposed(call.stage, place)
    # Only git sets the index; without it the hooks are run by hand (`pre-commit run --all-files`).
    if "GIT_INDEX_FILE" not in call.environ and _adds_nothing(commit):
        return Skipped("nothing is staged, so no commit is proposed")
    suspects = [row for row in rows if row.suspects(commit)]
    return judged(commit, rows, suspects) if suspects or commit.notices else None


def _proposed(stage: str, place: Workplace) -> ProposedCommit:
    found = hook_policy(place)
    branch = place.branch()
    kind = None if branch is None else found.policy.classify(branch).name
    return ProposedCommit(stage, place, found.policy, found.origin, branch, kind, found.notices)


def _with_trunk(commit: ProposedCommit, around: Surroundings) -> ProposedCommit:
    """Return the commit with the real trunk in the policy, if the policy only names missing branches."""
    settled = None if commit.origin is not None else around.agreed(commit.policy)
    if settled is None or settled.notice is None or commit.branch != HEADS + settled.trunk:
        return commit
    kind = settled.policy.classify(commit.branch).name
    return commit.changed(policy=settled.policy, kind=kind, notices=(settled.notice,))


def _adds_nothing(commit: ProposedCommit) -> bool:
    staged = commit.staged
    return staged is not None and not staged.records and not staged.merging


def judged(commit: ProposedCommit, rows: tuple[Row, ...], suspects: list[Row]) -> Report:
    """Judge the commit with all the facts, and return the report on it."""
    from labgate.checks.collected import ALWAYS, BESIDE_FINDINGS
    from labgate.gate.judge import judge
    from labgate.scene.surroundings import surroundings
    from labgate.values.ref_update import RefUpdate, View
    from labgate.values.report import PolicyOrigin, Report

    around = surroundings(commit.place, policy_reader())
    commit = _with_trunk(commit, around)
    skipped: dict[str, Collected] = {}

    def collect(row: Row, update: RefUpdate) -> Collected:  # noqa: ARG001  (the one update is the commit)
        skipped[row.name] = row.module("facts").collect_staged(commit, around, suspect=row in suspects)
        return skipped[row.name]

    [found] = judge((RefUpdate(commit.branch or "HEAD", None, None),), rows, collect, commit.policy)
    least = BESIDE_FINDINGS if found.findings else ALWAYS
    said = [(name, each) for name, each in skipped.items() if each.skipped is not None and each.notice >= least]
    notices = commit.notices + tuple(f"{name} skipped: {each.skipped}" for name, each in said)
    notices += tuple(line for each in skipped.values() for line in each.said)
    view = View(1, 1, 0, sources_complete=True)
    return Report(commit.stage, commit.origin or PolicyOrigin("worktree"), view, (found,), notices=notices)

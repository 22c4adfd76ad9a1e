"""Judge a scene: bring each check its facts, and turn the verdicts into a report."""

from __future__ import annotations

from collections.abc import Sequence

from labgate.checks.branch_name import facts as branch_name
from labgate.checks.commit_size import facts as commit_size
from labgate.checks.experiment_hash import facts as experiment_hash
from labgate.checks.research_gate import facts as research_gate
from labgate.gate.gate import Collected, Collector, judge
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate, View
from labgate.values.report import PolicyOrigin, Report


def judge_scene(stage: str, scene: Scene, origin: PolicyOrigin, names: Sequence[str], refs_total: int | None) -> Report:
    """Return the report on a scene's updates. ``refs_total`` is ``None`` where it is not known."""
    judged = judge(scene.updates, collectors(scene), scene.policy, names)
    view = View(len(scene.updates), refs_total, len(scene.classes.sources), scene.sources_complete)
    return Report(stage, origin, view, judged)


def collectors(scene: Scene) -> dict[str, Collector]:
    """Return for each check the function that brings its facts of one update."""

    def names(update: RefUpdate) -> Collected:
        found = branch_name.collect(scene, update)
        return Collected(found, skipped=None if found else "no branch is created and no source branch is known")

    def gate(update: RefUpdate) -> Collected:
        if research_gate.is_first_push(scene, update):
            return Collected(skipped=f"nothing is on {scene.remote} yet, so nothing could be told from research")
        found = research_gate.collect(scene, update)
        reason = None if found.protected else f"{update.ref} is not protected"
        return Collected((found,), skipped=reason, undecided=research_gate.undecided(scene, update))

    def experiments(update: RefUpdate) -> Collected:
        branch = None if update.new is None else experiment_hash.experiment_branch(scene, update)
        if branch is None:
            return Collected(skipped="not an experiment branch")
        return Collected((experiment_hash.collect(scene, update, branch),))

    def sizes(update: RefUpdate) -> Collected:
        kind = scene.policy.classify(update.ref).name
        if update.new is None or scene.policy.limits(kind) is None:
            return Collected(skipped=f"no size limits for {kind or 'this kind of branch'}")
        return Collected((commit_size.collect(scene, update),))

    return {"branch-name": names, "research-gate": gate, "experiment-hash": experiments, "commit-size": sizes}

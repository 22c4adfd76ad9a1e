"""Facts for branch-drift: whether a branch has limits. ``gathering`` is imported only then."""

from __future__ import annotations

from labgate.checks.branch_drift.section import BranchDrift
from labgate.checks.collected import Collected
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of the branch that is pushed, or that a change comes from.

    Without ``refuse-push`` a branch that cannot be judged is skipped. Raises: ``UndecidedError``, ``GitError``.
    """
    branch = update.ref if scene.pushing else None if update.source is None else HEADS + update.source
    kind = None if branch is None else scene.policy.classify(branch).name
    limited = kind in scene.policy.section(BranchDrift).limits
    if not limited or branch is None or kind is None or update.new is None or scene.aftermath is not None:
        return Collected(skipped=f"no limits of drift for {kind or 'this branch'}")
    from labgate.checks.branch_drift.gathering import gathered

    return gathered(scene, update, branch, kind)

"""Facts for remote-policy: whether the policy names remotes. ``gathering`` is imported only then."""

from __future__ import annotations

from labgate.checks.collected import Collected
from labgate.checks.remote_policy.section import RemotePolicy
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of a branch that is pushed. Raises: ``UndecidedError`` where a mirror cannot be judged."""
    if not scene.policy.section(RemotePolicy).remotes:
        return Collected(skipped="the policy names no remotes")
    if not scene.pushing or scene.landing:
        return Collected(skipped="nothing is pushed")
    from labgate.checks.remote_policy.gathering import gathered

    return gathered(scene, update)

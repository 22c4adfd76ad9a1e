"""Facts for mixed-components: whether the policy has components. ``gathering`` is imported only then."""

from __future__ import annotations

from labgate.checks.collected import Collected
from labgate.checks.mixed_components.section import MixedComponents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.proposed_commit import ProposedCommit
    from labgate.scene.scene import Scene
    from labgate.scene.surroundings import Surroundings
    from labgate.values.ref_update import RefUpdate

_OFF = "the policy has no components"


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update of a protected ref. Raises: ``UndecidedError`` in a shallow clone."""
    if not scene.policy.section(MixedComponents).components:
        return Collected(skipped=_OFF)
    if update.new is None or scene.policy.classify(update.ref).name != "protected":
        return Collected(skipped=f"{update.ref} is not protected")
    if scene.is_first_push:
        return Collected(skipped=f"nothing is on {scene.remote} yet, so all of history would count as one change")
    from labgate.checks.mixed_components.gathering import gathered

    return gathered(scene, update)


def collect_staged(commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:  # noqa: ARG001
    """Return the facts of a commit in progress."""
    from labgate.checks.mixed_components import staged

    if not staged.applies(commit):
        return Collected(skipped=_OFF)
    if not suspect:
        return Collected()
    from labgate.checks.mixed_components.gathering import gathered_staged

    return gathered_staged(commit)

"""Facts for commit-hygiene: whether it judges an update. ``gathering`` is imported only then."""

from __future__ import annotations

from labgate.checks.collected import Collected
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update of a protected ref.

    Raises: ``UndecidedError`` in a shallow clone, ``GitError`` when this clone lacks needed objects.
    """
    if update.new is None or scene.policy.classify(update.ref).name != "protected":
        return Collected(skipped=f"{update.ref} is not protected")
    if scene.is_first_push:
        return Collected(skipped=f"nothing is on {scene.remote} yet, so all of history would count as one change")
    from labgate.checks.commit_hygiene.gathering import gathered

    return gathered(scene, update)

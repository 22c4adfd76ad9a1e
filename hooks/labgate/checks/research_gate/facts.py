"""Facts for research-gate: whether it judges an update. ``gathering`` is imported only then."""

from __future__ import annotations

from labgate.checks.collected import Collected
from labgate.research.section import ResearchGate
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update of a protected ref, or why there is nothing to judge.

    Raises: ``UndecidedError``, ``GitError`` when this clone lacks needed objects.
    """
    if scene.policy.classify(update.ref).name != "protected":
        return Collected(skipped=f"{update.ref} is not protected")
    if _is_first_push(scene, update):
        reason = f"nothing of {scene.remote} is known here yet, so research cannot be distinguished"
        # All of history is new there. Who knows of research must not believe that it was looked for.
        said = f"not compared: what is new on {scene.remote}, of which nothing is known here yet"
        return Collected(skipped=reason, unseen=(said,) if scene.classes.sources else ())
    from labgate.checks.research_gate.gathering import gathered

    return gathered(scene, update)


def _is_first_push(scene: Scene, update: RefUpdate) -> bool:
    """Return whether a protected ref is created on an empty remote, by no research branch of that name.

    Everything that some research branch started from would count as research, as no protected tip has it.
    """
    if not scene.pushing or scene.remote_refs or update.old is not None or update.new is None:
        return False
    source = None if update.source is None else scene.policy.classify(f"{HEADS}{update.source}").name
    return scene.policy.is_protected(update.ref) and source not in scene.policy.section(ResearchGate).sources

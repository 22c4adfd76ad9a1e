"""Facts for experiment-hash: whether it judges an update. ``gathering`` is imported only then."""

from __future__ import annotations

from labgate.checks.collected import Collected
from labgate.checks.experiment_hash.brought import NOTHING_BROUGHT, brought
from labgate.experiments.artifacts import is_artifact
from labgate.experiments.section import ExperimentHash
from labgate.values.refnames import HEADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.experiment_hash.brought import Brought
    from labgate.scene.proposed_commit import ProposedCommit
    from labgate.scene.scene import Scene
    from labgate.scene.surroundings import Surroundings
    from labgate.values.ref_update import RefUpdate


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an experiment branch's own commits, and of the artifacts and records that an update brings.

    The commits are on its first-parent chain, are not merges and have not landed; in a push they are new to the remote.
    Raises: ``UndecidedError`` when the remote must be asked for its pins, and cannot be.
    """
    if update.new is None:
        return Collected(skipped="not an experiment branch")
    branch, found = _experiment_branch(scene, update), brought(scene, update)
    if branch is None and not _matters(scene, found):
        return Collected(skipped=NOTHING_BROUGHT)
    from labgate.checks.experiment_hash.gathering import gathered

    return gathered(scene, update, branch, found)


def collect_staged(commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:
    """Return the facts of a commit in progress."""
    from labgate.checks.experiment_hash import staged

    if not staged.applies(commit):
        return Collected(skipped="the policy has no artifacts")
    if not suspect:
        return Collected()
    from labgate.checks.experiment_hash.gathering import gathered_staged

    return gathered_staged(commit, around)


def _experiment_branch(scene: Scene, update: RefUpdate) -> str | None:
    """Return the full name of the experiment branch that an update is about, or ``None``."""
    ref = update.ref if scene.pushing or update.source is None else HEADS + update.source
    return ref if {"service", "handle"} <= (scene.policy.classify(ref).fields or {}).keys() else None


def _matters(scene: Scene, found: Brought) -> bool:
    """Return whether an update brings artifacts, even if they are gone at its head, or snapshots; or a pin failed."""
    if found.artifacts or found.snapshots or scene.pins_refused:
        return True
    settings = scene.policy.section(ExperimentHash)
    return any(is_artifact(settings, path) for paths in found.paths.values() for path in paths)

"""Facts for commit-size: whether the target has limits. ``gathering`` is imported only then."""

from __future__ import annotations

from labgate.checks.collected import Collected
from labgate.checks.commit_size.section import CommitSize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.scene.proposed_commit import ProposedCommit
    from labgate.scene.scene import Scene
    from labgate.scene.surroundings import Surroundings
    from labgate.values.ref_update import RefUpdate


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update whose target has limits.

    Raises: ``UndecidedError`` in a shallow clone.
    """
    kind = scene.policy.classify(update.ref).name
    if update.new is None or kind not in scene.policy.section(CommitSize).limits:
        return Collected(skipped=_no_limits(kind))
    protected = [other.ref for other in scene.updates if scene.policy.is_protected(other.ref)]
    if scene.is_first_push and (update.ref in protected or not protected):
        return Collected(skipped=f"nothing is on {scene.remote} yet, so all of history would count as one change")
    from labgate.checks.commit_size.gathering import gathered

    return gathered(scene, update)


def collect_staged(commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:
    """Return the facts of a commit in progress, without the files that the trunk exempts."""
    from labgate.checks.commit_size.staged import limits

    if not limits(commit):
        return Collected(skipped=_no_limits(commit.kind))
    if not suspect:
        return Collected()
    from labgate.checks.commit_size.in_progress import gathered

    return gathered(commit, around)


def _no_limits(kind: str | None) -> str:
    return f"no size limits for {kind or 'this kind of branch'}"

"""What branch-drift judges: how far a branch is behind its base, and the conflicts of a merge."""

from __future__ import annotations

from labgate.checks.branch_drift.check import Facts
from labgate.checks.branch_drift.section import BranchDrift
from labgate.checks.collected import Collected
from labgate.git.commits import merge_bases, read_dates
from labgate.git.conflict_preview import preview
from labgate.git.refs import TrackingRef
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, UndecidedError
from labgate.values.phrases import quote
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import short_ref

#: How long git may take for a merge at push, in seconds.
_MOST_SECONDS = 0.2
_DAY = 86_400


def gathered(scene: Scene, update: RefUpdate, branch: str, kind: str) -> Collected:
    """Return the facts of a branch (full name) of a kind with limits.

    Without ``refuse-push`` a branch that cannot be judged is skipped. Raises: ``UndecidedError``, ``GitError``.
    """
    try:
        return _measured(scene, update, branch, kind)
    except (UndecidedError, GitError) as error:
        if scene.policy.section(BranchDrift).limits[kind].refuse_push:
            raise
        return _skipped(error.message)


def _measured(scene: Scene, update: RefUpdate, branch: str, kind: str) -> Collected:
    repository, head = scene.repository, update.new or ""
    base = scene.trunk_tip if scene.pushing else next(iter(scene.span(update).base), None)
    if base is None:
        return _skipped("the trunk is not known here")
    repository.require_history()
    shared = merge_bases(repository, head, base)
    if not shared:
        return _skipped("the branch has no history in common with the trunk")
    behind = int(repository.objects.run("rev-list", "--count", base, f"^{head}"))
    # Of the trunk's own time: a quiet trunk makes no branch old.
    days = (read_dates(repository, [base])[0] - max(read_dates(repository, shared))) // _DAY if behind else 0
    ahead = preview(repository, head, base, _MOST_SECONDS if scene.pushing else None)
    standing, tracked = scene.mending(update), _tracked(scene, update, base)
    facts = Facts(
        kind,
        short_ref(branch),
        short_ref(tracked.ref) if tracked is not None else base,
        head,
        behind,
        days,
        ahead.files,
        "" if standing is None else standing.way,
        "" if tracked is None else f"git fetch {quote(tracked.remote)} {quote(short_ref(tracked.remote_ref))}",
    )
    unseen = () if ahead.skipped is None else (f"{short_ref(branch)}: conflicts ahead not known: {ahead.skipped}",)
    return Collected((facts,), unseen=unseen)


def _skipped(reason: str) -> Collected:
    return Collected(skipped=reason, unseen=(f"branch-drift: not judged: {reason}",))


def _tracked(scene: Scene, update: RefUpdate, base: str) -> TrackingRef | None:
    """Return the remote-tracking branch at the base, ``None`` if there is none."""
    mine = [item for item in scene.tracking if item.remote == scene.remote]
    own = [] if scene.pushing else [item for item in mine if item.remote_ref == update.ref]
    there = [item for item in mine if item.oid == base and scene.policy.is_protected(item.remote_ref)]
    return next(iter((*own, *there)), None)

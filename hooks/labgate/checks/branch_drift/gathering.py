"""What branch-drift judges: how far a branch is behind its base, and the conflicts of a merge."""

from __future__ import annotations

from labgate.checks.branch_drift.check import Facts
from labgate.checks.branch_drift.section import BranchDrift
from labgate.checks.collected import Collected
from labgate.git.commits import merge_bases, read_dates
from labgate.git.conflict_preview import preview
from labgate.scene.scene import Scene
from labgate.values.errors import GitError, UndecidedError
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import short_ref, tracking_ref

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
    standing = scene.mending(update)
    facts = Facts(
        kind,
        short_ref(branch),
        _base_name(scene, update, base),
        head,
        behind,
        days,
        ahead.files,
        "" if standing is None else standing.way,
    )
    unseen = () if ahead.skipped is None else (f"{short_ref(branch)}: conflicts ahead not known: {ahead.skipped}",)
    return Collected((facts,), unseen=unseen)


def _skipped(reason: str) -> Collected:
    return Collected(skipped=reason, unseen=(f"branch-drift: not judged: {reason}",))


def _base_name(scene: Scene, update: RefUpdate, base: str) -> str:
    """Return the short name of a remote-tracking branch at the base, else its oid."""
    if not scene.pushing and update.branch is not None and scene.remote is not None:
        own = tracking_ref(scene.remote, update.branch)
        if own in scene.refs:
            return short_ref(own)
    for item in scene.tracking:
        if item.remote == scene.remote and item.oid == base and scene.policy.is_protected(item.remote_ref):
            return short_ref(item.ref)
    return base

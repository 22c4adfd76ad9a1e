"""Which recorded commits the remote keeps by a pin, or will keep as soon as a push has ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labgate.checks.experiment_hash.check import Claim
from labgate.experiments.pins import listed, pins_here
from labgate.experiments.published import reached, remote_tips
from labgate.experiments.section import OFF, PUSH, ExperimentHash
from labgate.git.commits import present, rev_list
from labgate.git.kept_refs import remote_branches
from labgate.git.snapshots import read_headers
from labgate.scene.scene import Scene
from labgate.values.errors import UndecidedError
from labgate.values.ref_update import RefUpdate


def with_pins(scene: Scene, claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Return the claims with what is known of their pins; ``None`` where nothing is known or it does not matter.

    Raises: ``UndecidedError`` when the remote must be asked and cannot be.
    """
    found = tuple(claims)
    commits = {claim.commit for claim in found if claim.commit is not None}
    settings = scene.policy.section(ExperimentHash)
    pushed = scene.pushing and not scene.fetched
    if not commits or scene.remote is None or scene.audited is not None or (pushed and settings.pins_on_push == OFF):
        return found
    kept = set(scene.pins.values())
    if not scene.fetched and settings.pins_on_push == PUSH:
        kept |= _kept_by_push(scene, commits - kept)
    if pushed and not commits <= kept:
        # Somebody else may have published it. The listing has every pin of the remote, so it is only asked for now.
        kept |= set(listed(scene.repository, settings, scene.remote).values())
    here = {pin.commit for pin in pins_here(scene.repository, settings)} if not scene.fetched else set()
    certain = scene.fetched or pushed

    def state(commit: str) -> bool | None:
        return True if commit in kept else (False if certain or commit in here else None)

    return tuple(claim if claim.commit is None else claim.changed(pinned=state(claim.commit)) for claim in found)


def _kept_by_push(scene: Scene, commits: set[str]) -> set[str]:
    """Return those of some commits that the push hook pins: no snapshots, and what the remote has or is given."""
    if scene.pins_refused:
        return set()
    headers = read_headers(scene.repository, commits)
    plain = [oid for oid, header in headers.items() if header.snapshot_of is None]
    given = [update.new for update in scene.updates if update.new is not None]
    brought = set(reached(scene.repository, plain, given))
    left = [oid for oid in plain if oid not in brought]
    try:
        return brought.union(reached_there(scene, scene.remote, left))
    except UndecidedError:
        # The hook that pins says so; a record is true all the same.
        return brought.union(reached(scene.repository, left, remote_tips(scene.tracking, scene.remote, scene.updates)))


def reached_there(scene: Scene, remote: str | None, commits: Sequence[str]) -> tuple[str, ...]:
    """Return those of some commits that branches of the remote reach: at a push now, else as far as this clone knows.

    What was fetched may have been deleted there since, and a pin would publish it again, so a push asks where only that
    speaks for a commit. Raises: ``UndecidedError`` when the remote must be asked and cannot be.
    """
    repository, updates = scene.repository, () if scene.fetched else scene.updates
    tips = remote_tips(scene.tracking, remote, updates)
    if remote is None or scene.fetched or not scene.pushing:
        return reached(repository, commits, tips)
    now = reached(repository, commits, [update.old for update in updates if update.old is not None])
    once = [oid for oid in reached(repository, commits, tips) if oid not in now]
    return (*now, *reached(repository, once, remote_branches(repository, remote).values())) if once else now


def unpublished(scene: Scene, update: RefUpdate) -> tuple[str, ...]:
    """Return the snapshots that a push brings and that nobody has published, as far as this clone knows."""
    if update.new is None:
        return ()
    tips = remote_tips(scene.tracking, scene.remote, scene.updates)
    known = present(scene.repository, {*tips, *scene.pins.values()})
    oids = rev_list(scene.repository, [update.new], known, "--grep=^Snapshot-Of: ")
    return tuple(oid for oid, header in read_headers(scene.repository, oids).items() if header.snapshot_of is not None)

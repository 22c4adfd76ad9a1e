"""The facts of branch-name: the name, whether it is new, what stands beside it, and what it was cut from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from labgate.checks.branch_name.check import Base, Facts
from labgate.checks.collected import BESIDE_FINDINGS, Collected
from labgate.git.commits import parents_of, rev_list
from labgate.git.refs import TrackingRef, refs_with
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.scene import Scene
from labgate.scene.surroundings import Surroundings
from labgate.scene.workplace import Workplace
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, REMOTES, TAGS, collisions


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return facts for the updated ref if this update creates it, and for the branch that the change comes from."""
    if scene.pushing and _mirrors(scene):
        return Collected(skipped=f"{scene.remote or 'the remote'} gets a mirror of every ref, whatever it is called")
    found = _names(scene, update)
    return Collected(found, skipped=None if found else "no branch is created and no source branch is known")


def collect_staged(commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:
    """Return the facts of the branch that a commit is being made on."""
    if commit.branch is None:
        return Collected(skipped="HEAD is on no branch", notice=BESIDE_FINDINGS)
    if not suspect:
        return Collected()
    return Collected((Facts(commit.branch, around.created, around.siblings, remote=around.remote),))


def collides(place: Workplace, ref: str) -> bool:
    """Say whether some branch, here or on any remote, may be the same file as ``ref`` where case does not count."""
    names = os.fsdecode(place.git().run("for-each-ref", "--format=%(refname)", HEADS, REMOTES)).split("\n")
    beside = {HEADS + name.removeprefix(REMOTES).partition("/")[2] for name in names if name.startswith(REMOTES)}
    beside.update(name for name in names if name.startswith(HEADS))
    return bool(collisions(ref, beside))


def _mirrors(scene: Scene) -> bool:
    """Say whether this push makes a copy of all refs: the remote is one, or ``git push --mirror`` was said.

    git tells a hook nothing of its options, but nobody else pushes remote-tracking refs (git-push, ``--mirror``).
    """
    setting = scene.repository.setting(f"remote.{scene.remote}.mirror") or ""
    return setting.lower() in ("true", "yes", "on", "1") or any(each.ref.startswith(REMOTES) for each in scene.updates)


def _names(scene: Scene, update: RefUpdate) -> tuple[Facts, ...]:
    names: dict[str, str | None] = {}
    if update.source is not None and not scene.pushing:
        names[HEADS + update.source] = update.new
    if update.new is not None and (scene.pushing or update.old is None):
        names[update.ref] = update.new
    return tuple(_facts(scene, ref, head) for ref, head in names.items() if ref.startswith((HEADS, TAGS)))


def _facts(scene: Scene, ref: str, head: str | None) -> Facts:
    created = ref not in scene.remote_refs
    if scene.pushing:
        created = any(update.ref == ref and update.old is None for update in scene.updates)
    beside = {*scene.remote_refs, *(update.ref for update in scene.updates if update.new is not None)}
    if ref.startswith(TAGS):
        beside.update(name for name in scene.refs if name.startswith(TAGS))
    elif not scene.pushing:
        beside.update(name for name in scene.refs if name.startswith(HEADS))
    base = _base(scene, ref, head) if head is not None else None
    return Facts(ref=ref, created=created, siblings=tuple(sorted(beside - {ref})), base=base, remote=scene.remote)


def _base(scene: Scene, ref: str, head: str) -> Base | None:
    """Return how far the branch is from its declared bases and from the nearest branch of another kind.

    ``None`` when no base is declared or nothing is nearer. A branch that holds the head itself may be stacked on this
    one, so it says nothing of where this one was cut from.
    """
    kind = scene.policy.classify(ref).kind
    if kind is None or not kind.base or scene.repository.shallow:
        return None
    live = [item for item in scene.tracking if item.remote == scene.remote and item.remote_ref != ref]
    kinds = {item: scene.policy.classify(item.remote_ref).name for item in live}
    declared = [item for item in live if kinds[item] in kind.base]
    sharing = _sharing(scene, head, declared)
    others = [item for item in live if item.ref in sharing and kinds[item] not in (None, *kind.base, kind.name)]
    cut_from = [(distance, item) for distance, item in _by_distance(scene, head, others) if distance]
    if not declared or not cut_from:
        return None
    declared_distance, nearest = _by_distance(scene, head, declared)[0]
    other_distance, other = cut_from[0]
    return Base(
        declared=nearest.ref,
        declared_distance=declared_distance,
        other=other.ref,
        other_kind=kinds[other] or "",
        other_distance=other_distance,
    )


def _sharing(scene: Scene, head: str, declared: Sequence[TrackingRef]) -> frozenset[str]:
    """Return the remote-tracking refs that have commits in common with the branch which no declared base has.

    A ref that has one of them has its ancestors too, so it is enough to ask for where they begin. Only these refs can
    be nearer than the bases, and of a thousand branches they are few.
    """
    own = parents_of(scene.repository, [head], [item.oid for item in declared])
    beginnings = [oid for oid, parents in own.items() if not any(parent in own for parent in parents)]
    return refs_with(scene.repository, beginnings, f"{REMOTES}{scene.remote}/")


def _by_distance(scene: Scene, head: str, items: Iterable[TrackingRef]) -> list[tuple[int, TrackingRef]]:
    """Return the refs with the number of commits that the branch has and they have not, nearest first."""
    measured = [(len(rev_list(scene.repository, [head], [item.oid])), item) for item in items]
    return sorted(measured, key=lambda pair: (pair[0], pair[1].ref))

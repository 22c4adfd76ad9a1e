"""Facts for branch-name: the name, whether it is new, what stands beside it, and what it was cut from."""

from __future__ import annotations

from collections.abc import Sequence

from labgate.checks.branch_name import Base, Facts
from labgate.facts.scene import Scene
from labgate.git.commits import rev_list
from labgate.git.refs import HEADS, TrackingRef
from labgate.proposal import RefUpdate
from labgate.provenance.evidence import short_name

_TAGS = "refs/tags/"


def collect(scene: Scene, update: RefUpdate) -> tuple[Facts, ...]:
    """Return facts for the updated ref if this update creates it, and for the branch that the change comes from."""
    names: dict[str, str | None] = {}
    if update.source is not None and not scene.pushing:
        names[HEADS + update.source] = update.new
    if update.new is not None and (scene.pushing or update.old is None):
        names[update.ref] = update.new
    return tuple(_facts(scene, ref, head) for ref, head in names.items() if ref.startswith((HEADS, _TAGS)))


def _facts(scene: Scene, ref: str, head: str | None) -> Facts:
    created = ref not in scene.remote_refs
    if scene.pushing:
        created = any(update.ref == ref and update.old is None for update in scene.updates)
    beside = {*scene.remote_refs, *(update.ref for update in scene.updates if update.new is not None)}
    if ref.startswith(_TAGS):
        beside.update(name for name in scene.refs if name.startswith(_TAGS))
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
    others = [item for item in live if kinds[item] not in (None, *kind.base, kind.name)]
    own = rev_list(scene.repository, [head], [item.oid for item in declared])
    if not declared or not own:
        return None
    nearer = rev_list(scene.repository, [head], [item.oid for item in (*declared, *others)])
    if len(nearer) == len(own):
        return None
    distances = {item: _distance(scene, head, item) for item in others}
    cut_from = {item: distance for item, distance in distances.items() if distance}
    nearest = _nearest(scene, head, declared)
    if not cut_from:
        return None
    other = min(cut_from, key=lambda item: (cut_from[item], item.ref))
    return Base(
        declared=short_name(nearest.ref),
        declared_distance=_distance(scene, head, nearest),
        other=short_name(other.ref),
        other_kind=kinds[other] or "",
        other_distance=cut_from[other],
    )


def _distance(scene: Scene, head: str, item: TrackingRef) -> int:
    return len(rev_list(scene.repository, [head], [item.oid]))


def _nearest(scene: Scene, head: str, items: Sequence[TrackingRef]) -> TrackingRef:
    return min(items, key=lambda item: (_distance(scene, head, item), item.ref))

"""The branch that another one starts from, if it is known which of the two is older."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labgate.checks.branch_name.check import Base
from labgate.git.commits import parents_of, read_dates, rev_list
from labgate.git.refs import TrackingRef, first_in_reflog, refs_with
from labgate.research.section import ResearchGate
from labgate.scene.scene import Scene
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, REMOTES, tracking_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.model import Kind


def base_of(scene: Scene, update: RefUpdate, ref: str, head: str, kind: Kind) -> Base | None:
    """Return the distances of the branch to its declared bases and to the nearest branch that it starts from.

    ``kind`` is that of the branch, and declares a base. ``None`` when nothing is nearer, or the other branch may start
    from this one instead. A branch that contains the head may be stacked on this one, so it does not count.
    """
    if scene.repository.shallow:
        return None
    live = [item for item in scene.tracking if item.remote == scene.remote and item.remote_ref != ref]
    kinds = {item: scene.policy.classify(item.remote_ref).name for item in live}
    declared = [item for item in live if kinds[item] in kind.base]
    bases = [item.oid for item in declared]
    own = parents_of(scene.repository, [head], bases)
    sharing = _sharing(scene, own)
    others = [item for item in live if item.ref in sharing and kinds[item] not in (None, *kind.base, kind.name)]
    cut_from = [(distance, item) for distance, item in _by_distance(scene, head, others) if distance]
    if not declared or not cut_from:
        return None
    declared_distance, nearest = _by_distance(scene, head, declared)[0]
    for distance, other in cut_from:
        if distance < declared_distance and _Pair(scene, update, ref, head, other, bases, own).is_cut:
            branch, way = _place(scene, update, ref)
            return Base(nearest.ref, declared_distance, other.ref, distance, kinds[other] or "", branch, way)
    return None


def _place(scene: Scene, update: RefUpdate, ref: str) -> tuple[str | None, str]:
    """Return the branch that a rebase moves (``Base.branch``), and the command that switches there."""
    standing = scene.standing(update)
    if standing is None or (standing.branch is None and not scene.pushing):
        return None, ""
    if standing.branch is not None:
        return (None if HEADS + standing.branch == ref else standing.branch), standing.way
    return "", standing.way


def _sharing(scene: Scene, own: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the remote-tracking refs that share commits with the branch which no declared base has.

    ``own`` are those commits. A ref that has one of them also has its ancestors, so it is enough to ask for the first
    ones. Only these refs can be nearer than the bases, and they are few of a thousand branches.
    """
    beginnings = [oid for oid, parents in own.items() if not any(parent in own for parent in parents)]
    return refs_with(scene.repository, beginnings, f"{REMOTES}{scene.remote}/")


def _by_distance(scene: Scene, head: str, items: Iterable[TrackingRef]) -> list[tuple[int, TrackingRef]]:
    """Return the refs with the number of commits that only the branch has, nearest first."""
    measured = [(len(rev_list(scene.repository, [head], [item.oid])), item) for item in items]
    return sorted(measured, key=lambda pair: (pair[0], pair[1].ref))


class _Pair:
    """Two branches that share commits which no declared base of the first one has (``own`` are all of its)."""

    def __init__(
        self,
        scene: Scene,
        update: RefUpdate,
        ref: str,
        head: str,
        other: TrackingRef,
        bases: Sequence[str],
        own: Iterable[str],
    ) -> None:
        self.scene = scene
        self.update = update
        self.ref = ref
        self.head = head
        self.other = other
        self.bases = bases
        self.own = frozenset(own)

    @property
    def is_cut(self) -> bool:
        """Return whether the branch starts from the other one: it is certainly the younger of the two."""
        chain = rev_list(self.scene.repository, [self.head], self.bases, "--first-parent")
        theirs = frozenset(rev_list(self.scene.repository, [self.other.oid], self.bases, "--first-parent"))
        shared = [oid for oid in chain if oid in theirs]
        # Commits that one of them only has by a merge are the work of the other.
        if not shared or shared[0] == self.head:
            return False
        mine, others = self._is_source(self.ref), self._is_source(self.other.remote_ref)
        known = self._by_ledger(shared[-1], mine=mine, others=others)
        if known is not None:
            return known
        start, there = self._start(), self._reached_there()
        if (start is not None and start not in self.own) or (self.scene.pushing and shared[-1] in there):
            return False
        if start is not None and start in shared and start not in there:
            return True
        # Without evidence: topics start from research far more often than research from a topic.
        return not (mine and not others) and self._by_dates(chain[chain.index(shared[0]) - 1])

    def _is_source(self, ref: str) -> bool:
        return self.scene.policy.classify(ref).name in self.scene.policy.section(ResearchGate).sources

    def _by_ledger(self, oid: str, *, mine: bool, others: bool) -> bool | None:
        """Return whether the other branch had a commit first, ``None`` if it was not recorded."""
        seen = self.scene.first_seen
        if mine != others:
            research = seen.research_had_it_first(oid)
            return None if research is None else research == others
        sighting = seen.research.first_seen(oid) if mine else None
        own = (self.ref, None if self.scene.remote is None else tracking_ref(self.scene.remote, self.ref[len(HEADS) :]))
        return False if sighting is not None and sighting.ref in own else None

    def _start(self) -> str | None:
        """Return the commit at which the branch was created here, ``None`` if that is not known."""
        standing = self.scene.standing(self.update)
        if standing is None or standing.branch is None:
            return None
        start = first_in_reflog(self.scene.repository, HEADS + standing.branch)
        return None if start == self.head else start

    def _reached_there(self) -> frozenset[str]:
        """Return the commits of the branch that its remote-tracking ref has already."""
        old = self.update.old if self.scene.pushing else self.scene.remote_refs.get(self.ref)
        if old is None:
            return frozenset()
        return self.own.difference(rev_list(self.scene.repository, [self.head], [old]))

    def _by_dates(self, first: str) -> bool:
        """Return whether the other branch continued before this one, whose first own commit is given."""
        theirs = rev_list(self.scene.repository, [self.other.oid], [self.head], "--first-parent")
        if not theirs:
            return True
        dates = read_dates(self.scene.repository, (first, theirs[-1]))
        return dates[1] < dates[0]

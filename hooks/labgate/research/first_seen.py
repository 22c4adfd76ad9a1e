"""Observe the refs, record what is new, and return the side on which a commit was first seen (docs/adr/0010)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from labgate import FOLDER
from labgate.git.commits import is_ancestor, peel, rev_list
from labgate.git.refs import tracking_refs
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.commit_graph import CommitGraph, bits_of
from labgate.research.ledger import Ledger
from labgate.research.readable import readable
from labgate.research.section import ResearchGate
from labgate.research.source_refs import RefClasses, SourceRef, past_source
from labgate.research.unlanded import Unlanded
from labgate.values.finding import DELETED, MOVED
from labgate.values.value import NOTHING

#: Seconds that recorded times may be ahead of the clock. If they are further ahead, the clock was set back.
_BURST = 600


class FirstSeen:
    """The ledgers of this clone: of research, and of branches of other kinds.

    Authors can set any date in a commit; these times were recorded here.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._unlanded = Unlanded(repository)
        folder = os.path.join(repository.common_dir, FOLDER)
        self.research = Ledger(os.path.join(folder, "ledger"))
        self.others = Ledger(os.path.join(folder, "ledger-others"))
        #: The tips of what had landed at the last observation.
        self._protected: frozenset[str] | None = None

    def observe(self, classes: RefClasses, landed: Sequence[str], now: int) -> None:
        """Record the unlanded commits that the refs hold now, or will after a push.

        ``landed`` are tips of what has landed, in addition to those of ``classes``. ``now`` is in seconds since the
        epoch.
        """
        now = self._after_the_last(now)
        protected = list(dict.fromkeys([*landed, *(ref.oid for ref in classes.protected)]))
        mine = {source.ref: source.oid for source in classes.sources}
        theirs = {other.ref: other.oid for other in classes.others}
        graph = CommitGraph(self._unlanded.parents([*mine.values(), *theirs.values()], protected))

        def continues(old: str, new: str) -> bool:
            """Return whether a ref descends from a tip that is not among its unlanded commits: it has landed."""
            if old in graph.parents:
                return False
            return old in peel(self._repository, [old]) and is_ancestor(self._repository, old, new)

        for ledger, tips, beside in ((self.research, mine, theirs), (self.others, theirs, mine)):
            everything = graph.ancestors(tips.values()) if beside else graph.parents.keys()
            if not ledger.shows(tips, everything):
                ledger.observe(tips, _held(graph, tips), now, continues=continues)
        self._protected = frozenset(protected)

    def observe_push(self, before: RefClasses, after: RefClasses, now: int) -> None:
        """Record the refs as they will be ``after`` a push, as ``observe`` does.

        A push that moves a ref may be the first that this clone shows of it: then its tip ``before`` is recorded too.
        """
        if after is not before:
            tips = {**self.research.tips(), **self.others.tips()}
            new = {**{ref.ref: ref.oid for ref in after.sources}, **{ref.ref: ref.oid for ref in after.others}}
            old = {**{ref.ref: ref.oid for ref in before.sources}, **{ref.ref: ref.oid for ref in before.others}}
            if any(new.get(ref, oid) != oid and tips.get(ref) != oid for ref, oid in old.items()):
                self.observe(before, [], now)
        self.observe(after, [], now)

    def _after_the_last(self, now: int) -> int:
        """Return a time after the last observation, so that two in one second have an order."""
        last = max(self.research.last_time(), self.others.last_time())
        return last + 1 if 0 <= last - now < _BURST else now

    def unlanded(self, tips: Sequence[str], landed: Sequence[str]) -> dict[str, tuple[str, ...]] | None:
        """Return the unlanded commits of some tips with their parents, if the last one had the same ``landed``."""
        if self._protected != frozenset(landed):
            return None
        return self._unlanded.parents(tips, landed)

    def known(
        self,
        policy: Policy,
        classes: RefClasses,
        refs: Mapping[str, str],
        now: int,
        pushed: Mapping[str, str] = NOTHING,
    ) -> RefClasses:
        """Return the research here: the current refs, and the tips that they were moved away from or deleted with.

        ``now`` is in seconds since the epoch. ``pushed`` has the refs that are about to move, with their new tips. All
        callers get their research from here. Tips whose objects git has deleted are left out.
        """
        remotes, keep = self._repository.remotes, policy.section(ResearchGate).keep_deleted
        stands = {**{source.ref: source.oid for source in classes.sources}, **pushed}
        gone = self._gone(self.research, stands, now, keep)
        past = [past_source(policy, ref, oid, MOVED if ref in refs else DELETED, remotes) for ref, oid in gone]
        found = classes.changed(sources=tuple(source for source in past if source is not None), others=())
        if not found.sources:
            return classes
        here = readable(self._repository, found)[0].sources
        # The remote-tracking name comes first, as for live ones.
        return classes.changed(sources=(*classes.sources, *sorted(here, key=lambda source: source.remote is None)))

    def former(
        self, policy: Policy, classes: RefClasses, now: int, pushed: Mapping[str, str] = NOTHING
    ) -> tuple[SourceRef, ...]:
        """Return the tips of other branches that these were moved away from or deleted with, as ``known`` does."""
        stands = {**{other.ref: other.oid for other in classes.others}, **pushed}
        gone = self._gone(self.others, stands, now, policy.section(ResearchGate).keep_deleted)
        tracked = {ref.ref: ref for ref in tracking_refs(dict(gone), self._repository.remotes)}
        found = tuple(
            SourceRef(ref, tracked[ref].remote_ref, oid, tracked[ref].remote, MOVED if ref in stands else DELETED)
            for ref, oid in gone
            if ref in tracked
        )
        return readable(self._repository, classes.changed(sources=found, others=()))[0].sources if found else ()

    def _gone(self, ledger: Ledger, stands: Mapping[str, str], now: int, keep: int) -> list[tuple[str, str]]:
        """Return refs of a ledger with their old tips whose objects are still here, the latest first.

        ``stands``: the tips of the current refs. ``keep`` is in seconds. Changes since the last observation count too.
        """
        moved = {ref: oid for ref, oid in ledger.tips().items() if stands.get(ref, oid) != oid}
        deleted = [(ref, oid) for ref, oid in ledger.tips().items() if ref not in stands]
        noticed = ledger.deleted(now, keep)
        tips = dict.fromkeys((*moved.items(), *deleted, *((tip.ref, tip.oid) for tip in noticed)))
        here = peel(self._repository, [oid for _, oid in tips]) if tips else {}
        asked = [oid for oid in moved.values() if oid in here]
        left = frozenset(rev_list(self._repository, asked, stands.values()) if asked else ())
        return [(ref, oid) for ref, oid in tips if oid in here and (moved.get(ref) != oid or oid in left)]

    def research_had_it_first(self, oid: str) -> bool | None:
        """Return the side on which a commit was seen first; ``None`` if it was seen on both at once, or never."""
        theirs = self.others.first_seen(oid)
        mine = None if theirs is None else self.research.first_seen(oid)
        if mine is None or theirs is None or mine.time == theirs.time:
            return None
        return mine.time < theirs.time


def _held(graph: CommitGraph, tips: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the commits of a graph that each ref (given with its tip) holds, newest first."""
    found: dict[str, list[str]] = {ref: [] for ref in tips}
    refs = list(tips)
    for oid, bits in graph.reached(list(tips.values())).items():
        for bit in bits_of(bits):
            found[refs[bit]].append(oid)
    return found

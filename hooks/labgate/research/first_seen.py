"""Observe the refs, record what is new, and return the side on which a commit was first seen (docs/adr/0010)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from labgate import FOLDER
from labgate.git.commits import is_ancestor, peel, rev_list
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.commit_graph import CommitGraph, bits_of
from labgate.research.ledger import Ledger
from labgate.research.readable import readable
from labgate.research.section import ResearchGate
from labgate.research.source_refs import RefClasses, past_source
from labgate.research.unlanded import Unlanded
from labgate.values.finding import DELETED, MOVED


class FirstSeen:
    """The ledgers of this clone: of research, and of branches of other kinds.

    Authors can set any date in a commit; these times were recorded here.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._unlanded = Unlanded(repository)
        folder = os.path.join(repository.common_dir, FOLDER)
        self.research = Ledger(os.path.join(folder, "ledger"))
        self._others = Ledger(os.path.join(folder, "ledger-others"))
        #: The tips of protected branches at the last observation.
        self._protected: frozenset[str] | None = None

    def observe(self, classes: RefClasses, landed: Sequence[str], now: int) -> None:
        """Record the unlanded commits that the refs hold now. ``now`` is in seconds since the epoch."""
        protected = list(dict.fromkeys([*landed, *(ref.oid for ref in classes.protected)]))
        mine = {source.ref: source.oid for source in classes.sources}
        theirs = {other.ref: other.oid for other in classes.others}
        graph = CommitGraph(self._unlanded.parents([*mine.values(), *theirs.values()], protected))

        def continues(old: str, new: str) -> bool:
            """Return whether a ref descends from a tip that is not among its unlanded commits: it has landed."""
            if old in graph.parents:
                return False
            return old in peel(self._repository, [old]) and is_ancestor(self._repository, old, new)

        self.research.observe(mine, _held(graph, mine), now, continues=continues)
        self._others.observe(theirs, _held(graph, theirs), now, continues=lambda *_: True)
        self._protected = frozenset(protected)

    def unlanded(self, tips: Sequence[str], landed: Sequence[str]) -> dict[str, tuple[str, ...]] | None:
        """Return the unlanded commits of some tips with their parents, if the last one had the same ``landed``."""
        if self._protected != frozenset(landed):
            return None
        return self._unlanded.parents(tips, landed)

    def known(self, policy: Policy, classes: RefClasses, refs: Mapping[str, str], now: int) -> RefClasses:
        """Return the research here: the current refs, and the tips that they were moved away from or deleted with.

        ``now`` is in seconds since the epoch. All callers get their research from here. Tips whose objects git has
        deleted are left out.
        """
        remotes, keep = self._repository.remotes, policy.section(ResearchGate).keep_deleted
        gone = self._gone({source.ref: source.oid for source in classes.sources}, now, keep)
        past = [past_source(policy, ref, oid, MOVED if ref in refs else DELETED, remotes) for ref, oid in gone]
        found = classes.changed(sources=tuple(source for source in past if source is not None), others=())
        if not found.sources:
            return classes
        here = readable(self._repository, found)[0].sources
        # The remote-tracking name comes first, as for live ones.
        return classes.changed(sources=(*classes.sources, *sorted(here, key=lambda source: source.remote is None)))

    def _gone(self, stands: Mapping[str, str], now: int, keep: int) -> list[tuple[str, str]]:
        """Return refs with their old tips whose objects are still here, the latest first.

        ``stands``: the tips of the current sources. ``keep`` is in seconds. Changes since the last observation count
        too.
        """
        moved = {ref: oid for ref, oid in self.research.tips().items() if stands.get(ref, oid) != oid}
        deleted = [(ref, oid) for ref, oid in self.research.tips().items() if ref not in stands]
        noticed = self.research.deleted(now, keep)
        tips = dict.fromkeys((*moved.items(), *deleted, *((tip.ref, tip.oid) for tip in noticed)))
        here = peel(self._repository, [oid for _, oid in tips]) if tips else {}
        asked = [oid for oid in moved.values() if oid in here]
        left = frozenset(rev_list(self._repository, asked, stands.values()) if asked else ())
        return [(ref, oid) for ref, oid in tips if oid in here and (moved.get(ref) != oid or oid in left)]

    def research_had_it_first(self, oid: str) -> bool | None:
        """Return the side on which a commit was seen first; ``None`` if it was seen on both at once, or never."""
        mine, theirs = self.research.first_seen(oid), self._others.first_seen(oid)
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

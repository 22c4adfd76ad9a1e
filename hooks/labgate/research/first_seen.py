"""Look at the refs, remember what is new, and say on which side a commit was first seen (docs/adr/0010)."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping, Sequence

from labgate import FOLDER
from labgate.git.commits import is_ancestor, peel
from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph, bits_of
from labgate.research.ledger import Ledger
from labgate.research.source_refs import RefClasses, SourceRef
from labgate.research.unlanded import Unlanded


class FirstSeen:
    """What this clone has seen of research, and apart from it of branches of other kinds.

    Dates in commits say what their author likes; these were noted here.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._unlanded = Unlanded(repository)
        folder = os.path.join(repository.common_dir, FOLDER)
        self.research = Ledger(os.path.join(folder, "ledger"))
        self._others = Ledger(os.path.join(folder, "ledger-others"))
        #: What was on protected branches when the refs were last looked at.
        self._protected: frozenset[str] | None = None

    def observe(self, classes: RefClasses, landed: Sequence[str], now: int) -> None:
        """Note which unlanded commits the refs hold by now. ``now`` is in seconds since the epoch."""
        protected = list(dict.fromkeys([*landed, *(ref.oid for ref in classes.protected)]))
        mine = {source.ref: source.oid for source in classes.sources}
        theirs = {other.ref: other.oid for other in classes.others}
        graph = CommitGraph(self._unlanded.parents([*mine.values(), *theirs.values()], protected))

        def covered(oid: str) -> bool:
            """Say whether a source, another live branch or a protected ref still reaches a commit."""
            if oid in graph.parents:
                return True
            here = oid in peel(self._repository, [oid])
            return here and any(is_ancestor(self._repository, oid, tip) for tip in protected)

        self.research.observe(mine, _held(graph, mine), now, covered=covered)
        self._others.observe(theirs, _held(graph, theirs), now, covered=lambda _: True)
        self._protected = frozenset(protected)

    def unlanded(self, tips: Sequence[str], landed: Sequence[str]) -> dict[str, tuple[str, ...]] | None:
        """Return the unlanded commits of some tips with their parents, if the last look had the same for landed."""
        if self._protected != frozenset(landed):
            return None
        return self._unlanded.parents(tips, landed)

    def deleted(self, now: int, keep: int, live: Container[str]) -> tuple[SourceRef, ...]:
        """Return the tips of research refs that are gone for at most ``keep`` seconds and still here as objects.

        A ref that is ``live`` (full names) was moved away from its old tip, and stands for what it has now.
        """
        tips = [tip for tip in self.research.deleted(now, keep) if tip.ref not in live]
        here = peel(self._repository, [tip.oid for tip in tips]) if tips else {}
        return tuple(SourceRef(tip.ref, tip.ref, tip.oid, None, deleted=True) for tip in tips if tip.oid in here)

    def research_had_it_first(self, oid: str) -> bool | None:
        """Say on which side a commit was seen first; ``None`` where it was seen on both at once, or never."""
        mine, theirs = self.research.first_seen(oid), self._others.first_seen(oid)
        if mine is None or theirs is None or mine.time == theirs.time:
            return None
        return mine.time < theirs.time


def _held(graph: CommitGraph, tips: Mapping[str, str]) -> dict[str, list[str]]:
    """Return for each ref, given with its tip, the commits of a graph that it holds, newest first."""
    found: dict[str, list[str]] = {ref: [] for ref in tips}
    refs = list(tips)
    for oid, bits in graph.reached(list(tips.values())).items():
        for bit in bits_of(bits):
            found[refs[bit]].append(oid)
    return found

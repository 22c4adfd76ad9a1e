"""The unlanded part of history, and the refs that reach each of its commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import takewhile
from typing import TypeVar

from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph, bits_of, bits_of_tips, joined
from labgate.research.first_seen import FirstSeen
from labgate.research.ledger import FirstRecord
from labgate.research.source_refs import RefClasses, SourceRef
from labgate.research.unlanded import read_unlanded
from labgate.values.value import Value

_Ref = TypeVar("_Ref")


class Aftermath(Value):
    """What happened after a change landed, as far as the target's first-parent line shows it.

    ``line``: the commits of that line from the change on. A branch that reaches one of them started from the target or
    merged it since, and only therefore holds the commits behind it. ``pushed``: those of them that the change brought.
    If a branch's tip is one of these, it counts as the branch's own work: the branch was pushed directly to the target.
    """

    line: frozenset[str]
    pushed: frozenset[str] = frozenset()


class ResearchGraph:
    """Unlanded history, read from git at the first query and then walked in memory.

    A commit is research when a source ref reaches it, it has not landed, and no other branch had it first. If another
    branch holds it too, the side on which it was seen first owns it. Where that is not known, it is in doubt if the
    other branch has no commit of a source ref's first-parent chain: research may have merged that branch, or somebody
    may have arranged it to look so.
    """

    def __init__(
        self,
        repository: Repository,
        classes: RefClasses,
        landed: Sequence[str],
        first_seen: FirstSeen | None = None,
        aftermath: Aftermath | None = None,
        *,
        believes: bool = True,
        former: Callable[[], tuple[SourceRef, ...]] = tuple,
    ) -> None:
        """``landed`` are tips of what has landed, in addition to the protected refs of ``classes``.

        ``aftermath`` ``None``: the change has not landed yet. ``believes``: a commit in doubt belongs to the other
        branch; else to research. ``former`` returns the tips that branches of other kinds were moved away from or
        deleted with.
        """
        self.classes = classes
        self.believes = believes
        self._former = former
        self._first_seen = first_seen
        self._aftermath = aftermath or Aftermath(frozenset())
        self._repository = repository
        self._landed = [*landed, *(ref.oid for ref in classes.protected)]

    @cached_property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """The unlanded commits of every source and other branch, children before parents, each with its parents."""
        tips = [source.oid for source in self.classes.sources] + [other.oid for other in self.classes.others]
        known = None if self._first_seen is None else self._first_seen.unlanded(tips, self._landed)
        return read_unlanded(self._repository, tips, self._landed) if known is None else known

    @cached_property
    def history(self) -> CommitGraph:
        """The unlanded commits as a graph."""
        return CommitGraph(self.parents)

    @property
    def has_sources(self) -> bool:
        """Whether any source ref holds an unlanded commit."""
        return any(source.oid in self.parents for source in self.classes.sources)

    def _reach(self, tips: Sequence[str]) -> Mapping[str, int]:
        """Return a bit set of the tips that reach it for each unlanded commit that one reaches."""
        if not tips or not self._aftermath.line:
            return self.history.reached(tips) if tips else {}
        reached = {oid: bits for oid, bits in bits_of_tips(tips).items() if oid in self.parents}
        line = self._aftermath.line
        free = sum(1 << bit for bit, oid in enumerate(tips) if oid in self._aftermath.pushed)
        for oid in reached.keys() & line:
            reached[oid] &= free
        for oid, parents in self.parents.items():
            mine = reached.get(oid, 0)
            for parent in parents if mine else ():
                if parent in self.parents:
                    known = reached.get(parent, 0)
                    passed = mine & free if parent in line else mine
                    reached[parent] = joined(known, passed) if known else passed
        return reached

    @cached_property
    def _by_source(self) -> Mapping[str, int]:
        return self._reach([source.oid for source in self.classes.sources])

    @cached_property
    def _by_name(self) -> dict[str, SourceRef]:
        return {source.ref: source for source in reversed(self.classes.sources)}

    @cached_property
    def _perhaps_before(self) -> dict[str, int]:
        """The pushed commits that source refs go on from, with these as bits.

        Such a branch was pushed directly to the target and has gone on, or it started from the target since.
        """
        found: dict[str, int] = {}
        if not self._aftermath.pushed:
            return found
        graph, line = self.history, self._aftermath.line
        for bit, source in enumerate(self.classes.sources):
            if source.oid not in line:
                for oid in graph.first_parents(source.oid):
                    if oid in self._aftermath.pushed:
                        found[oid] = found.get(oid, 0) | 1 << bit
        return found

    @cached_property
    def _by_other(self) -> Mapping[str, int]:
        return self._reach([other.oid for other in self.classes.others])

    @cached_property
    def _exempting(self) -> int:
        """The other branches, as bits, that have no commit on a source ref's first-parent chain."""
        bits = (1 << len(self.classes.others)) - 1
        graph, on_chain = self.history, set[str]()
        for source in self.classes.sources:
            for oid in takewhile(lambda oid: oid not in on_chain, graph.first_parents(source.oid)):
                on_chain.add(oid)
                bits &= ~self._by_other.get(oid, 0)
        return bits

    def is_research(self, oid: str) -> bool:
        """Return whether a commit is research by ancestry."""
        return self._was_research(oid) or (bool(self._by_source.get(oid, 0)) and not self.is_anothers(oid))

    def _was_research(self, oid: str) -> bool:
        """Return whether a landed commit was seen on a research branch before, and landed with that branch's tip.

        If only a later tip was seen, the branch may have started from a target that was not fetched yet.
        """
        if self._first_seen is None or not self._aftermath.line or oid not in self.parents:
            return False
        seen, tip = self.seen_in_research(oid), self._first_seen.research.first_tip(oid)
        landed = seen is not None and seen.ref in self._by_name and tip in self._aftermath.line
        return landed and self.seen_elsewhere(oid) is None

    def is_doubtful(self, oid: str) -> bool:
        """Return whether a source reaches a commit that is believed to be another branch's, which nothing shows."""
        if oid in self._perhaps_before:
            return not self.is_research(oid)
        return bool(self._by_source.get(oid, 0)) and self.believes and self._may_be_anothers(oid)

    def is_anothers(self, oid: str) -> bool:
        """Return whether another branch had a commit of a source first, or is believed to."""
        # Even if the other branch is deleted: it landed, and the code host's button deleted it.
        first = self._research_had_it_first(oid)
        return self.believes and self._may_be_anothers(oid) if first is None else not first

    def is_candidate(self, oid: str) -> bool:
        """Return whether a commit of a source is research, or may be."""
        return self.is_research(oid) or self.is_doubtful(oid)

    def asked(self, oids: AbstractSet[str]) -> AbstractSet[str]:
        """Return those of some commits of which ``is_candidate`` must be asked: it is true of all others.

        There are tens of thousands, and hardly any that no source reaches or that another branch has or had.
        """
        had = set() if self._first_seen is None else self._first_seen.others.seen(oids)
        return had | (oids & self._by_other.keys()) | {oid for oid in oids if not self._by_source.get(oid)}

    def is_disputed(self, oid: str) -> bool:
        """Return whether another branch holds a commit too, and it is not known which had it first."""
        return bool(self._by_other.get(oid, 0)) and self._research_had_it_first(oid) is None

    def _may_be_anothers(self, oid: str) -> bool:
        return self._research_had_it_first(oid) is None and bool(self._by_other.get(oid, 0) & self._exempting)

    def _research_had_it_first(self, oid: str) -> bool | None:
        return None if self._first_seen is None else self._first_seen.research_had_it_first(oid)

    def sources_of(self, oid: str) -> tuple[SourceRef, ...]:
        """Return the source refs that reach an unlanded commit, or that had a landed one before."""
        found = _chosen(self.classes.sources, self._by_source.get(oid, 0) | self._perhaps_before.get(oid, 0))
        if not found and self._was_research(oid):
            seen = self.seen_in_research(oid)
            return () if seen is None else (self._by_name[seen.ref],)
        return found

    def topics(self) -> tuple[SourceRef, ...]:
        """Return the branches of other kinds, and their old tips, as if they were sources."""
        live = (SourceRef(other.ref, other.remote_ref, other.oid, other.remote) for other in self.classes.others)
        return (*live, *self._former())

    def seen_in_research(self, oid: str) -> FirstRecord | None:
        """Return where and when a commit was first seen on a research branch here; ``None``: never."""
        return None if self._first_seen is None else self._first_seen.research.first_seen(oid)

    def seen_elsewhere(self, oid: str) -> FirstRecord | None:
        """Return where and when a commit was first seen on a branch of another kind here; ``None``: never."""
        return None if self._first_seen is None else self._first_seen.others.first_seen(oid)

    def rivals_of(self, oid: str) -> tuple[str, ...]:
        """Return the full names of the other live branches that hold a commit too."""
        return tuple(other.ref for other in _chosen(self.classes.others, self._by_other.get(oid, 0)))


def _chosen(items: Sequence[_Ref], bits: int) -> tuple[_Ref, ...]:
    return tuple(items[bit] for bit in bits_of(bits))

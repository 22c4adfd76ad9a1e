"""The unlanded part of history, and the refs that reach each of its commits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import takewhile
from typing import TypeVar

from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph, bits_of
from labgate.research.first_seen import FirstSeen
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

    A commit is research when a source ref reaches it, no protected remote-tracking ref does, and it is not exempt.
    The commits of a live remote-tracking branch of another kind are exempt if none of them is on a source ref's
    first-parent chain: a topic branch that was merged into research is not research. If both hold a commit and it is
    known on which of them it was seen first, that one owns it.
    """

    def __init__(
        self,
        repository: Repository,
        classes: RefClasses,
        landed: Sequence[str],
        first_seen: FirstSeen | None = None,
        aftermath: Aftermath | None = None,
    ) -> None:
        """``landed`` are tips of what is on a protected branch, in addition to those of ``classes``.

        ``aftermath`` ``None``: the change has not landed yet.
        """
        self.classes = classes
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

    @property
    def has_sources(self) -> bool:
        """Whether any source ref holds an unlanded commit."""
        return any(source.oid in self.parents for source in self.classes.sources)

    def _reach(self, tips: Sequence[str]) -> dict[str, int]:
        """Return for each unlanded commit a bit set of the tips that reach it (children come before parents)."""
        reached = dict.fromkeys(self.parents, 0)
        for bit, oid in enumerate(tips):
            if oid in reached:
                reached[oid] |= 1 << bit
        line = self._aftermath.line
        free = sum(1 << bit for bit, oid in enumerate(tips) if oid in self._aftermath.pushed)
        for bit, oid in enumerate(tips):
            if oid in line and oid in reached and not free >> bit & 1:
                reached[oid] &= ~(1 << bit)
        for oid, parents in self.parents.items():
            for parent in parents:
                if parent in reached:
                    reached[parent] |= reached[oid] & free if parent in line else reached[oid]
        return reached

    @cached_property
    def _by_source(self) -> dict[str, int]:
        return self._reach([source.oid for source in self.classes.sources])

    @cached_property
    def _by_other(self) -> dict[str, int]:
        return self._reach([other.oid for other in self.classes.others])

    @cached_property
    def _exempting(self) -> int:
        """The other branches, as bits, that have no commit on a source ref's first-parent chain."""
        bits = (1 << len(self.classes.others)) - 1
        graph, on_chain = CommitGraph(self.parents), set[str]()
        for source in self.classes.sources:
            for oid in takewhile(lambda oid: oid not in on_chain, graph.first_parents(source.oid)):
                on_chain.add(oid)
                bits &= ~self._by_other[oid]
        return bits

    def is_research(self, oid: str) -> bool:
        """Return whether a commit is research by ancestry."""
        if not self._by_source.get(oid, 0):
            return False
        # Even if the other branch is deleted: it landed, and the code host's button deleted it.
        first = None if self._first_seen is None else self._first_seen.research_had_it_first(oid)
        return not self._by_other[oid] & self._exempting if first is None else first

    def sources_of(self, oid: str) -> tuple[SourceRef, ...]:
        """Return the source refs that reach an unlanded commit."""
        return _chosen(self.classes.sources, self._by_source.get(oid, 0))

    def rivals_of(self, oid: str) -> tuple[str, ...]:
        """Return the full names of the other live branches that hold a commit too."""
        return tuple(other.ref for other in _chosen(self.classes.others, self._by_other.get(oid, 0)))


def _chosen(items: Sequence[_Ref], bits: int) -> tuple[_Ref, ...]:
    return tuple(items[bit] for bit in bits_of(bits))

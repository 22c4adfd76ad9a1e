"""The documents of research that may be a commit's source: which ref each belongs to, and when it was there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from operator import or_

from labgate.research.commit_graph import NEVER, Chain, CommitGraph, bits_of
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from labgate.values.value import NOTHING, Value

#: A longer range is compared commit by commit alone: nobody squashes a year of work, and its diff says little.
LONGEST_RANGE = 400


class Candidate(Value):
    """What one document is: commits of a source ref. ``time`` is when its last commit was first seen (seconds).

    ``fork`` and ``landed`` are its last commit's (``Chain``). ``beside`` is the lowest fork of a source tip that holds
    it: what is above was cut from the chain when it had the commit already. ``whole`` says that the ref has nothing
    else. ``parent`` is the commit below its first one, ``place`` its place in history, older ones first.
    """

    source: SourceRef
    commits: tuple[str, ...]
    last: str
    time: int
    fork: int
    landed: int
    beside: int
    whole: bool = False
    parent: str | None = None
    place: int = 0

    def may_be_source(self, depth: int, time: int) -> bool:
        """Say whether this may be the source of the chain commit at a depth that was made at a time (seconds)."""
        beside = self.landed > depth or self.beside < depth
        return self.landed >= depth and self.fork < depth and self.time <= time and beside

    @property
    def is_range(self) -> bool:
        return len(self.commits) > 1


class Scope(Value):
    """Which documents are candidates.

    ``since`` and ``until`` are depths of the chain between which commits are judged. ``is_research`` says of a commit
    that a source holds whether it is research, too. ``times`` are committer times in seconds; a commit without one, and
    one that the ledger saw earlier, was there earlier. ``ledger`` ``None``: nobody noted when commits were first seen.
    What is later than ``latest`` is left out.
    """

    since: int = 0
    until: int = NEVER
    is_research: Callable[[str], bool] = lambda _: True
    times: Mapping[str, int] = NOTHING
    ledger: Ledger | None = None
    latest: int = NEVER


def find_candidates(
    graph: CommitGraph, chain: Chain, sources: Sequence[SourceRef], scope: Scope
) -> dict[str, Candidate]:
    """Return what may be the source of commits of a chain, by the key of its document.

    A merge counts unless all that it merges is on the chain or no research. A commit that several refs hold belongs to
    the ref that was first seen with it, else to the one that has least beside it: the lowest of a stack.
    """
    finder = _Finder(graph, chain, sources, scope)
    commits = finder.commits()
    return commits | finder.ranges(commits)


class _Finder:
    def __init__(self, graph: CommitGraph, chain: Chain, sources: Sequence[SourceRef], scope: Scope) -> None:
        self._graph = graph
        self._chain = chain
        self._sources = sources
        self._scope = scope
        self._forks = [chain.fork.get(source.oid, -1) for source in sources]
        #: By commit the sources that reach it, as bits.
        self._reached = {oid: bits for oid, bits in graph.reached([source.oid for source in sources]).items() if bits}
        near = [
            oid
            for oid in self._reached
            if chain.landed.get(oid, NEVER) >= scope.since
            and chain.fork[oid] < scope.until
            and scope.times.get(oid, 0) <= scope.latest
        ]
        wanted = [oid for oid in near if scope.is_research(oid)]
        self._foreign = set(near).difference(wanted)
        #: The numbers of the sources that hold each wanted commit.
        self._owners = self._find_owners(wanted)
        self._sizes = [0] * len(sources)
        #: By source the commits that bring something, newest first; of a long branch only its first ones.
        self._held: list[list[str]] = [[] for _ in sources]
        for oid, owners in self._owners.items():
            brings = not self._brings_nothing(oid)
            for bit in owners:
                self._sizes[bit] += 1
                if brings and self._sizes[bit] <= LONGEST_RANGE:
                    self._held[bit].append(oid)

    def _find_owners(self, oids: Sequence[str]) -> dict[str, list[int]]:
        """Return the numbers of the sources that hold each commit and were cut from the chain before it landed."""
        order = sorted(range(len(self._forks)), key=self._forks.__getitem__)
        forks = [self._forks[bit] for bit in order]
        below = list(accumulate((1 << bit for bit in order), or_, initial=0))
        landed = ((oid, self._chain.landed.get(oid, NEVER)) for oid in oids)
        return {oid: bits_of(self._reached[oid] & below[bisect_left(forks, depth)]) for oid, depth in landed}

    def commits(self) -> dict[str, Candidate]:
        """Return a candidate for each commit."""
        found = {}
        named = _names(self._sources)
        for place, (oid, owners) in enumerate(self._owners.items()):
            if not owners or self._brings_nothing(oid):
                continue
            owner, time = owners[0], self._scope.times.get(oid, 0)
            # Of a commit without a time that one source holds, the ledger could say nothing new.
            if time or len(owners) > 1:
                seen = None if self._scope.ledger is None else self._scope.ledger.first_seen(oid)
                claimed = named.get(seen.ref) if seen is not None else None
                owner = claimed if claimed in owners else min(owners, key=lambda bit: (self._sizes[bit], bit))
                time = min(time, NEVER if seen is None else seen.time)
            found[oid] = Candidate(
                self._sources[owner],
                (oid,),
                oid,
                time,
                self._chain.fork[oid],
                self._chain.landed.get(oid, NEVER),
                beside=min(self._forks[bit] for bit in owners),
                whole=self._sizes[owner] == 1,
                parent=self._graph.parent(oid),
                place=-place,
            )
        return found

    def ranges(self, singles: Mapping[str, Candidate]) -> dict[str, Candidate]:
        """Return a candidate for each source that has more than one commit: all of them as one change."""
        found: dict[str, Candidate] = {}
        for bit, source in enumerate(self._sources):
            fork, commits = self._forks[bit], self._held[bit]
            if len(commits) < 2 or self._sizes[bit] > LONGEST_RANGE or not 0 <= fork < self._scope.until:
                continue
            if self._scope.times.get(source.oid, 0) > self._scope.latest:
                continue
            if any(self._reached[oid] >> bit & 1 for oid in self._foreign):
                # Its diff as a whole is not research alone.
                continue
            time = max(singles[oid].time for oid in commits)
            landed = self._chain.landed.get(source.oid, NEVER)
            key = f"{self._chain.commits[fork]}..{source.oid}"
            found.setdefault(key, Candidate(source, tuple(commits), source.oid, time, fork, landed, fork, whole=True))
        return found

    def _brings_nothing(self, oid: str) -> bool:
        """Say whether a commit merges only what the chain has too, or what is no research."""
        others = self._graph.parents[oid][1:]
        landed = self._chain.landed
        return bool(others) and all(landed.get(at, NEVER) < NEVER or at in self._foreign for at in others)


def _names(sources: Sequence[SourceRef]) -> dict[str, int]:
    """Return the number of the source that each ref stands for: of one branch here and on a remote the first."""
    first: dict[str, int] = {}
    for bit, source in enumerate(sources):
        first.setdefault(source.branch, bit)
    return {source.ref: first[source.branch] for source in sources}

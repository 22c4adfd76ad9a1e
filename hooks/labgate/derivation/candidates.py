"""Candidates: the documents of research that may be a commit's source, with their refs and times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from labgate.research.commit_graph import NEVER, Chain, CommitGraph, bits_of
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from labgate.values.value import NOTHING, Value

#: A longer range is compared only commit by commit: nobody squashes a year of work, and its diff shows little.
LONGEST_RANGE = 400
#: So many seconds research may be dated after its landing: clocks that are wrong by hours, or a time zone that was left
#: out.
SKEW = 24 * 60 * 60


class Candidate(Value):
    """A document as commits of a source ref. ``time`` is when its last commit was first seen (seconds).

    ``fork`` and ``landed`` are its last commit's (``Chain``). ``beside`` is the lowest fork of a source tip that holds
    it: sources with a higher fork started when the chain already had the commit. ``whole``: the ref has no other
    commits. ``parent`` is the commit below its first one, ``place`` its place in history, older ones first.
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
        """Return whether this may be the source of the chain commit with this depth and time (seconds)."""
        return self.time <= time and self._is_beside(depth)

    def may_be_landed(self, depth: int, time: int) -> bool:
        """Return whether this may be what the chain commit lands: all of a branch, perhaps dated a day later."""
        return self.whole and self.time <= time + SKEW and self._is_beside(depth)

    def _is_beside(self, depth: int) -> bool:
        beside = self.landed > depth or self.beside < depth
        return self.landed >= depth and self.fork < depth and beside

    @property
    def is_range(self) -> bool:
        return len(self.commits) > 1

    @property
    def steps(self) -> tuple[str, ...]:
        """The commits of a range, empty for a commit."""
        return self.commits if self.is_range else ()


class Candidates(Value):
    """Possible sources by the key of their document.

    ``long`` are the source refs (full names) of more than ``LONGEST_RANGE`` commits: they have no document as a whole.
    """

    by_key: Mapping[str, Candidate]
    long: tuple[str, ...]


class Scope(Value):
    """The conditions for candidates.

    ``since`` and ``until`` are depths of the chain between which commits are judged. ``is_research`` returns whether a
    commit of a source is research. ``times`` are committer times in seconds; the ledger's time of a commit counts if it
    is earlier, or if there is no other. ``ledger`` ``None``: first-seen times were not recorded. Commits later than
    ``latest`` are left out.
    """

    since: int = 0
    until: int = NEVER
    is_research: Callable[[str], bool] = lambda _: True
    times: Mapping[str, int] = NOTHING
    ledger: Ledger | None = None
    latest: int = NEVER


def find_candidates(graph: CommitGraph, chain: Chain, sources: Sequence[SourceRef], scope: Scope) -> Candidates:
    """Return the possible sources of commits of a chain.

    A merge counts unless everything that it merges is on the chain or is not research. A commit of several refs belongs
    to the ref with which it was first seen, else to the one with the fewest other commits: the lowest of a stack.
    """
    finder = _Finder(graph, chain, sources, scope)
    commits = finder.commits()
    return Candidates(commits | finder.ranges(commits), finder.long())


class _Finder:
    def __init__(self, graph: CommitGraph, chain: Chain, sources: Sequence[SourceRef], scope: Scope) -> None:
        self._graph = graph
        self._chain = chain
        self._sources = sources
        self._scope = scope
        self._forks = [chain.fork.get(source.oid, -1) for source in sources]
        #: The sources that reach each commit, as bits.
        self._reached = graph.reached([source.oid for source in sources], chain, scope.since)
        near = [
            oid for oid in self._reached if chain.fork[oid] < scope.until and scope.times.get(oid, 0) <= scope.latest
        ]
        wanted = [oid for oid in near if scope.is_research(oid)]
        self._foreign = set(near).difference(wanted)
        #: The numbers of the sources that hold each wanted commit.
        self._owners = self._find_owners(wanted)
        self._sizes = [0] * len(sources)
        #: The commits of each source that change something, newest first; of a long branch only its first ones.
        self._held: list[list[str]] = [[] for _ in sources]
        for oid, owners in self._owners.items():
            brings = not self._brings_nothing(oid)
            for bit in owners:
                self._sizes[bit] += 1
                if brings and self._sizes[bit] <= LONGEST_RANGE:
                    self._held[bit].append(oid)

    def _find_owners(self, oids: Sequence[str]) -> dict[str, list[int]]:
        """Return the sources, by number, that hold each commit and forked from the chain before it landed."""
        order = sorted(range(len(self._forks)), key=self._forks.__getitem__)
        depths = {oid: self._chain.landed.get(oid, NEVER) for oid in oids}
        found: dict[str, list[int]] = {}
        below, seen = 0, 0
        # One set of sources that grows with the depth: a set for each depth takes a kilobyte.
        for oid in sorted(oids, key=depths.__getitem__):
            while seen < len(order) and self._forks[order[seen]] < depths[oid]:
                below |= 1 << order[seen]
                seen += 1
            owners = self._reached[oid] & below
            if owners:
                found[oid] = bits_of(owners)
        return {oid: found[oid] for oid in oids if oid in found}

    def commits(self) -> dict[str, Candidate]:
        """Return a candidate for each commit."""
        found = {}
        named = _names(self._sources)
        for place, (oid, owners) in enumerate(self._owners.items()):
            if self._brings_nothing(oid):
                continue
            owner, time = owners[0], self._scope.times.get(oid, 0)
            # For a commit without a time in one source, the ledger has no other answer.
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
            if len(commits) < 2 or self._is_long(bit) or not 0 <= fork < self._scope.until:
                continue
            if self._scope.times.get(source.oid, 0) > self._scope.latest:
                continue
            if any(self._reached[oid] >> bit & 1 for oid in self._foreign):
                # Its diff as a whole is not only research.
                continue
            time = max(singles[oid].time for oid in commits)
            landed = self._chain.landed.get(source.oid, NEVER)
            key = f"{self._chain.commits[fork]}..{source.oid}"
            found.setdefault(key, Candidate(source, tuple(commits), source.oid, time, fork, landed, fork, whole=True))
        return found

    def long(self) -> tuple[str, ...]:
        """Return the refs that would be one change if they had fewer commits; of the refs of a branch the first."""
        found: dict[str, str] = {}
        for bit, source in enumerate(self._sources):
            if self._is_long(bit) and 0 <= self._forks[bit] < self._scope.until:
                found.setdefault(source.branch, source.ref)
        return tuple(found.values())

    def _is_long(self, bit: int) -> bool:
        return self._sizes[bit] > LONGEST_RANGE

    def _brings_nothing(self, oid: str) -> bool:
        """Return whether a commit merges only commits that the chain has, or that are not research."""
        others = self._graph.parents[oid][1:]
        landed = self._chain.landed
        return bool(others) and all(landed.get(at, NEVER) < NEVER or at in self._foreign for at in others)


def _names(sources: Sequence[SourceRef]) -> dict[str, int]:
    """Return the number of each ref's source; a branch and its remote-tracking refs share the first number."""
    first: dict[str, int] = {}
    for bit, source in enumerate(sources):
        first.setdefault(source.branch, bit)
    return {source.ref: first[source.branch] for source in sources}

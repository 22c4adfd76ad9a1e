"""Candidates: the documents of research that may be a commit's source, with their refs and times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

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
    commits; ``alone``: none that changes something, only merges of what the chain has. ``parent`` is the commit below
    its first one, ``place`` its place in history, older ones first.
    """

    source: SourceRef
    commits: tuple[str, ...]
    last: str
    time: int
    fork: int
    landed: int
    beside: int
    whole: bool = False
    alone: bool = False
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


class Candidates:
    """Possible sources by the number of their document.

    There may be tens of thousands, and a push asks for few: each is made then.
    """

    def __init__(self, possible: Possible, numbers: Mapping[str, int]) -> None:
        """``numbers`` has the document of each key of ``possible``."""
        self._possible = possible
        self._numbers = numbers
        #: The key of each document.
        self.keys = dict(zip(numbers.values(), numbers, strict=True))
        #: The candidate of each document, to be asked for by its number alone.
        self.by_number: Mapping[int, Candidate] = _ByNumber(self.keys, possible.by_key)

    def whole(self, source: str) -> int | None:
        """Return the document of a source (key) as a whole, ``None`` if it has none."""
        key = self._possible.wholes.get(source)
        return None if key is None else self._numbers[key]

    def step(self, oid: str) -> int | None:
        """Return the document of a commit, ``None`` if it is no candidate."""
        return self._numbers.get(oid)

    def steps(self, source: str) -> list[Candidate]:
        """Return the commits that belong to a source (key), older ones first."""
        made = [self.by_number[self._numbers[oid]] for oid in self._possible.held_by(source)]
        return sorted([one for one in made if one.source.key == source], key=lambda one: one.place)


class _ByNumber(dict[int, Candidate]):
    """The candidates that were asked for, by number."""

    def __init__(self, keys: Mapping[int, str], by_key: Mapping[str, Candidate]) -> None:
        super().__init__()
        self._keys = keys
        self._by_key = by_key

    def __missing__(self, number: int) -> Candidate:
        found = self[number] = self._by_key[self._keys[number]]
        return found


class Possible(Value):
    """Possible sources by the key of their document; each is made when it is asked for.

    ``wholes`` are the keys of the sources (keys) as a whole. ``held_by`` returns the commits with a document that a
    source (key) holds. ``long`` are the source refs (full names) of more than ``LONGEST_RANGE`` commits: they have no
    document as a whole.
    """

    by_key: Mapping[str, Candidate]
    wholes: Mapping[str, str]
    held_by: Callable[[str], Sequence[str]]
    long: tuple[str, ...]


class Scope(Value):
    """The conditions for candidates.

    ``since`` and ``until`` are depths of the chain between which commits are judged. ``is_research`` returns whether a
    commit of a source is research; ``asked`` returns those of some commits of sources of which it must be asked, as all
    others are. ``times`` are committer times in seconds; the ledger's time of a commit counts if it
    is earlier, or if there is no other. ``ledger`` ``None``: first-seen times were not recorded. Commits later than
    ``latest`` are left out.
    """

    since: int = 0
    until: int = NEVER
    is_research: Callable[[str], bool] = lambda _: True
    times: Mapping[str, int] = NOTHING
    ledger: Ledger | None = None
    latest: int = NEVER
    asked: Callable[[AbstractSet[str]], AbstractSet[str]] = lambda oids: oids


def find_candidates(graph: CommitGraph, chain: Chain, sources: Sequence[SourceRef], scope: Scope) -> Possible:
    """Return the possible sources of commits of a chain.

    A merge counts unless everything that it merges is on the chain or is not research. A commit of several refs belongs
    to the ref with which it was first seen, else to the one with the fewest other commits: the lowest of a stack.
    """
    finder = _Finder(graph, chain, sources, scope)
    wholes = {sources[bit].key: key for key, bit in finder.ranges.items()}
    return Possible(_Made(finder), wholes, finder.held_by, finder.long())


class _Made(Mapping[str, Candidate]):
    """The candidates of a finder, each made when it is asked for."""

    def __init__(self, finder: _Finder) -> None:
        self._finder = finder
        self._keys = dict.fromkeys((*finder.singles, *finder.ranges))

    def __getitem__(self, key: str) -> Candidate:
        if key not in self._keys:
            raise KeyError(key)
        bit = self._finder.ranges.get(key)
        return self._finder.single(key) if bit is None else self._finder.whole(bit)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class _Finder:
    def __init__(self, graph: CommitGraph, chain: Chain, sources: Sequence[SourceRef], scope: Scope) -> None:
        self._graph = graph
        self._chain = chain
        self._sources = sources
        self._scope = scope
        self._forks = [chain.fork.get(source.oid, -1) for source in sources]
        #: The sources that reach each commit, as bits.
        self._reached = graph.reached([source.oid for source in sources], chain, scope.since)
        near: list[str] = [*self._reached]
        if scope.until < NEVER or scope.latest < NEVER:
            fork, times = chain.fork, scope.times
            near = [oid for oid in near if fork[oid] < scope.until and times.get(oid, 0) <= scope.latest]
        asked = scope.asked(frozenset(near))
        self._foreign = frozenset(oid for oid in asked if not scope.is_research(oid))
        wanted = [oid for oid in near if oid not in self._foreign] if self._foreign else near
        #: The numbers of the sources that hold each wanted commit.
        self._owners = self._find_owners(wanted)
        nothing = {oid for oid in self._owners if len(graph.parents[oid]) > 1 and self._brings_nothing(oid)}
        #: The commits that change something, newest first.
        self.singles = [oid for oid in self._owners if oid not in nothing]
        self._sizes = [0] * len(sources)
        #: The commits of each source that change something, newest first; of a long branch only its first ones.
        self._held: list[list[str]] = [[] for _ in sources]
        for oid, owners in self._owners.items():
            for bit in owners:
                self._sizes[bit] += 1
                if oid not in nothing and self._sizes[bit] <= LONGEST_RANGE:
                    self._held[bit].append(oid)

    def _find_owners(self, oids: Sequence[str]) -> dict[str, list[int]]:
        """Return the sources, by number, that hold each commit and forked from the chain before it landed."""
        order = sorted(range(len(self._forks)), key=self._forks.__getitem__)
        depths = {oid: self._chain.landed.get(oid, NEVER) for oid in oids}
        found: dict[str, list[int]] = {}
        below, seen = 0, 0
        known: tuple[int, int, list[int]] = (0, 0, [])
        # One set of sources that grows with the depth: a set for each depth takes a kilobyte.
        for oid in sorted(oids, key=depths.__getitem__):
            while seen < len(order) and self._forks[order[seen]] < depths[oid]:
                below |= 1 << order[seen]
                seen += 1
            reached = self._reached[oid]
            if known[0] is not reached or known[1] is not below:  # the commits of a branch share one set
                known = (reached, below, bits_of(reached & below))
            if known[2]:
                found[oid] = known[2]
        return {oid: found[oid] for oid in oids if oid in found}

    def single(self, oid: str) -> Candidate:
        """Return the candidate of a commit."""
        owners, time = self._owners[oid], self._scope.times.get(oid, 0)
        owner = owners[0]
        # For a commit without a time in one source, the ledger has no other answer.
        if time or len(owners) > 1:
            seen = None if self._scope.ledger is None else self._scope.ledger.first_seen(oid)
            claimed = self._named.get(seen.ref) if seen is not None else None
            owner = claimed if claimed in owners else min(owners, key=lambda bit: (self._sizes[bit], bit))
            time = min(time, NEVER if seen is None else seen.time)
        return Candidate(
            self._sources[owner],
            (oid,),
            oid,
            time,
            self._chain.fork[oid],
            self._chain.landed.get(oid, NEVER),
            beside=min(self._forks[bit] for bit in owners),
            whole=self._sizes[owner] == 1,
            alone=len(self._held[owner]) == 1 and not self._is_long(owner),
            parent=self._graph.parent(oid),
            place=-self._places[oid],
        )

    @cached_property
    def _named(self) -> dict[str, int]:
        return _names(self._sources)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {oid: place for place, oid in enumerate(self._owners)}

    def held_by(self, source: str) -> list[str]:
        """Return the commits that change something and that a source (key) holds, newest first."""
        bits = {bit for bit, one in enumerate(self._sources) if one.key == source}
        return [oid for oid in self.singles if not bits.isdisjoint(self._owners[oid])]

    def whole(self, bit: int) -> Candidate:
        """Return the candidate of a source, given by number, that has more than one commit: all as one change."""
        source, fork, commits = self._sources[bit], self._forks[bit], self._held[bit]
        time = max(self.single(oid).time for oid in commits)
        landed = self._chain.landed.get(source.oid, NEVER)
        return Candidate(source, tuple(commits), source.oid, time, fork, landed, fork, whole=True, alone=True)

    @cached_property
    def ranges(self) -> dict[str, int]:
        """The first source, by number, of each key of a source that has a document as a whole."""
        found: dict[str, int] = {}
        until, latest, times, commits = self._scope.until, self._scope.latest, self._scope.times, self._chain.commits
        for bit, (source, fork, held) in enumerate(zip(self._sources, self._forks, self._held, strict=True)):
            if len(held) < 2 or not 0 <= fork < until or self._is_long(bit):
                continue
            if latest < NEVER and times.get(source.oid, 0) > latest:
                continue
            if self._foreign and any(self._reached[oid] >> bit & 1 for oid in self._foreign):
                # Its diff as a whole is not only research.
                continue
            found.setdefault(f"{commits[fork]}..{source.oid}", bit)
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

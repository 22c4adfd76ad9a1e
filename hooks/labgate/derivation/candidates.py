"""The documents of research that may be a commit's source: which ref each belongs to, and when it was there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from labgate.derivation.candidate import Piece
from labgate.derivation.match import Match, Subject
from labgate.research.commit_graph import NEVER, History, Line, bits_of
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from labgate.values.finding import Evidence
from labgate.values.value import NOTHING, Value

#: A longer range is compared commit by commit alone: nobody squashes a year of work, and its diff says little.
LONGEST_RANGE = 400
#: How many commits, and how many refs, one commit's evidence names.
NAMED = 20
REFS = 8


class Catalogue(Value):
    """Pieces by the key of their document."""

    pieces: dict[str, Piece]

    def numbered(self, numbers: Mapping[str, int]) -> dict[int, Piece]:
        """Return the pieces by the number that the index gave their document."""
        return {numbers[key]: piece for key, piece in self.pieces.items()}


class Scope(Value):
    """What a catalogue is made for.

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


def catalogue(history: History, line: Line, sources: Sequence[SourceRef], scope: Scope) -> Catalogue:
    """Return what may be the source of commits of a chain.

    A merge counts unless all that it merges is on the chain or no research. A commit that several refs hold belongs to
    the ref that was first seen with it, else to the one that has least beside it: the lowest of a stack.
    """
    survey = _Survey(history, line, sources, scope)
    pieces = survey.commits()
    return Catalogue(pieces | survey.ranges(pieces))


class _Survey:
    def __init__(self, history: History, line: Line, sources: Sequence[SourceRef], scope: Scope) -> None:
        self._history = history
        self._line = line
        self._sources = sources
        self._scope = scope
        self._forks = [line.fork.get(source.oid, -1) for source in sources]
        self._shares = _Shares(history.reached([source.oid for source in sources]), line, self._forks)
        near = [
            oid
            for oid in self._shares.reached
            if line.landed.get(oid, NEVER) >= scope.since
            and line.fork[oid] < scope.until
            and scope.times.get(oid, 0) <= scope.latest
        ]
        self._wanted = [oid for oid in near if scope.is_research(oid)]
        self._foreign = set(near).difference(self._wanted)
        #: The numbers of the sources that hold each wanted commit.
        self._owners = {oid: self._shares.owners(oid) for oid in self._wanted}
        self._sizes = [0] * len(sources)
        #: By source the commits that bring something, newest first; of a long branch only its first ones.
        self._held: list[list[str]] = [[] for _ in sources]
        for oid, owners in self._owners.items():
            brings = not self._brings_nothing(oid)
            for bit in owners:
                self._sizes[bit] += 1
                if brings and self._sizes[bit] <= LONGEST_RANGE:
                    self._held[bit].append(oid)

    def commits(self) -> dict[str, Piece]:
        """Return a piece for each commit."""
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
            found[oid] = Piece(
                self._sources[owner],
                (oid,),
                oid,
                time,
                self._line.fork[oid],
                self._line.landed.get(oid, NEVER),
                beside=min(self._forks[bit] for bit in owners),
                whole=self._sizes[owner] == 1,
                parent=next(iter(self._history.parents[oid]), None),
                place=-place,
            )
        return found

    def ranges(self, singles: Mapping[str, Piece]) -> dict[str, Piece]:
        """Return a piece for each source that has more than one commit: all of them as one change."""
        found: dict[str, Piece] = {}
        for bit, source in enumerate(self._sources):
            fork, commits = self._forks[bit], self._held[bit]
            if len(commits) < 2 or self._sizes[bit] > LONGEST_RANGE or not 0 <= fork < self._scope.until:
                continue
            if self._scope.times.get(source.oid, 0) > self._scope.latest:
                continue
            if any(self._shares.reached[oid] >> bit & 1 for oid in self._foreign):
                # Its diff as a whole is not research alone.
                continue
            time = max(singles[oid].time for oid in commits)
            landed = self._line.landed.get(source.oid, NEVER)
            key = f"{self._line.chain[fork]}..{source.oid}"
            found.setdefault(key, Piece(source, tuple(commits), source.oid, time, fork, landed, fork, whole=True))
        return found

    def _brings_nothing(self, oid: str) -> bool:
        """Say whether a commit merges only what the chain has too, or what is no research."""
        others = self._history.parents[oid][1:]
        landed = self._line.landed
        return bool(others) and all(landed.get(at, NEVER) < NEVER or at in self._foreign for at in others)


def _names(sources: Sequence[SourceRef]) -> dict[str, int]:
    """Return the number of the source that each ref stands for: of one branch here and on a remote the first."""
    first: dict[str, int] = {}
    for bit, source in enumerate(sources):
        first.setdefault(source.branch, bit)
    return {source.ref: first[source.branch] for source in sources}


class _Shares:
    """Which sources hold a commit beside the chain: not only because they were cut from where it had landed."""

    def __init__(self, reached: Mapping[str, int], line: Line, forks: Sequence[int]) -> None:
        self.reached = {oid: bits for oid, bits in reached.items() if bits}
        self._line = line
        order = sorted(range(len(forks)), key=forks.__getitem__)
        self._forks = [forks[bit] for bit in order]
        self._masks = [0]
        for bit in order:
            self._masks.append(self._masks[-1] | 1 << bit)

    def owners(self, oid: str) -> list[int]:
        """Return the numbers of the sources that hold a commit and were cut from the chain before it landed."""
        landed = self._line.landed.get(oid, NEVER)
        below = self._masks[bisect_left(self._forks, landed)]
        return bits_of(self.reached[oid] & below)


def as_evidence(subject: Subject, matches: Sequence[Match], pieces: Mapping[int, Piece]) -> list[Evidence]:
    """Return one evidence a source ref, its strongest; at most ``REFS``."""
    by_ref: dict[str, list[Match]] = {}
    for match in matches:
        by_ref.setdefault(pieces[match.document].source.ref, []).append(match)
    found = [_evidence(subject, mine, pieces) for mine in by_ref.values()]
    return sorted(found, key=lambda item: item.strength)[:REFS]


#: How a match is called as evidence; of two equally decisive ones the first counts.
_ORDER = ("exact", "squash", "core", "blob", "alike")
_NAMES = {"squash": "squash", "blob": "blob", "alike": "similarity"}


def _evidence(subject: Subject, matches: Sequence[Match], pieces: Mapping[int, Piece]) -> Evidence:
    # Documents have numbers by when they were indexed, which must not show: equals stand in the order of history.
    ranked = sorted(matches, key=lambda m: (-m.score.total, pieces[m.document].place, pieces[m.document].last))
    best = min(ranked, key=lambda m: (not m.decisive, _ORDER.index(m.how), -m.score.total, pieces[m.document].is_range))
    piece = pieces[best.document]
    same = [m for m in ranked if m.how == best.how and m.decisive == best.decisive]
    singles = tuple(dict.fromkeys(pieces[m.document].last for m in same if not pieces[m.document].is_range))
    text = best.how in ("blob", "alike")
    return Evidence(
        _NAMES.get(best.how, "squash" if piece.is_range else "patch-id"),
        best.decisive,
        piece.source.live,
        (subject.key,),
        (best.commits or singles or piece.commits)[:NAMED],
        round(best.score.total, 2),
        best.lines if text else subject.document.lines,
        subject.document.paths,
        terms=tuple((name, round(value, 2)) for name, value in best.score.terms),
        hint=best.hint,
    )

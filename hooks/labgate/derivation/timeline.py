"""Judge commits of the past: each before the first-parent chain of its own parent, as that stood then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.derivation.candidate import Piece
from labgate.derivation.candidates import Scope, as_evidence, catalogue
from labgate.derivation.match import Subject
from labgate.derivation.replay import Proofs
from labgate.derivation.search import Allowed, Matcher
from labgate.fingerprints import postings as runs
from labgate.fingerprints.building import Progress, ensure_chain, ensure_documents, stored
from labgate.fingerprints.index import Index, Past
from labgate.fingerprints.patches import commit_patches
from labgate.git.commits import headline
from labgate.git.repository import Repository
from labgate.research.commit_graph import History, Line
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from labgate.values.finding import Evidence
from labgate.values.value import Value

#: So many commits are compared at a time: what the index is asked for once is not asked for each of them.
_CHUNK = 100


class _Place(Value):
    """Where a commit stands: ``depth`` is one more than its first parent's. ``on_line``: it is on the chain itself."""

    oid: str
    depth: int
    on_line: bool


class Timeline:
    """All of history that some commits and the sources reach, and the documents of research in it."""

    def __init__(
        self,
        repository: Repository,
        index: Index,
        sources: Sequence[SourceRef],
        methods: frozenset[str],
        ledger: Ledger | None,
        progress: Progress | None,
    ) -> None:
        self._repository = repository
        self._index = index
        self._sources = sources
        self._methods = methods
        self._ledger = ledger
        self._progress = progress

    def trace(self, oids: Sequence[str]) -> Iterator[tuple[Subject, tuple[Evidence, ...]]]:
        """Yield what was found of each commit, line by line."""
        if not oids:
            return
        history, times = _read_history(self._repository, [*oids, *(source.oid for source in self._sources)])
        reached = history.reached([source.oid for source in self._sources])
        for line, places in _lines(history, oids, {oid for oid, bits in reached.items() if bits}):
            yield from self._on_line(history, times, line, places)

    def _on_line(
        self, history: History, times: Mapping[str, int], line: Line, places: Sequence[_Place]
    ) -> Iterator[tuple[Subject, tuple[Evidence, ...]]]:
        chain = list(line.chain.values())
        ensure_chain(self._repository, self._index, chain, self._progress)
        depths = [place.depth for place in places]
        latest = max(times[place.oid] for place in places)
        scope = Scope(min(depths), max(depths), times=times, ledger=self._ledger, latest=latest)
        made = catalogue(history, line, self._sources, scope)
        numbers = ensure_documents(self._repository, self._index, list(made.pieces), self._progress)
        pieces = made.numbered(numbers)
        matcher = Matcher(self._index, pieces, self._methods, self._headline)
        proofs = Proofs(self._repository, self._index, pieces, self._methods)
        with self._index.reading():
            past = self._index.past(chain[-1:])
            for start in range(0, len(places), _CHUNK):
                asked = self._subjects(places[start : start + _CHUNK], past, times)
                for (subject, _), result in zip(asked, matcher.match(asked), strict=True):
                    parent = next(iter(history.parents[subject.key]), None)
                    matches = proofs.strengthened(subject, parent, result.matches)
                    yield subject, tuple(as_evidence(subject, matches, pieces))

    def _subjects(
        self, places: Sequence[_Place], past: Past, times: Mapping[str, int]
    ) -> list[tuple[Subject, Allowed]]:
        """Return the commits as subjects; what is not on the chain is read from git."""
        beside = (place.oid for place in places if not place.on_line)
        documents = {
            patch.key: stored(self._repository, patch, judged=True)
            for patch in commit_patches(self._repository, beside)
        }
        asked: list[tuple[Subject, Allowed]] = []
        for place in places:

            def allowed(piece: Piece, depth: int = place.depth, time: int = times[place.oid]) -> bool:
                return piece.may_be_source(depth, time)

            if place.on_line:
                document = self._index.linked(place.oid)
                subject = Subject(place.oid, document, document.units, past, place.depth)
            else:
                document = documents[place.oid]
                known = self._index.first_depths(document.units, past)
                novel = [u for u in document.units if known.get(u, place.depth) >= place.depth or runs.is_id(u)]
                subject = Subject(place.oid, document, novel, past, place.depth)
            asked.append((subject, allowed))
        return asked

    def _headline(self, key: str) -> tuple[str, str]:
        return headline(self._repository, key.rpartition("..")[2])


def _read_history(repository: Repository, tips: Iterable[str]) -> tuple[History, dict[str, int]]:
    """Read everything that the tips reach: parents, and committer times in seconds since the epoch."""
    lines = repository.objects.stream(
        *("rev-list", "--topo-order", "--parents", "--timestamp", "--stdin"),
        stdin="\n".join(dict.fromkeys(tips)).encode() + b"\n",
    )
    parents: dict[str, tuple[str, ...]] = {}
    times: dict[str, int] = {}
    for line in lines:
        time, oid, *rest = line.decode().split()
        parents[oid] = tuple(rest)
        times[oid] = int(time)
    return History(parents), times


def _lines(history: History, oids: Sequence[str], reached: set[str]) -> Iterator[tuple[Line, list[_Place]]]:
    """Yield first-parent chains with the commits that are to be judged before them, the newest chains first.

    A commit is judged before the chain of its parent, which it shares with many others. Only one that a source reaches
    has a chain of its own, which says what was built on it.
    """
    wanted = dict.fromkeys(oids)
    left = [oid for oid in history.parents if oid in wanted]
    while left:
        first = left[0]
        parent = next(iter(history.parents[first]), None)
        line = history.line(first if parent is None or first in reached else parent)
        depths = {oid: depth for depth, oid in line.chain.items()}
        places, later = [], []
        for oid in left:
            below = next(iter(history.parents[oid]), None)
            if oid in depths:
                places.append(_Place(oid, depths[oid], on_line=True))
            elif below in depths and oid not in reached:
                places.append(_Place(oid, depths[below] + 1, on_line=False))
            else:
                later.append(oid)
        yield line, places
        left = later

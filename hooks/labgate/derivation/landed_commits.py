"""Compare landed commits, each with the first-parent chain of its parent as its past."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from labgate.derivation.candidates import SKEW, Candidate, Scope
from labgate.derivation.comparer import Before, Compared, Comparer, novel
from labgate.derivation.judged_documents import judged_documents
from labgate.derivation.match import REFS, Subject
from labgate.fingerprints.building import Progress, ensure_chain, make_documents
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index
from labgate.fingerprints.past import Past
from labgate.fingerprints.swapped_parents import swapped_parents
from labgate.git.commits import read_commits
from labgate.git.history import read_history
from labgate.git.repository import Repository
from labgate.research.commit_graph import Chain
from labgate.research.history_graph import HistoryGraph
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from labgate.values.value import Value

#: The number of commits that are read at a time. Those that are compared at a time share queries of the index: so many
#: new features of them, or so many commits, as each takes some kilobytes.
_CHUNK, _FEATURES, _COMPARED = 200, 1_000_000, 1000


class _Place(Value):
    """The place of a commit: ``depth`` is one more than its first parent's. ``on_chain``: it is on the chain itself.

    ``time`` is its committer time in seconds since the epoch.
    """

    oid: str
    parent: str | None
    depth: int
    time: int
    on_chain: bool

    def allows(self, candidate: Candidate) -> bool:
        """Return whether a candidate is older."""
        return candidate.may_be_source(self.depth, self.time)

    def lands(self, candidate: Candidate) -> bool:
        """Return whether a candidate is a branch that may have landed here, whatever the clock of its author said."""
        return candidate.may_be_landed(self.depth, self.time)


class LandedCommits(Value):
    """All history that some commits and the sources reach, and the documents of research in it.

    ``methods`` are those of ``finding.METHODS`` that count. ``ledger`` ``None``: first-seen times were not recorded,
    and only the dates of commits are known. ``is_research`` returns whether a commit of a source is research.
    ``merges_alone``: a merge brings what git would not have made of its parents, as where it is judged before it lands;
    else all that its first parent has not. ``refs`` is the most source refs that are named of a commit. ``history`` has
    the commits and all sources; ``None``: it is read.
    """

    repository: Repository
    index: Index
    sources: Sequence[SourceRef]
    methods: frozenset[str]
    ledger: Ledger | None
    progress: Progress | None
    is_research: Callable[[str], bool]
    merges_alone: bool = False
    refs: int = REFS
    history: HistoryGraph | None = None

    @cached_property
    def lacking_sources(self) -> set[str]:
        """The source refs with commits that are not all in this clone, as far as commits were compared with them."""
        return set()

    @cached_property
    def cut_sources(self) -> dict[str, int]:
        """The source refs of which files of code are over a limit, with the number of these files, so far."""
        return {}

    @cached_property
    def long_sources(self) -> set[str]:
        """The source refs that have too many commits to be compared as a whole, so far."""
        return set()

    def compare(self, oids: Sequence[str]) -> Iterator[Compared]:
        """Yield what each commit shares, chain by chain; a merge that brings nothing is left out."""
        if not oids:
            return
        tips = [source.oid for source in self.sources]
        graph = self.history or HistoryGraph(read_history(self.repository, [*oids, *tips]))
        held = graph.held(tips, oids)
        swapped = swapped_parents(self.repository, [oid for oid in oids if len(graph.parents[oid]) > 1])
        for chain, places in _chains(graph, oids, held.union(swapped)):
            past = self._past(chain)
            before = Before(graph, chain, past, self.sources, self._scope(graph.times, places))
            comparer = Comparer(self.repository, self.index, before, self.methods, self.progress, self.refs)
            self.lacking_sources.update(comparer.lacking_sources)
            self.cut_sources.update(comparer.cut_sources)
            self.long_sources.update(comparer.long_sources)
            with self.index.reading():
                subjects: list[Subject] = []
                for start in range(0, len(places), _CHUNK):
                    chunk = places[start : start + _CHUNK]
                    merges = [place for place in chunk if self.merges_alone and len(graph.parents[place.oid]) > 1]
                    subjects += self._subjects(chunk, merges, comparer, past)
                    features = sum(len(subject.novel) for subject in subjects)
                    if features >= _FEATURES or len(subjects) >= _COMPARED:
                        yield from comparer.compare(subjects)
                        subjects = []
                yield from comparer.compare(subjects)

    def _past(self, chain: Chain) -> Past:
        """Return a chain in the index, to which what is missing of it is added."""
        commits = list(chain.commits.values())
        ensure_chain(self.repository, self.index, commits, self.progress)
        return self.index.past(commits[-1:])

    def _scope(self, times: Mapping[str, int], places: Sequence[_Place]) -> Scope:
        depths = [place.depth for place in places]
        latest = max(place.time for place in places) + SKEW
        return Scope(min(depths), max(depths), self.is_research, times, self.ledger, latest)

    def _subjects(
        self, places: Sequence[_Place], merges: Sequence[_Place], comparer: Comparer, past: Past
    ) -> list[Subject]:
        """Return the commits as subjects; what is not on the chain, and what ``merges`` bring, is read from git."""
        alone = frozenset(place.oid for place in merges)
        beside = [place.oid for place in places if not place.on_chain and place.oid not in alone]
        documents = {item.key: item for item in make_documents(self.repository, beside, judged=True)}
        merged = judged_documents(self.repository, read_commits(self.repository, alone)) if alone else ()
        documents |= {commit.oid: document for commit, document in merged}
        first = min((place.depth for place in places if place.oid in documents), default=0)
        depths = comparer.depths(documents.values(), first)
        subjects = []
        for place in places:
            linked = place.on_chain and place.oid not in alone
            if not linked and place.oid not in documents:
                continue
            document = self._linked(place.oid) if linked else documents[place.oid]
            new = document.features if linked else array("Q", novel(document, depths, place.depth))
            subjects.append(Subject(document, new, past, place.allows, place.parent, place.depth, place.lands))
        return subjects

    def _linked(self, oid: str) -> Document:
        """Return a chain commit's document, with what this clone lacks of it."""
        document, gaps = self.index.linked(oid), self.index.gaps()
        return document.changed(lacking=gaps[oid]) if oid in gaps else document


def _chains(graph: HistoryGraph, oids: Sequence[str], own: set[str]) -> Iterator[tuple[Chain, list[_Place]]]:
    """Yield first-parent chains with the commits whose past they are, the newest chains first.

    A commit's past is the chain of its parent, which it shares with many others. Only some need their ``own`` chain: a
    commit that a source reaches, to know what was built on it, and a merge with swapped parents, as it has two pasts.
    """
    times = graph.times
    left = sorted(set(oids), key=graph.history.place)
    while left:
        first = left[0]
        parent = graph.parent(first)
        chain = graph.chain(first if parent is None or first in own else parent)
        places, later = [], []
        for oid in left:
            below, depth = graph.parent(oid), chain.depth(oid)
            parent_depth = None if below is None or oid in own else chain.depth(below)
            if depth is not None:
                places.append(_Place(oid, below, depth, times[oid], on_chain=True))
            elif parent_depth is not None:
                places.append(_Place(oid, below, parent_depth + 1, times[oid], on_chain=False))
            else:
                later.append(oid)
        yield chain, places
        left = later

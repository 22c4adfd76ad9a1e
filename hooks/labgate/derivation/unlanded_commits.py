"""Compare unlanded commits with unlanded research."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import chain

from labgate.derivation.candidates import Candidate, Scope
from labgate.derivation.comparer import Before, Compared, Comparer
from labgate.derivation.judged_documents import judged_documents
from labgate.derivation.match import Subject
from labgate.derivation.novelties import Novelties
from labgate.fingerprints import postings
from labgate.fingerprints.building import Progress, ensure_branch, make_documents
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index
from labgate.fingerprints.past import Past
from labgate.git.commits import rev_list
from labgate.git.repository import Repository
from labgate.research.commit_graph import Chain, CommitGraph
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from labgate.values.finding import Evidence
from labgate.values.ref_update import Commit
from labgate.values.value import Value

_DEPTH = postings.VALUES - 1


class UnlandedResearch(Value):
    """The graph of unlanded commits, and the refs that hold research among them.

    ``is_research`` and ``asked`` are as in ``Scope``. ``landed`` are the tips of everything that has landed. ``ledger``
    ``None``: first-seen times were not recorded.
    """

    graph: CommitGraph
    sources: Sequence[SourceRef]
    landed: Sequence[str]
    is_research: Callable[[str], bool]
    ledger: Ledger | None
    asked: Callable[[AbstractSet[str]], AbstractSet[str]] = lambda oids: oids


class UnlandedCommits:
    """Compares commits on top of everything that has landed. Used inside ``index.reading()``."""

    def __init__(
        self,
        repository: Repository,
        index: Index,
        research: UnlandedResearch,
        methods: frozenset[str],
        progress: Progress | None = None,
    ) -> None:
        self._repository = repository
        self._index = index
        self._graph = research.graph
        for tip in dict.fromkeys(research.landed):
            ensure_branch(repository, index, tip, progress)
        self._past = index.past(research.landed)
        landed = _landed_chain(repository, index, self._graph, self._past)
        scope = Scope(is_research=research.is_research, ledger=research.ledger, asked=research.asked)
        before = Before(self._graph, landed, self._past, research.sources, scope)
        self._comparer = Comparer(repository, index, before, methods, progress)

    @property
    def lacking_sources(self) -> tuple[str, ...]:
        """The source refs with commits that are not all in this clone, and so are not compared."""
        return self._comparer.lacking_sources

    @property
    def cut_sources(self) -> Mapping[str, int]:
        """The source refs of which files of code are over a limit, with the number of these files."""
        return self._comparer.cut_sources

    @property
    def long_sources(self) -> tuple[str, ...]:
        """The source refs that have too many commits to be compared as a whole."""
        return self._comparer.long_sources

    @property
    def cut_landed(self) -> int:
        """The number of commits that have landed of which files are over a limit: their ends look new."""
        return self._index.cut_links(self._past)

    def compare(self, commits: Sequence[Commit]) -> Iterator[Compared]:
        """Yield the result for each commit; clean merges change nothing of their own, and are left out."""
        documents = list(judged_documents(self._repository, commits))
        built_on = self._built_on([commit.oid for commit, _ in documents])
        novelties = Novelties(self._index, self._past, [document for _, document in documents])
        subjects = []
        for bit, (commit, document) in enumerate(documents):

            def allowed(candidate: Candidate, mask: int = 1 << bit) -> bool:
                return not built_on.get(candidate.last, 0) & mask

            parent = commit.parents[0] if len(commit.parents) == 1 else None
            subjects.append(self._subject(document, novelties, allowed, parent))
        return self._comparer.compare(subjects)

    def compare_as_one(self, first: Commit, last: Commit, source: str) -> tuple[Evidence, ...]:
        """Return the evidence that commits ``first`` to ``last``, as one change, derive from the source with a key."""
        if not first.parents:
            return ()
        (document,) = make_documents(self._repository, [f"{first.parents[0]}..{last.oid}"], judged=True)
        novelties = Novelties(self._index, self._past, [document])
        subject = self._subject(document, novelties, lambda one: one.source.key == source, first.parents[0])
        return next(self._comparer.compare([subject])).evidence

    def _subject(
        self, document: Document, novelties: Novelties, allowed: Callable[[Candidate], bool], parent: str | None
    ) -> Subject:
        others = partial(novelties.others, document)
        return Subject(document, novelties.of(document), self._past, allowed, parent, others=others)

    def _built_on(self, oids: Sequence[str]) -> dict[str, int]:
        """Return for each research commit which of the given ones it is or descends from, as bits."""
        bits = {oid: 1 << bit for bit, oid in enumerate(oids)}
        parents = self._graph.parents
        if parents.keys().isdisjoint(bits) and frozenset(bits).isdisjoint(chain.from_iterable(parents.values())):
            return {}  # nearly always, and there are tens of thousands
        found: dict[str, int] = {}
        for oid in reversed(list(parents)):
            mine = bits.get(oid, 0)
            for parent in parents[oid]:
                mine |= found.get(parent, 0)
            if mine:
                found[oid] = mine
        return found


def _landed_chain(repository: Repository, index: Index, graph: CommitGraph, past: Past) -> Chain:
    """Return the place of unlanded research relative to the chains of ``past``: its fork point may be beside them.

    The fork of a commit is then the highest depth of the chains in its history, -1 if it shares nothing with them.
    """

    def on_chains(place: int | None) -> int | None:
        """Return the depth of a place on the chains, ``None`` if it is not on them, whatever else is indexed."""
        if place is None or place & _DEPTH > past.limits.get(place >> postings.VALUE_BITS, -1):
            return None
        return place & _DEPTH

    parents = graph.parents
    cut = dict.fromkeys([one for one in chain.from_iterable(parents.values()) if one not in parents])
    places = index.forks(list(cut))
    commits, landed = {}, {}
    for oid in cut:
        at, seen = on_chains(places.get(oid)), oid
        if at is None:
            at, seen = _below(repository, index, oid, on_chains)
        landed[oid] = at
        if at >= 0:
            commits[at] = seen
    forks = dict(landed)
    for oid in reversed(list(parents)):
        mine = parents[oid]
        forks[oid] = forks[mine[0]] if len(mine) == 1 else max((forks[parent] for parent in mine), default=-1)
    for oid in cut:
        del forks[oid]
    return Chain(commits, landed, forks)


def _below(
    repository: Repository, index: Index, oid: str, on_chains: Callable[[int | None], int | None]
) -> tuple[int, str]:
    """Return the depth of the first commit below one that is on the chains, and that commit; -1: there is none."""
    for older in rev_list(repository, [oid], (), "--first-parent", "-n", "1000"):
        link = index.link(older)
        at = None if link is None else on_chains(link.segment << postings.VALUE_BITS | link.depth)
        if at is not None:
            return at, older
    return -1, oid

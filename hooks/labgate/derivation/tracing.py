"""Trace commits to their sources: thousands of them in one go, each judged as it stood when it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from labgate.derivation.landed_commits import LandedCommits
from labgate.derivation.unlanded_commits import UnlandedCommits, UnlandedResearch
from labgate.fingerprints.building import Progress
from labgate.fingerprints.index import Index, indexed
from labgate.git.commits import parents_of, read_commits, rev_list
from labgate.git.refs import tracking_refs
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.first_seen import FirstSeen
from labgate.research.ledger import Ledger
from labgate.research.research_commits import ResearchGraph
from labgate.research.source_refs import RefClasses, SourceRef, classify_refs
from labgate.research.stated_evidence import find_evidence
from labgate.values.finding import METHODS, Evidence
from labgate.values.value import Value


class Traced(Value):
    """Where one commit comes from: evidence, strongest first. ``undecidable``: too small to judge by its text."""

    commit: str
    evidence: tuple[Evidence, ...]
    undecidable: bool

    @property
    def derived(self) -> bool:
        return any(item.decisive for item in self.evidence)


class Tracer:
    """Traces commits to source refs.

    ``exclude`` is the oid of a commit that has, and had first, what it reaches; ``None``: for each commit its own first
    parent. With a ``policy`` the sources are those that it names, and ancestry and what messages say count as well.
    """

    def __init__(
        self,
        repository: Repository,
        refs: Mapping[str, str],
        sources: Sequence[SourceRef],
        *,
        exclude: str | None = None,
        methods: frozenset[str] = frozenset(METHODS),
        policy: Policy | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._repository = repository
        self._refs = refs
        self._sources = tuple(sources)
        self._exclude = exclude
        self._methods = methods
        self._policy = policy
        self._progress = progress
        self._ledger: Ledger | None = None if policy is None else FirstSeen(repository).research

    def trace(self, oids: Sequence[str]) -> Iterator[Traced]:
        """Yield what was found of each commit, in the given order.

        Raised: ``MissingObjectError`` when an object that decides is not in this clone.
        """
        wanted = tuple(dict.fromkeys(oids))
        said = self._said(wanted)
        found = indexed(self._repository.common_dir, lambda index: self._compared(index, wanted))
        for oid in oids:
            traced = found.get(oid, Traced(oid, (), undecidable=False))
            evidence = tuple(sorted((*said.get(oid, ()), *traced.evidence), key=lambda item: item.strength))
            yield Traced(oid, evidence, traced.undecidable and not any(item.decisive for item in evidence))

    def _said(self, oids: Sequence[str]) -> dict[str, list[Evidence]]:
        """Return what ancestry and messages say of each commit."""
        graph = self._graph
        if graph is None or self._methods.isdisjoint({"ancestry", "trailer"}):
            return {}
        found: dict[str, list[Evidence]] = {}
        commits = read_commits(self._repository, oids)
        reached = frozenset(oid for oid in oids if graph.sources_of(oid))
        for commit in commits:
            for item in find_evidence(graph, self._policy, [commit], reached):
                if item.method in self._methods:
                    found.setdefault(commit.oid, []).append(item)
        return found

    @cached_property
    def _graph(self) -> ResearchGraph | None:
        """Return unlanded history, ``None`` where neither a policy nor ``exclude`` says what has landed."""
        if self._policy is not None:
            remotes = self._repository.remotes
            classes = classify_refs(self._policy, self._refs, tracking_refs(dict(self._refs), remotes), remotes)
            landed = [] if self._exclude is None else [self._exclude]
            return ResearchGraph(self._repository, classes, landed, FirstSeen(self._repository))
        if self._exclude is not None:
            return ResearchGraph(self._repository, RefClasses(self._sources, (), ()), [self._exclude])
        return None

    def _compared(self, index: Index, oids: Sequence[str]) -> dict[str, Traced]:
        """Trace each commit before what has landed: what ``exclude`` reaches, what protected branches have, its parent.

        Of a commit that has landed only dates say whether research had it first. One that has not is later than all
        that is known of research, whatever its date.
        """
        if self._exclude is not None:
            return self._against(index, [self._exclude], oids)
        unlanded = self._unlanded(oids)
        found = self._against(index, self._protected, unlanded) if unlanded else {}
        landed = [oid for oid in oids if oid not in found]
        comparer = LandedCommits(self._repository, index, self._sources, self._methods, self._ledger, self._progress)
        for one in comparer.compare(landed):
            found[one.commit] = Traced(one.commit, one.evidence, one.undecidable)
        return found

    def _against(self, index: Index, landed: Sequence[str], oids: Sequence[str]) -> dict[str, Traced]:
        """Trace commits that are all to be judged before the same."""
        graph = self._graph
        if graph is None or self._policy is None:
            parents = parents_of(self._repository, [source.oid for source in self._sources], landed)
            research = UnlandedResearch(parents, self._sources, landed, lambda _: True, self._ledger)
        else:
            sources = graph.classes.sources
            research = UnlandedResearch(graph.parents, sources, landed, graph.is_research, self._ledger)
        comparer = UnlandedCommits(self._repository, index, research, self._methods)
        found = {oid: Traced(oid, (), undecidable=False) for oid in oids}
        with index.reading():
            for one in comparer.compare(read_commits(self._repository, oids)):
                found[one.commit] = Traced(one.commit, one.evidence, one.undecidable)
        return found

    @property
    def _protected(self) -> list[str]:
        return [] if self._graph is None else [ref.oid for ref in self._graph.classes.protected]

    def _unlanded(self, oids: Sequence[str]) -> tuple[str, ...]:
        """Return which of the commits no protected branch has; none where no policy says which branches these are."""
        if self._policy is None or not self._protected:
            return ()
        reached = frozenset(rev_list(self._repository, oids, self._protected))
        return tuple(oid for oid in oids if oid in reached)

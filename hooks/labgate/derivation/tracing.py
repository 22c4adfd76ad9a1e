"""Trace commits to their sources: thousands at once, each compared with its own past."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from labgate.derivation.comparer import Compared
from labgate.derivation.first_holders import Compare, FirstHolders, Topics
from labgate.derivation.landed_commits import LandedCommits
from labgate.derivation.landed_content import LandedContent, without_landed
from labgate.derivation.unlanded_commits import UnlandedCommits, UnlandedResearch
from labgate.fingerprints.building import Progress
from labgate.fingerprints.index import Index, indexed
from labgate.git.commits import parents_of, read_commits, rev_list
from labgate.git.refs import tracking_refs
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.commit_graph import CommitGraph
from labgate.research.first_seen import FirstSeen
from labgate.research.landed_refs import LandedOn
from labgate.research.ledger import Ledger
from labgate.research.research_commits import ResearchGraph
from labgate.research.source_refs import RefClasses, SourceRef, classify_refs
from labgate.research.stated_evidence import find_evidence
from labgate.reviews.section import Reviews
from labgate.values.finding import METHODS, Evidence
from labgate.values.ref_update import Commit
from labgate.values.traced import Traced
from labgate.values.value import Value


class Tracer(Value):
    """Traces commits to source refs.

    ``exclude`` is the oid of a commit whose history had its code first; ``None``: each commit's own first parent.
    With a ``policy`` the sources are those that it names, and ancestry and the commits' messages count as well; then
    ``remote`` is the one on whose trunk code has landed.
    """

    repository: Repository
    refs: Mapping[str, str]
    sources: Sequence[SourceRef]
    exclude: str | None = None
    methods: frozenset[str] = frozenset(METHODS)
    policy: Policy | None = None
    progress: Progress | None = None
    remote: str | None = None

    @cached_property
    def lacking_sources(self) -> set[str]:
        """The source refs (full names) with commits that are not all in this clone, of those compared so far."""
        return set()

    @cached_property
    def cut_sources(self) -> dict[str, int]:
        """The source refs of which files of code are over a limit, with the number of these files, so far."""
        return {}

    @cached_property
    def long_sources(self) -> set[str]:
        """The source refs that have too many commits to be compared as a whole, so far."""
        return set()

    @cached_property
    def _ledger(self) -> Ledger | None:
        return None if self.policy is None else FirstSeen(self.repository).research

    def trace(self, oids: Sequence[str]) -> Iterator[Traced]:
        """Yield what was found of each commit, in order. Raises: ``GitError`` when history cannot be read."""
        wanted = tuple(dict.fromkeys(oids))
        stated = self._stated(wanted)
        found = indexed(
            self.repository.common_dir, lambda index: {one.commit: one for one in self._compared(index, wanted)}
        )
        for oid in oids:
            compared = found.get(oid, Compared(oid, (), undecidable=False, parts=()))
            evidence = tuple(sorted((*stated.get(oid, ()), *compared.evidence), key=lambda item: item.strength))
            undecidable = compared.undecidable and not any(item.decisive for item in evidence)
            yield Traced(oid, evidence, undecidable, compared.lacking, compared.cut)

    def _stated(self, oids: Sequence[str]) -> dict[str, list[Evidence]]:
        """Return the evidence in ancestry and messages for each commit."""
        graph = self._graph
        if graph is None or self.methods.isdisjoint({"ancestry", "trailer"}):
            return {}
        found: dict[str, list[Evidence]] = {}
        commits = read_commits(self.repository, oids)
        reached = frozenset(oid for oid in oids if graph.sources_of(oid))
        stated = (item for commit in commits for item in find_evidence(graph, self.policy, [commit], reached))
        tips = self._protected if self.exclude is None else [self.exclude]
        left, _ = without_landed(stated, LandedContent(self.repository, tips), graph.parents)
        for item in left:
            if item.method in self.methods:
                for oid in item.commits:
                    found.setdefault(oid, []).append(item)
        return found

    @cached_property
    def _graph(self) -> ResearchGraph | None:
        """Return unlanded history, ``None`` if neither a policy nor ``exclude`` shows what has landed."""
        if self.policy is not None:
            remotes = self.repository.remotes
            classes = classify_refs(self.policy, self.refs, tracking_refs(dict(self.refs), remotes), remotes)
            landed = [] if self.exclude is None else [self.exclude]
            classes = LandedOn(self.policy, self.remote).apart(classes.changed(sources=tuple(self.sources)))
            believes = self.policy.section(Reviews).assurance == "trailer"
            seen, policy = FirstSeen(self.repository), self.policy
            return ResearchGraph(
                self.repository,
                classes,
                landed,
                seen,
                believes=believes,
                former=lambda: seen.former(policy, classes, int(time.time())),
            )
        if self.exclude is not None:
            return ResearchGraph(self.repository, RefClasses(tuple(self.sources), (), ()), [self.exclude])
        return None

    def _compared(self, index: Index, oids: Sequence[str]) -> Iterator[Compared]:
        """Compare each commit with its past: ``exclude``, the protected branches, or its parent.

        For a landed commit only dates show whether research had it first. An unlanded commit is later than all known
        research, whatever its date.
        """
        before = self._protected if self.exclude is None else [self.exclude]
        unlanded = self._unlanded(oids) if self.exclude is None else oids
        if unlanded:
            commits = read_commits(self.repository, unlanded)
            found, comparer = self._compared_unlanded(index, self._research(before), commits)
            self.lacking_sources.update(comparer.lacking_sources)
            self.cut_sources.update(comparer.cut_sources)
            self.long_sources.update(comparer.long_sources)

            def among(topics: Topics, accused: Sequence[str]) -> list[Compared]:
                others = UnlandedResearch(CommitGraph(topics.parents), topics.sources, before, lambda _: True, None)
                asked = [commit for commit in commits if commit.oid in accused]
                return self._compared_unlanded(index, others, asked)[0]

            yield from self._settled(found, before, among)
        left = frozenset(oids).difference(unlanded)
        history = self._history(index, self.sources, self._ledger)
        found = list(history.compare([oid for oid in oids if oid in left]))
        self.lacking_sources.update(history.lacking_sources)
        self.cut_sources.update(history.cut_sources)
        self.long_sources.update(history.long_sources)
        yield from self._settled(
            found, (), lambda topics, asked: list(self._history(index, topics.sources, None).compare(asked))
        )

    def _compared_unlanded(
        self, index: Index, research: UnlandedResearch, commits: Sequence[Commit]
    ) -> tuple[list[Compared], UnlandedCommits]:
        """Return the results, and what compared them."""
        comparer = UnlandedCommits(self.repository, index, research, self.methods)
        with index.reading():
            return list(comparer.compare(commits)), comparer

    def _history(self, index: Index, sources: Sequence[SourceRef], ledger: Ledger | None) -> LandedCommits:
        graph = self._graph

        def is_research(oid: str) -> bool:
            return ledger is None or graph is None or not graph.is_anothers(oid)

        return LandedCommits(self.repository, index, sources, self.methods, ledger, self.progress, is_research)

    def _settled(self, found: list[Compared], landed: Sequence[str], compare: Compare) -> list[Compared]:
        """Return the results without what another branch had first, if a policy says which branches are others."""
        if self.policy is None or self._graph is None:
            return found
        return FirstHolders(self.repository, self._graph, landed).settled_results(found, compare)

    def _research(self, landed: Sequence[str]) -> UnlandedResearch:
        """Return the research beside everything that has landed, which is given by its tips."""
        graph = self._graph
        if graph is None or self.policy is None:
            parents = parents_of(self.repository, [source.oid for source in self.sources], landed)
            return UnlandedResearch(CommitGraph(parents), self.sources, landed, lambda _: True, self._ledger)
        return UnlandedResearch(graph.history, graph.classes.sources, landed, graph.is_research, self._ledger)

    @property
    def _protected(self) -> list[str]:
        return [] if self._graph is None else [ref.oid for ref in self._graph.classes.protected]

    def _unlanded(self, oids: Sequence[str]) -> tuple[str, ...]:
        """Return the commits that no protected branch has; empty if no policy names protected branches."""
        if self.policy is None or not self._protected:
            return ()
        reached = frozenset(rev_list(self.repository, oids, self._protected))
        return tuple(oid for oid in oids if oid in reached)

"""Landed commits of a branch, compared afterwards with the research that existed when they landed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from labgate.derivation.comparer import Compared
from labgate.derivation.first_holders import FirstHolders, Topics
from labgate.derivation.lacking import Cut, Lacking, Traces
from labgate.derivation.landed_commits import LandedCommits
from labgate.fingerprints.building import Progress
from labgate.fingerprints.index import Index, indexed
from labgate.git.commits import rev_list
from labgate.git.repository import Repository
from labgate.research.first_seen import FirstSeen
from labgate.research.ledger import Ledger
from labgate.research.research_commits import Aftermath, ResearchGraph
from labgate.research.source_refs import RefClasses, SourceRef
from labgate.values.finding import METHODS


class AuditedLandings:
    """The commits of a branch since one of its own.

    ``line`` are those of the branch's first-parent line, newest first, and ``since`` the one below them (``None``: they
    start at a root). ``classes`` are the refs of today, with the research that is remembered of refs that are gone.
    ``broken`` are the names of research refs that cannot be read here, and are not among them. ``believes`` and
    ``former`` are as in ``ResearchGraph``.
    """

    def __init__(
        self,
        repository: Repository,
        classes: RefClasses,
        since: str | None,
        line: Sequence[str],
        progress: Progress | None = None,
        broken: tuple[str, ...] = (),
        *,
        believes: bool = True,
        former: Callable[[], tuple[SourceRef, ...]] = tuple,
    ) -> None:
        self._repository = repository
        self._sources = classes.sources
        self._before = () if since is None else (since,)
        self._line = line
        self._progress = progress
        self._first_seen = FirstSeen(repository)
        self._broken = broken
        self._lacking = Lacking(broken)
        self._cut = Cut()
        # Today's protected branches do not show what had landed then.
        known = RefClasses(classes.sources, (), classes.others)
        self.graph = ResearchGraph(
            repository,
            known,
            self._before,
            self._first_seen,
            Aftermath(frozenset(line)),
            believes=believes,
            former=former,
        )

    def traced(self, oids: Iterable[str]) -> Traces:
        """Return the evidence in the text of commits, which are commits of the branch that no source holds.

        What is left out of research, and so of every landing, ``lacking`` says.
        """
        found = [self._found[oid] for oid in dict.fromkeys(oids) if oid in self._found]
        evidence = [item for one in found for item in one.evidence]
        unclear = [one for one in found if one.undecidable and not any(item.decisive for item in one.evidence)]
        small = frozenset(one.commit for one in unclear if not one.lacking)
        lacking = Lacking(commits=tuple(one.commit for one in unclear if one.lacking))
        return Traces(evidence, small, lacking, self._cut.changed(files=sum(one.cut for one in found)))

    @property
    def lacking(self) -> Lacking:
        """What no landing could be compared with; nothing where none was compared."""
        return self._lacking

    @property
    def started_or_landed(self) -> tuple[str, ...]:
        """The research refs at a commit of the line that may have started there, or have been pushed there directly."""
        ledger, line = self._first_seen.research, frozenset(self._line)
        tips = ledger.tips()
        return tuple(
            source.ref
            for source in self._sources
            if source.oid in line
            and not self.graph.is_research(source.oid)
            and (tips.get(source.ref) != source.oid or ledger.first_seen(source.oid) is not None)
        )

    @cached_property
    def _found(self) -> dict[str, Compared]:
        commits = rev_list(self._repository, self._line[:1], self._before)
        wanted = [oid for oid in commits if not self.graph.is_research(oid)]
        return indexed(self._repository.common_dir, lambda index: self._compared(index, wanted))

    def _compared(self, index: Index, oids: Sequence[str]) -> dict[str, Compared]:
        comparer = self._comparer(index, self._sources, self._first_seen.research)
        found = {one.commit: one for one in comparer.compare(oids)}
        self._lacking = Lacking(tuple(sorted({*comparer.lacking_sources, *self._broken})))
        self._cut = Cut(research=tuple(sorted(comparer.cut_sources.items())), long=tuple(sorted(comparer.long_sources)))
        return self._settled(index, found)

    def _comparer(self, index: Index, sources: Sequence[SourceRef], ledger: Ledger | None) -> LandedCommits:
        def is_research(oid: str) -> bool:
            return ledger is None or not self.graph.is_anothers(oid) or self.graph.is_doubtful(oid)

        methods = frozenset(METHODS)
        return LandedCommits(
            self._repository, index, sources, methods, ledger, self._progress, is_research, merges_alone=True
        )

    def _settled(self, index: Index, found: Mapping[str, Compared]) -> dict[str, Compared]:
        """Return the results without what another branch had first."""

        def among(topics: Topics, oids: Sequence[str]) -> list[Compared]:
            return list(self._comparer(index, topics.sources, None).compare(oids))

        holders = FirstHolders(self._repository, self.graph, self._before)
        return {one.commit: one for one in holders.settled_results(list(found.values()), among)}

"""Landed commits of a branch, compared afterwards with the research that existed when they landed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from labgate.derivation.comparer import Compared
from labgate.derivation.lacking import Lacking, Traces
from labgate.derivation.landed_commits import LandedCommits
from labgate.fingerprints.building import Progress
from labgate.fingerprints.index import Index, indexed
from labgate.git.commits import rev_list
from labgate.git.repository import Repository
from labgate.research.first_seen import FirstSeen
from labgate.research.research_commits import Aftermath, ResearchGraph
from labgate.research.source_refs import RefClasses
from labgate.values.finding import METHODS


class AuditedLandings:
    """The commits of a branch since one of its own.

    ``line`` are those of the branch's first-parent line, newest first, and ``since`` the one below them (``None``: they
    start at a root). ``classes`` are the refs of today, with the research that is remembered of refs that are gone.
    ``broken`` are the names of research refs that cannot be read here, and are not among them.
    """

    def __init__(
        self,
        repository: Repository,
        classes: RefClasses,
        since: str | None,
        line: Sequence[str],
        progress: Progress | None = None,
        broken: tuple[str, ...] = (),
    ) -> None:
        self._repository = repository
        self._sources = classes.sources
        self._before = () if since is None else (since,)
        self._line = line
        self._progress = progress
        self._first_seen = FirstSeen(repository)
        self._broken = broken
        self._lacking = Lacking(broken)
        # Today's protected branches do not show what had landed then.
        known = RefClasses(classes.sources, (), classes.others)
        self.graph = ResearchGraph(repository, known, self._before, self._first_seen, Aftermath(frozenset(line)))

    def traced(self, oids: Iterable[str]) -> Traces:
        """Return the evidence in the text of commits, which are commits of the branch that no source holds.

        What is left out of research, and so of every landing, ``lacking`` says.
        """
        found = [self._found[oid] for oid in dict.fromkeys(oids) if oid in self._found]
        evidence = [item for one in found for item in one.evidence]
        unclear = [one for one in found if one.undecidable and not any(item.decisive for item in one.evidence)]
        small = frozenset(one.commit for one in unclear if not one.lacking)
        return Traces(evidence, small, Lacking(commits=tuple(one.commit for one in unclear if one.lacking)))

    @property
    def lacking(self) -> Lacking:
        """What no landing could be compared with; nothing where none was compared."""
        return self._lacking

    @cached_property
    def _found(self) -> dict[str, Compared]:
        commits = rev_list(self._repository, self._line[:1], self._before)
        wanted = [oid for oid in commits if not self.graph.is_research(oid)]
        return indexed(self._repository.common_dir, lambda index: self._compared(index, wanted))

    def _compared(self, index: Index, oids: Sequence[str]) -> dict[str, Compared]:
        ledger, methods = self._first_seen.research, frozenset(METHODS)
        comparer = LandedCommits(
            self._repository, index, self._sources, methods, ledger, self._progress, merges_alone=True
        )
        found = {one.commit: one for one in comparer.compare(oids)}
        self._lacking = Lacking(tuple(sorted({*comparer.lacking_sources, *self._broken})))
        return found

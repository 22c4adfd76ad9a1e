"""Who had code first: research, or another branch from which research was picked, or whose commits it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from labgate.derivation.comparer import Compared
from labgate.git.commits import commit_times, rev_list
from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph
from labgate.research.ledger import FirstRecord
from labgate.research.research_commits import ResearchGraph
from labgate.research.source_refs import SourceRef
from labgate.research.unlanded import Parents, read_unlanded
from labgate.values.finding import HELD_TOO, SIMILARITY, Evidence
from labgate.values.value import Value

#: The methods that do not compare text: the commits themselves show where they come from.
_STATED = frozenset({"ancestry", "trailer"})
#: The share of the lines in evidence that files of another branch must have, so that it had the text first: it may have
#: one small file of a large change.
_MOST = 0.5


class Topics(Value):
    """Branches that are no research, with the unlanded commits that they and their old tips have (``parents``)."""

    sources: tuple[SourceRef, ...]
    parents: Parents


#: Compares commits (full oids) with topics as if these were the research.
Compare = Callable[[Topics, Sequence[str]], Iterable[Compared]]


class _Claim(Value):
    """The earliest that another branch (``ref``, full name) had a commit or the same text.

    ``seen`` is when that was first seen here, ``None`` if it is not known; ``date`` is the committer's. Both are in
    seconds since the epoch.
    """

    ref: str
    seen: int | None
    date: int


class FirstHolders:
    """Settles evidence in text by who had the text first.

    ``landed`` are the tips of what had landed. ``opened`` is when the code host opened the change (seconds since the
    epoch), ``None`` if it was not asked; it is used where ``graph`` does not believe dates in commits.
    """

    def __init__(
        self, repository: Repository, graph: ResearchGraph, landed: Sequence[str], opened: int | None = None
    ) -> None:
        self._repository = repository
        self._graph = graph
        self._landed = landed
        self._opened = opened
        self._times: dict[str, int] = {}

    def settled(self, evidence: Sequence[Evidence], compare: Compare) -> list[Evidence]:
        """Return the evidence without what another branch had first.

        Where that is not known, and the other branch is believed, the evidence is not decisive and names it.
        """
        found = [item for item in evidence if item.decisive and item.method not in _STATED]
        accused = list(dict.fromkeys(oid for item in found for oid in item.commits))
        if not accused:
            return list(evidence)
        topics = self._topics(frozenset(path for item in found for path in item.paths))
        matches = {one.commit: one.evidence for one in compare(topics, accused)} if topics.sources else {}
        self._times = commit_times(
            self._repository,
            {oid for item in (*found, *(item for mine in matches.values() for item in mine)) for oid in _named(item)},
        )
        settled = (self._settle(item, matches) if item in found else item for item in evidence)
        return [item for item in settled if item is not None]

    def settled_results(self, found: Sequence[Compared], compare: Compare) -> list[Compared]:
        """Return the results for single commits, with their evidence settled."""
        left: dict[str, list[Evidence]] = {}
        for item in self.settled([item for one in found for item in one.evidence], compare):
            left.setdefault(item.commits[0], []).append(item)
        return [one.changed(evidence=tuple(left.get(one.commit, ()))) for one in found]

    def _topics(self, paths: frozenset[str]) -> Topics:
        """Return the branches with commits that change one of some paths."""
        topics = self._graph.topics()
        tips = [topic.oid for topic in topics]
        written = [path for path in paths if "\n" not in path]
        if not topics or not written:
            return Topics((), {})
        touching = rev_list(self._repository, [*tips, *(f"^{oid}" for oid in self._landed), "--", *written])
        parents = read_unlanded(self._repository, tips, self._landed) if touching else {}
        reached = CommitGraph(parents).reached(tips)
        bits = 0
        for oid in touching:
            bits |= reached.get(oid, 0)
        return Topics(tuple(topic for bit, topic in enumerate(topics) if bits >> bit & 1), parents)

    def _settle(self, item: Evidence, matches: Mapping[str, Sequence[Evidence]]) -> Evidence | None:
        """Return the evidence as it counts, ``None`` if another branch had its text first."""
        sources = [oid for oid in item.source_commits if not self._graph.is_doubtful(oid)]
        if not sources:
            return _believed(item, next(iter(self._graph.rivals_of(item.source_commits[0])), None))
        claims = [self._claim(oid, item, matches.get(oid, ())) for oid in item.commits]
        # The last commit decides when the other branch had all of it.
        claim = max((one for one in claims if one is not None), key=lambda one: one.date, default=None)
        if claim is None or None in claims:
            return item
        seen = _earliest(self._graph.seen_in_research(oid) for oid in sources)
        if seen is not None and claim.seen is not None and seen != claim.seen:
            return item if seen < claim.seen else None
        date = min(self._times[oid] for oid in sources)
        if self._graph.believes:
            return item if date <= claim.date else _believed(item, claim.ref)
        if self._opened is not None and claim.date <= self._opened < date:
            return None
        return item.changed(other_ref=claim.ref)

    def _claim(self, oid: str, item: Evidence, matches: Iterable[Evidence]) -> _Claim | None:
        """Return the earliest claim to a commit, or to text at least as much like it; ``None``: there is none."""
        claims = [*self._own_claim(oid), *(self._claim_of(match) for match in matches if _covers(match, item))]
        if not claims:
            return None
        seen = [claim.seen for claim in claims if claim.seen is not None]
        first = min(claims, key=lambda claim: (claim.seen is None, claim.seen or 0, claim.date))
        return _Claim(first.ref, min(seen, default=None), min(claim.date for claim in claims))

    def _own_claim(self, oid: str) -> Iterator[_Claim]:
        record, rivals = self._graph.seen_elsewhere(oid), self._graph.rivals_of(oid)
        if record is not None or rivals:
            ref = record.ref if record is not None else rivals[0]
            yield _Claim(ref, None if record is None else record.time, self._times[oid])

    def _claim_of(self, match: Evidence) -> _Claim:
        """Return the claim of a branch to text like a commit's: to all of a squash, else to any one of its commits."""
        records = [self._graph.seen_elsewhere(oid) for oid in match.source_commits]
        times = [record.time for record in records if record is not None]
        pick = max if match.method == "squash" else min
        known = len(times) == len(records) if match.method == "squash" else bool(times)
        dates = [self._times[oid] for oid in match.source_commits]
        return _Claim(match.source_ref or "", pick(times) if known else None, pick(dates))


def _covers(match: Evidence, item: Evidence) -> bool:
    """Return whether the text that a commit shares with another branch is about all that it shares with research."""
    if match.proves:
        return match.method != "blob" or (match.matched_lines or 0) >= _MOST * (item.matched_lines or 0)
    return match.decisive and item.method == SIMILARITY and match.score >= item.score


def _named(item: Evidence) -> tuple[str, ...]:
    return (*item.commits, *item.source_commits)


def _believed(item: Evidence, other: str | None) -> Evidence:
    return item.changed(decisive=False, hint=HELD_TOO, other_ref=other)


def _earliest(records: Iterable[FirstRecord | None]) -> int | None:
    return min((record.time for record in records if record is not None), default=None)

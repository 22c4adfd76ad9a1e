"""Commits of branches that the trunk has as other ones: rebased, cherry-picked, or squashed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from labgate.derivation.landed_commits import LandedCommits
from labgate.derivation.landed_content import LandedContent
from labgate.derivation.match import NAMED
from labgate.fingerprints.building import Progress
from labgate.fingerprints.index import Index, indexed
from labgate.git.repository import Repository
from labgate.overview.branches import ListedBranch
from labgate.overview.places import Place, Places
from labgate.research.source_refs import SourceRef
from labgate.values.finding import METHODS, SIMILARITY, Evidence
from labgate.values.value import Value

#: The most commits of the trunk that are tested for having all of a branch: each takes a few processes.
_TRIED = 8
#: What only looks alike has not landed.
_EXACT = frozenset(METHODS) - {SIMILARITY}


class Copies(Value):
    """What the trunk has as other commits (full oids): each with those; and the refs that could not all be compared."""

    landed: Mapping[str, frozenset[str]]
    lacking: frozenset[str]


def copies(
    repository: Repository,
    places: Places,
    branches: Mapping[ListedBranch, Place],
    landings: Sequence[str],
    progress: Progress | None,
) -> Copies:
    """Compare commits of the trunk with the own commits of branches, by exact methods only.

    All of a branch has landed with a commit that shows some of it, if merging the branch brings nothing more to it. It
    does not matter who had them first: what is equal need not land any more.
    """
    sources = [SourceRef(one.ref, one.branch, one.tip, None) for one, place in branches.items() if place.ahead]
    if not sources or not landings:
        return Copies({}, frozenset())
    own = frozenset(oid for place in branches.values() for oid in place.own if oid not in place.merged)

    def compared(index: Index) -> Copies:
        refs, history = len(sources), places.graph
        landed = LandedCommits(
            *(repository, index, sources, _EXACT, None, progress, own.__contains__), refs=refs, history=history
        )
        found = [item for one in landed.compare(landings) for item in one.evidence if item.proves]
        copied = _landed(places, found, own)
        for branch, place in branches.items():
            rest = own.intersection(place.own).difference(copied)
            whole = _whole(repository, branch, found) if rest else None
            if whole is not None:
                copied |= dict.fromkeys(rest, frozenset({whole}))
        return Copies(copied, frozenset(landed.lacking_sources))

    return indexed(repository.common_dir, compared)


def _whole(repository: Repository, branch: ListedBranch, evidence: Iterable[Evidence]) -> str | None:
    """Return the commit of the trunk with some of a branch that has all of it, ``None`` if there is none."""
    named = dict.fromkeys(oid for item in evidence if item.source_ref == branch.ref for oid in item.commits)
    content = LandedContent(repository, ())
    return next((landing for landing in list(named)[:_TRIED] if content.is_whole(landing, branch.tip)), None)


def _landed(places: Places, evidence: Iterable[Evidence], own: frozenset[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for item in evidence:
        named = item.source_commits
        # Evidence names the newest commits of a long squash: it has those below them too.
        has = places.graph.ancestors(named) if item.method == "squash" and len(named) >= NAMED else named
        for oid in own.intersection(has):
            found[oid] = found.get(oid, frozenset()).union(item.commits)
    return found

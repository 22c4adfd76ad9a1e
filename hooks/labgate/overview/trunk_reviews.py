"""Who reviewed what has landed, by the review markers on the trunk: in the landing, above it, or a late review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from labgate.git.commits import read_commits, rev_list, trees_with_parents
from labgate.git.repository import Repository
from labgate.overview.people import judged_claims
from labgate.overview.places import Place, Places
from labgate.reviews.contributors import Contributors
from labgate.reviews.landed_runs import Run, landed_runs
from labgate.reviews.markers import KEY, landings_named, read_claims
from labgate.reviews.quorum import JudgedClaim, assess
from labgate.reviews.section import Reviews
from labgate.values.ref_update import Commit

#: The most of the trunk's newest commits that are searched for the landings which a marker in an empty commit covers.
_SEARCHED = 4000
#: The most commits of a landing that are read.
_READ = 2000


class TrunkReviews:
    """The reviews of landings on the trunk's line, above the place ``floor``."""

    def __init__(self, repository: Repository, reviews: Reviews, places: Places, floor: int) -> None:
        self._repository = repository
        self._reviews = reviews
        self._places = places
        self._floor = floor

    def may_differ(self, landed: Iterable[str], before: str) -> bool:
        """Return whether other people may have reviewed landed commits than when the trunk was at ``before``.

        One that landed later has a marker, or there is a later marker that may cover what is below it.
        """
        end = self._places.landed(before)
        depths = [depth for oid in landed if (depth := self._places.landed(oid)) is not None]
        later = [depth for depth in self._marked if end is None or depth > end]
        return not set(depths).isdisjoint(later) or (bool(depths) and any(depth in self._covering for depth in later))

    def of_own(
        self, places: Mapping[str, Place], copies: Mapping[str, Mapping[str, frozenset[str]]]
    ) -> dict[str, frozenset[str]]:
        """Return who reviewed each own commit of some tips as it landed; if it landed in parts, who reviewed all.

        ``copies`` are the commits that the trunk has as other ones, of all known tips.
        """
        origins: dict[str, dict[str, None]] = {}
        for mine in copies.values():
            for oid, landings in mine.items():
                for landing in landings:
                    origins.setdefault(landing, {})[oid] = None
        wanted = {oid: frozenset({oid}) for place in places.values() for oid in place.merged}
        wanted |= {oid: landings for tip in places for oid, landings in copies[tip].items()}
        people = self._people({oid: tuple(origins.get(oid, ())) for oid in frozenset[str]().union(*wanted.values())})
        no = frozenset[str]()
        return {oid: frozenset.intersection(*(people.get(one, no) for one in mine)) for oid, mine in wanted.items()}

    def _people(self, origins: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
        """Return the reviewers of landed commits that have some.

        ``origins`` are the other commits that each one derives from: their authors cannot review it.
        """
        by_run: dict[Run, list[str]] = {}
        for oid in origins:
            depth = self._places.landed(oid)
            run = None if depth is None else self._run(depth)
            if run is not None:
                by_run.setdefault(run, []).append(oid)
        found: dict[str, frozenset[str]] = {}
        for run, landed in by_run.items():
            found |= self._reviewers(run, {oid: origins[oid] for oid in landed})
        return found

    def _reviewers(self, run: Run, origins: Mapping[str, tuple[str, ...]]) -> Mapping[str, frozenset[str]]:
        base = () if run.old is None else (run.old,)
        oids = rev_list(self._repository, [run.new], base, f"--max-count={_READ + 1}")
        if len(oids) > _READ:
            return {}
        commits = read_commits(self._repository, oids)
        originals = dict.fromkeys(oid for mine in origins.values() for oid in mine)
        contributors = Contributors(self._repository, self._reviews, self._places.trunk, base, lambda: originals)
        contributors.know(commits)
        contributors.origins = origins
        judged = judged_claims(self._repository, contributors, commits, run.old)
        judged += self._late_claims(contributors, commits)
        return assess(tuple(origins), judged, self._reviews).reviewers

    def _late_claims(self, contributors: Contributors, commits: Sequence[Commit]) -> list[JudgedClaim]:
        covers = frozenset(commit.oid for commit in commits)
        late = [commit for commit in self._late if covers.intersection(landings_named(commit))]
        wrote = contributors.wrote(commits) if late else {}
        claims = read_claims(late, contributors.trees(late))
        return [JudgedClaim(one.commit, one.email, covers, one.flaw, wrote, late=True) for one in claims]

    def _run(self, depth: int) -> Run | None:
        """Return the landing at a place of the trunk's line, ``None`` if no marker covers it."""
        if depth in self._delimited:
            return self._delimited[depth]
        return Run(self._places.at(depth - 1), self._marked[depth].oid) if depth in self._marked else None

    @cached_property
    def _marked(self) -> dict[int, Commit]:
        """The commits of the trunk's line with a marker, by their places."""
        below = self._places.at(self._floor)
        options = ("--first-parent", "--regexp-ignore-case", f"--grep=^{KEY}[[:space:]]*:")
        oids = rev_list(self._repository, [self._places.trunk], [] if below is None else [below], *options)
        commits = read_commits(self._repository, oids)
        return {depth: commit for commit in commits if (depth := self._places.landed(commit.oid)) is not None}

    @cached_property
    def _covering(self) -> dict[int, Commit]:
        """Those of them that are empty, and so cover commits below them."""
        trees = trees_with_parents(self._repository, tuple(self._marked.values()))
        return {depth: commit for depth, commit in self._marked.items() if commit.changes_nothing(trees)}

    @property
    def _late(self) -> list[Commit]:
        return [commit for commit in self._covering.values() if landings_named(commit)]

    @cached_property
    def _delimited(self) -> dict[int, Run]:
        """The landings that markers in empty commits delimit, by each of their places on the line."""
        if not self._covering:
            return {}
        places = self._places
        first = max(self._floor + 1, places.last - _SEARCHED + 1, 0)
        line = [oid for depth in range(first, places.last + 1) if (oid := places.at(depth)) is not None]
        below = places.at(first - 1)
        outside = None if below is None else read_commits(self._repository, [below])[0]
        named = {oid for commit in self._late for oid in landings_named(commit)}
        found: dict[int, Run] = {}
        start = first
        for run in landed_runs(self._repository, outside, read_commits(self._repository, line)):
            end = places.landed(run.new)
            mine = range(start, start if end is None else end + 1)
            if any(depth in self._marked or places.at(depth) in named for depth in mine):
                found |= dict.fromkeys(mine, run)
            start = mine.stop
        return found

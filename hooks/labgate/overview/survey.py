"""Where all research and experiment branches stand; what is known of a tip already is not found again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from labgate.fingerprints.building import Progress
from labgate.git.commits import commit_times, peel, read_commits
from labgate.git.conflict_preview import conflicted_paths
from labgate.git.repository import Repository
from labgate.overview.branches import ListedBranch, listed
from labgate.overview.descriptions import described, own_readmes
from labgate.overview.kept import Kept, load, save
from labgate.overview.landed import copies
from labgate.overview.people import Team, team
from labgate.overview.places import Place, Places
from labgate.overview.trunk_reviews import TrunkReviews
from labgate.policy.model import Policy
from labgate.research.readable import readable
from labgate.research.source_refs import RefClasses, SourceRef
from labgate.reviews.mailmap import Mailmap
from labgate.reviews.section import Reviews
from labgate.values.errors import GitError
from labgate.values.ref_update import Commit
from labgate.values.status import BranchStatus, Conflicts, Share
from labgate.values.value import Value

#: The most merges that one run makes: each takes some hundredths of a second, and the next run goes on.
MOST_MERGES = 1000
#: The most own commits of a branch that are read, and of all branches at a time.
MOST_COMMITS, _AT_A_TIME = 2000, 4000

_NOT_YET = "not looked at yet: run `labgate status --all` again"
_TOO_LONG = f"it has more than {MOST_COMMITS:,} commits of its own"


class Ground(Value):
    """What the branches are compared with. ``trunk`` is the trunk's tip here (full oid), ``None`` without one.

    ``outcomes`` returns the outcome of a branch's experiment (full name, tip), ``None`` if it is not closed.
    """

    repository: Repository
    policy: Policy
    refs: Mapping[str, str]
    trunk: str | None
    outcomes: Callable[[str, str], str | None]
    progress: Progress | None = None

    def tell(self, doing: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(doing, done, total)


def survey(ground: Ground, only: str | None = None) -> tuple[BranchStatus, ...]:
    """Return where each branch stands, what needs attention first. What cannot be found here says why.

    ``only`` is a branch of this clone (full name): it alone is looked at, as it stands here.
    """
    branches = listed(ground.policy, ground.repository, ground.refs)
    if only is not None:
        branches = tuple(one for one in branches if (one.branch, one.tip) == (only, ground.refs[only]))[:1]
    problem = _no_comparison(ground)
    found: dict[ListedBranch, BranchStatus] = {}
    if problem is None and ground.trunk is not None:
        try:
            found = _Survey(ground, ground.trunk, branches, alone=only is not None).rows()
        except GitError:
            # The history of one of them is not all here.
            found = _of_readable(ground, ground.trunk, branches)
    here = peel(ground.repository, [branch.tip for branch in branches if branch not in found])
    reason = problem or "its history is not all in this clone"
    rows = [*found.values(), *(_bare(ground, one, reason, here) for one in branches if one not in found)]
    return tuple(sorted(rows, key=attention))


def _of_readable(ground: Ground, trunk: str, branches: Sequence[ListedBranch]) -> dict[ListedBranch, BranchStatus]:
    """Return where those branches stand whose history is all here. Raises: ``GitError`` when the trunk's is not."""
    sources = tuple(SourceRef(one.ref, one.branch, one.tip, None) for one in branches)
    broken = readable(ground.repository, RefClasses(sources, (), ()))[1]
    return _Survey(ground, trunk, [one for one in branches if one.ref not in broken]).rows()


def attention(row: BranchStatus) -> tuple[int, int, int, str]:
    """Return a key to sort by: conflicts, then what is not known, work that waits, what has landed, what is closed.

    Of equal ones that which is farther behind comes first.
    """
    if row.outcome is not None:
        rank = 4
    elif row.landed.of and row.landed.commits == row.landed.of:
        rank = 3
    elif row.conflicts.files:
        rank = 0
    elif row.ahead is None or row.conflicts.files is None:
        rank = 1
    else:
        rank = 2 if row.ahead else 3
    return rank, -len(row.conflicts.files or ()), -(row.behind or 0), row.ref


def _no_comparison(ground: Ground) -> str | None:
    if ground.repository.shallow:
        return "this clone is shallow"
    return "the trunk is not known here" if ground.trunk is None else None


def _bare(ground: Ground, branch: ListedBranch, reason: str, here: Mapping[str, str]) -> BranchStatus:
    """Return what can be said of a branch that can be compared with nothing."""
    owner, last = None, None
    if branch.tip in here:
        [commit] = read_commits(ground.repository, [branch.tip])
        owner, last = commit.author.name, commit_times(ground.repository, [branch.tip])[branch.tip]
    no = Share(reason=reason)
    return BranchStatus(
        *(branch.ref, branch.kind, owner, None, last, None, None, Conflicts(reason=reason), no, no),
        ground.outcomes(branch.branch, branch.tip),
        described(ground.repository, branch.branch),
    )


class _Survey:
    """The comparison of some branches with the trunk. Raises: ``GitError`` when history is missing."""

    def __init__(self, ground: Ground, trunk: str, branches: Sequence[ListedBranch], *, alone: bool = False) -> None:
        self._ground = ground
        self._repository = ground.repository
        self._trunk = trunk
        self._branches = branches
        #: Whether there are other branches, of which what is kept stays.
        self._alone = alone
        self._mailmap = Mailmap(ground.repository, trunk)
        self._old = load(ground.repository, ground.policy, self._mailmap.blob)

    @cached_property
    def _places(self) -> Places:
        return Places(self._repository, self._trunk, [branch.tip for branch in self._branches])

    def rows(self) -> dict[ListedBranch, BranchStatus]:
        """Return where each branch stands."""
        places = {branch: self._places.of(branch.tip) for branch in self._branches}
        by_tip = {branch.tip: place for branch, place in places.items()}
        landed, lacking = self._landed(places)
        teams = self._teams(
            {tip: place for tip, place in by_tip.items() if self._is_new(tip, place, landed[tip])}, landed
        )
        starts = {tip: place.start for tip, place in by_tip.items() if tip not in self._old}
        readmes = own_readmes(self._repository, starts, self._trunk)
        met = self._conflicts(by_tip)
        kept: dict[str, Kept] = {}
        for tip, place in by_tip.items():
            readme = readmes[tip] if tip in readmes else self._old[tip].readme
            kept[tip] = self._kept(tip, place, teams.get(tip), landed[tip], readme, met[tip])
        # What is not known may be known the next time.
        lacks = {branch.tip for branch in places if branch.ref in lacking}
        new = {tip: one for tip, one in kept.items() if tip not in lacks}
        if self._alone:
            new = self._old | new
        if new != self._old:
            save(self._repository, self._ground.policy, self._mailmap.blob, new)
        return {
            branch: self._row(branch, place, kept[branch.tip], met[branch.tip], lacking=branch.tip in lacks)
            for branch, place in places.items()
        }

    def _is_new(self, tip: str, place: Place, copies: Mapping[str, frozenset[str]]) -> bool:
        """Return whether the people of a tip must be found again."""
        old = self._old.get(tip)
        if old is None or old.own != len(place.own):
            return True
        if old.trunk == self._trunk:
            return False
        if old.marked or not self._places.had(old.trunk):
            return True
        return self._reviews.may_differ(place.merged.union(*copies.values()), old.trunk)

    @cached_property
    def _reviews(self) -> TrunkReviews:
        reviews = self._ground.policy.section(Reviews)
        floor = min((self._places.of(branch.tip).fork for branch in self._branches), default=-1)
        return TrunkReviews(self._repository, reviews, self._places, floor)

    def _teams(
        self, places: Mapping[str, Place], copies: Mapping[str, Mapping[str, frozenset[str]]]
    ) -> dict[str, Team]:
        found: dict[str, Team] = {}
        people = self._reviews.of_own(places, copies) if self._is_by_trailer and places else {}
        for tips in _portions(places):
            self._ground.tell("reading branches", len(found), len(places))
            own = {tip: places[tip].own[:MOST_COMMITS] or (tip,) for tip in tips}
            oids = dict.fromkeys(oid for mine in own.values() for oid in mine)
            parents = dict.fromkeys(up for oid in oids for up in self._places.graph.parents[oid] if up not in oids)
            commits = {commit.oid: commit for commit in read_commits(self._repository, [*oids, *parents])}
            trees = {oid: commit.tree for oid, commit in commits.items()}
            for tip, mine in own.items():
                found[tip] = self._team([commits[oid] for oid in mine], trees, people)
        return found

    def _team(self, commits: Sequence[Commit], trees: Mapping[str, str], people: Mapping[str, frozenset[str]]) -> Team:
        reviews = self._ground.policy.section(Reviews)
        return team(self._repository, reviews, self._mailmap, self._places, commits, trees, people)

    @property
    def _is_by_trailer(self) -> bool:
        return self._ground.policy.section(Reviews).assurance == "trailer"

    def _landed(
        self, places: Mapping[ListedBranch, Place]
    ) -> tuple[dict[str, dict[str, frozenset[str]]], frozenset[str]]:
        """Return the copies of each tip's commits that the trunk has, and the refs that could not all be compared."""
        before = {tip: old.trunk for tip, old in self._old.items() if self._places.had(old.trunk)}
        found: dict[str, dict[str, frozenset[str]]] = {branch.tip: {} for branch in places}
        lacking: set[str] = set()
        found |= {tip: self._old[tip].copies for tip in found if tip in before}
        # Of a known tip only what has landed since is compared.
        for since in dict.fromkeys((None, *before.values())):
            some = {one: place for one, place in places.items() if before.get(one.tip) == since and place.ahead}
            if not some or since == self._trunk:
                continue
            fork = min(place.fork for place in some.values())
            landings = self._places.landings(fork, since)
            result = copies(self._repository, self._places, some, landings, self._ground.progress)
            lacking |= result.lacking
            for branch, place in some.items():
                mine = found[branch.tip]
                for oid in result.landed.keys() & place.own:
                    mine[oid] = mine.get(oid, frozenset()) | result.landed[oid]
        return found, frozenset(lacking)

    def _conflicts(self, places: Mapping[str, Place]) -> dict[str, Conflicts]:
        """Return what merging the trunk into each tip meets; the newest tips are asked for first."""
        found: dict[str, Conflicts] = {}
        wanted = []
        for tip, place in places.items():
            old = self._old.get(tip)
            if not place.ahead or not place.behind:
                found[tip] = Conflicts(())
            elif old is not None and old.trunk == self._trunk and old.conflicts is not None:
                found[tip] = Conflicts(old.conflicts)
            else:
                wanted.append(tip)
        wanted.sort(key=self._places.times.__getitem__, reverse=True)
        for number, tip in enumerate(wanted):
            self._ground.tell("merging", number, len(wanted))
            found[tip] = self._met(tip) if number < MOST_MERGES else Conflicts(reason=_NOT_YET)
        return found

    def _met(self, tip: str) -> Conflicts:
        try:
            # Which attributes a branch has of its own takes longer to find than to merge it.
            met = conflicted_paths(self._repository, tip, self._trunk, attributes=self._trunk)
        except GitError as error:
            return Conflicts(reason=error.message)
        return Conflicts(reason=met.skipped) if met.skipped else Conflicts(met.paths)

    def _kept(
        self,
        tip: str,
        place: Place,
        found: Team | None,
        copies: Mapping[str, frozenset[str]],
        readme: str | None,
        met: Conflicts,
    ) -> Kept:
        landed = _by_landing({oid: copies[oid] for oid in place.own if oid in copies})
        if found is None:
            return self._old[tip].changed(trunk=self._trunk, landed=landed, readme=readme, conflicts=met.files)
        people = (found.owner, found.empty, len(found.reviewed), found.marked)
        return Kept(self._trunk, len(place.own), landed, *people, readme, met.files)

    def _row(self, branch: ListedBranch, place: Place, kept: Kept, met: Conflicts, *, lacking: bool) -> BranchStatus:
        times, parents = self._places.times, self._places.graph.parents
        bring = [oid for oid in place.own if len(parents[oid]) < 2 and oid not in kept.empty]
        copied = kept.copies
        landed = sum(oid in place.merged or oid in copied for oid in bring)
        return BranchStatus(
            branch.ref,
            branch.kind,
            kept.owner,
            min((times[oid] for oid in place.own), default=None),
            times[branch.tip],
            place.ahead,
            place.behind,
            met,
            Share(reason="objects of it are not in this clone") if lacking else Share(landed, len(bring)),
            self._reviewed(place, kept, len(bring)),
            self._ground.outcomes(branch.branch, branch.tip),
            described(self._repository, branch.branch) or kept.readme,
        )

    def _reviewed(self, place: Place, kept: Kept, of: int) -> Share:
        if not self._is_by_trailer:
            return Share(reason="approvals are on the code host, which is not asked")
        if len(place.own) > MOST_COMMITS:
            return Share(reason=_TOO_LONG)
        return Share(kept.reviewed, of)


def _by_landing(copies: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Return a row for each landing: it, and the commits that it has."""
    found: dict[str, list[str]] = {}
    for oid, landings in copies.items():
        for landing in sorted(landings):
            found.setdefault(landing, []).append(oid)
    return tuple((landing, *oids) for landing, oids in found.items())


def _portions(places: Mapping[str, Place]) -> Iterator[list[str]]:
    """Yield the tips in portions whose commits are not too many to be read at once."""
    portion: list[str] = []
    size = 0
    for tip, place in places.items():
        portion.append(tip)
        size += len(place.own[:MOST_COMMITS])
        if size >= _AT_A_TIME:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion

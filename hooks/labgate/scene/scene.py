"""Facts that all checks of a run share: the repository, the judging policy, the refs, and the target's tip."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from labgate.experiments.section import ExperimentHash
from labgate.git.commits import has_commit, is_ancestor, read_commits, rev_list
from labgate.git.diffs import changed_entries, differing_entries
from labgate.git.refs import TrackingRef, refs_with, tracking_refs
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.completeness import sources_gap
from labgate.research.first_seen import FirstSeen
from labgate.research.landed_refs import LandedOn
from labgate.research.readable import readable
from labgate.research.research_commits import Aftermath, ResearchGraph
from labgate.research.source_refs import RefClasses, SourceRef, classify_refs
from labgate.reviews.section import Reviews
from labgate.values.errors import GitError, UndecidedError
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.refnames import REMOTES, tracking_ref
from labgate.values.value import NOTHING, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.derivation.audited_landings import AuditedLandings
    from labgate.fingerprints.building import Progress
    from labgate.git.raw import Entry
    from labgate.reviews.approvals import HostedChange
    from labgate.reviews.markers import Claim
    from labgate.scene.governing_policy import Judging
    from labgate.scene.policy_line import PolicyLine
    from labgate.scene.standing import Standing
    from labgate.values.errors import LabgateError


class Scene(Value):
    """The facts of one run. ``remote`` is the remote that the proposal is for, ``None`` when there is none.

    ``trunk_tip`` is the trunk's commit before the change, ``None`` if the trunk does not exist yet. ``fetched`` is
    true when this run itself fetched every source ref. ``pushing`` is true when refs are really being moved (pre-push,
    pre-receive), false when a range is only proposed (check).

    ``proposed`` are sources without a ref here. ``aftermath`` is what happened after the updates landed, ``None`` if
    they have not landed. ``audited`` has compared them with research, ``None`` if each is compared by itself.
    ``hosted`` has the code host's answers about an update, if it was asked, and ``unanswered`` why there are none.
    ``late`` are the reviews of an update after it landed. ``heads`` fetches the heads of the changes that landed with
    an update, if the code host still has them; ``None``: it is not asked. ``former_heads`` fetches the heads that a
    change in CI had before. ``own_head`` is in CI whether the branch of
    the change belongs to the repository itself, ``None`` if there is no such branch. ``change``: CI judges a change
    that is only proposed, and may land squashed. ``push_url`` is the URL that git pushes to, ``None`` if it gave none.
    ``judging`` is how the policy was found, ``None`` if each update may
    have another one (audit): then ``history`` has the policies of the audited line. ``pins_refused`` has
    the commits (full oids) whose pins the remote refused in this run, each with its reason.
    ``progress`` is told how far the index is built.
    """

    repository: Repository
    policy: Policy
    refs: Mapping[str, str]
    remote: str | None
    trunk_tip: str | None
    updates: tuple[RefUpdate, ...]
    fetched: bool = False
    pushing: bool = False
    proposed: tuple[SourceRef, ...] = ()
    aftermath: Aftermath | None = None
    audited: AuditedLandings | None = None
    hosted: Mapping[RefUpdate, HostedChange] = NOTHING
    unanswered: Mapping[RefUpdate, UndecidedError] = NOTHING
    late: Mapping[RefUpdate, tuple[Claim, ...]] = NOTHING
    heads: Callable[[RefUpdate, Sequence[Commit]], tuple[str, ...]] | None = None
    former_heads: Callable[[], tuple[str, ...]] | None = None
    own_head: bool | None = None
    change: bool = False
    push_url: str | None = None
    judging: Judging | None = None
    history: PolicyLine | None = None
    pins_refused: Mapping[str, str] = NOTHING
    progress: Progress | None = None

    @property
    def landing(self) -> bool:
        """Whether what is judged has landed, or is what a merge queue is about to land."""
        return self.aftermath is not None or self.heads is not None

    @cached_property
    def tracking(self) -> tuple[TrackingRef, ...]:
        return tracking_refs(dict(self.refs), self.repository.remotes)

    @property
    def first_seen(self) -> FirstSeen:
        """The ledgers of this clone, with the current refs."""
        return self._looked[0]

    @property
    def _live(self) -> RefClasses:
        return self._looked[1]

    @property
    def unreadable(self) -> LabgateError | None:
        """The research that is left out because its history is not in this clone; ``None`` if all of it is."""
        broken = self._looked[2]
        if not broken:
            return None
        from labgate.derivation.lacking import Lacking

        return Lacking(broken).error(self.repository)

    @cached_property
    def _looked(self) -> tuple[FirstSeen, RefClasses, tuple[str, ...]]:
        """Return the ledgers, the refs that can be read, and the names of the research refs that cannot."""
        classes = self._classified(self.refs)
        noted = self._with_pushed(classes)
        seen = FirstSeen(self.repository)
        if self.aftermath is not None:  # nothing that has landed is first seen now
            return (seen, *readable(self.repository, classes))
        try:
            seen.observe_push(classes, noted, self._now)
        except GitError:
            classes, broken = readable(self.repository, classes)
            seen = FirstSeen(self.repository)  # the other one caches failed queries
            seen.observe_push(classes, readable(self.repository, noted)[0], self._now)
            return seen, classes, broken
        return seen, classes, ()

    @property
    def _pushed(self) -> dict[str, str]:
        """The remote-tracking refs that a push moves, as they will be: who pushes a commit first has it first."""
        if not self.pushing or self.remote is None:
            return {}
        found = {}
        for update in self.updates:
            protected = self.policy.classify(update.ref).name == "protected"  # it may be refused
            if update.branch is not None and update.new is not None and not protected:
                found[tracking_ref(self.remote, update.branch)] = update.new
        return found

    def _with_pushed(self, classes: RefClasses) -> RefClasses:
        """Return the refs as they will be after the push."""
        pushed = self._pushed
        if not pushed:
            return classes
        new = self._classified(pushed)
        return classes.changed(
            sources=(*(ref for ref in classes.sources if ref.ref not in pushed), *new.sources),
            others=(*(ref for ref in classes.others if ref.ref not in pushed), *new.others),
        )

    def _classified(self, refs: Mapping[str, str]) -> RefClasses:
        tracking = self.tracking if refs is self.refs else tracking_refs(dict(refs), self.repository.remotes)
        classes = classify_refs(self.policy, refs, tracking, self.repository.remotes)
        trunk = None if self.judging is None else self.judging.trunk
        return LandedOn(self.policy, self.remote, trunk).apart(classes)

    @cached_property
    def protected(self) -> tuple[TrackingRef, ...]:
        """Every protected remote-tracking ref, whether or not what it has counts as landed."""
        return tuple(ref for ref in self.tracking if self.policy.classify(ref.remote_ref).name == "protected")

    @cached_property
    def _now(self) -> int:
        return int(time.time())

    @cached_property
    def classes(self) -> RefClasses:
        """The refs by what they are to the gate, with what is only proposed."""
        known = self.first_seen.known(self.policy, self._live, self.refs, self._now, self._pushed)
        return known.changed(sources=(*known.sources, *self.proposed))

    def former_topics(self) -> tuple[SourceRef, ...]:
        """Return the tips that branches of other kinds were moved away from or deleted with."""
        return self.first_seen.former(self.policy, self._live, self._now, self._pushed)

    @cached_property
    def sources_gap(self) -> UndecidedError | None:
        """Why a source ref of the remote may not be known here, ``None`` if all are, or there is no remote."""
        return sources_gap(self.policy, self.repository, self.refs, self.remote, fetched=self.fetched)

    @cached_property
    def remote_refs(self) -> dict[str, str]:
        """The remote's branches at the last fetch: full name there, and tip."""
        return {ref.remote_ref: ref.oid for ref in self.tracking if ref.remote == self.remote}

    @cached_property
    def pins(self) -> dict[str, str]:
        """The pins of the remote, commits by name: asked for once where this run fetches, else as remembered here.

        Raises: ``UndecidedError`` when the remote cannot be asked.
        """
        settings = self.policy.section(ExperimentHash)
        if self.remote is None:
            return {}
        from labgate.experiments.pins import listed, remembered  # few pushes need to know

        return (listed if self.fetched else remembered)(self.repository, settings, self.remote)

    @cached_property
    def is_first_push(self) -> bool:
        """Return whether these refs are the first on their remote: they bring all of history, which is not a change."""
        return self.pushing and not self.remote_refs and all(update.old is None for update in self.updates)

    def standing(self, update: RefUpdate) -> Standing | None:
        """Return the place of an update's commits in a person's clone; ``None`` for a deletion."""
        if update.new is None:
            return None
        from labgate.scene.standing import standing_of  # few pushes go where somebody may have to rewrite them

        return standing_of(self.repository, self.refs, update.new, update.source)

    def mending(self, update: RefUpdate) -> Standing | None:
        """Return where a person mends an update's commits: as ``standing``, but in CI the change's own branch."""
        if self.change and update.source is not None and update.new is not None:
            from labgate.scene.standing import Standing

            return Standing(update.source, update.new, here=False)
        return self.standing(update)

    def way_to(self, update: RefUpdate) -> str:
        """Return the command that goes where a person rewrites commits before they land; empty if none is needed."""
        standing = None if self.landing else self.mending(update)
        return "" if standing is None else standing.way

    def amendable(self, update: RefUpdate) -> str | None:
        """Return the last commit (full oid) of an update where HEAD is that commit, so that it can be amended."""
        standing = None if self.landing else self.mending(update)
        return standing.oid if standing is not None and standing.here else None

    def span(self, update: RefUpdate) -> Span:
        """Return the span of an update. It is computed once for each update."""
        known: dict[RefUpdate, Span] = self.__dict__.setdefault("_spans", {})
        if update not in known:
            known[update] = Span(self, update)
        return known[update]


class Span:
    """The commits that one update brings to its target, whose tip is the update's old one."""

    def __init__(self, scene: Scene, update: RefUpdate) -> None:
        if update.new is None:
            message = f"the deletion of {update.ref} brings nothing"
            raise ValueError(message)
        self.scene = scene
        self.update = update
        self.head = update.new

    @cached_property
    def _others(self) -> tuple[TrackingRef, ...]:
        """The refs on which code has landed except the target's own, whose tip is ``old``."""
        return self._beside_target(self.scene.classes.protected)

    def _beside_target(self, refs: Sequence[TrackingRef]) -> tuple[TrackingRef, ...]:
        """Return those of some protected refs that are not the target's own, and did not start from it since."""
        own = (self.scene.remote, self.update.ref)
        if self.scene.pushing and self.update.old is None:
            # Created there: by a push to another repository, or again after somebody deleted it. What was on it landed.
            own = (None, self.update.ref)
        others = tuple(ref for ref in refs if (ref.remote, ref.remote_ref) != own)
        # A created branch without a base has the commits of others: it started from one of them.
        if self.scene.aftermath is None or not others or not self.base:
            return others
        return tuple(ref for ref in others if ref.ref not in self._since)

    @cached_property
    def _since(self) -> frozenset[str]:
        """The refs that have the first commit of the target's own line: they started from it since, or merged it."""
        first = rev_list(self.scene.repository, [self.head], self.base, "--first-parent")[-1:]
        return refs_with(self.scene.repository, first, REMOTES)

    @cached_property
    def base(self) -> tuple[str, ...]:
        """The target's old tip, or if that was never fetched, its last known tip."""
        old = self.update.old
        if old is not None and not has_commit(self.scene.repository, old):
            old = self.scene.remote_refs.get(self.update.ref)
        return () if old is None else (old,)

    @cached_property
    def _beside(self) -> tuple[str, ...]:
        """New tips of protected refs that the same push creates: their commits belong to them."""
        scene = self.scene
        if not scene.is_first_push or scene.policy.is_protected(self.update.ref):
            return ()
        tips = dict.fromkeys(other.new for other in scene.updates if scene.policy.is_protected(other.ref))
        return tuple(oid for oid in tips if oid is not None and not is_ancestor(scene.repository, self.head, oid))

    @cached_property
    def landed(self) -> tuple[str, ...]:
        """Tips of everything that had landed before the change."""
        return (*self.base, *self._beside, *dict.fromkeys(ref.oid for ref in self._others))

    @cached_property
    def exclude(self) -> tuple[str, ...]:
        """The tips that the range excludes: the old tip, and the remote's protected refs that do not reach the head."""
        return (*self.base, *self._beside, *self._apart(self._beside_target(self.scene.protected)))

    def _apart(self, refs: Sequence[TrackingRef]) -> tuple[str, ...]:
        """Return the tips of those of some refs that the remote has and that do not reach the head."""
        mine = dict.fromkeys(ref.oid for ref in refs if ref.remote == self.scene.remote)
        return tuple(oid for oid in mine if not is_ancestor(self.scene.repository, self.head, oid))

    @cached_property
    def oids(self) -> tuple[str, ...]:
        """The range, children before parents."""
        return rev_list(self.scene.repository, [self.head], self.exclude)

    @cached_property
    def commits(self) -> tuple[Commit, ...]:
        # With the old tip, the parent of most ranges, whose tree shows whether the first commit is empty.
        read = read_commits(self.scene.repository, (*self.oids, *self.base)) if self.oids else ()
        return read[: len(self.oids)]

    @cached_property
    def unlanded_commits(self) -> tuple[Commit, ...]:
        """The commits of the range that no protected branch has, children before parents."""
        others = dict.fromkeys(ref.oid for ref in self._beside_target(self.scene.protected))
        unlanded = self._without((*self.base, *self._beside, *others), self.oids, self.exclude)
        return self.commits if unlanded == self.oids else read_commits(self.scene.repository, unlanded)

    @cached_property
    def gated(self) -> tuple[Commit, ...]:
        """The range, with those of its commits that are on another protected branch and have not landed."""
        oids = self._without(self._gate_exclude, self.oids, self.exclude)
        return self.commits if oids == self.oids else read_commits(self.scene.repository, oids)

    @cached_property
    def touched(self) -> tuple[Entry, ...] | None:
        """The changes of all commits if they are one line on top of the old tip, so that nothing else has changed.

        ``None``: they are not, and only a diff of the head and the old tip shows what differs.
        """
        line = [*(commit.oid for commit in self.gated), *self.base]
        in_line = [commit.parents for commit in self.gated] == [(parent,) for parent in line[1:]]
        if not in_line or not self.base or line[0] != self.head:
            return None
        entries = changed_entries(self.scene.repository, line[:-1])
        return tuple(entry for mine in entries.values() for entry in mine)

    @cached_property
    def differing(self) -> tuple[Entry, ...]:
        """The files in which the head differs from the old tip."""
        return tuple(
            entry for tip in self.landed[:1] for entry in differing_entries(self.scene.repository, tip, self.head)
        )

    @cached_property
    def unlanded(self) -> tuple[str, ...]:
        """The commits of ``gated`` that have not landed, children before parents."""
        return self._without(self.landed, tuple(commit.oid for commit in self.gated), self._gate_exclude)

    @cached_property
    def _gate_exclude(self) -> tuple[str, ...]:
        return (*self.base, *self._beside, *self._apart(self._others))

    def _without(self, tips: Sequence[str], known: tuple[str, ...], exclude: Sequence[str]) -> tuple[str, ...]:
        """Return what the head has without some tips; ``known`` is what it has without ``exclude``."""
        return known if set(tips) == set(exclude) else rev_list(self.scene.repository, [self.head], tips)

    @cached_property
    def graph(self) -> ResearchGraph:
        protected = self._others
        classes = RefClasses(self.scene.classes.sources, protected, self.scene.classes.others)
        scene = self.scene
        if scene.audited is not None:
            return scene.audited.graph
        believes = scene.policy.section(Reviews).assurance == "trailer"
        return ResearchGraph(
            scene.repository,
            classes,
            self.base,
            scene.first_seen,
            scene.aftermath,
            believes=believes,
            former=scene.former_topics,
        )

"""Facts for research-gate: what derives from research, who contributed, and who claims to have reviewed it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import cached_property

from labgate.checks.collected import Collected
from labgate.checks.research_gate.update import Facts, Landed, Move, commits_of, restricted
from labgate.git.commits import has_commit, is_ancestor, read_commits
from labgate.git.diffs import changed_entries
from labgate.research.section import ResearchGate
from labgate.research.stated_evidence import find_evidence, reached_by_sources
from labgate.reviews.section import Reviews
from labgate.scene.proposed_policy import proposed_policy
from labgate.scene.scene import Scene, Span
from labgate.values.errors import LabgateError, UndecidedError
from labgate.values.finding import Evidence
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.refnames import HEADS, branch_of, short_ref, tracking_ref

#: Where the queues of code hosts keep the changes that they test.
_QUEUES = (f"{HEADS}gh-readonly-queue/", f"{HEADS}mergify/merge-queue/")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.derivation.lacking import Traces


def collect(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update of a protected ref, or why there is nothing to judge.

    Raises: ``UndecidedError``, ``GitError`` when this clone lacks what decides.
    """
    if scene.policy.classify(update.ref).name != "protected":
        return Collected(skipped=f"{update.ref} is not protected")
    if _is_first_push(scene, update):
        return Collected(skipped=f"nothing is on {scene.remote} yet, so nothing could be told from research")
    source = None if update.source is None else f"{HEADS}{update.source}"
    facts = Facts(
        ref=update.ref,
        remote=scene.remote,
        rewrite=_rewrite(scene, update) if scene.pushing and update.old is not None else None,
        source=update.source,
        source_kind=None if source is None else scene.policy.classify(source).name,
        source_stated=update.source_stated,
        policy=proposed_policy(scene, update),
    )
    if facts.rewrite is not None and scene.aftermath is None:
        standing = scene.standing(update)
        facts = facts.changed(way="" if standing is None else standing.way)
    undecidable: tuple[str, ...] = ()
    if update in scene.unanswered:
        raise scene.unanswered[update]  # nobody knows from where it came, nor who approved it
    lacking: LabgateError | None = None
    if update.new is not None and facts.rewrite != "unknown-tip":
        scene.repository.require_history()
        gathering = _Gathering(scene, scene.span(update))
        facts, undecidable = gathering.complete(facts)
        lacking = gathering.lacking
    return Collected((facts,), undecided=lacking or _undecided(scene, update), undecidable=undecidable)


def _is_first_push(scene: Scene, update: RefUpdate) -> bool:
    """Say whether a protected ref is created on an empty remote, by no research branch of that name.

    Everything there would count as research that some research branch was cut from: no protected tip says otherwise.
    """
    if not scene.pushing or scene.remote_refs or update.old is not None or update.new is None:
        return False
    source = None if update.source is None else scene.policy.classify(f"{HEADS}{update.source}").name
    return scene.policy.is_protected(update.ref) and source not in scene.policy.section(ResearchGate).sources


def _undecided(scene: Scene, update: RefUpdate) -> UndecidedError | None:
    """Say why silence does not mean that an update is clean: not every source ref is known here."""
    if scene.sources_complete or update.new is None:
        return None
    remote = scene.remote or "origin"
    return UndecidedError(
        f"the research refs of {remote} are not fetched here", scene.repository.fetching_branches(remote)
    )


def _rewrite(scene: Scene, update: RefUpdate) -> str | None:
    if update.new is None:
        return "deleted"
    if update.old is None or not has_commit(scene.repository, update.old):
        return "unknown-tip"
    # The commits of the update are read in any case, and mostly show that it goes on from the old tip.
    if any(update.old in commit.parents for commit in scene.span(update).commits):
        return None
    return None if is_ancestor(scene.repository, update.old, update.new) else "non-fast-forward"


class _Gathering:
    """One update's evidence and reviews; each part is read only when an earlier one asks for it."""

    def __init__(self, scene: Scene, span: Span) -> None:
        self.scene = scene
        self.span = span
        self.repository = scene.repository
        #: Why what was found may not be all, ``None`` where it is.
        self.lacking: LabgateError | None = None if scene.audited is not None else scene.unreadable
        # Only now: most pushes are to branches that nothing protects, and wait for every import.
        from labgate.checks.research_gate.review_gathering import ReviewGathering

        self.reviews = ReviewGathering(scene, span)

    def complete(self, facts: Facts) -> tuple[Facts, tuple[str, ...]]:
        """Return the facts with what needs review or is suspected, and the commits that could not be compared.

        Those are too small to be compared by their text, and exact methods found nothing on them.
        """
        evidence, small = self._evidence()
        # The strongest stands first, so proofs stand before the rest.
        proofs, hints = [item for item in evidence if item.proves], [item for item in evidence if not item.proves]
        proven = commits_of(proofs)
        # What is proven is LG201's, whatever else resembles it.
        hinted = commits_of(hints) - proven
        everything = self.scene.policy.section(ResearchGate).require_review == "all"
        needing = self._with_content(proven | self.unlanded if everything else proven)
        suspected = self._with_content(hinted)
        undecidable = _oids(self._with_content(small - proven - hinted))
        if not needing and not suspected:
            return facts, undecidable
        rivals = self._rivals(evidence)
        facts = facts.changed(
            evidence=(
                *restricted(proofs, frozenset(_oids(needing))),
                *restricted(hints, frozenset(_oids(suspected))),
            ),
            needing=_oids(needing),
            suspected=_oids(suspected),
            subjects={commit.oid: commit.subject for commit in (*needing, *suspected)},
            paths=self._paths(needing),
            suspected_paths=self._paths(suspected),
            rivals=rivals,
            nobodys=frozenset(ref for refs in rivals.values() for ref in refs if self._is_nobodys(ref)),
            moves=self._moves(evidence),
            forks=self._forks(),
            landed=self._landed,
            branch=_branch(self.scene, self.span.update),
            head=self.span.head,
        )
        return self.reviews.complete(facts), undecidable

    @property
    def _landed(self) -> Landed | None:
        """How the target moved, ``None`` where it is only to move."""
        if self.scene.aftermath is None:
            return None
        head = self.span.commits[0]
        return Landed(next(iter(self.span.base), None), head.oid, head.subject)

    def _with_content(self, oids: Container[str]) -> tuple[Commit, ...]:
        """Return these commits of the range, children before parents, without those that bring nothing."""
        return tuple(c for c in self.span.commits if c.oid in oids and not self.reviews.contributors.is_contentless(c))

    @cached_property
    def unlanded(self) -> frozenset[str]:
        return frozenset(self.span.unlanded)

    def _evidence(self) -> tuple[tuple[Evidence, ...], frozenset[str]]:
        """Return the evidence, strongest first, and the commits that are too small to be compared by their text."""
        reached = reached_by_sources(self.span.graph, self.span.oids)
        candidates = [commit for commit in self.span.commits if commit.oid in self.unlanded]
        exact = find_evidence(self.span.graph, self.scene.policy, candidates, reached)
        by_ancestry = {oid for item in exact if item.method == "ancestry" for oid in item.commits}
        rest = [commit for commit in candidates if commit.oid not in by_ancestry]
        traced, small = self._traced(rest)
        return tuple(sorted((*exact, *traced), key=lambda item: item.strength)), small

    def _traced(self, commits: Sequence[Commit]) -> tuple[Sequence[Evidence], frozenset[str]]:
        """Return what a comparison of commits with research says, and which of them are too small for it."""
        if self.scene.audited is not None:
            return self._taken(self.scene.audited.traced(_oids(commits)))
        if not commits or not self.span.graph.has_sources:
            return (), frozenset()
        # Most pushes have nothing to compare, and all of them wait for every import.
        from labgate.derivation.range_evidence import range_evidence

        ledger = self.scene.first_seen.research
        return self._taken(range_evidence(self.repository, self.span.graph, commits, self.span.landed, ledger))

    def _taken(self, traces: Traces) -> tuple[Sequence[Evidence], frozenset[str]]:
        self.lacking = self.lacking or traces.lacking.error(self.repository)
        return traces.evidence, traces.small

    def _paths(self, commits: Iterable[Commit]) -> frozenset[str]:
        if not self.scene.policy.section(Reviews).quorum.groups:
            return frozenset()
        entries = changed_entries(self.repository, [commit.oid for commit in commits])
        return frozenset(entry.path for found in entries.values() for entry in found)

    def _rivals(self, evidence: Iterable[Evidence]) -> dict[str, tuple[str, ...]]:
        """For each source ref the live branches of another kind that hold the same commits."""
        found: dict[str, tuple[str, ...]] = {}
        for item in evidence:
            if item.method == "ancestry" and item.source_ref is not None:
                rivals = dict.fromkeys(ref for oid in item.commits for ref in self.span.graph.rivals_of(oid))
                found[item.source_ref] = tuple(rivals)
        return found

    def _is_nobodys(self, ref: str) -> bool:
        """Say whether a remote-tracking branch is the change's own, a bot's or a merge queue's."""
        item = next(item for item in self.scene.tracking if item.ref == ref)
        source = self.span.update.source
        own = source is not None and item.remote_ref == HEADS + source and item.remote == self.scene.remote
        queued = item.remote_ref.startswith(_QUEUES) or self.scene.policy.classify(item.remote_ref).name == "bot"
        return own or queued or item.oid in self._tips

    @cached_property
    def _tips(self) -> frozenset[str]:
        """The heads that the change is made of: its own and, of its merges on the first-parent line, those merged."""
        commits = {commit.oid: commit for commit in self.span.commits}
        tips, oid = {self.span.head}, self.span.head
        while oid in commits and commits[oid].parents:
            oid, *merged = commits[oid].parents
            tips.update(merged)
        return frozenset(tips)

    def _moves(self, evidence: Iterable[Evidence]) -> dict[str, Move]:
        """For each source ref how to leave its commits out, where the change goes on from it with commits of its own.

        The branch that is moved is always the one that the change comes from.
        """
        update, scene = self.span.update, self.scene
        target = None if update.branch is None or scene.remote is None else tracking_ref(scene.remote, update.branch)
        if scene.aftermath is not None or target is None or target not in scene.refs:
            return {}
        standing = scene.standing(update)
        if standing is None or (standing.branch is None and not standing.here and (scene.pushing or not update.source)):
            return {}
        found = {}
        for ref in {item.source_ref for item in evidence if item.method == "ancestry" and item.source_ref is not None}:
            if ref not in scene.refs or not self._goes_on_from(ref):
                continue
            branch = standing.branch if scene.pushing else update.source
            way = standing.way if standing.branch is not None else ""
            found[ref] = Move(target, ref, branch, way)
        return found

    def _goes_on_from(self, ref: str) -> bool:
        """Say whether the change has commits that a source ref has not, and no merge among them."""
        source = next(each for each in self.span.graph.classes.sources if each.ref == ref)
        own = [c for c in self.span.commits if source not in self.span.graph.sources_of(c.oid)]
        return bool(own) and all(len(commit.parents) == 1 for commit in own)

    def _forks(self) -> dict[str, str]:
        """Return what people call the research of other repositories that no ref here stands for."""
        return {
            source.ref: f"{short_ref(source.branch)} of {source.remote}"
            for source in self.scene.proposed
            if source.remote is not None
        }


def _branch(scene: Scene, update: RefUpdate) -> str | None:
    """Return the short name of the branch on which a review of an update is to be stated, ``None`` where none is."""
    if update.source is not None or update.new is None:
        return update.source
    found = _branches_at(scene, (update.new,))
    # A queue makes a merge of its own: the review belongs on the branch that is merged.
    return next(iter(found or _branches_at(scene, read_commits(scene.repository, [update.new])[0].parents[1:])), None)


def _branches_at(scene: Scene, oids: Sequence[str]) -> list[str]:
    """Return the short names of the branches at these commits, those here first; no bot's, and no merge queue's."""
    refs = [ref for ref, oid in scene.refs.items() if oid in oids] + [
        ref for ref, oid in scene.remote_refs.items() if oid in oids
    ]
    kept = [ref for ref in refs if not ref.startswith(_QUEUES) and scene.policy.classify(ref).name != "bot"]
    return [branch for ref in kept if (branch := branch_of(ref)) is not None]


def _oids(commits: Iterable[Commit]) -> tuple[str, ...]:
    return tuple(commit.oid for commit in commits)

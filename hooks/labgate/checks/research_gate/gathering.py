"""What research-gate judges about an update of a protected ref: evidence of research, contributors, review markers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from labgate.checks.collected import Collected
from labgate.checks.research_gate.unseen import not_examined
from labgate.checks.research_gate.update import Facts, Landed, Move, commits_of, restricted
from labgate.git.commits import has_commit, is_ancestor, read_commits, rev_list, trees_with_parents
from labgate.git.diffs import changed_entries
from labgate.git.merges import is_contentless
from labgate.research.merged_urls import forwarded_urls, merged_urls
from labgate.research.section import ResearchGate
from labgate.research.stated_evidence import find_evidence, reached_by_sources
from labgate.reviews.section import Reviews
from labgate.scene.proposed_policy import proposed_policy
from labgate.scene.scene import Scene, Span
from labgate.values.errors import LabgateError, UndecidedError
from labgate.values.finding import LIVE, Evidence
from labgate.values.phrases import quote
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.refnames import HEADS, QUEUES, TAGS, branch_of, short_ref, tracking_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.research_gate.review_gathering import ReviewGathering
    from labgate.derivation.lacking import Traces


def gathered(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of an update of a protected ref.

    Raises: ``UndecidedError``, ``GitError`` when this clone lacks needed objects.
    """
    source = None if update.source is None else f"{HEADS}{update.source}"
    facts = Facts(
        ref=update.ref,
        remote=scene.remote,
        rewrite=_rewrite(scene, update) if scene.pushing and update.old is not None else None,
        source=update.source,
        source_kind=None if source is None else scene.policy.classify(source).name,
        source_stated=update.source_stated,
        audited=scene.audited is not None,
    )
    if facts.rewrite is not None and scene.aftermath is None:
        standing = scene.standing(update)
        facts = facts.changed(way="" if standing is None else standing.way)
    undecidable: tuple[str, ...] = ()
    if update in scene.unanswered:
        raise scene.unanswered[update]  # its source and its approvals are unknown
    lacking: LabgateError | None = None
    cut: tuple[str, ...] = ()
    if update.new is not None and facts.rewrite != "unknown-tip":
        scene.repository.require_history()
        facts = facts.changed(policy=proposed_policy(scene, update))
        gathering = _Gathering(scene, scene.span(update))
        facts, undecidable = gathering.complete(facts)
        lacking, cut = gathering.lacking, gathering.cut
    undecided: LabgateError | None = lacking or (None if update.new is None else _undecided(scene, update))
    unseen = (*not_examined(scene, update), *cut)
    return Collected((facts,), undecided=undecided, undecidable=undecidable, unseen=unseen)


def _undecided(scene: Scene, update: RefUpdate) -> UndecidedError | None:
    """Return why a pass may be wrong: not all research is known here; ``None`` if all is, or it has landed."""
    if scene.sources_gap is not None or scene.aftermath is not None:
        return scene.sources_gap
    span = scene.span(update)
    merges = [commit for commit in span.gated if len(commit.parents) > 1]

    def known(oid: str) -> bool:
        return bool(span.graph.sources_of(oid))

    found = merged_urls(scene.policy, merges, scene.remote, known)
    gated = {commit.oid for commit in span.gated}
    return next(found, None) or next(forwarded_urls(scene.policy, scene.repository, gated, scene.remote, known), None)


def _rewrite(scene: Scene, update: RefUpdate) -> str | None:
    if update.new is None:
        return "deleted"
    if update.old is None or not has_commit(scene.repository, update.old):
        return "unknown-tip"
    # The commits of the update are read anyway, and mostly show that it descends from the old tip.
    if any(update.old in commit.parents for commit in scene.span(update).commits):
        return None
    return None if is_ancestor(scene.repository, update.old, update.new) else "non-fast-forward"


class _Gathering:
    """One update's evidence and reviews; each part is read only when an earlier one needs it."""

    def __init__(self, scene: Scene, span: Span) -> None:
        self.scene = scene
        self.span = span
        self.repository = scene.repository
        #: Why the result may be incomplete, ``None`` if it is complete.
        self.lacking: LabgateError | None = None if scene.audited is not None else scene.unreadable
        #: A line for each side of the comparison that was not read to its end.
        self.cut: tuple[str, ...] = ()

    @cached_property
    def reviews(self) -> ReviewGathering:
        """The reviews of the update; most have nothing that needs one."""
        from labgate.checks.research_gate.review_gathering import ReviewGathering

        return ReviewGathering(self.scene, self.span)

    def complete(self, facts: Facts) -> tuple[Facts, tuple[str, ...]]:
        """Return the facts with the commits that need review or are suspected, and those that could not be compared.

        The latter have too little text to compare, and exact methods found nothing.
        """
        evidence, small = self._evidence()
        # The strongest evidence comes first, so proofs come before the rest.
        proofs, hints = [item for item in evidence if item.proves], [item for item in evidence if not item.proves]
        proven = commits_of(proofs)
        # LG201 reports what is proven, even if it is similar to other research.
        hinted = commits_of(hints) - proven
        everything = self.scene.policy.section(ResearchGate).require_review == "all"
        unlanded = frozenset(_oids(self.span.unlanded_commits)) if everything else frozenset()
        needing = self._with_content(proven | unlanded)
        suspected = self._with_content(hinted)
        undecidable = _oids(self._with_content(small - proven - hinted))
        policy = frozenset(() if facts.policy is None else facts.policy.commits)
        if not needing and not suspected and not policy:
            return facts, undecidable
        reviewed = [commit for commit in self.span.gated if commit.oid in policy]
        rivals = self._rivals(evidence)
        facts = facts.changed(
            evidence=(
                *restricted(proofs, frozenset(_oids(needing))),
                *restricted(hints, frozenset(_oids(suspected))),
            ),
            needing=_oids(needing),
            suspected=_oids(suspected),
            subjects={commit.oid: commit.subject for commit in (*needing, *suspected, *reviewed)},
            paths=self._paths(needing),
            suspected_paths=self._paths(suspected),
            rivals=rivals,
            ignored=frozenset(ref for ref in self._others_of(evidence, rivals) if self._is_ignored(ref)),
            disputed=self._disputed(evidence),
            moves=self._moves(evidence),
            forks=self._forks(),
            landed=self._landed,
            branch=branch_for_marker(self.scene, self.span),
            head=self.span.head,
            tag=tag_command(self.scene, self.span),
        )
        return self.reviews.complete(facts), undecidable

    @property
    def _landed(self) -> Landed | None:
        """The move of the target, ``None`` if it has not moved yet."""
        if self.scene.aftermath is None:
            return None
        subject = next((commit.subject for commit in self.span.gated), "")
        return Landed(next(iter(self.span.base), None), self.span.head, subject)

    def _with_content(self, oids: Container[str]) -> tuple[Commit, ...]:
        """Return these commits of the range, children before parents, without those that change nothing."""
        commits = [commit for commit in self.span.gated if commit.oid in oids]
        trees = trees_with_parents(self.repository, commits)
        return tuple(commit for commit in commits if not is_contentless(self.repository, commit, trees))

    @cached_property
    def unlanded(self) -> frozenset[str]:
        return frozenset(self.span.unlanded)

    def _evidence(self) -> tuple[tuple[Evidence, ...], frozenset[str]]:
        """Return the evidence, strongest first, and the commits with too little text to compare."""
        reached = reached_by_sources(self.span.graph, _oids(self.span.gated))
        candidates = [commit for commit in self.span.gated if commit.oid in self.unlanded]
        stated = (*find_evidence(self.span.graph, self.scene.policy, candidates, reached), *self._linked(candidates))
        exact, landed = self._without_landed(stated)
        known = {oid for item in exact if item.method == "ancestry" for oid in item.commits} | landed
        rest = [commit for commit in candidates if commit.oid not in known]
        traced, small = self._traced(rest)
        return tuple(sorted((*exact, *traced), key=lambda item: item.strength)), small

    def _linked(self, commits: Sequence[Commit]) -> Iterator[Evidence]:
        """Yield the evidence of each commit with a submodule at a commit that is research here."""
        touched = self.span.differing if self.span.touched is None else self.span.touched
        if not any(entry.is_submodule for entry in touched):
            return
        graph = self.span.graph
        for oid, entries in changed_entries(self.repository, _oids(commits)).items():
            for entry in entries:
                pinned = self._research_below(entry.new) if entry.is_submodule else None
                if pinned is not None:
                    source = graph.sources_of(pinned)[0]
                    yield Evidence(
                        "blob",
                        decisive=True,
                        source_ref=source.ref,
                        commits=(oid,),
                        source_commits=(pinned,),
                        paths=(entry.path,),
                        source_state=source.state,
                    )

    def _research_below(self, oid: str) -> str | None:
        """Return the last research commit that a commit has, ``None`` if it has none or is not of this repository."""
        if not has_commit(self.repository, oid):
            return None
        unlanded = rev_list(self.repository, [oid], self.span.landed)
        return next((one for one in unlanded if self.span.graph.is_research(one)), None)

    def _without_landed(self, stated: Sequence[Evidence]) -> tuple[Sequence[Evidence], frozenset[str]]:
        """Return the evidence in ancestry and messages of unlanded research, and the commits that have landed."""
        if not stated:
            return (), frozenset()
        # Most pushes have no such evidence, and all of them wait for every import.
        from labgate.derivation.landed_content import LandedContent, without_landed

        tips = (*self.span.base, *filter(None, [self.scene.trunk_tip]))
        return without_landed(stated, LandedContent(self.repository, tips), self.span.graph.parents)

    def _traced(self, commits: Sequence[Commit]) -> tuple[Sequence[Evidence], frozenset[str]]:
        """Return the result of comparing commits with research, and those with too little text."""
        if self.scene.audited is not None:
            return self._taken(self.scene.audited.traced(_oids(commits)))
        if not commits or not self.span.graph.has_sources:
            return (), frozenset()
        # Imported late: most pushes have nothing to compare.
        from labgate.derivation.range_evidence import range_evidence

        ledger = self.scene.first_seen.research
        hosted = self.scene.hosted.get(self.span.update)
        opened = None if hosted is None else hosted.opened
        return self._taken(
            range_evidence(
                self.repository, self.span.graph, commits, self.span.landed, ledger, opened, self.scene.progress
            )
        )

    def _taken(self, traces: Traces) -> tuple[Sequence[Evidence], frozenset[str]]:
        self.lacking = self.lacking or traces.lacking.error(self.repository)
        self.cut = tuple(traces.cut.lines())
        return traces.evidence, traces.small

    def _paths(self, commits: Iterable[Commit]) -> frozenset[str]:
        if not self.scene.policy.section(Reviews).quorum.groups:
            return frozenset()
        entries = changed_entries(self.repository, [commit.oid for commit in commits])
        return frozenset(entry.path for found in entries.values() for entry in found)

    def _rivals(self, evidence: Iterable[Evidence]) -> dict[str, tuple[str, ...]]:
        """For each source ref the live branches of another kind that hold the same commits."""
        found: dict[str, dict[str, None]] = {}
        for item in self._held(evidence):
            rivals = (ref for oid in item.commits for ref in self.span.graph.rivals_of(oid))
            found.setdefault(item.source_ref or "", {}).update(dict.fromkeys(rivals))
        return {ref: tuple(rivals) for ref, rivals in found.items()}

    def _disputed(self, evidence: Iterable[Evidence]) -> frozenset[str]:
        """Return the source refs of which it is not known whether they had their commits first."""
        disputed, proofs = self.span.graph.is_disputed, [item for item in evidence if item.proves]
        held = {item.source_ref for item in self._held(proofs) if any(disputed(oid) for oid in item.commits)}
        return frozenset(ref or "" for ref in (*held, *(item.source_ref for item in proofs if item.other_ref)))

    @staticmethod
    def _held(evidence: Iterable[Evidence]) -> Iterator[Evidence]:
        """Yield the evidence in ancestry of live refs."""
        live = (item for item in evidence if item.source_state == LIVE and item.source_ref is not None)
        return (item for item in live if item.method == "ancestry")

    @staticmethod
    def _others_of(evidence: Iterable[Evidence], rivals: Mapping[str, Sequence[str]]) -> Iterator[str]:
        yield from (ref for refs in rivals.values() for ref in refs)
        yield from (item.other_ref for item in evidence if item.other_ref is not None)

    def _is_ignored(self, ref: str) -> bool:
        """Return whether a remote-tracking branch is the change's own, a bot's or a merge queue's."""
        source = self.span.update.source
        item = next((item for item in self.scene.tracking if item.ref == ref), None)
        if item is None:  # it is deleted
            return source is not None and ref == tracking_ref(self.scene.remote or "", source)
        own = source is not None and item.remote_ref == HEADS + source and item.remote == self.scene.remote
        queued = item.remote_ref.startswith(QUEUES) or self.scene.policy.classify(item.remote_ref).name == "bot"
        return own or queued or item.oid in self._tips

    @cached_property
    def _tips(self) -> frozenset[str]:
        """The heads that the change is made of: its own and, of its merges on the first-parent line, those merged."""
        commits = {commit.oid: commit for commit in self.span.gated}
        tips, oid = {self.span.head}, self.span.head
        while oid in commits and commits[oid].parents:
            oid, *merged = commits[oid].parents
            tips.update(merged)
        return frozenset(tips)

    def _moves(self, evidence: Iterable[Evidence]) -> dict[str, Move]:
        """For each source ref the move that leaves its commits out, if the change has own commits on top of it.

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
        held = [item for item in evidence if item.method == "ancestry" and item.source_state == LIVE]
        for ref in {item.source_ref for item in held if item.source_ref is not None}:
            if ref not in scene.refs or not self._goes_on_from(ref):
                continue
            branch = standing.branch if scene.pushing else update.source
            way = standing.way if standing.branch is not None else ""
            found[ref] = Move(target, ref, branch, way)
        return found

    def _goes_on_from(self, ref: str) -> bool:
        """Return whether the change has commits that a source ref does not have, and none of them is a merge."""
        source = next(each for each in self.span.graph.classes.sources if each.ref == ref)
        own = [c for c in self.span.gated if source not in self.span.graph.sources_of(c.oid)]
        return bool(own) and all(len(commit.parents) == 1 for commit in own)

    def _forks(self) -> dict[str, str]:
        """Return the names of research of other repositories that has no ref here."""
        return {
            source.ref: f"{short_ref(source.branch)} of {source.remote}"
            for source in self.scene.proposed
            if source.remote is not None
        }


def branch_for_marker(scene: Scene, span: Span) -> str | None:
    """Return the short name of the branch for a review marker of an update, ``None`` if there is none."""
    update = span.update
    if update.source is not None or update.new is None:
        return update.source
    found = _branches_at(scene, (update.new,))
    if not found and _is_queued(scene, update.new):
        merged = read_commits(scene.repository, [update.new])[0].parents[1:]
        # A queue makes a merge of its own: the review belongs on the branch that is merged, if that has all the rest.
        if rev_list(scene.repository, [update.new], [*merged, *span.landed]) == (update.new,):
            found = _branches_at(scene, merged)
    return next(iter(found), None)


def tag_command(scene: Scene, span: Span) -> str | None:
    """Return the command that moves a pushed tag of this clone, without the commit; ``None`` if none is pushed.

    An annotated tag keeps its message, which git opens in an editor, and a signed one is signed again (git-tag).
    """
    ref = span.update.ref
    if not ref.startswith(TAGS) or span.update.source is not None or scene.refs.get(ref) != span.head:
        return None
    kept, git = "", scene.repository.git
    if git.run("cat-file", "-t", ref).decode().strip() == "tag":
        kept = " --sign" if b"\n-----BEGIN " in git.run("cat-file", "tag", ref) else " --annotate"
    return f"{'GIT_EDITOR=true ' if kept else ''}git tag --force{kept} {quote(ref.removeprefix(TAGS))}"


def _is_queued(scene: Scene, oid: str) -> bool:
    """Return whether a merge queue has made a commit: one of its branches is there."""
    refs = (*scene.refs.items(), *scene.remote_refs.items())
    return any(tip == oid and ref.startswith(QUEUES) for ref, tip in refs)


def _branches_at(scene: Scene, oids: Sequence[str]) -> list[str]:
    """Return the short names of the branches at these commits, those here first; no bot's, and no merge queue's."""
    refs = [ref for ref, oid in scene.refs.items() if oid in oids] + [
        ref for ref, oid in scene.remote_refs.items() if oid in oids
    ]
    kept = [ref for ref in refs if not ref.startswith(QUEUES) and scene.policy.classify(ref).name != "bot"]
    kept.sort(key=scene.policy.is_protected)  # a review marker is no commit for a protected branch
    return [branch for ref in kept if (branch := branch_of(ref)) is not None]


def _oids(commits: Iterable[Commit]) -> tuple[str, ...]:
    return tuple(commit.oid for commit in commits)

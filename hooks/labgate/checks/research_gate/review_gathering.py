"""The reviews of an update: markers in it and elsewhere, approvals on the code host, and its contributors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import takewhile

from labgate.checks.research_gate.check import review_state
from labgate.checks.research_gate.update import Facts
from labgate.git.commits import has_commit, is_ancestor, peel, read_commits, rev_list
from labgate.reviews.approvals import (
    HostedChange,
    commits_to_compare,
    judged_approvals,
    opened_by,
    people_by_login,
    unlisted,
    without_unseen,
)
from labgate.reviews.contributors import Contributors
from labgate.reviews.markers import Claim, brought_in, read_claims
from labgate.reviews.quorum import JudgedClaim
from labgate.reviews.section import Reviews
from labgate.reviews.source_markers import Segment, SourceMarkers, bound
from labgate.scene.scene import Scene, Span
from labgate.values.approval import Approval
from labgate.values.finding import MOVED, Evidence
from labgate.values.ref_update import Commit
from labgate.values.refnames import HEADS, is_oid

#: Why a marker does not count at a push.
_UNPUSHED = "its commit is not on the remote: push the branch that has it"


class ReviewGathering:
    """The reviews of one update; each place is only searched when the ones before are not enough."""

    def __init__(self, scene: Scene, span: Span) -> None:
        self.scene = scene
        self.span = span
        self.repository = scene.repository
        self.heads: tuple[str, ...] = ()
        #: Who must have reviewed each commit of a branch, so that its markers hold for what landed from it.
        self.carrying = scene.policy.section(Reviews)
        self.contributors = Contributors(
            scene.repository, scene.policy.section(Reviews), scene.trunk_tip, span.base, self._perhaps_original
        )
        self.contributors.know(span.gated)

    def complete(self, facts: Facts) -> Facts:
        """Return the facts with the reviews. The most distant places are searched last."""
        origins = _origins(facts.evidence)
        # The objects of a deleted branch may be gone, though it is recorded.
        here = peel(self.repository, [oid for oids in origins.values() for oid in oids])
        self.contributors.origins = {oid: tuple(one for one in mine if one in here) for oid, mine in origins.items()}
        facts = self._with_approvals(self._with_claims(facts))
        if self._is_open(facts):
            facts = self._with_claims(facts, elsewhere=True)
        if self._is_open(facts) and self.scene.heads is not None:
            self.heads = self.scene.heads(self.span.update, self.span.gated)
            if self.heads:
                self._forget()
                facts = self._with_approvals(self._with_claims(facts, elsewhere=True))
        return facts

    def _is_open(self, facts: Facts) -> bool:
        """Return whether a commit that needs a review, or is suspected with an alarm, lacks one."""
        alarms = any((item.decisive and not item.proves) or item.is_doubtful for item in facts.evidence)
        return alarms or self.lacks_review(facts)

    def lacks_review(self, facts: Facts) -> bool:
        """Return whether a commit that needs a review lacks one."""
        state = review_state(facts, self.scene.policy)
        return state is not None and bool(state.missing)

    def _forget(self) -> None:
        """Read the contributors again, as more commits are known now."""
        origins, scene = self.contributors.origins, self.scene
        self.contributors = Contributors(
            scene.repository, scene.policy.section(Reviews), scene.trunk_tip, self.span.base, self._perhaps_original
        )
        self.contributors.know(self.span.gated)
        self.contributors.origins = origins

    def _with_claims(self, facts: Facts, *, elsewhere: bool = False) -> Facts:
        """Return the facts with the review markers of the range, and if ``elsewhere`` with those of its source."""
        judged = [self._judged(claim) for claim in self._claims() if not claim.covers.isdisjoint(facts.subjects)]
        judged += self._late(facts)
        if elsewhere:
            judged += self._elsewhere(facts)
        contributors = frozenset(self.contributors.wrote(self.span.gated))
        return facts.changed(claims=tuple(judged), contributors=contributors, sought=dict(self.contributors.sought))

    def _late(self, facts: Facts) -> Iterator[JudgedClaim]:
        """Yield the reviews that were made after the update landed."""
        for claim in self.scene.late.get(self.span.update, ()):
            wrote = self.contributors.wrote(self.span.gated)
            covers = frozenset(facts.subjects)
            yield JudgedClaim(claim.commit, claim.email, covers, claim.flaw, wrote, late=True)

    def _elsewhere(self, facts: Facts) -> Iterator[JudgedClaim]:
        """Yield the markers on the commits' source branch, if the commits have the content that they covered."""
        here = frozenset(commit.oid for commit in self.span.gated)
        seen: set[tuple[str, frozenset[str]]] = set()
        # A ref that is created has no tip before: what has landed elsewhere is no part of its source.
        base = self.span.base or self.span.landed
        for tip in self.reviewed_heads(facts):
            markers = SourceMarkers(self.repository, self.carrying, self.contributors, tip, base)
            for segment in self._segments(frozenset(facts.subjects)):
                for claim in markers.claims(segment, here):
                    if (claim.commit, claim.covers) not in seen:
                        seen.add((claim.commit, claim.covers))
                        yield claim if self._is_public(claim.commit) else claim.changed(flaw=_UNPUSHED)

    def _is_public(self, oid: str) -> bool:
        """Return whether the remote has a marker after a push: nobody finds one that only this clone has."""
        scene = self.scene
        if not scene.pushing or scene.aftermath is not None or scene.remote is None:
            return True
        tips = [*scene.remote_refs.values(), *(update.new for update in scene.updates if update.new is not None)]
        return not rev_list(self.repository, [oid], tips, "-n", "1")

    def reviewed_heads(self, facts: Facts) -> tuple[str, ...]:
        """Return the heads of the branches with the commits in the evidence, and of the changes that landed.

        Their markers only count for their own landing, not for another branch that copied from them.
        """
        scene, graph, update = self.scene, self.span.graph, self.span.update
        named = dict.fromkeys(oid for item in facts.evidence for oid in item.source_commits)
        landing = scene.landing or scene.pushing or update.source is None
        held = dict.fromkeys(source for oid in named for source in graph.sources_of(oid))
        # What a branch was moved away from by force has no say: the markers there were taken back.
        sources = [source for source in held if source.state != MOVED]
        own = None if update.source is None else HEADS + update.source
        tips = [source.oid for source in sources if landing or source.branch == own]
        lost = [oid for oid in named if landing and not graph.sources_of(oid)]
        return tuple(dict.fromkeys((*self.heads, *tips, *peel(self.repository, lost))))

    def _segments(self, needing: frozenset[str]) -> tuple[Segment, ...]:
        """Return the possible landings: the whole range, runs of the target's line, and each commit of it."""
        parents = {commit.oid: commit.parents for commit in self.span.gated}
        line = list(takewhile(parents.__contains__, _first_parents(self.span.head, parents)))[::-1]
        brought = {oid: brought_in(oid, parents) for oid in line}
        runs: list[list[str]] = [line]
        run: list[str] = []
        for oid in line:
            if brought[oid] & needing or self.contributors.is_contentless(self._by_oid[oid]):
                run.append(oid)
            else:
                runs, run = [*runs, run], []
        runs += [run, *([oid] for oid in line if brought[oid] & needing)]
        segments = [
            Segment(next(iter(parents[run[0]]), None), run[-1], frozenset[str]().union(*(brought[oid] for oid in run)))
            for run in runs
            if run
        ]
        return tuple(dict.fromkeys(segments))

    @cached_property
    def _by_oid(self) -> Mapping[str, Commit]:
        return {commit.oid: commit for commit in self.span.gated}

    def _perhaps_original(self) -> Iterable[str]:
        """Yield the commits that may be an author's own versions of commits that somebody else committed."""
        yield from self.span.graph.parents
        reviewed = [claim.binding.oid for claim in self._claims() if claim.binding is not None]
        hosted = self.scene.hosted.get(self.span.update)
        if hosted is not None:
            reviewed += [approval.commit for approval in hosted.approvals if approval.commit is not None]
        former = () if self.scene.former_heads is None else self.scene.former_heads()
        here = [oid for oid in (*self.heads, *former, *reviewed) if is_oid(oid) and has_commit(self.repository, oid)]
        yield from rev_list(self.repository, here, self.span.base)

    def _with_approvals(self, facts: Facts) -> Facts:
        """Return the facts with the code host's answers about the change, if it was asked.

        Raises: ``UndecidedError`` when the result depends on a commit that is not here.
        """
        hosted = self.scene.hosted.get(self.span.update)
        if hosted is None:
            return facts
        # Imported late: a push does not need it.
        from labgate.reviews.carry import TargetMove, carried_all
        from labgate.reviews.unseen import unseen_commits

        reviews = self.scene.policy.section(Reviews)
        people = people_by_login(reviews, hosted.name.kind)
        move = TargetMove(next(iter(self.span.base), None), self.span.head, hosted.landed)
        compared = carried_all(
            self.repository, commits_to_compare(hosted.approvals, people), move, remote=self.scene.remote
        )
        wrote, emails = self._wrote_change(hosted, compared.here)
        held = (commit for commit in compared.here if compared.flaws[commit] is None)
        approvals = judged_approvals(
            tuple(map(self._for_this_target, hosted.approvals)),
            compared.flaws,
            people,
            change=hosted.name,
            covers=frozenset(commit.oid for commit in self.span.gated),
            contributors=wrote,
        )
        unseen = unseen_commits(self.repository, self.contributors, self.span.gated, held, move.old)
        found = facts.changed(
            approvals=without_unseen(approvals, unseen),
            strangers=unlisted(emails, reviews, self._forged(hosted)),
            change=hosted.name,
        )
        if compared.unfetched and self.lacks_review(found):
            raise compared.unfetched[0]
        return found

    def _for_this_target(self, approval: Approval) -> Approval:
        """Return an approval, marked if its reviewer saw less of the change than the target lacks.

        The difference to another target starts at a commit that this one does not have.
        """
        base, old = approval.base, next(iter(self.span.base), None)
        if base is None or old is None or approval.commit is None:
            return approval
        if not all(has_commit(self.repository, oid) for oid in (base, approval.commit)):
            return approval
        unseen = not is_ancestor(self.repository, base, old) and is_ancestor(self.repository, base, approval.commit)
        return approval.changed(retargeted=approval.retargeted or unseen)

    def _forged(self, hosted: HostedChange) -> Iterator[str]:
        """Yield each machine's address that is the author of a commit which the host did not make.

        Anybody can commit under any address. What the host makes is committed by itself: the merge or the squash that
        lands a change.
        """
        machines = self.scene.policy.section(Reviews).machines
        for commit in self.span.gated:
            made = hosted.landed and commit.committer.key in machines
            if commit.author.key in machines and not made and not self.contributors.is_contentless(commit):
                yield commit.author.key

    def _wrote_change(self, hosted: HostedChange, reviewed: Sequence[str]) -> tuple[dict[str, str], set[str]]:
        """Return who contributed to a change, as ``Contributors.wrote`` does, and all contributors' emails.

        The committer of a host's landing is the person who pressed the button, perhaps the reviewer: then the reviewed
        commits show who contributed, together with the authors of the landed ones.
        """
        commits = list(self.span.gated)
        if hosted.landed:
            commits += read_commits(self.repository, rev_list(self.repository, reviewed, self.span.base))
        listed = {email for person in self.scene.policy.section(Reviews).people for email in person.emails}
        wrote: dict[str, str] = {}
        everybody: set[str] = set()
        agents = False
        for at, commit in enumerate(commits):
            if not self.contributors.is_contentless(commit):
                landed = hosted.landed and at < len(self.span.gated)
                emails = self.contributors.authors(commit) if landed else self.contributors.everybody(commit)
                agents = agents or self.contributors.has_agent(commit)
                everybody.update(emails)
                wrote.update((email, commit.oid) for email in listed.intersection(emails))
        opener = opened_by(hosted.name, self.scene.policy.section(Reviews)) if agents else None
        return wrote, everybody if opener is None else everybody | {opener}

    def _claims(self) -> tuple[Claim, ...]:
        return read_claims(self.span.gated, self.contributors.trees(self.span.gated))

    def _judged(self, claim: Claim) -> JudgedClaim:
        commit, base = self._by_oid[claim.commit], next(iter(self.span.base), None)
        empty = len(commit.parents) == 1 and self.contributors.is_contentless(commit)
        flaw = claim.flaw or bound(self.repository, claim, commit, base, empty=empty)
        wrote = self.contributors.wrote(self._by_oid[oid] for oid in claim.covers)
        reviewed = None if claim.binding is None else claim.binding.oid
        return JudgedClaim(claim.commit, claim.email, claim.covers, flaw, wrote, reviewed)


def _origins(evidence: Iterable[Evidence]) -> dict[str, tuple[str, ...]]:
    """Return the commits that each commit derives from, if any."""
    found: dict[str, tuple[str, ...]] = {}
    for item in evidence:
        if item.decisive and item.method != "ancestry":
            for oid in item.commits:
                found[oid] = tuple(dict.fromkeys((*found.get(oid, ()), *item.source_commits)))
    return found


def _first_parents(oid: str, parents: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a commit and its first parents, down to and including the first one that is not in ``parents``."""
    yield oid
    while parents.get(oid):
        oid = parents[oid][0]
        yield oid

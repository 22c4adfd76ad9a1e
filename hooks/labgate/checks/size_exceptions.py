"""Exceptions from the limits of a commit: who asks for one, and whose review grants it.

commit-size and mixed-components share it. It finds reviews as research-gate does, but wants one of the people that
``[commit-size] exceptions`` names instead of the quorum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from labgate.checks.commit_size.section import CommitSize
from labgate.policy.model import Policy
from labgate.scene.proposed_commit import ProposedCommit
from labgate.scene.scene import Scene
from labgate.values.ref_update import Commit, RefUpdate
from labgate.values.refnames import HEADS
from labgate.values.size_exception import KEY, SizeException
from labgate.values.statements import reasons, stated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.research_gate.review_gathering import ReviewGathering
    from labgate.checks.research_gate.update import Facts
    from labgate.reviews.approvals import JudgedApproval
    from labgate.reviews.quorum import Assessment, JudgedClaim
    from labgate.reviews.section import Reviews
    from labgate.scene.scene import Span
    from labgate.values.finding import Evidence

#: The most branches that are searched for the review of a commit which landed as another one.
_TRIED = 50
#: A quorum that nobody meets: then only who reviewed all of a branch counts for what landed from it.
_NEVER = 2**31
#: Why an audit does not measure what has landed.
AUDITED = "sizes are judged before a change lands; an audit lists its exceptions"


def _asked(scene: Scene, commits: Iterable[Commit]) -> dict[str, str | None]:
    """Return the reason of each commit (full oid) that asks for an exception, ``None`` where it gives none.

    Of what has landed before a reason was required, the audit lists any.
    """
    read = reasons if scene.audited is None else stated
    asking = [commit for commit in commits if stated(commit.message, KEY)]
    return {commit.oid: next(reversed(read(commit.message, KEY)), None) for commit in asking}


def staged_exception(commit: ProposedCommit) -> SizeException | None:
    """Return how a commit in progress may get an exception, ``None`` if it cannot.

    Before it has a message it is only warned of.
    """
    listed = commit.policy.section(CommitSize).exceptions
    if not listed:
        return None
    return SizeException(None, listed, level="warning" if commit.asking is None else "error", step=commit.asking)


def exceptions(scene: Scene, update: RefUpdate) -> Mapping[str, SizeException]:
    """Return the exceptions that an update's commits (full oids) ask for, empty where the policy allows none.

    Raises: ``UndecidedError`` when it depends on answers of the code host that are not known.
    """
    listed = scene.policy.section(CommitSize).exceptions
    span = scene.span(update)
    asking = _asked(scene, span.unlanded_commits) if listed else {}
    if not asking:
        return {}
    known: dict[RefUpdate, Mapping[str, SizeException]] = scene.__dict__.setdefault("_size_exceptions", {})
    if update not in known:
        given = {oid: reason for oid, reason in asking.items() if reason is not None}
        judged = _judged(scene, span, given, listed) if given else {}
        known[update] = {oid: SizeException(None, listed) for oid in asking if oid not in given} | dict(judged)
    return known[update]


def _judged(scene: Scene, span: Span, given: Mapping[str, str], listed: tuple[str, ...]) -> Mapping[str, SizeException]:
    from labgate.checks.research_gate.assessment import UnmetReview, assessed
    from labgate.reviews.section import Reviews

    if span.update in scene.unanswered:
        raise scene.unanswered[span.update]
    granters = _granters(scene.policy, listed)
    gathering = _gathering(scene, span, granters)
    facts = gathering.complete(_facts(scene, span, tuple(given)))
    found = assessed(facts, scene.policy.section(Reviews), facts.needing, frozenset())
    level = None if scene.audited is None else "warning"
    exceptions = {}
    for oid, reason in given.items():
        counting = found.assessment.reviewers[oid]
        granted = tuple(sorted(counting & granters))
        if granted:
            exceptions[oid] = SizeException(reason, listed, granted, level="note")
            continue
        details = found.details((oid,))
        refused = tuple(f"{each.person or each.email or each.login}: {each.reason}" for each in details["not_counted"])
        unlisted = tuple(f"{name}: not one of [commit-size] exceptions" for name in sorted(counting))
        advised = _advised(found.assessment, facts, scene.policy.section(Reviews), granters)
        step = UnmetReview(**details | {"reviewers": advised}).review_step() if advised else None
        exceptions[oid] = SizeException(reason, listed, (), (*unlisted, *refused), level, step)
    return exceptions


def _granters(policy: Policy, listed: Sequence[str]) -> frozenset[str]:
    """Return the people that names of groups and people stand for."""
    from labgate.reviews.section import Reviews

    reviews = policy.section(Reviews)
    members = {person for group in reviews.groups if group.name in listed for person in group.people}
    return frozenset(members | {person.name for person in reviews.people if person.name in listed})


def _advised(assessment: Assessment, facts: Facts, reviews: Reviews, granters: frozenset[str]) -> tuple[object, ...]:
    """Return one person who could grant it and wrote none of the change, empty if there is nobody."""
    from labgate.checks.research_gate.assessment import Reviewer, unable

    cannot = unable(facts, reviews) | {each.person for each in assessment.refused if each.wrote is not None}
    able = [
        person
        for person in reviews.people
        if person.name in granters and person.name not in cannot and not facts.contributors.intersection(person.emails)
    ]
    return tuple(Reviewer(person.name, next(iter(person.emails), None)) for person in able[:1])


def _facts(scene: Scene, span: Span, oids: tuple[str, ...]) -> Facts:
    from labgate.checks.research_gate.gathering import branch_for_marker, tag_command
    from labgate.checks.research_gate.update import Facts, Landed

    update, subjects = span.update, {commit.oid: commit.subject for commit in span.commits}
    base = next(iter(span.base), None)
    return Facts(
        ref=update.ref,
        remote=scene.remote,
        source=update.source,
        evidence=_evidence(scene, span),
        needing=tuple(oid for oid in span.oids if oid in oids),
        subjects={oid: subjects[oid] for oid in oids},
        landed=None if scene.aftermath is None else Landed(base, span.head, subjects[span.head]),
        branch=branch_for_marker(scene, span),
        head=span.head,
        tag=tag_command(scene, span),
    )


def _evidence(scene: Scene, span: Span) -> tuple[Evidence, ...]:
    """Return the research that an update derives from: its authors cannot grant an exception for it."""
    from labgate.research.stated_evidence import find_evidence, reached_by_sources

    reached = reached_by_sources(span.graph, span.oids)
    found = tuple(find_evidence(span.graph, scene.policy, span.unlanded_commits, reached))
    if scene.audited is not None:
        traced = scene.audited.traced(span.oids)
    elif span.graph.has_sources:
        from labgate.derivation.range_evidence import range_evidence

        ledger = scene.first_seen.research
        traced = range_evidence(
            scene.repository, span.graph, span.unlanded_commits, span.landed, ledger, progress=scene.progress
        )
    else:
        return found
    return (*found, *(item for item in traced.evidence if item.proves))


def _gathering(scene: Scene, span: Span, granters: frozenset[str]) -> ReviewGathering:
    # Imported late: most changes need no exception.
    from labgate.checks.research_gate.review_gathering import ReviewGathering
    from labgate.reviews.quorum import assess

    class Gathering(ReviewGathering):
        """The reviews of an update, searched until one of the people who may grant an exception has reviewed it."""

        def __init__(self) -> None:
            super().__init__(scene, span)
            quorum = self.carrying.quorum.changed(total=_NEVER)
            self.carrying = self.carrying.changed(quorum=quorum)

        def lacks_review(self, facts: Facts) -> bool:
            reviews: tuple[JudgedClaim | JudgedApproval, ...] = (*facts.claims, *facts.approvals)
            section = self.scene.policy.section(type(self.carrying))
            found = assess(facts.needing, reviews, section, facts.strangers)
            return any(granters.isdisjoint(people) for people in found.reviewers.values())

        def reviewed_heads(self, facts: Facts) -> tuple[str, ...]:
            return tuple(dict.fromkeys((*super().reviewed_heads(facts), *_topics(self.scene, self.span))))

    return Gathering()


def _topics(scene: Scene, span: Span) -> tuple[str, ...]:
    """Return the heads of the branches that an update may have landed from."""
    update = span.update
    if not (scene.landing or scene.pushing or update.source is None):
        return ()
    theirs = [ref.oid for ref in scene.tracking if not scene.policy.is_protected(ref.remote_ref)]
    own = [oid for ref, oid in scene.refs.items() if ref.startswith(HEADS) and not scene.policy.is_protected(ref)]
    return tuple(dict.fromkeys((*theirs, *own)))[:_TRIED]

"""Reviews must be enough, of what is to land, and by others than its authors: LG203, LG204, LG205 and LG208."""

from __future__ import annotations

from labgate.checks.research_gate.assessment import NamedChange, UnmetReview, approve_command, named_change
from labgate.checks.research_gate.update import commits_of
from labgate.reviews.approvals import STALE, JudgedApproval, mend_of, objectors
from labgate.reviews.quorum import AFFILIATIONS, SELF_REVIEW, TOTAL, person_of
from labgate.reviews.section import Reviews
from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid
from labgate.values.refnames import short_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.checks.research_gate.assessment import Assessed
    from labgate.checks.research_gate.update import Facts
    from labgate.reviews.quorum import Part, Refused


class StaleReview(Finding):
    """``commit`` is the full oid that was reviewed, ``None`` where the code host names none.

    ``marker`` is that of the commit with the review marker, ``None`` for an approval on a code host, and ``branch`` the
    short name of the branch that it is to be stated on anew. ``mend`` is what fixes it: approve, merge, revert,
    newer-git or fetch. ``target`` is a full refname.
    """

    rule = Rule(
        "LG203",
        "stale-review",
        "error",
        "a review of something else than what is to land, or one that was taken back",
        "A review speaks for the content that was looked at. It holds wherever the protected branch has moved to, "
        "but not for what was pushed later, nor for a conflict that somebody has yet to settle.",
        "Let the same people approve the change as it is now.",
    )

    person: str
    reason: str
    commit: str | None
    mend: str
    target: str
    remote: str | None
    change: NamedChange | None
    marker: str | None = None
    branch: str | None = None

    def message(self) -> str:
        if self.marker is not None:
            return f"the review by {self.person} in {short_oid(self.marker)} does not count: {self.reason}"
        of = "" if self.commit is None else f" of {short_oid(self.commit)}"
        return f"the approval by {self.person}{of} does not count: {self.reason}"

    def help(self) -> str:
        if self.marker is not None:
            return f"{approve_command(self.branch, (self.person,))}  # once {self.person} has reviewed it again"
        again, target = f"ask {self.person} to approve {_title(self.change)} again", short_ref(self.target)
        if self.mend == "merge":
            return f"merge {target} into the change and settle the conflict, then {again}"
        if self.mend == "revert":
            return f"revert it on {target}, and land what was approved, or have the rest approved first"
        if self.mend == "newer-git":
            return "run labgate with git 2.38 or later"
        if self.mend == "fetch" and self.commit is not None:
            return f"git fetch {quote(self.remote or 'origin')} {quote(self.commit)}"
        return again


class SelfReview(Finding):
    """``marker`` is the full oid of the commit that holds the review marker, or that was approved.

    ``wrote`` is a commit of the person, ``None`` where they only opened the change. ``change`` is what an approval
    stands on, ``None`` for a review marker. ``sought`` is the author whose own commit would show that they only
    brought it here, but is nowhere; ``None`` where they are more than its committer.
    """

    rule = Rule(
        "LG204",
        "self-review",
        "error",
        "a review by somebody who contributed to what it covers",
        "Authors, committers and co-authors of a commit know what it should do, and so do not see what it does. A "
        "merge that slips in a change of its own makes its author a contributor too.",
        "Let somebody else review it.",
    )

    person: str | None
    marker: str | None
    wrote: str | None
    change: NamedChange | None
    sought: str | None = None

    def message(self) -> str:
        # Only an approval stands on a change, and only one of those may be bound to no commit.
        approved = self.change is not None or self.marker is None
        what = (
            f"approval by {self.person}" if approved else f"review by {self.person} in {short_oid(self.marker or '')}"
        )
        did = f"opened {_title(self.change)}" if self.wrote is None else f"contributed to {short_oid(self.wrote)}"
        if self.sought is not None and self.wrote is not None:
            own = f"no commit of {self.sought}'s own with the same change is to be found"
            did = f"committed {short_oid(self.wrote)}, and {own}"
        return f"the {what} does not count: {self.person} {did}"

    def help(self) -> str:
        return "ask somebody else in [reviews.people] to review it"


class QuorumNotMet(UnmetReview):
    """``missing`` are the names of the parts of the quorum that are not met, each once.

    ``counted`` are the people whose reviews count. ``missing_parts`` say of each part whether it is a group: a group
    may be called ``total`` or ``affiliations``.
    """

    rule = Rule(
        "LG205",
        "quorum-not-met",
        "error",
        "reviewers count, but fewer than the policy's quorum asks for",
        "The quorum in [reviews] says how many people, from which groups and affiliations, must have looked at a "
        "change.",
        "Let the missing people review it and add their Reviewed-by trailers in an empty commit on top; where "
        "assurance is forge, let them approve the pull request.",
    )

    missing: tuple[str, ...]
    counted: tuple[str, ...]
    missing_parts: tuple[Part, ...]

    def message(self) -> str:
        reviewed = f"reviewed by {', '.join(self.counted)}" if self.counted else "without a review"
        names = {TOTAL: "more reviewers" if self.counted else "reviewers", AFFILIATIONS: "more affiliations"}
        missing = ", ".join(names.get(part, part.name) for part in self.missing_parts)
        return f"{count(len(self.oids), 'commit')} {reviewed}; still missing: {missing}{self.state}"

    def help(self) -> str:
        return self.review_step()


class StandingObjection(Finding):
    """``person`` is a listed one, ``change`` what they object to."""

    rule = Rule(
        "LG208",
        "standing-objection",
        "error",
        "a listed person requests changes",
        "Somebody whose word counts has seen a reason why this should not land. Approvals by others do not answer it.",
        "Settle it with them: their approval, or the dismissal of their review on the code host, lifts it.",
    )

    person: str
    change: NamedChange | None

    def message(self) -> str:
        return f"{self.person} requests changes in {_title(self.change)}"

    def help(self) -> str:
        return f"settle it with {self.person}: an approval by {self.person}, or the dismissal of that review, lifts it"


def check(review: Assessed) -> Iterator[Finding]:
    """Yield what is wrong with the reviews of the commits that need one."""
    yield from _quorum(review)
    yield from _stale_reviews(review)
    yield from _self_reviews(review)


def objections(facts: Facts) -> Iterator[StandingObjection]:
    """Yield the requests for changes by listed people, whoever else approves."""
    oids = facts.needing or facts.suspected
    if oids:
        for person in objectors(facts.approvals):
            yield StandingObjection(person=person, change=named_change(facts), oids=oids, ref=facts.ref)


def _quorum(review: Assessed) -> Iterator[QuorumNotMet]:
    """Yield the commits that too few people reviewed; unreviewed ones that come from research are LG201's."""
    derived, unreviewed = commits_of(review.facts.proofs), review.unreviewed
    oids = review.ordered(frozenset(oid for oid in review.missing if oid not in unreviewed or oid not in derived))
    if oids:
        parts = tuple(dict.fromkeys(part for oid in oids for part in review.missing[oid]))
        yield QuorumNotMet(
            missing=tuple(dict.fromkeys(part.name for part in parts)),
            counted=tuple(sorted(review.counted(oids))),
            missing_parts=parts,
            **review.details(oids),
        )


def _stale_reviews(review: Assessed) -> Iterator[StaleReview]:
    """Yield the approvals that held once, of what nobody reviewed; beside a review that counts LG205 names them."""
    facts, oids = review.facts, review.ordered(review.unreviewed)
    for refusal in _refused(review):
        claim, person = refusal.claim, refusal.person
        if person is None or claim.flaw is None or refusal.reason != claim.flaw:
            continue
        approval = isinstance(claim, JudgedApproval)
        # What is wrong with how a marker is written is said where it is not counted.
        if approval or claim.flaw in STALE:
            yield StaleReview(
                person=person,
                reason=refusal.reason,
                commit=claim.commit if isinstance(claim, JudgedApproval) else claim.reviewed,
                mend=mend_of(refusal.reason),
                target=facts.ref,
                remote=facts.remote,
                change=named_change(facts) if approval else None,
                marker=None if approval else claim.commit,
                branch=facts.branch,
                oids=oids,
                ref=facts.ref,
            )


def _self_reviews(review: Assessed) -> Iterator[SelfReview]:
    """Yield the self-reviews of what nobody else reviewed; beside a review that counts they change nothing."""
    for refusal in _refused(review):
        if refusal.reason == SELF_REVIEW:
            marker, approved = refusal.claim.commit, isinstance(refusal.claim, JudgedApproval)
            yield SelfReview(
                person=refusal.person,
                marker=marker,
                wrote=refusal.wrote,
                change=named_change(review.facts) if approved else None,
                sought=_sought(review, refusal),
                oids=() if marker is None else (marker,),
                ref=review.facts.ref,
            )


def _sought(review: Assessed, refusal: Refused) -> str | None:
    """Return whose commit was looked for in vain, where a self-reviewer is no more than a committer."""
    email, author = review.facts.sought.get(refusal.wrote or "", (None, None))
    return author if person_of(email, review.policy.section(Reviews)) == refusal.person else None


def _refused(review: Assessed) -> Iterator[Refused]:
    """Yield what does not count as a review of the commits that have none."""
    unreviewed = review.unreviewed
    for refusal in review.assessment.refused:
        if refusal.claim.covers & unreviewed:
            yield refusal


def _title(change: NamedChange | None) -> str:
    return "the change" if change is None else change.title

"""Reviews must meet the quorum, cover the change, and be by other people: LG203, LG204, LG205 and LG208."""

from __future__ import annotations

from labgate.checks.research_gate.assessment import (
    NamedChange,
    UnmetReview,
    approve_command,
    late_command,
    named_change,
    tagged_command,
)
from labgate.checks.research_gate.update import commits_of
from labgate.reviews.approvals import STALE, JudgedApproval, fix_of, objectors
from labgate.reviews.quorum import AFFILIATIONS, SELF_REVIEW, TOTAL, person_of
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
    """``commit`` is the full oid that was reviewed, ``None`` if the code host names none.

    ``marker`` is that of the commit with the review marker, ``None`` for an approval on a code host, and ``branch`` the
    short name of the branch for a new one. ``mend`` is what fixes it: approve, merge, revert, newer-git, fetch or
    squash. ``target`` is a full refname. ``landed``: it is too late to change what lands. ``tag`` is as in
    ``UnmetReview``, and ``head`` the full oid of the last judged commit.
    """

    rule = Rule(
        "LG203",
        "stale-review",
        "error",
        "a review covers other content than the change, or was revoked",
        "A review covers the reviewed content. It stays valid when the protected branch changes, but does not cover "
        "later pushes or the resolution of a conflict.",
        "Let the same people approve the current change.",
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
    landed: bool = False
    tag: str | None = None
    head: str | None = None

    def message(self) -> str:
        if self.marker is not None:
            return f"the review by {self.person} in {short_oid(self.marker)} does not count: {self.reason}"
        of = "" if self.commit is None else f" of {short_oid(self.commit)}"
        return f"the approval by {self.person}{of} does not count: {self.reason}"

    def help(self) -> str:
        if self.marker is not None:
            command = approve_command(self.branch, (self.person,))
            if self.landed and self.head is not None:
                command = late_command(self.head, self.target, self.remote, (self.person,))
            elif self.tag is not None and self.head is not None:
                command = tagged_command(self.tag, self.branch, self.head, (self.person,))
            return f"{command}  # once {self.person} has reviewed it again"
        again, target = f"ask {self.person} to approve {_title(self.change)} again", short_ref(self.target)
        steps = {
            "merge": f"merge {target} into the change and resolve the conflict, then {again}",
            "revert": f"revert it on {target}, and land what was approved, or have the rest approved first",
            "newer-git": "run labgate with git 2.38 or later",
            "squash": self._squash(),
        }
        if self.mend == "fetch" and self.commit is not None:
            return f"git fetch {quote(self.remote or 'origin')} {quote(self.commit)}"
        return steps.get(self.mend, again)

    def _squash(self) -> str:
        """Return the command that leaves of a branch what was approved, or the step where it has landed."""
        if self.landed:
            return f"git show {' '.join(short_oid(oid) for oid in self.oids)}  # show {self.person} what landed"
        base = quote(f"{self.remote or 'origin'}/{short_ref(self.target)}")
        switch = "" if self.branch is None else f"git switch {quote(self.branch)} && "
        return f'{switch}git reset --soft "$(git merge-base HEAD {base})" && git commit -m "Keep what was approved"'


class SelfReview(Finding):
    """``marker`` is the full oid of the commit that holds the review marker, or that was approved.

    ``wrote`` is a commit of the person, ``None`` if they only opened the change. ``change`` is the change of an
    approval, ``None`` for a review marker. ``sought`` is the author whose own commit would show that the person only
    committed it, but is not found; ``None`` if they are more than its committer.
    """

    rule = Rule(
        "LG204",
        "self-review",
        "error",
        "a reviewer contributed to the reviewed change",
        "Authors, committers and co-authors of a commit know what it should do, and overlook what it does. A merge "
        "with changes of its own makes its author a contributor too.",
        "Let somebody else review it.",
    )

    person: str | None
    marker: str | None
    wrote: str | None
    change: NamedChange | None
    sought: str | None = None

    def message(self) -> str:
        # Only an approval has a change, and only an approval may have no commit.
        approved = self.change is not None or self.marker is None
        what = (
            f"approval by {self.person}" if approved else f"review by {self.person} in {short_oid(self.marker or '')}"
        )
        did = f"opened {_title(self.change)}" if self.wrote is None else f"contributed to {short_oid(self.wrote)}"
        if self.sought is not None and self.wrote is not None:
            own = f"no commit by {self.sought} with the same change was found"
            did = f"committed {short_oid(self.wrote)}, and {own}"
        return f"the {what} does not count: {self.person} {did}"

    def help(self) -> str:
        return "ask somebody else in [reviews.people] to review it"


class QuorumNotMet(UnmetReview):
    """``missing`` are the names of the parts of the quorum that are not met, each once.

    ``counted`` are the people whose reviews count. ``missing_parts`` has whether each part is a group: a group may have
    the name ``total`` or ``affiliations``.
    """

    rule = Rule(
        "LG205",
        "quorum-not-met",
        "error",
        "fewer reviewers count than the policy's quorum requires",
        "The quorum in [reviews] says how many people, from which groups and affiliations, must have reviewed a "
        "change.",
        "Let the missing people review it, and state that with the command in the finding; with "
        '`assurance = "forge"` they approve the pull request instead.',
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
        "A listed person has a reason why this should not land. Approvals by others do not override it.",
        "Resolve it with them: their approval, or the dismissal of their review on the code host, ends it.",
    )

    person: str
    change: NamedChange | None

    def message(self) -> str:
        return f"{self.person} requests changes in {_title(self.change)}"

    def help(self) -> str:
        return f"resolve it with {self.person}: an approval by {self.person}, or the dismissal of that review, ends it"


def check(review: Assessed) -> Iterator[Finding]:
    """Yield the violations in the reviews of the commits that need one."""
    yield from _quorum(review)
    yield from _stale_reviews(review)
    yield from _self_reviews(review)


def objections(facts: Facts) -> Iterator[StandingObjection]:
    """Yield the requests for changes by listed people, regardless of approvals."""
    oids = facts.needing or facts.suspected
    if oids:
        for person in objectors(facts.approvals):
            yield StandingObjection(person=person, change=named_change(facts), oids=oids, ref=facts.ref)


def _quorum(review: Assessed) -> Iterator[QuorumNotMet]:
    """Yield the commits with too few reviewers; LG201 reports unreviewed ones from research."""
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
    """Yield stale reviews of commits without any review that counts; otherwise LG205 names them."""
    facts, oids = review.facts, review.ordered(review.unreviewed)
    for refusal in _refused(review):
        claim, person = refusal.claim, refusal.person
        if person is None or claim.flaw is None or refusal.reason != claim.flaw:
            continue
        approval = isinstance(claim, JudgedApproval)
        # A malformed marker is reported with those that are not counted.
        if approval or claim.flaw in STALE:
            yield StaleReview(
                person=person,
                reason=refusal.reason,
                commit=claim.commit if isinstance(claim, JudgedApproval) else claim.reviewed,
                mend=fix_of(refusal.reason),
                target=facts.ref,
                remote=facts.remote,
                change=named_change(facts) if approval else None,
                marker=None if approval else claim.commit,
                branch=facts.branch,
                landed=facts.landed is not None,
                tag=facts.tag,
                head=facts.head,
                oids=oids,
                ref=facts.ref,
            )


def _self_reviews(review: Assessed) -> Iterator[SelfReview]:
    """Yield self-reviews of commits that nobody else reviewed; otherwise they do not matter."""
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
    """Return the author whose commit was not found, if a self-reviewer is only a committer."""
    email, author = review.facts.sought.get(refusal.wrote or "", (None, None))
    return author if person_of(email, review.reviews) == refusal.person else None


def _refused(review: Assessed) -> Iterator[Refused]:
    """Yield the refused reviews of the commits that have no other."""
    unreviewed = review.unreviewed
    for refusal in review.assessment.refused:
        if refusal.claim.covers & unreviewed:
            yield refusal


def _title(change: NamedChange | None) -> str:
    return "the change" if change is None else change.title

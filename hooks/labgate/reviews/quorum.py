"""The reviewers that count for each commit, and whether they meet the quorum. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from labgate.reviews.approvals import STALE, JudgedApproval
from labgate.reviews.section import Reviews
from labgate.values.approval import CHANGES_REQUESTED
from labgate.values.value import Value

SELF_REVIEW = "self-review"
STRANGER = "not listed in [reviews.people]"
MACHINE = "a machine identity"
AGENT = "one of [reviews] agents, which are not persons"
NOT_BOUND = "without a Reviewed-change, which [reviews] bound requires"
MERE_CLAIM = "a trailer is only a claim, and [reviews] assurance requires more"
NOT_SIGNED = "an approval is not signed, and [reviews] assurance requires that"
UNLISTED_CONTRIBUTOR = "an unlisted contributor may be the same person"

_LEVELS = ("trailer", "forge", "signed")


class JudgedClaim(Value):
    """A claim, and the listed contributors of the commits it covers: casefolded email to one of their commits.

    ``reviewed`` is the full oid that it is bound to, ``None`` if it is bound to no content. A ``late`` one was made
    after the commits had landed.
    """

    commit: str
    email: str | None
    covers: frozenset[str]
    flaw: str | None
    contributors: Mapping[str, str]
    reviewed: str | None = None
    late: bool = False


class Refused(Value):
    """A claim or approval that does not count.

    ``person`` is ``None`` for a stranger. ``wrote`` is a commit of a self-reviewer, ``None`` if they only opened the
    change.
    """

    claim: JudgedClaim | JudgedApproval
    person: str | None
    reason: str
    wrote: str | None = None


class Part(Value):
    """A part of the quorum: ``total``, ``affiliations`` or a group, which may have one of these two names."""

    name: str
    group: bool = False


TOTAL, AFFILIATIONS = Part("total"), Part("affiliations")


class Assessment(Value):
    """The reviewers of each commit that needs review (person names), and the claims and approvals that were refused.

    ``late`` are those people with a review after the landing that counts.
    """

    reviewers: Mapping[str, frozenset[str]]
    refused: tuple[Refused, ...]
    late: frozenset[str] = frozenset()

    @property
    def counted(self) -> tuple[str, ...]:
        return tuple(sorted({person for people in self.reviewers.values() for person in people}))


def assess(
    needing: Sequence[str],
    claims: Iterable[JudgedClaim | JudgedApproval],
    reviews: Reviews,
    strangers: Sequence[str] = (),
) -> Assessment:
    """Match claims and approvals to people and to the commits they cover; requests for changes are neither.

    ``strangers`` are contributors of the change whom the policy does not know (``reviews.approvals.unlisted``).
    """
    reviewers: dict[str, set[str]] = {oid: set() for oid in needing}
    refused: list[Refused] = []
    late: set[str] = set()
    for claim in claims:
        if isinstance(claim, JudgedClaim):
            person = person_of(claim.email, reviews)
            refusal = _refusal(claim, person, reviews)
        elif claim.state == CHANGES_REQUESTED:
            continue
        else:
            person = claim.person
            refusal = _refused_approval(claim, reviews, strangers)
        if refusal is not None:
            refused.append(refusal)
        elif person is not None:
            late.update({person} if isinstance(claim, JudgedClaim) and claim.late else ())
            for oid in claim.covers:
                if oid in reviewers:
                    reviewers[oid].add(person)
    return Assessment({oid: frozenset(people) for oid, people in reviewers.items()}, tuple(refused), frozenset(late))


def person_of(email: str | None, reviews: Reviews) -> str | None:
    """Return the listed person with this email, or ``None``."""
    return next((person.name for person in reviews.people if email in person.emails), None)


def _refusal(claim: JudgedClaim, person: str | None, reviews: Reviews) -> Refused | None:
    # A malformed claim is nobody's review; for a stale one the person is checked first.
    if claim.flaw is not None and claim.flaw not in STALE:
        return Refused(claim, person, claim.flaw)
    if person is None:
        return Refused(claim, None, _nobody(claim.email, reviews))
    wrote = _wrote(person, claim.contributors, reviews)
    if wrote is not None:
        return Refused(claim, person, SELF_REVIEW, wrote)
    reason = claim.flaw or _insufficient(claim, reviews)
    return None if reason is None else Refused(claim, person, reason)


def _nobody(email: str | None, reviews: Reviews) -> str:
    """Return why an email that no listed person has does not count."""
    if email in reviews.machines:
        return MACHINE
    return AGENT if reviews.is_agent(email or "") else STRANGER


def _insufficient(claim: JudgedClaim, reviews: Reviews) -> str | None:
    """Return why the policy requires more than a valid claim, ``None`` if it does not."""
    if not _suffices("trailer", reviews):
        return MERE_CLAIM
    return NOT_BOUND if reviews.bound and claim.reviewed is None and not claim.late else None


def _refused_approval(approval: JudgedApproval, reviews: Reviews, strangers: Sequence[str]) -> Refused | None:
    person = approval.person
    if person is None:
        return Refused(approval, None, STRANGER)
    # It comes before the flaw: a new approval of a contributor does not count either.
    wrote = _wrote(person, approval.contributors, reviews)
    if wrote is not None or approval.own:
        return Refused(approval, person, SELF_REVIEW, wrote)
    if approval.flaw is not None:
        return Refused(approval, person, approval.flaw)
    if not _suffices("forge", reviews):
        return Refused(approval, person, NOT_SIGNED)
    # If identities are verified, the reviewer must be known to differ from every contributor.
    if strangers and reviews.assurance != "trailer":
        return Refused(approval, person, UNLISTED_CONTRIBUTOR)
    return None


def _suffices(level: str, reviews: Reviews) -> bool:
    return _LEVELS.index(level) >= _LEVELS.index(reviews.assurance)


def _wrote(person: str, contributors: Mapping[str, str], reviews: Reviews) -> str | None:
    """Return a commit that a person contributed to, under any address, or ``None``."""
    emails = next(item.emails for item in reviews.people if item.name == person)
    return next((contributors[email] for email in emails if email in contributors), None)


def missing(people: frozenset[str], paths: frozenset[str] | None, reviews: Reviews) -> tuple[Part, ...]:
    """Return the parts of the quorum that these reviewers do not meet, each once; empty if it is met.

    A group counts only when the change touches a path that it answers for; ``paths`` ``None`` stands for all paths.
    """
    return tuple(_shortages(people, paths, reviews))


def _shortages(people: frozenset[str], paths: frozenset[str] | None, reviews: Reviews) -> dict[Part, int]:
    """Return the number of missing reviewers for each part of the quorum; parts that are met are left out."""
    quorum = reviews.quorum
    groups = {group.name: group for group in reviews.groups}
    short = {TOTAL: quorum.total - len(people)}
    for name, count in quorum.groups:
        group = groups[name]
        if paths is None or any(glob.matches(path) for path in paths for glob in group.paths):
            short[Part(name, group=True)] = count - len(people.intersection(group.people))
    known = {person.affiliation for person in reviews.people if person.name in people} - {None}
    short[AFFILIATIONS] = quorum.affiliations - len(known)
    return {part: count for part, count in short.items() if count > 0}


def is_guarded(paths: frozenset[str] | None, reviews: Reviews) -> bool:
    """Return whether the policy lists more people than a review of these paths (``None``: of all) takes."""
    enough = helpful(frozenset(), paths, (), reviews)
    return enough is not None and len(reviews.people) > len(enough)


def helpful(
    people: frozenset[str],
    paths: frozenset[str] | None,
    contributors: Iterable[str],
    reviews: Reviews,
    unable: Collection[str] = (),
) -> tuple[str, ...] | None:
    """Return a few more people, in policy order, who could complete the quorum; ``None`` when nobody can.

    All of them are needed. ``contributors`` are the casefolded emails of those who cannot review the change, and
    ``unable`` the names of people who cannot for another reason.
    """
    excluded = set(contributors)
    eligible = [
        person.name
        for person in reviews.people
        if person.name not in people and person.name not in unable and not excluded.intersection(person.emails)
    ]
    chosen: list[str] = []
    while short := _total(people.union(chosen), paths, reviews):
        left = {name: _total(people.union(chosen, {name}), paths, reviews) for name in eligible}
        best = min(left, key=lambda name: left[name], default=None)
        if best is None or left[best] == short:
            return None
        chosen.append(best)
    for name in tuple(chosen):
        others = [other for other in chosen if other != name]
        if not missing(people.union(others), paths, reviews):
            chosen = others
    return tuple(sorted(chosen, key=eligible.index))


def _total(people: frozenset[str], paths: frozenset[str] | None, reviews: Reviews) -> int:
    return sum(_shortages(people, paths, reviews).values())

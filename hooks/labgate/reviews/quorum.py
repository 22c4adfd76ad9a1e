"""Who counts as a reviewer of which commits, and whether that is enough. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labgate.policy.model import Reviews

SELF_REVIEW = "self-review"
STRANGER = "not listed in [reviews.people]"
MACHINE = "a machine identity"


@dataclass(frozen=True)
class JudgedClaim:
    """A claim, and those listed people who contributed to what it covers: casefolded email to one of their commits."""

    commit: str
    email: str | None
    covers: frozenset[str]
    flaw: str | None
    contributors: Mapping[str, str]


@dataclass(frozen=True)
class Refused:
    """A claim that does not count. ``person`` is ``None`` for a stranger; ``wrote`` is a commit of a self-reviewer."""

    claim: JudgedClaim
    person: str | None
    reason: str
    wrote: str | None = None


@dataclass(frozen=True)
class Assessment:
    """The reviewers of each commit that needs review (person names), and the claims that were refused."""

    reviewers: Mapping[str, frozenset[str]]
    refused: tuple[Refused, ...]

    @property
    def counted(self) -> tuple[str, ...]:
        return tuple(sorted({person for people in self.reviewers.values() for person in people}))


def assess(needing: Sequence[str], claims: Iterable[JudgedClaim], reviews: Reviews) -> Assessment:
    """Match claims to people and to the commits they cover."""
    reviewers: dict[str, set[str]] = {oid: set() for oid in needing}
    refused = []
    for claim in claims:
        person = person_of(claim.email, reviews)
        refusal = _refusal(claim, person, reviews)
        if refusal is not None:
            refused.append(refusal)
        elif person is not None:
            for oid in claim.covers:
                if oid in reviewers:
                    reviewers[oid].add(person)
    return Assessment({oid: frozenset(people) for oid, people in reviewers.items()}, tuple(refused))


def person_of(email: str | None, reviews: Reviews) -> str | None:
    """Return the listed person with this email, or ``None``."""
    return next((person.name for person in reviews.people if email in person.emails), None)


def _refusal(claim: JudgedClaim, person: str | None, reviews: Reviews) -> Refused | None:
    if claim.flaw is not None:
        return Refused(claim, person, claim.flaw)
    if claim.email in reviews.machines:
        return Refused(claim, None, MACHINE)
    if person is None:
        return Refused(claim, None, STRANGER)
    emails = next(item.emails for item in reviews.people if item.name == person)
    wrote = next((claim.contributors[email] for email in emails if email in claim.contributors), None)
    return None if wrote is None else Refused(claim, person, SELF_REVIEW, wrote)


def missing(people: frozenset[str], paths: frozenset[str], reviews: Reviews) -> tuple[str, ...]:
    """Return what these reviewers leave open: ``total``, names of groups, ``affiliations``; empty when the quorum is
    met.

    A group counts only when the change touches a path that it answers for.
    """
    quorum = reviews.quorum
    groups = {group.name: group for group in reviews.groups}
    open_: list[str] = [] if len(people) >= quorum.total else ["total"]
    for name, count in quorum.groups:
        group = groups[name]
        touched = any(glob.matches(path) for path in paths for glob in group.paths)
        if touched and len(people.intersection(group.people)) < count:
            open_.append(name)
    known = {person.affiliation for person in reviews.people if person.name in people} - {None}
    if len(known) < quorum.affiliations:
        open_.append("affiliations")
    return tuple(open_)


def helpful(
    people: frozenset[str], paths: frozenset[str], contributors: Iterable[str], reviews: Reviews
) -> tuple[str, ...] | None:
    """Return the fewest further people, in policy order, who could complete the quorum; ``None`` when nobody can."""
    excluded = set(contributors)
    eligible = [
        person.name
        for person in reviews.people
        if person.name not in people and not excluded.intersection(person.emails)
    ]
    chosen: list[str] = []
    current = people
    while open_ := missing(current, paths, reviews):
        scores = {name: len(missing(current | {name}, paths, reviews)) for name in eligible if name not in chosen}
        if not scores:
            return None
        best = min(scores, key=lambda name: (scores[name], _member(name, open_, reviews), eligible.index(name)))
        chosen.append(best)
        current |= {best}
    return tuple(chosen)


def _member(name: str, open_: Sequence[str], reviews: Reviews) -> int:
    """Rank a person by how many of the open groups count them (lower is better)."""
    return -sum(name in group.people for group in reviews.groups if group.name in open_)

"""Who can review by a policy, and whether the others on the list meet its quorum for what each person writes."""

from __future__ import annotations

from collections.abc import Iterator

from labgate.policy.model import Policy
from labgate.reviews.quorum import Part, is_guarded, missing
from labgate.reviews.section import Reviews, what_needs_review
from labgate.values.value import Value


class Shortfall(Value):
    """A quorum that is out of reach for some changes.

    ``key`` is ``quorum`` or ``policy-quorum``. ``authors`` are the people whose changes all others together cannot
    review enough, empty if that holds for the changes of everybody. ``parts`` of the quorum are out of reach.
    ``unguarded``: LG210 is only a warning, as it is where the policy lists no more people than a review takes.
    """

    key: str
    authors: tuple[str, ...]
    parts: tuple[Part, ...]
    unguarded: bool


def reviewers(reviews: Reviews) -> tuple[str, ...]:
    """Return the names of the people whose reviews can count at the policy's assurance.

    No signature can be verified yet, and an approval on a code host needs the account of a person there.
    """
    if reviews.assurance == "signed":
        return ()
    known = reviews.assurance == "trailer"
    return tuple(person.name for person in reviews.people if known or person.github or person.gitlab or person.gitea)


def shortfalls(policy: Policy) -> tuple[Shortfall, ...]:
    """Return each quorum that is out of reach for the changes of somebody; empty if nothing needs a review."""
    reviews = policy.section(Reviews)
    quorums = {"quorum": reviews} if what_needs_review(policy) is not None else {}
    if reviews.policy_quorum is not None:
        quorums["policy-quorum"] = reviews.of_policy
    found = (_shortfall(key, each) for key, each in quorums.items())
    return tuple(item for item in found if item is not None)


def _shortfall(key: str, reviews: Reviews) -> Shortfall | None:
    able = frozenset(reviewers(reviews))
    lacking = {person.name: missing(able - {person.name}, None, reviews) for person in reviews.people}
    always = missing(able, None, reviews)
    authors = () if always else tuple(name for name, parts in lacking.items() if parts)
    if not (always or authors):
        return None
    parts = always or tuple(dict.fromkeys(part for name in authors for part in lacking[name]))
    governs = key == "policy-quorum" or reviews.policy_quorum is None
    return Shortfall(key, authors, parts, governs and not is_guarded(None, reviews))


def out_of_reach(policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield the key in ``[reviews]`` and a sentence for each quorum that is out of reach."""
    people = policy.section(Reviews).people
    for item in shortfalls(policy):
        parts = ", ".join(f"groups.{part.name}" if part.group else part.name for part in item.parts)
        warning = "; so LG210 only warns of a change of the policy" if item.unguarded else ""
        if not people and item.key == "quorum":
            continue  # that is a mistake (``section``)
        whose, why = "", "too few people have reviews that can count at this assurance"
        if item.authors:
            some = len(item.authors) < len(people)
            whose = f" for changes by {' or '.join(item.authors)}" if some else ""
            why = "nobody reviews their own work, and too few others are listed"
        yield item.key, f"out of reach ({parts}){whose}: {why}{warning}"

"""research-gate: code from research reaches a protected branch only with a review."""

from __future__ import annotations

from labgate.checks.research_gate import protected_refs
from labgate.checks.research_gate.update import Facts
from labgate.reviews.section import Reviews
from labgate.values.report import NotCounted, ReviewState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.policy.model import Policy
    from labgate.values.finding import Finding

__all__ = ["Facts", "check", "review_state"]


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield the violations of one update of a protected ref."""
    # Imported late: most updates change no policy and have nothing of research, and all of them wait for every import.
    if facts.policy is not None:
        from labgate.checks.research_gate import policy_change

        yield from policy_change.check(facts, policy)
    yield from protected_refs.check(facts, policy)
    if not (facts.needing or facts.suspected or facts.evidence):
        return
    from labgate.checks.research_gate import research, reviews
    from labgate.checks.research_gate.assessment import assessed

    if facts.needing:
        review = assessed(facts, policy.section(Reviews), facts.needing, facts.paths)
        yield from research.unreviewed(review)
        yield from reviews.check(review)
    yield from research.suspected(facts, policy)
    yield from reviews.objections(facts)


def review_state(facts: Facts, policy: Policy) -> ReviewState | None:
    """Return the review state of one update for the report, or ``None`` if no review was needed.

    Where the update needs one of its research and one of its change of the policy, it is that of both.
    """
    if facts.policy is None and not facts.needing:
        return None
    from labgate.checks.research_gate.assessment import assessed
    from labgate.checks.research_gate.policy_change import policy_review

    found = [policy_review(facts, policy)]
    if facts.needing:
        found.insert(0, assessed(facts, policy.section(Reviews), facts.needing, facts.paths))
    needed = [review for review in found if review is not None]
    if not needed:
        return None
    required = policy.section(Reviews).assurance
    refused = [NotCounted(item.person, item.reason) for review in needed for item in review.assessment.refused]
    parts = [part.name for review in needed for parts in review.missing.values() for part in parts]
    return ReviewState(
        required=required,
        reached="none" if parts else required,
        counted=tuple(sorted({person for review in needed for person in review.assessment.counted})),
        not_counted=tuple(dict.fromkeys(refused)),
        missing=tuple(dict.fromkeys(parts)),
        late=tuple(sorted({person for review in needed for person in review.assessment.late})),
    )

"""research-gate: code from research reaches a protected branch only with a review."""

from __future__ import annotations

from labgate.checks.research_gate import policy_change, protected_refs, research, reviews
from labgate.checks.research_gate.assessment import assessed
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
    yield from policy_change.check(facts)
    yield from protected_refs.check(facts, policy)
    if facts.needing:
        review = assessed(facts, policy, facts.needing, facts.paths)
        yield from research.unreviewed(review)
        yield from reviews.check(review)
    yield from research.suspected(facts, policy)
    yield from reviews.objections(facts)


def review_state(facts: Facts, policy: Policy) -> ReviewState | None:
    """Return the review state of one update for the report, or ``None`` if no review was needed."""
    if not facts.needing:
        return None
    review = assessed(facts, policy, facts.needing, facts.paths)
    required = policy.section(Reviews).assurance
    return ReviewState(
        required=required,
        reached="none" if review.missing else required,
        counted=review.assessment.counted,
        not_counted=tuple(NotCounted(refusal.person, refusal.reason) for refusal in review.assessment.refused),
        missing=tuple(dict.fromkeys(part.name for parts in review.missing.values() for part in parts)),
        late=tuple(sorted(review.assessment.late)),
    )

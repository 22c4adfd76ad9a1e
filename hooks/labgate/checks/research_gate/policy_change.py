"""LG210: a policy that could not judge must not land on the trunk, and no change of the policy without a review."""

from __future__ import annotations

from labgate.checks.research_gate.assessment import UnmetReview, assessed
from labgate.reviews.quorum import AFFILIATIONS, TOTAL, is_guarded
from labgate.reviews.section import Reviews
from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.checks.research_gate.assessment import Assessed
    from labgate.checks.research_gate.update import Facts
    from labgate.policy.model import Policy
    from labgate.reviews.quorum import Part
    from labgate.scene.proposed_policy import ProposedPolicy


class PolicyChange(Finding):
    """A proposed policy that cannot judge.

    ``problems`` say why, one sentence each. ``restoring`` is the command that restores the policy that judges now,
    ``None`` if there is none. ``source`` is the branch that the change comes from, ``None`` if unknown.
    """

    rule = Rule(
        "LG210",
        "policy-change",
        "error",
        "the change puts a policy on the trunk that cannot judge, or changes the policy there without a review",
        "The policy on the trunk judges every later push and pull request. If it cannot be read, is in two files, or "
        "names another branch as the trunk, CI gives no verdict. And a person who may change it without a review can "
        "turn off every other rule. It is a warning if the policy lists too few people for such a review, and, "
        "without `policy-quorum`, if only limits change (`[commit-size]`, `[commit-hygiene]`). In `labgate audit` it "
        "is a note until the policy has a `policy-quorum`.",
        "Repair the policy, and check it with `labgate policy check`, or restore the one on the trunk. Let somebody "
        "else review a change of it: as many people as `policy-quorum` in `[reviews]` says, or `quorum`.",
    )

    ref: str
    source: str | None
    problems: tuple[str, ...]
    restoring: str | None

    def message(self) -> str:
        first, *more = self.problems
        rest = f" (and {count(len(more), 'more mistake')})" if more else ""
        return f"the proposed policy cannot judge: {first}{rest}"

    def help(self) -> str:
        """Return the command that reverts the change of the policy, on the branch that it comes from."""
        if self.restoring is None:
            return "keep it in one file, and repair it until this finds nothing: labgate policy check"
        switch = "" if self.source is None else f"git checkout {quote(self.source)} && "
        return f"{switch}{self.restoring} && git commit -m 'Keep the policy of labgate'"


class UnreviewedPolicy(UnmetReview):
    """A change of the policy without the reviews that it needs.

    ``removed``: the trunk would have no policy. ``missing`` are the names of the parts of the quorum that are not met,
    each once, ``missing_parts`` whether each is a group. ``counted`` are the people whose reviews count. ``noted``: it
    has landed, under a policy that says nothing of a quorum for its changes.
    """

    rule = PolicyChange.rule

    removed: bool
    missing: tuple[str, ...]
    missing_parts: tuple[Part, ...]
    counted: tuple[str, ...]
    noted: bool

    def message(self) -> str:
        what = "the policy of labgate is removed" if self.removed else "the policy of labgate changes"
        reviewed = f", reviewed by {', '.join(self.counted)}" if self.counted else " without a review"
        names = {TOTAL: "more reviewers" if self.counted else "reviewers", AFFILIATIONS: "more affiliations"}
        missing = ", ".join(names.get(part, part.name) for part in self.missing_parts)
        noted = " (a note in an audit, as the policy had no policy-quorum)" if self.noted else ""
        return f"{what}{reviewed}{self.named}; still missing: {missing}{self.state}{noted}"

    def help(self) -> str:
        step = self.review_step()
        # The change may be the one that adds the missing person.
        alone = self.reviewers is None and self.level != "error"
        return f"{step}; if this change does that, nothing more is needed" if alone else step


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield a proposed policy that could not judge later changes, and one that was not reviewed enough."""
    proposed = facts.policy
    if proposed is not None and proposed.problems:
        yield PolicyChange(ref=facts.ref, source=facts.source, problems=proposed.problems, restoring=proposed.restoring)
    review = policy_review(facts, policy)
    if proposed is not None and review is not None and review.missing:
        yield _unreviewed(review, policy, proposed)


def policy_review(facts: Facts, policy: Policy) -> Assessed | None:
    """Return the reviews of the commits that change the policy, ``None`` if that needs none."""
    proposed = facts.policy
    if proposed is None or not proposed.commits:
        return None
    return assessed(facts, policy.section(Reviews).of_policy, proposed.commits, proposed.paths)


def _unreviewed(review: Assessed, policy: Policy, proposed: ProposedPolicy) -> UnreviewedPolicy:
    oids = review.ordered(frozenset(review.missing))
    parts = tuple(dict.fromkeys(part for oid in oids for part in review.missing[oid]))
    return UnreviewedPolicy(
        removed=proposed.removed,
        missing=tuple(dict.fromkeys(part.name for part in parts)),
        missing_parts=parts,
        counted=tuple(sorted(review.counted(oids))),
        noted=review.facts.audited and policy.section(Reviews).policy_quorum is None,
        stated_level=_level(review, policy.section(Reviews), guarding=proposed.guarding),
        **review.details(oids),
    )


def _level(review: Assessed, reviews: Reviews, *, guarding: bool) -> str | None:
    """Return the level in this context.

    It is an error only where the policy itself lists enough people for a review and, unless it has a
    ``policy-quorum``, only for a change that the gate rests on.
    """
    if review.facts.audited and reviews.policy_quorum is None:
        return "note"
    if not guarding and reviews.policy_quorum is None:
        return "warning"
    return None if is_guarded(review.paths, review.reviews) else "warning"

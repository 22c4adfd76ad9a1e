"""Code that comes from research, or looks like it, needs a review: LG201 and LG202."""

from __future__ import annotations

from labgate.checks.research_gate.assessment import UnmetReview, assessed
from labgate.checks.research_gate.update import commits_of
from labgate.values.finding import SIMILARITY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from labgate.checks.research_gate.assessment import Assessed
    from labgate.checks.research_gate.update import Facts
    from labgate.policy.model import Policy
    from labgate.values.finding import Evidence


class UnreviewedResearch(UnmetReview):
    """``source`` is the full name of the research ref, ``None`` where no live one holds the commits.

    ``rivals`` are the full names of other live branches that hold them too.
    """

    rule = Rule(
        "LG201",
        "unreviewed-research",
        "error",
        "commits that come from a research branch reach a protected branch without a review",
        "Research branches are free of ceremony on purpose: nobody has vouched for their code. The protected branch is "
        "where everybody else builds, so what arrives there from research needs one more pair of eyes, whatever the "
        "branch was renamed to on the way.",
        "Let somebody who wrote none of it review the commits and state so with a Reviewed-by trailer: in an empty "
        "commit on top, or in the merge that brings them in; where assurance is forge, by approving the pull request. "
        "Or land only the commits that are ready.",
    )

    source: str | None
    rivals: tuple[str, ...]

    def message(self) -> str:
        from labgate.checks.research_gate import words

        return words.unreviewed_research(self)

    def help(self) -> str:
        from labgate.checks.research_gate import words

        return words.review_or_move(self)


class SuspectedResearch(UnmetReview):
    """``source`` is as in ``UnreviewedResearch``. ``alarm`` is false for a mere hint.

    ``score`` and ``terms`` (value by name) are those of the strongest evidence, which stands first.
    """

    rule = Rule(
        "LG202",
        "suspected-research",
        "warning",
        "commits that look like research reach a protected branch without a review",
        "Research that was edited, renamed or taken in part on its way leaves no exact trace, but its text does. "
        "Likeness can err, so it is a warning from a score of 6 on, and a note below it or where the match has a "
        "harmless reason.",
        "Compare the lines with `labgate trace --show`. If they come from research, let somebody who wrote none of it "
        "review them and state so with a Reviewed-by trailer; if not, nothing is to be done.",
    )

    source: str | None
    alarm: bool
    score: float
    terms: Mapping[str, float]

    def message(self) -> str:
        from labgate.checks.research_gate import words

        return words.suspected_research(self)

    def help(self) -> str:
        from labgate.checks.research_gate import words

        return words.review_or_compare(self)


def unreviewed(review: Assessed) -> Iterator[UnreviewedResearch]:
    """Yield the commits that are proven to come from research and have no review, by source ref."""
    facts = review.facts
    for source, evidence in _by_source(facts.proofs, review.unreviewed).items():
        oids = review.ordered(commits_of(evidence))
        rivals = facts.rivals.get(source or "", ())
        yield UnreviewedResearch(source=source, rivals=rivals, evidence=evidence, **review.details(oids))


def suspected(facts: Facts, policy: Policy) -> Iterator[SuspectedResearch]:
    """Yield what looks like research and has no review: alarms, and apart from them what is only a hint."""
    review = assessed(facts, policy, facts.suspected, facts.suspected_paths)
    doubtful = [item for item in facts.evidence if not item.proves]
    for evidence in _by_source(doubtful, review.missing).values():
        alarming = commits_of(item for item in evidence if item.decisive)
        for oids in (alarming, commits_of(evidence) - alarming):
            if oids:
                yield _suspicion(review, _strongest_first(_restricted(evidence, oids)))


def _suspicion(review: Assessed, evidence: tuple[Evidence, ...]) -> SuspectedResearch:
    strongest = evidence[0]
    return SuspectedResearch(
        source=strongest.source_ref,
        alarm=strongest.decisive,
        score=strongest.score,
        terms=dict(strongest.terms),
        stated_level=None if strongest.decisive else "note",
        evidence=evidence,
        **review.details(review.ordered(commits_of(evidence))),
    )


def _strongest_first(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return what decides first, then what is exact, then what scores more."""
    return tuple(sorted(evidence, key=lambda item: (not item.decisive, item.method == SIMILARITY, -item.score)))


def _by_source(evidence: Iterable[Evidence], commits: Container[str]) -> dict[str | None, tuple[Evidence, ...]]:
    """Group the evidence for these commits by source ref, in the order in which it is given."""
    grouped: dict[str | None, tuple[Evidence, ...]] = {}
    for item in _restricted(evidence, commits):
        grouped[item.source_ref] = (*grouped.get(item.source_ref, ()), item)
    return grouped


def _restricted(evidence: Iterable[Evidence], commits: Container[str]) -> Iterator[Evidence]:
    """Yield the evidence that speaks of some of these commits, for these alone."""
    for item in evidence:
        kept = item.for_commits(commits)
        if kept.commits:
            yield kept

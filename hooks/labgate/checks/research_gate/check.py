"""research-gate: code that comes from research reaches a protected branch only with a review."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from labgate.policy.grammar import Template
from labgate.policy.model import Policy
from labgate.reviews.approvals import ChangeName, JudgedApproval, account_of, mend_of, objectors
from labgate.reviews.quorum import SELF_REVIEW, Assessment, JudgedClaim, Refused, assess, helpful, missing
from labgate.values.finding import SIMILARITY, Evidence, Finding, Rule
from labgate.values.report import NotCounted, ReviewState
from labgate.values.value import NOTHING, Value

NAME = "research-gate"

LG201 = Rule(
    "LG201",
    "unreviewed-research",
    "error",
    "commits that come from a research branch reach a protected branch without a review",
    "Research branches are free of ceremony on purpose: nobody has vouched for their code. The protected branch is "
    "where everybody else builds, so what arrives there from research needs one more pair of eyes, whatever the "
    "branch was renamed to on the way.",
    "Let somebody who wrote none of it review the commits and state so with a Reviewed-by trailer: in an empty commit "
    "on top, or in the merge that brings them in; where assurance is forge, by approving the pull request. Or land "
    "only the commits that are ready.",
)
LG202 = Rule(
    "LG202",
    "suspected-research",
    "warning",
    "commits that look like research reach a protected branch without a review",
    "Research that was edited, renamed or taken in part on its way leaves no exact trace, but its text does. Likeness "
    "can err, so it is a warning from a score of 6 on, and a note below it or where the match has a harmless reason.",
    "Compare the lines with `labgate trace --show`. If they come from research, let somebody who wrote none of it "
    "review them and state so with a Reviewed-by trailer; if not, nothing is to be done.",
)
LG203 = Rule(
    "LG203",
    "stale-review",
    "error",
    "an approval of something else than what is to land, or one that was taken back",
    "An approval speaks for the content that was looked at. It holds wherever the protected branch has moved to, but "
    "not for what was pushed later, nor for a conflict that somebody has yet to settle.",
    "Let the same people approve the change as it is now.",
)
LG204 = Rule(
    "LG204",
    "self-review",
    "error",
    "a review by somebody who contributed to what it covers",
    "Authors, committers and co-authors of a commit know what it should do, and so do not see what it does. A merge "
    "that slips in a change of its own makes its author a contributor too.",
    "Let somebody else review it.",
)
LG205 = Rule(
    "LG205",
    "quorum-not-met",
    "error",
    "reviewers count, but fewer than the policy's quorum asks for",
    "The quorum in [reviews] says how many people, from which groups and affiliations, must have looked at a change.",
    "Let the missing people review it and add their Reviewed-by trailers in an empty commit on top; where assurance is "
    "forge, let them approve the pull request.",
)
LG208 = Rule(
    "LG208",
    "standing-objection",
    "error",
    "a listed person requests changes",
    "Somebody whose word counts has seen a reason why this should not land. Approvals by others do not answer it.",
    "Settle it with them: their approval, or the dismissal of their review on the code host, lifts it.",
)
LG211 = Rule(
    "LG211",
    "protected-ref-rewritten",
    "error",
    "a protected ref is deleted, or moved to a commit that does not contain the old one",
    "History that others have built on must not vanish: reviews, experiment records and releases point at it.",
    "Bring the change as new commits on top. A ref that may go is listed in [research-gate] deletable.",
)
LG212 = Rule(
    "LG212",
    "wrong-target",
    "error",
    "a branch of this kind does not land on that kind of branch",
    "Research work that targets main by mistake is the commonest way in which it gets there. The policy's targets say "
    "where each kind of branch may land.",
    "Send it to a branch of one of the kind's targets.",
)
RULES: tuple[Rule, ...] = (LG201, LG202, LG203, LG204, LG205, LG208, LG211, LG212)


class Facts(Value):
    """What is known of one ref update.

    ``rewrite`` is deleted, non-fast-forward, unknown-tip or ``None``. ``source`` is the branch the change comes from,
    ``None`` where unknown. ``needing`` are the commits that need review: evidence proves that they derive from
    research, or the policy asks it of all. ``suspected`` are those of which only evidence speaks that proves nothing
    (similarity and hints); where all need review they are among ``needing`` too. ``paths`` are what the former change,
    ``suspected_paths`` the latter. ``undecidable`` are commits too small to be compared by their text, on which exact
    methods found nothing. Commits are full oids, children before parents. ``contributors`` are the casefolded emails
    of the listed people who wrote part of the change. ``rivals`` maps a source ref to other live branches that hold
    its commits too. ``approvals`` are the words on ``change``, the pull or merge request of which the code host knows
    (``None`` where nobody asked it). ``strangers`` are the contributors, by email, whom the policy does not know.
    ``landed`` is how the target moved, where it has: the oid before (``None``: it was created), the oid after, and that
    commit's subject.
    """

    ref: str
    remote: str | None
    protected: bool
    kind: str | None
    rewrite: str | None = None
    source: str | None = None
    source_kind: str | None = None
    source_stated: bool = False
    evidence: tuple[Evidence, ...] = ()
    needing: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    undecidable: tuple[str, ...] = ()
    subjects: Mapping[str, str] = NOTHING
    paths: frozenset[str] = frozenset()
    suspected_paths: frozenset[str] = frozenset()
    claims: tuple[JudgedClaim, ...] = ()
    contributors: frozenset[str] = frozenset()
    rivals: Mapping[str, tuple[str, ...]] = NOTHING
    approvals: tuple[JudgedApproval, ...] = ()
    strangers: tuple[str, ...] = ()
    change: ChangeName | None = None
    landed: tuple[str | None, str, str] | None = None

    def with_review(self, **facts: Any) -> Facts:
        """Return the same facts and what needs review, is suspected or undecidable."""
        return self.changed(**facts)


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield what stands in the way of one ref update."""
    if not facts.protected:
        return
    if facts.rewrite is not None and not _may_go(facts, policy):
        yield Finding(LG211, {"ref": facts.ref, "remote": facts.remote, "how": facts.rewrite}, ref=facts.ref)
    yield from _targets(facts, policy)
    if facts.needing:
        yield from _reviews(facts, policy)
    yield from _suspicions(facts, policy)
    yield from _objections(facts)


def review_state(facts: Facts, policy: Policy) -> ReviewState | None:
    """Return the review of one update for the report, or ``None`` where nothing needed one."""
    if not facts.needing:
        return None
    reviews = policy.reviews
    found = _assessed(facts, policy)
    open_ = _open(found, facts, policy)
    missing_ = tuple(dict.fromkeys(name for names in open_.values() for name in names))
    refused = (NotCounted(refusal.person, refusal.reason) for refusal in found.refused)
    reached = "none" if open_ else reviews.assurance
    return ReviewState(reviews.assurance, reached, found.counted, tuple(refused), missing_)


def _may_go(facts: Facts, policy: Policy) -> bool:
    deletable = policy.gate.deletable
    return facts.rewrite == "deleted" and any(_fits(template, facts.ref) for template in deletable)


def _fits(template: Template, ref: str) -> bool:
    values = template.fits(ref)
    return values is not None and template.bad_field(values) is None


def _targets(facts: Facts, policy: Policy) -> Iterator[Finding]:
    kind = None if facts.source_kind is None else policy.kind(facts.source_kind)
    if kind is None or not kind.targets or facts.kind in kind.targets or facts.rewrite == "deleted":
        return
    data = {"source": facts.source, "source_kind": kind.name, "target": facts.ref, "targets": list(kind.targets)}
    yield Finding(LG212, data, level=None if facts.source_stated else "note", ref=facts.ref)


def _assessed(facts: Facts, policy: Policy) -> Assessment:
    """Match what needs review to the claims and approvals that cover some of it; others say nothing of it."""
    needing = frozenset(facts.needing)
    claims: tuple[JudgedClaim | JudgedApproval, ...] = (*facts.claims, *facts.approvals)
    speaking = [claim for claim in claims if claim.covers & needing]
    return assess(facts.needing, speaking, policy.reviews, facts.strangers)


def _open(found: Assessment, facts: Facts, policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return for each commit whose quorum is not met what is missing."""
    reviews = policy.reviews
    verdicts = {people: missing(people, facts.paths, reviews) for people in set(found.reviewers.values())}
    return {oid: verdicts[people] for oid, people in found.reviewers.items() if verdicts[people]}


def _reviews(facts: Facts, policy: Policy) -> Iterator[Finding]:
    found = _assessed(facts, policy)
    open_ = _open(found, facts, policy)
    unreviewed = {oid for oid in open_ if not found.reviewers[oid]}
    proofs = [item for item in facts.evidence if item.proves]
    derived = _commits_of(proofs)
    for source, evidence in _by_source(proofs, unreviewed).items():
        commits = _ordered(facts, _commits_of(evidence))
        data = _data(facts, policy, commits, frozenset(), found.refused)
        data |= {"source": source, "rivals": list(facts.rivals.get(source or "", ()))}
        yield Finding(LG201, data, commits=commits, ref=facts.ref, evidence=evidence)
    short = [oid for oid in facts.needing if oid in open_ and (oid not in unreviewed or oid not in derived)]
    if short:
        people = frozenset.intersection(*(found.reviewers[oid] for oid in short))
        data = _data(facts, policy, tuple(short), people, found.refused)
        data |= {
            "missing": list(dict.fromkeys(name for oid in short for name in open_[oid])),
            "counted": sorted(people),
        }
        yield Finding(LG205, data, commits=tuple(short), ref=facts.ref)
    yield from _stale_reviews(facts, found.refused, unreviewed)
    yield from _self_reviews(facts, found.refused, unreviewed)


def _stale_reviews(facts: Facts, refused: tuple[Refused, ...], unreviewed: set[str]) -> Iterator[Finding]:
    """Yield the approvals that held once, of what nobody reviewed; beside a review that counts LG205 names them."""
    for refusal in refused:
        approval = refusal.claim
        if not isinstance(approval, JudgedApproval) or refusal.person is None or not approval.covers & unreviewed:
            continue
        if approval.flaw is not None and refusal.reason == approval.flaw:
            data: dict[str, Any] = {"person": refusal.person, "reason": refusal.reason, "commit": approval.commit}
            data |= {"mend": mend_of(refusal.reason), "target": facts.ref, "remote": facts.remote}
            data["change"] = _change(facts)
            yield Finding(LG203, data, commits=_ordered(facts, unreviewed), ref=facts.ref)


def _self_reviews(facts: Facts, refused: tuple[Refused, ...], unreviewed: set[str]) -> Iterator[Finding]:
    """Yield the self-reviews of what nobody else reviewed; beside a review that counts they change nothing."""
    for refusal in refused:
        if refusal.reason == SELF_REVIEW and refusal.claim.covers & unreviewed:
            marker = refusal.claim.commit
            data: dict[str, Any] = {"person": refusal.person, "marker": marker, "wrote": refusal.wrote}
            if isinstance(refusal.claim, JudgedApproval):
                data["change"] = _change(facts)
            yield Finding(LG204, data, commits=() if marker is None else (marker,), ref=facts.ref)


def _objections(facts: Facts) -> Iterator[Finding]:
    """Yield the requests for changes by listed people, whoever else approves."""
    commits = facts.needing or facts.suspected
    if commits:
        for person in objectors(facts.approvals):
            yield Finding(LG208, {"person": person, "change": _change(facts)}, commits=commits, ref=facts.ref)


def _suspicions(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield what looks like research and has no review: alarms, and apart from them what is only a hint."""
    # The same quorum, asked as if these commits needed a review.
    asked = facts.changed(needing=facts.suspected, paths=facts.suspected_paths)
    found = _assessed(asked, policy)
    doubts = [item for item in facts.evidence if not item.proves]
    for evidence in _by_source(doubts, _open(found, asked, policy)).values():
        alarming = _commits_of(item for item in evidence if item.decisive)
        for commits in (alarming, _commits_of(evidence) - alarming):
            if commits:
                yield _suspicion(asked, policy, found, _strongest_first(_restricted(evidence, commits)))


def _suspicion(facts: Facts, policy: Policy, found: Assessment, evidence: tuple[Evidence, ...]) -> Finding:
    strongest = evidence[0]
    commits = _ordered(facts, _commits_of(evidence))
    people = frozenset.intersection(*(found.reviewers[oid] for oid in commits))
    data = _data(facts, policy, commits, people, found.refused)
    data |= {
        "source": strongest.source_ref,
        "alarm": strongest.decisive,
        "score": strongest.score,
        "terms": dict(strongest.terms),
    }
    level = None if strongest.decisive else "note"
    return Finding(LG202, data, level=level, commits=commits, ref=facts.ref, evidence=evidence)


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


def _commits_of(evidence: Iterable[Evidence]) -> set[str]:
    return {oid for item in evidence for oid in item.commits}


def _ordered(facts: Facts, commits: set[str]) -> tuple[str, ...]:
    return tuple(oid for oid in facts.needing if oid in commits)


def _data(
    facts: Facts, policy: Policy, commits: tuple[str, ...], people: frozenset[str], refused: tuple[Refused, ...]
) -> dict[str, Any]:
    """Return what the wording of an unmet review needs: commits, who could review, which claims did not count."""
    reviews = policy.reviews
    named = helpful(people, facts.paths, facts.contributors, reviews, _unable(facts, policy))
    emails = {person.name: person.emails[0] for person in reviews.people if person.emails}
    data = {
        "assurance": reviews.assurance,
        "target": facts.ref,
        "remote": facts.remote,
        "subjects": [facts.subjects.get(oid, "") for oid in commits],
        "reviewers": None if named is None else [{"person": name, "email": emails.get(name)} for name in named],
        "change": _change(facts),
        "strangers": list(facts.strangers),
        "not_counted": [_not_counted(item) for item in refused],
    }
    if facts.landed is not None:
        data["landed"] = dict(zip(("old", "new", "subject"), facts.landed, strict=True))
    return data


def _not_counted(refused: Refused) -> dict[str, str | None]:
    claim = refused.claim
    email, login = (claim.email, None) if isinstance(claim, JudgedClaim) else (None, claim.login)
    return {
        "person": refused.person,
        "email": email,
        "login": login,
        "reason": refused.reason,
        "commit": claim.commit,
    }


def _change(facts: Facts) -> dict[str, Any] | None:
    change = facts.change
    return None if change is None else {"number": change.number, "url": change.url, "kind": change.kind}


def _unable(facts: Facts, policy: Policy) -> frozenset[str]:
    """Return who cannot approve the change on its code host: people without an account there, and who opened it."""
    change = facts.change
    if change is None or policy.reviews.assurance != "forge":
        return frozenset()
    accounts = {person.name: account_of(person, change.kind) for person in policy.reviews.people}
    return frozenset(name for name, login in accounts.items() if login is None or change.is_opened_by(login))

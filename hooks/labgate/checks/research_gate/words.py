"""The words of research-gate's findings."""

from __future__ import annotations

from shlex import quote

from labgate.reviews.quorum import AFFILIATIONS, TOTAL
from labgate.values.finding import SIMILARITY
from labgate.values.hints import reason
from labgate.values.phrases import count, short_oid
from labgate.values.refnames import TAGS, short_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from labgate.checks.research_gate.assessment import NamedChange, RefusedReview, UnmetReview
    from labgate.checks.research_gate.protected_refs import ProtectedRefRewritten, WrongTarget
    from labgate.checks.research_gate.research import SuspectedResearch, UnreviewedResearch
    from labgate.checks.research_gate.reviews import QuorumNotMet, SelfReview, StaleReview, StandingObjection
    from labgate.values.finding import Evidence

#: How many reviews that do not count a message names.
_SHOWN = 3
#: Characters of a subject that stand in a message.
_SUBJECT = 60


def unreviewed_research(finding: UnreviewedResearch) -> str:
    """LG201."""
    message = f"{count(len(finding.oids), 'commit')} from {_source(finding.source)} without a review"
    message += f" ({_ways(finding.evidence)}){_not_counted(finding.not_counted)}{_landed(finding)}"
    if finding.rivals:
        message += f"; {short_ref(finding.rivals[0])} holds them too: research wins"
    return message


def review_or_move(finding: UnreviewedResearch) -> str:
    """Return how to review LG201's commits and, where another branch holds them too, how to move them there."""
    review = _review_step(finding)
    if finding.source is None or not finding.rivals:
        return review
    rival = short_ref(finding.rivals[0])
    return f"{review}; or, if they belong to {rival}: {_move_command(finding, finding.source, rival)}"


def suspected_research(finding: SuspectedResearch) -> str:
    """LG202."""
    strongest, number = finding.evidence[0], len(finding.oids)
    seen = _likeness(strongest) if strongest.method == SIMILARITY else _ways(finding.evidence)
    look = "looks" if number == 1 else "look"
    message = f"{count(number, 'commit')} {look} like {_source(finding.source)} ({seen})"
    if finding.alarm:
        return message + _not_counted(finding.not_counted) + _landed(finding)
    return f"{message}, but this is only a hint: {reason(strongest.hint, short_ref(finding.target))}"


def review_or_compare(finding: SuspectedResearch) -> str:
    """Return how to review LG202's commits or, for a mere hint, how to compare them with research."""
    if finding.alarm:
        return _review_step(finding)
    return f"labgate trace --show {short_oid(finding.evidence[0].commits[0])}"


def stale_review(finding: StaleReview) -> str:
    """LG203."""
    if finding.marker is not None:
        return f"the review by {finding.person} in {short_oid(finding.marker)} does not count: {finding.reason}"
    of = "" if finding.commit is None else f" of {short_oid(finding.commit)}"
    return f"the approval by {finding.person}{of} does not count: {finding.reason}"


def renew_approval(finding: StaleReview) -> str:
    """Return what makes LG203's approval hold, or brings a new one."""
    if finding.marker is not None:
        return f"{_approve(finding.branch, (finding.person,))}  # once {finding.person} has reviewed it again"
    again, target = f"ask {finding.person} to approve {_change(finding.change)} again", short_ref(finding.target)
    if finding.mend == "merge":
        return f"merge {target} into the change and settle the conflict, then {again}"
    if finding.mend == "revert":
        return f"revert it on {target}, and land what was approved, or have the rest approved first"
    if finding.mend == "newer-git":
        return "run labgate with git 2.38 or later"
    if finding.mend == "fetch" and finding.commit is not None:
        return f"git fetch {quote(finding.remote or 'origin')} {quote(finding.commit)}"
    return again


def self_review(finding: SelfReview) -> str:
    """LG204."""
    person, change, marker = finding.person, finding.change, finding.marker
    # Only an approval stands on a change, and only one of those may be bound to no commit.
    approved = change is not None or marker is None
    what = f"approval by {person}" if approved else f"review by {person} in {short_oid(marker or '')}"
    did = f"opened {_change(change)}" if finding.wrote is None else f"contributed to {short_oid(finding.wrote)}"
    if finding.sought is not None and finding.wrote is not None:
        own = f"no commit of {finding.sought}'s own with the same change is to be found"
        did = f"committed {short_oid(finding.wrote)}, and {own}"
    return f"the {what} does not count: {person} {did}"


def quorum_not_met(finding: QuorumNotMet) -> str:
    """LG205."""
    reviewed = f"reviewed by {', '.join(finding.counted)}" if finding.counted else "without a review"
    names = {TOTAL: "more reviewers" if finding.counted else "reviewers", AFFILIATIONS: "more affiliations"}
    missing = ", ".join(names.get(part, part.name) for part in finding.missing_parts)
    message = f"{count(len(finding.oids), 'commit')} {reviewed}; still missing: {missing}"
    return message + _not_counted(finding.not_counted) + _landed(finding)


def complete_quorum(finding: QuorumNotMet) -> str:
    """Return how to complete LG205's quorum."""
    return _review_step(finding)


def standing_objection(finding: StandingObjection) -> str:
    """LG208."""
    return f"{finding.person} requests changes in {_change(finding.change)}"


def protected_ref_rewritten(finding: ProtectedRefRewritten) -> str:
    """LG211."""
    ref = short_ref(finding.ref)
    if finding.how == "deleted":
        return f"{ref} is protected and would be deleted"
    if finding.ref.startswith(TAGS):
        return f"{ref} is protected and would be moved"
    not_here = " not fetched here" if finding.how == "unknown-tip" else ""
    return f"{ref} would lose commits{not_here} that {finding.remote or 'origin'} already has"


def keep_history(finding: ProtectedRefRewritten) -> str:
    """Return how to bring LG211's change without a loss."""
    ref, remote = short_ref(finding.ref), quote(finding.remote or "origin")
    if finding.how == "deleted":
        return f"leave {ref} out of the push, or list it in [research-gate] deletable"
    if finding.ref.startswith(TAGS):
        # A tag that others have fetched is never moved for them (git-tag, "On Re-tagging").
        back = quote(f"+{finding.ref}:{finding.ref}")
        return f"git fetch {remote} {back}  # then give the new commit a tag of its own"
    return f"git pull --rebase {remote} {quote(ref)}"


def wrong_target(finding: WrongTarget) -> str:
    """LG212."""
    kinds, target = " or ".join(finding.targets), short_ref(finding.target)
    return f"{finding.source} is a {finding.source_kind} branch and lands on {kinds}, not on {target}"


def retarget(finding: WrongTarget) -> str:
    """Return where to send LG212's branch."""
    kinds = " or ".join(finding.targets)
    return f"send it to a branch of kind {kinds}, or change [kinds.{finding.source_kind}] targets"


def _source(ref: str | None) -> str:
    """Return a source ref as people say it."""
    return "a deleted branch" if ref is None else short_ref(ref)


def _ways(evidence: Sequence[Evidence]) -> str:
    """Return the methods, with the strongest example where the research commit is another one than the judged one."""
    methods = dict.fromkeys(f"by {item.method}" for item in evidence)
    example = next((item for item in evidence if item.method != "ancestry"), None)
    if example is None or not example.commits:
        return ", ".join(methods)
    source = f" from {_oids(example.source_commits)}" if example.source_commits else ""
    lines = f", {count(example.matched_lines, 'line')}" if example.matched_lines else ""
    detail = f": {_oids(example.commits)}{source}{lines}"
    return "; ".join(way + detail if way == f"by {example.method}" else way for way in methods)


def _likeness(evidence: Evidence) -> str:
    """Return what a similarity score stands on: the commit, its lines and whose they are, the score."""
    shared = f"{count(evidence.matched_lines, 'line')} shared" if evidence.matched_lines else ""
    source = _oids(evidence.source_commits) if evidence.source_commits else ""
    joint = " with " if shared and source else "like " if source else ""
    seen = [f"{shared}{joint}{source}", f"score {evidence.score:.1f}"]
    return f"{_oids(evidence.commits)}: {', '.join(filter(None, seen))}"


def _oids(oids: Sequence[str]) -> str:
    more = f" and {len(oids) - 1} more" if len(oids) > 1 else ""
    return f"{short_oid(oids[0])}{more}"


def _move_command(finding: UnreviewedResearch, source: str, rival: str) -> str:
    """Return the command that takes commits of another branch out of the research branch that was cut from it."""
    remote = finding.remote or "origin"
    branch = quote(short_ref(source).removeprefix(f"{remote}/"))
    onto = quote(f"{remote}/{short_ref(finding.target)}")
    rebase = f"git rebase --onto {onto} {quote(rival)} {branch}"
    return f"{rebase} && git push --force-with-lease {quote(remote)} {branch}"


def _not_counted(refused: Sequence[RefusedReview]) -> str:
    if not refused:
        return ""
    shown = [f"{item.person or item.email or item.login or 'a claim'}: {item.reason}" for item in refused[:_SHOWN]]
    more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    return f"; not counted: {', '.join(shown)}{more}"


def _landed(finding: UnmetReview) -> str:
    """Return as what a change landed, where it has."""
    landed = finding.landed
    return "" if landed is None else f"; landed as {short_oid(landed.new)} {landed.subject[:_SUBJECT]}"


def _change(change: NamedChange | None) -> str:
    """Return a pull or merge request as its code host writes it."""
    if change is None:
        return "the change"
    return f"merge request !{change.number}" if change.kind == "gitlab" else f"pull request #{change.number}"


def _review_step(finding: UnmetReview) -> str:
    """Return the command that states the review, or the step that brings it, by who can complete the quorum."""
    if finding.assurance == "signed":
        return 'this version of labgate verifies no signatures: set assurance = "forge" in [reviews] on the trunk'
    if finding.assurance == "forge" and finding.strangers:
        return _list_step(finding.strangers)
    if finding.reviewers is None:
        return "add a reviewer who wrote none of it to [reviews.people] in labgate.toml on the trunk"
    people = finding.advised
    who = " and ".join(people)
    if finding.assurance == "forge":
        return _approval_step(finding, who)
    have = "have" if len(people) > 1 else "has"
    return f"{_marker_command(finding, people)}  # once {who} {have} reviewed it"


def _approval_step(finding: UnmetReview, who: str) -> str:
    asked, landed = f"ask {who} to approve", finding.landed
    if finding.change is not None:
        return f"{asked} {_change(finding.change)}"
    if landed is None:
        return f"open a pull request and {asked} it"
    since = "" if landed.old is None else f"{short_oid(landed.old)}.."
    return f"git log --patch {since}{short_oid(landed.new)}  # show {who} what landed"


def _marker_command(finding: UnmetReview, people: Sequence[str]) -> str:
    if finding.landed is None:
        return _approve(finding.branch or short_oid(finding.head), people)
    target = short_ref(finding.target)
    late = _approve(target, people, "--landing", short_oid(finding.landed.new))
    return f"{late} && git push {quote(finding.remote or 'origin')} {quote(target)}"


def _list_step(strangers: Sequence[str]) -> str:
    more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
    unlisted = f"the contributor{'s' if more else ''} {strangers[0]}{more}"
    where = "[reviews.people], or in [reviews] agents or machines if it is no person,"
    return f"list {unlisted} in {where} in labgate.toml on the trunk"


def _approve(branch: str | None, people: Sequence[str], *options: str) -> str:
    """Return the command that states reviews on a branch, whatever is checked out."""
    words = ("labgate", "review", "approve", *([branch] if branch is not None else []), *options)
    by = [word for person in people for word in ("--by", person)]
    return " ".join(quote(word) for word in (*words, *by))

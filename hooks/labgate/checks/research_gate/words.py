"""What research-gate says to people."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from labgate.values.finding import SIMILARITY, Evidence, Finding
from labgate.values.hints import reason
from labgate.values.phrases import count, short_oid, short_ref

_SHOWN = 3
#: Characters of a subject that stand in a message.
_SUBJECT = 60


def short(ref: str | None) -> str:
    """Return a source ref as people say it."""
    return "a deleted branch" if ref is None else short_ref(ref)


def _topic(data: Mapping[str, Any], ref: str | None) -> str:
    """Return a source branch's own name, without its remote, for the subject of a review."""
    return short(ref).removeprefix(f"{data['remote'] or 'origin'}/")


def unreviewed_research(finding: Finding) -> tuple[str, str | None]:
    """LG201."""
    data = finding.data
    source = short(data["source"])
    message = f"{count(len(finding.commits), 'commit')} from {source} without a review"
    message += f" ({_ways(finding.evidence)}){_not_counted(data)}{_landed(data)}"
    review = _review_command(data, _topic(data, data["source"]))
    if not data["rivals"]:
        return message, review
    rival = short_ref(data["rivals"][0])
    message += f"; {rival} holds them too: research wins"
    return message, f"{review}; or, if they belong to {rival}: {_disown_command(data, rival)}"


def suspected_research(finding: Finding) -> tuple[str, str | None]:
    """LG202."""
    data, strongest = finding.data, finding.evidence[0]
    seen = _likeness(strongest) if strongest.method == SIMILARITY else _ways(finding.evidence)
    number = len(finding.commits)
    message = f"{count(number, 'commit')} {'looks' if number == 1 else 'look'} like {short(data['source'])} ({seen})"
    if data["alarm"]:
        return message + _not_counted(data) + _landed(data), _review_command(data, _topic(data, data["source"]))
    doubt = reason(strongest.hint, short_ref(data["target"]))
    command = f"labgate trace --show {short_oid(strongest.commits[0])}"
    return f"{message}, but this is only a hint: {doubt}", command


def _ways(evidence: Sequence[Evidence]) -> str:
    """Return the methods, with the strongest example where the research commit is another one than the judged one."""
    methods = dict.fromkeys(f"by {item.method}" for item in evidence)
    told = next((item for item in evidence if item.method != "ancestry"), None)
    if told is None or not told.commits:
        return ", ".join(methods)
    source = f" from {_oids(told.source_commits)}" if told.source_commits else ""
    lines = f", {count(told.matched_lines, 'line')}" if told.matched_lines else ""
    detail = f": {_oids(told.commits)}{source}{lines}"
    return "; ".join(way + detail if way == f"by {told.method}" else way for way in methods)


def _likeness(evidence: Evidence) -> str:
    """Return what a similarity score stands on: the commit, its lines and whose they are, the score."""
    shared = f"{count(evidence.matched_lines, 'line')} shared" if evidence.matched_lines else ""
    source = _oids(evidence.source_commits) if evidence.source_commits else ""
    joint = " with " if shared and source else "like " if source else ""
    told = [f"{shared}{joint}{source}", f"score {evidence.score:.1f}"]
    return f"{_oids(evidence.commits)}: {', '.join(filter(None, told))}"


def _oids(oids: Sequence[str]) -> str:
    more = f" and {len(oids) - 1} more" if len(oids) > 1 else ""
    return f"{short_oid(oids[0])}{more}"


def _disown_command(data: Mapping[str, Any], rival: str) -> str:
    """Return the command that takes commits of another branch out of the research branch that was cut from it."""
    remote = data["remote"] or "origin"
    branch = short_ref(data["source"]).removeprefix(f"{remote}/")
    onto = f"{remote}/{short_ref(data['target'])}"
    rebase = f"git rebase --onto {shlex.quote(onto)} {shlex.quote(rival)} {shlex.quote(branch)}"
    return f"{rebase} && git push --force-with-lease {shlex.quote(remote)} {shlex.quote(branch)}"


def stale_review(finding: Finding) -> tuple[str, str | None]:
    """LG203."""
    data = finding.data
    commit = data["commit"]
    of = "" if commit is None else f" of {short_oid(commit)}"
    message = f"the approval by {data['person']}{of} does not count: {data['reason']}"
    again = f"ask {data['person']} to approve {_change(data)} again"
    if data["mend"] == "merge":
        return message, f"merge {short_ref(data['target'])} into the change and settle the conflict, then {again}"
    if data["mend"] == "revert":
        target = short_ref(data["target"])
        return message, f"revert it on {target}, and land what was approved, or have the rest approved first"
    if data["mend"] == "newer-git":
        return message, "run labgate with git 2.38 or later"
    if data["mend"] == "fetch" and commit is not None:
        return message, f"git fetch {shlex.quote(data['remote'] or 'origin')} {shlex.quote(commit)}"
    return message, again


def self_review(finding: Finding) -> tuple[str, str | None]:
    """LG204."""
    data = finding.data
    person = data["person"]
    # Only an approval names the change that it stands on; a marker stands in a commit.
    what = f"approval by {person}" if "change" in data else f"review by {person} in {short_oid(data['marker'])}"
    did = f"opened {_change(data)}" if data["wrote"] is None else f"contributed to {short_oid(data['wrote'])}"
    return f"the {what} does not count: {person} {did}", "ask somebody else in [reviews.people] to review it"


def quorum_not_met(finding: Finding) -> tuple[str, str | None]:
    """LG205."""
    data = finding.data
    people = ", ".join(data["counted"])
    reviewed = f"reviewed by {people}" if people else "without a review"
    names = {"total": "more reviewers" if people else "reviewers", "affiliations": "more affiliations"}
    missing = ", ".join(names.get(name, name) for name in data["missing"])
    message = f"{count(len(finding.commits), 'commit')} {reviewed}; still missing: {missing}"
    return message + _not_counted(data) + _landed(data), _review_command(data, short_ref(data["target"]))


def standing_objection(finding: Finding) -> tuple[str, str | None]:
    """LG208."""
    person, change = finding.data["person"], _change(finding.data)
    message = f"{person} requests changes in {change}"
    return message, f"settle it with {person}: an approval by {person}, or the dismissal of that review, lifts it"


def protected_ref_rewritten(finding: Finding) -> tuple[str, str | None]:
    """LG211."""
    ref, remote = short_ref(finding.data["ref"]), finding.data["remote"] or "origin"
    command = f"{shlex.quote(remote)} {shlex.quote(ref)}"
    if finding.data["how"] == "deleted":
        return (
            f"{ref} is protected and would be deleted",
            f"leave {ref} out of the push, or list it in [research-gate] deletable",
        )
    if finding.data["ref"].startswith("refs/tags/"):
        # A tag that others have fetched is never moved for them (git-tag, "On Re-tagging").
        back = shlex.quote(f"+{finding.data['ref']}:{finding.data['ref']}")
        message = f"{ref} is protected and would be moved"
        return message, f"git fetch {shlex.quote(remote)} {back}  # then give the new commit a tag of its own"
    not_here = " not fetched here" if finding.data["how"] == "unknown-tip" else ""
    return f"{ref} would lose commits{not_here} that {remote} already has", f"git pull --rebase {command}"


def wrong_target(finding: Finding) -> tuple[str, str | None]:
    """LG212."""
    data = finding.data
    kinds = " or ".join(data["targets"])
    message = (
        f"{data['source']} is a {data['source_kind']} branch and lands on {kinds}, not on {short_ref(data['target'])}"
    )
    return message, f"send it to a branch of kind {kinds}, or change [kinds.{data['source_kind']}] targets"


def _not_counted(data: Mapping[str, Any]) -> str:
    refused = data["not_counted"]
    if not refused:
        return ""
    shown = [f"{_whose(item)}: {item['reason']}" for item in refused[:_SHOWN]]
    more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    return f"; not counted: {', '.join(shown)}{more}"


def _whose(refused: Mapping[str, Any]) -> str:
    named = (refused["person"], refused["email"], refused.get("login"))
    return next((name for name in named if name), "a claim")


def _landed(data: Mapping[str, Any]) -> str:
    """Return as what a change landed, where it has."""
    landed = data.get("landed")
    return "" if landed is None else f"; landed as {short_oid(landed['new'])} {landed['subject'][:_SUBJECT]}"


def _change(data: Mapping[str, Any]) -> str:
    """Return a pull or merge request as its code host writes it."""
    change = data["change"]
    if change is None:
        return "the change"
    return f"merge request !{change['number']}" if change["kind"] == "gitlab" else f"pull request #{change['number']}"


def _review_command(data: Mapping[str, Any], what: str) -> str:
    """Return the command that states the review, or the step that brings it, by who can complete the quorum."""
    assurance = data.get("assurance", "trailer")
    if assurance == "signed":
        return 'this version of labgate verifies no signatures: set assurance = "forge" in [reviews] on the trunk'
    if assurance == "forge" and data["strangers"]:
        more = f" and {len(data['strangers']) - 1} more" if len(data["strangers"]) > 1 else ""
        unlisted = f"the contributor{'s' if more else ''} {data['strangers'][0]}{more}"
        return f"list {unlisted} in [reviews.people], or in [reviews] machines, in labgate.toml on the trunk"
    if data["reviewers"] is None:
        return "add a reviewer who wrote none of it to [reviews.people] in labgate.toml on the trunk"
    who = " and ".join(item["person"] for item in data["reviewers"])
    if assurance == "forge":
        opened = "" if data["change"] else "open a pull request and "
        if data["change"] or not data.get("landed"):
            return f"{opened}ask {who} to approve {_change(data) if data['change'] else 'it'}"
    if data.get("landed"):
        landed = data["landed"]
        since = "" if landed["old"] is None else f"{short_oid(landed['old'])}.."
        return f"git log --patch {since}{short_oid(landed['new'])}  # show {who} what landed"
    trailers = [f"Reviewed-by: {item['person']} <{item['email']}>" for item in data["reviewers"]]
    options = " ".join(f"--trailer {shlex.quote(trailer)}" for trailer in trailers)
    have = "have" if len(data["reviewers"]) > 1 else "has"
    return f"git commit --allow-empty -m {shlex.quote(f'Review {what}')} {options}  # once {who} {have} reviewed it"


WORDS = {
    "LG201": unreviewed_research,
    "LG202": suspected_research,
    "LG203": stale_review,
    "LG204": self_review,
    "LG205": quorum_not_met,
    "LG208": standing_objection,
    "LG211": protected_ref_rewritten,
    "LG212": wrong_target,
}

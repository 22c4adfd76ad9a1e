"""``labgate review approve``: state a review on a branch, bound to the reviewed content, from any checkout."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from labgate.checks.registry import policy_reader
from labgate.git.authoring import committer, move_ref, write_empty_commit
from labgate.git.commits import is_ancestor, merge_bases, read_commits, rev_list
from labgate.git.refs import read_refs, resolve_revision, symbolic_ref
from labgate.git.repository import Repository, discover
from labgate.policy.model import OWN_FILE, Policy
from labgate.reviews.contributors import Contributors
from labgate.reviews.delta import delta_id
from labgate.reviews.landed_runs import Run, landed_runs
from labgate.reviews.markers import CHANGE, KEY, LANDING, binding_of, claims_in, landings_named
from labgate.reviews.quorum import person_of
from labgate.reviews.section import Person, Reviews
from labgate.scene.governing_policy import Proposal, judging_policy
from labgate.values.errors import UndecidedError, UsageError
from labgate.values.phrases import quote, short_oid
from labgate.values.ref_update import Commit, Identity
from labgate.values.refnames import HEADS, REMOTES, short_ref, tip_ref, tracking_ref
from labgate.values.spelling import nearest
from labgate.values.value import Value

_REASON = "labgate review approve"
#: How many commits are read below a named one to find where its landing begins, and below a tip for its reviews.
_BELOW = 400


class ApproveRequest(Value):
    """What to approve. ``branch`` ``None``: what HEAD is on; it may be any revision, whose marker is then on no branch.

    ``target`` is the branch that it is to land on, ``None``: the trunk. ``people`` are the names of those who reviewed
    it, none: the person whom git knows. ``landing`` is a revision that has landed on the branch, for a late review.
    """

    branch: str | None = None
    target: str | None = None
    people: tuple[str, ...] = ()
    landing: str | None = None


class Approved(Value):
    """A review that was stated: by whom (names in the policy), of which commit, and in which (full oids).

    ``branch`` is the short name of the branch that has it now, ``None`` if none does; ``remote`` where to push it.
    ``known``: the branch had it before, and nothing was written. ``rewritten``: what the remote has of the branch is
    not below it, as after a rebase.
    """

    people: tuple[str, ...]
    reviewed: str
    marker: str
    branch: str | None
    remote: str | None
    known: bool = False
    rewritten: bool = False


class _Landing(Value):
    """A landing on a branch. ``named`` is the commit by which it was named, and ``run`` where it begins and ends.

    ``stated`` has the casefolded addresses of those who reviewed it late, each with the commit that says so.
    """

    named: str
    run: Run
    stated: Mapping[str, str]


class _Place(Value):
    """The place of the marker: on top of ``tip``. ``ref`` is moved there from ``old``; ``None``: no ref is moved."""

    name: str
    tip: str
    ref: str | None
    old: str | None


def approve(request: ApproveRequest, environ: Mapping[str, str] = os.environ) -> Approved:
    """State a review as an empty commit on a branch, and return it.

    Raises: ``UsageError`` when the request names what does not exist or a review would not count, ``UndecidedError``
    where this clone lacks what decides, other ``LabgateError`` where there is no policy or git cannot write.
    """
    repository = discover(environ)
    repository.require_history()
    refs = read_refs(repository)
    remote = repository.usual_remote
    place = _place(repository, refs, remote, request.branch)
    judging = judging_policy(repository, refs, remote, Proposal({}, (place.tip,)), policy_reader())
    reviews = judging.policy.section(Reviews)
    if reviews.assurance != "trailer":
        message = f'[reviews] assurance is "{reviews.assurance}": a trailer is only a claim, and does not count'
        raise UsageError(message, "approve the pull request on the code host")
    people = _people(repository, reviews, request)
    contributors = Contributors(repository, reviews, judging.trunk_tip, (), tuple)
    branch = None if place.ref in (None, "HEAD") else short_ref(place.ref or "")
    if request.landing is not None:
        landing = _landing(repository, refs, place, request.landing)
        _refuse_authors(contributors, reviews, request, people, _commits(repository, landing.run.old, landing.run.new))
        stated, reviewed = landing.stated, landing.named
        what, trailer = f"Review {short_oid(reviewed)} after it landed", f"{LANDING}: {reviewed}"
    else:
        reviewed = place.tip
        base = _target(repository, refs, remote, judging.policy, judging.trunk_tip, request.target)
        target = request.target or judging.trunk or judging.policy.trunk
        what, delta = f"Review {place.name}", _delta(repository, base, place, target)
        trailer = f"{CHANGE}: {delta} {place.tip}"
        _refuse_authors(contributors, reviews, request, people, _commits(repository, base, reviewed))
        stated = _stated(repository, base, place.tip, delta)
    left = [one for one in people if stated.keys().isdisjoint(one[0].emails)]
    if left:
        people = left
        trailers = [*(f"{KEY}: {who.name} <{who.email}>" for _, who in people), trailer]
        marker = tip = _written(repository, place, what, trailers)
    else:
        marker, tip = next(oid for email, oid in stated.items() if email in people[0][0].emails), place.tip
        reviewed = _reviewed(repository, marker) or reviewed
    pushed = None if remote is None or branch is None else refs.get(tracking_ref(remote, branch))
    rewritten = request.landing is None and pushed is not None and not is_ancestor(repository, pushed, tip)
    names = tuple(person.name for person, _ in people)
    return Approved(names, reviewed, marker, branch, remote, known=not left, rewritten=rewritten)


def _written(repository: Repository, place: _Place, what: str, trailers: Sequence[str]) -> str:
    """Write the empty commit with these trailers, move the branch to it, and return its oid."""
    marker = write_empty_commit(repository, place.tip, "\n".join([what, "", *trailers, ""]))
    if place.ref is not None:
        move_ref(repository, place.ref, place.old, marker, f"{_REASON}: {place.name}")
    return marker


def _place(repository: Repository, refs: dict[str, str], remote: str | None, named: str | None) -> _Place:
    """Return the place of the marker: on the remote's tip of the branch, if that is ahead."""
    head = symbolic_ref(repository, "HEAD")
    if named in (None, "HEAD", "@"):
        if head is None:
            tip = resolve_revision(repository, "HEAD", refs)
            return _Place(short_oid(tip), tip, "HEAD", tip)
        if head not in refs:
            message = f"{short_ref(head)} has no commit yet"
            raise UsageError(message, "git add --all && git commit -m 'Start'")
        named = short_ref(head)
    branch = str(named).removeprefix(HEADS).removeprefix(REMOTES)
    if remote is not None and HEADS + branch not in refs:
        branch = branch.removeprefix(f"{remote}/")
    mine, theirs = refs.get(HEADS + branch), None if remote is None else refs.get(tracking_ref(remote, branch))
    if mine is None and theirs is None:
        tip = resolve_revision(repository, str(named), refs)
        if head is None and tip == resolve_revision(repository, "HEAD", refs):
            return _Place(short_oid(tip), tip, "HEAD", tip)
        return _Place(short_oid(tip), tip, None, None)
    if mine is None:
        return _Place(branch, theirs or "", HEADS + branch, None)
    # The checked-out or locally rebased commits are those that the reviewer sees.
    behind = theirs is not None and head != HEADS + branch and is_ancestor(repository, mine, theirs)
    return _Place(branch, theirs if behind and theirs is not None else mine, HEADS + branch, mine)


def _again(request: ApproveRequest, person: str) -> str:
    """Return the same command for one other person."""
    words = ["labgate review approve", *((quote(request.branch),) if request.branch is not None else ())]
    for option, value in (("--target", request.target), ("--landing", request.landing), ("--by", person)):
        words += [option, quote(value)] if value is not None else []
    return " ".join(words)


def _people(repository: Repository, reviews: Reviews, request: ApproveRequest) -> list[tuple[Person, Identity]]:
    """Return the reviewers: their names in the policy and their identities. Raises: ``UsageError``."""
    listed = {person.name: person for person in reviews.people if person.emails}
    for name in request.people:
        if name not in listed:
            message = f"there is no person {name} with an address in [reviews.people]"
            near = next(iter(nearest(name, sorted(listed))), "NAME")
            choice = f"{_again(request, near)}  # listed are: {', '.join(listed)}"
            raise UsageError(message, choice if listed else f"add them there, in {OWN_FILE} on the trunk")
    if request.people:
        return [(listed[name], Identity(name, listed[name].emails[0])) for name in dict.fromkeys(request.people)]
    me = committer(repository)
    mine = person_of(me.key, reviews)
    if mine is None:
        message = f"nobody in [reviews.people] has your address {me.email}, so your review would not count"
        raise UsageError(
            message, f"git config user.email ADDRESS  # one that is listed: {', '.join(listed) or 'nobody yet'}"
        )
    return [(listed[mine], me)]


def _target(
    repository: Repository,
    refs: dict[str, str],
    remote: str | None,
    policy: Policy,
    trunk: str | None,
    named: str | None,
) -> str:
    wanted = policy.trunk if named is None else named.removeprefix(HEADS)
    tip = trunk if named is None and trunk is not None else refs.get(tip_ref(remote, wanted))
    if tip is None:
        message = f"the tip of {wanted} is not known here"
        raise UndecidedError(message, repository.fetching_branches(remote or "origin"))
    return tip


def _delta(repository: Repository, target: str, place: _Place, name: str) -> str:
    """Return the delta-id of the reviewed change. Raises: ``UsageError`` when the target, ``name``, has it already."""
    bases = merge_bases(repository, target, place.tip)
    if place.tip in bases:
        above = rev_list(repository, [target], [place.tip], "--first-parent", "--ancestry-path")
        on_line = rev_list(repository, [target], (), "--first-parent")
        landing = place.tip if place.tip in on_line or not above else above[-1]
        state = "is the target itself" if place.name == name else f"has landed on {name}"
        message = f"{place.name} {state}: there is nothing to review that {name} does not have"
        late = f"labgate review approve {quote(name)} --landing {short_oid(landing)}"
        raise UsageError(message, f"{late}  # for a late review")
    if not bases:
        message = f"{place.name} has no history in common with its target"
        raise UsageError(message, f"git merge --allow-unrelated-histories {short_oid(target)}")
    return delta_id(repository, bases[0], place.tip)


def _stated(repository: Repository, base: str, tip: str, delta: str) -> dict[str, str]:
    """Return the casefolded addresses of those whose reviews of this content are on top, each with their commit."""
    commits = read_commits(repository, rev_list(repository, [tip], [base], "--first-parent", f"--max-count={_BELOW}"))
    trees = {commit.oid: commit.tree for commit in commits}
    found: dict[str, str] = {}
    for commit in commits:
        binding, _ = binding_of(commit)
        if not commit.changes_nothing(trees) or binding is None or binding.delta != delta:
            break
        found |= {email: commit.oid for email, flaw in claims_in(commit) if email is not None and flaw is None}
    return found


def _reviewed(repository: Repository, marker: str) -> str | None:
    """Return the commit (full oid) that a review is bound to, ``None`` if it is bound to none."""
    (commit,) = read_commits(repository, [marker])
    binding, _ = binding_of(commit)
    return None if binding is None else binding.oid


def _landing(repository: Repository, refs: dict[str, str], place: _Place, named: str) -> _Landing:
    """Return the landing on a branch that has a commit. Raises: ``UsageError`` when none has it."""
    oid = resolve_revision(repository, named, refs)
    line = rev_list(repository, [place.tip], (), "--first-parent")
    if oid not in line[:-1]:
        message = f"{named} is not a commit on the first-parent line of {place.name}"
        raise UsageError(message, f"git log --first-parent --oneline {quote(place.name)}")
    commits = read_commits(repository, line[: line.index(oid) + _BELOW][::-1])
    places = {commit.oid: at for at, commit in enumerate(commits)}
    runs = landed_runs(repository, commits[0], commits[1:])
    run = next(run for run in runs if places[oid] <= places[run.new])
    trees = {commit.oid: commit.tree for commit in commits}
    stated = {
        email: commit.oid
        for commit in commits[places[run.new] + 1 :]
        if commit.changes_nothing(trees) and any(_has(run, places, one) for one in landings_named(commit))
        for email, flaw in claims_in(commit)
        if email is not None and flaw is None
    }
    return _Landing(oid, run, stated)


def _has(run: Run, places: Mapping[str, int], oid: str) -> bool:
    """Return whether a landing has a commit of its line; ``places`` are theirs."""
    return places.get(run.old or "", -1) < places.get(oid, -1) <= places[run.new]


def _refuse_authors(
    contributors: Contributors,
    reviews: Reviews,
    request: ApproveRequest,
    people: Sequence[tuple[Person, Identity]],
    commits: Sequence[Commit],
) -> None:
    """Refuse reviews by contributors. Raises: ``UsageError``."""
    contributors.know(commits)
    wrote: dict[str, str] = {}
    for commit in commits:
        for email in () if contributors.is_contentless(commit) else contributors.authors(commit):
            wrote.setdefault(email, commit.oid)
    for person, _ in people:
        own = next((wrote[email] for email in person.emails if email in wrote), None)
        if own is not None:
            message = f"{person.name} contributed to {short_oid(own)}, so that review would not count"
            others = [one.name for one in reviews.people if one.emails and wrote.keys().isdisjoint(one.emails)]
            nobody = f"list somebody else in [reviews.people], in {OWN_FILE} on the trunk: nobody there can review this"
            found = next((f"{_again(request, name)}  # once {name} has reviewed it" for name in others), nobody)
            raise UsageError(message, found)


def _commits(repository: Repository, base: str | None, head: str) -> tuple[Commit, ...]:
    return tuple(read_commits(repository, rev_list(repository, [head], () if base is None else [base])))

"""The reviews of some commits of an update, and the finding if they are not enough."""

from __future__ import annotations

from labgate.reviews.approvals import JudgedApproval, account_of
from labgate.reviews.quorum import assess, helpful, missing
from labgate.values.finding import Finding
from labgate.values.phrases import quote, short_oid
from labgate.values.refnames import short_ref
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from typing import Any

    from labgate.checks.research_gate.update import Facts, Landed
    from labgate.reviews.quorum import Assessment, JudgedClaim, Part, Refused
    from labgate.reviews.section import Reviews


#: The most commits, and the most reviews that do not count, in a message.
_SHOWN = 3
#: Characters of a subject in a message.
_SUBJECT = 60


class Reviewer(Value):
    """A listed person who could review; ``email`` is the first listed one, ``None`` if there is none."""

    person: str
    email: str | None


class RefusedReview(Value):
    """A review marker or approval that does not count, and why.

    ``person`` is ``None`` for a stranger. A marker has an ``email``, unless it is malformed, and an approval a
    ``login``. ``commit`` is the full oid that has the marker or was approved, ``None`` if the host names none.
    """

    person: str | None
    email: str | None
    login: str | None
    reason: str
    commit: str | None


class NamedChange(Value):
    """A pull or merge request. ``kind`` is github, gitlab or gitea; ``url`` its page, ``None`` if unknown."""

    number: int
    url: str | None
    kind: str

    @property
    def title(self) -> str:
        """The change as its code host writes it."""
        return f"merge request !{self.number}" if self.kind == "gitlab" else f"pull request #{self.number}"


class UnmetReview(Finding):
    """A violation by commits whose review is not enough.

    ``assurance`` is the level that the policy requires, ``target`` the full refname that the commits are for and
    ``subjects`` are theirs. ``reviewers`` could complete the review, ``None`` if nobody can. ``change`` is the change
    on the code host, ``strangers`` are its contributors (emails) that the policy does not list. ``landed`` is the move
    of the target, ``None`` if it has not moved yet. ``branch`` is the short name of the branch for a review marker,
    ``None`` if there is none, and ``head`` the full oid of the last judged commit. ``tag`` is the command that moves
    the pushed tag, without the commit; ``None`` if no tag of this clone is pushed.
    """

    assurance: str
    target: str
    remote: str | None
    subjects: tuple[str, ...]
    reviewers: tuple[Reviewer, ...] | None
    change: NamedChange | None
    strangers: tuple[str, ...]
    not_counted: tuple[RefusedReview, ...]
    landed: Landed | None
    branch: str | None
    head: str
    tag: str | None

    @property
    def advised(self) -> tuple[str, ...]:
        return tuple(reviewer.person for reviewer in self.reviewers or ())

    @property
    def named(self) -> str:
        """The first few commits by short oid and subject, for the end of a message; empty if no subject is known."""
        if not any(self.subjects):
            return ""
        first = zip(self.oids[:_SHOWN], self.subjects, strict=False)
        more = f" and {len(self.oids) - _SHOWN} more" if len(self.oids) > _SHOWN else ""
        return f": {', '.join(f'{short_oid(oid)} {subject[:_SUBJECT]}'.rstrip() for oid, subject in first)}{more}"

    @property
    def state(self) -> str:
        """The end of a message: the reviews that do not count and, if the change has landed, the landed commit."""
        landed = ""
        if self.landed is not None and not (self.named and self.oids == (self.landed.new,)):
            landed = f"; landed as {short_oid(self.landed.new)} {self.landed.subject[:_SUBJECT]}"
        if not self.not_counted:
            return landed
        items = (f"{item.person or item.email or item.login or 'a claim'}: {item.reason}" for item in self.not_counted)
        named = tuple(dict.fromkeys(items))  # one person may have said the same more than once
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        return f"; not counted: {', '.join(named[:_SHOWN])}{more}{landed}"

    def review_step(self) -> str:
        """Return the command that states a review, or the step that gets one."""
        if self.assurance == "signed":
            return 'this version of labgate cannot verify signatures: set assurance = "forge" in [reviews] on the trunk'
        if self.assurance == "forge" and self.strangers:
            return _list_step(self.strangers)
        if self.reviewers is None:
            return "list somebody else in [reviews.people], in labgate.toml on the trunk: nobody there can review this"
        who = " and ".join(self.advised)
        if self.assurance == "forge":
            return self._approval_step(who)
        return f"{self._marker_command()}  # once {who} {'have' if len(self.reviewers) > 1 else 'has'} reviewed it"

    def _approval_step(self, who: str) -> str:
        if self.change is not None:
            return f"ask {who} to approve {self.change.title}"
        if self.landed is None:
            return f"open a pull request and ask {who} to approve it"
        since = "" if self.landed.old is None else f"{short_oid(self.landed.old)}.."
        return f"git log --patch {since}{short_oid(self.landed.new)}  # show {who} what landed"

    def _marker_command(self) -> str:
        if self.landed is None and self.tag is not None:
            return tagged_command(self.tag, self.branch, self.head, self.advised)
        if self.landed is None:
            return approve_command(self.branch or short_oid(self.head), self.advised)
        return late_command(self.landed.new, self.target, self.remote, self.advised)


class Assessed(Value):
    """Some commits of an update (full oids, children before parents), the paths that they change, and their reviews.

    ``missing`` has the parts of the quorum that are not met, by commit; commits whose quorum is met are left out.
    """

    facts: Facts
    reviews: Reviews
    commits: tuple[str, ...]
    paths: frozenset[str]
    assessment: Assessment
    missing: Mapping[str, tuple[Part, ...]]

    @property
    def unreviewed(self) -> frozenset[str]:
        """The commits without any review that counts."""
        return frozenset(oid for oid in self.missing if not self.assessment.reviewers[oid])

    def ordered(self, oids: Container[str]) -> tuple[str, ...]:
        """Return those of these commits that are in it, children before parents."""
        return tuple(oid for oid in self.commits if oid in oids)

    def counted(self, oids: Iterable[str]) -> frozenset[str]:
        """Return the names of the people whose review of each of these commits (at least one) counts."""
        return frozenset.intersection(*(self.assessment.reviewers[oid] for oid in oids))

    def details(self, oids: tuple[str, ...]) -> dict[str, Any]:
        """Return the fields of an ``UnmetReview`` of these commits (at least one), and its place."""
        facts, reviews = self.facts, self.reviews
        cannot = unable(facts, reviews)
        named = helpful(self.counted(oids), self.paths, facts.contributors, reviews, cannot)
        emails = {person.name: person.emails[0] for person in reviews.people if person.emails}
        return {
            "assurance": reviews.assurance,
            "target": facts.ref,
            "remote": facts.remote,
            "subjects": tuple(facts.subjects.get(oid, "") for oid in oids),
            "reviewers": None if named is None else tuple(Reviewer(name, emails.get(name)) for name in named),
            "change": named_change(facts),
            "strangers": facts.strangers,
            "not_counted": tuple(_not_counted(item) for item in self.assessment.refused),
            "landed": facts.landed,
            "branch": facts.branch,
            "head": facts.head or oids[0],
            "tag": facts.tag,
            "oids": oids,
            "ref": facts.ref,
        }


def assessed(facts: Facts, reviews: Reviews, commits: tuple[str, ...], paths: frozenset[str]) -> Assessed:
    """Match some commits to the claims and approvals that cover any of them; ``reviews`` has the quorum."""
    wanted = frozenset(commits)
    claims: tuple[JudgedClaim | JudgedApproval, ...] = (*facts.claims, *facts.approvals)
    speaking = [claim for claim in claims if claim.covers & wanted]
    found = assess(commits, speaking, reviews, facts.strangers)
    short = {people: missing(people, paths, reviews) for people in set(found.reviewers.values())}
    unmet = {oid: short[people] for oid, people in found.reviewers.items() if short[people]}
    return Assessed(facts, reviews, commits, paths, found, unmet)


def named_change(facts: Facts) -> NamedChange | None:
    """Return the name of the change on the code host, ``None`` if none is known."""
    change = facts.change
    return None if change is None else NamedChange(change.number, change.url, change.kind)


def _not_counted(refused: Refused) -> RefusedReview:
    claim = refused.claim
    email, login = (None, claim.login) if isinstance(claim, JudgedApproval) else (claim.email, None)
    return RefusedReview(refused.person, email, login, refused.reason, claim.commit)


def unable(facts: Facts, reviews: Reviews) -> frozenset[str]:
    """Return who cannot approve the change on its code host: people without an account there, and who opened it."""
    change = facts.change
    if change is None or reviews.assurance != "forge":
        return frozenset()
    accounts = {person.name: account_of(person, change.kind) for person in reviews.people}
    return frozenset(name for name, login in accounts.items() if login is None or change.is_opened_by(login))


def approve_command(branch: str | None, people: Sequence[str], *options: str) -> str:
    """Return the command that states these people's reviews on a branch, with any checkout."""
    words = ("labgate", "review", "approve", *([branch] if branch is not None else []), *options)
    by = [word for person in people for word in ("--by", person)]
    return " ".join(quote(word) for word in (*words, *by))


def tagged_command(tag: str, branch: str | None, head: str, people: Sequence[str]) -> str:
    """Return the commands that state reviews and move a tag to the commit that has them: below it they do not count."""
    if branch is not None:
        return f"{approve_command(branch, people)} && {tag} {quote(branch)}"
    return f"git switch --detach {short_oid(head)} && {approve_command(None, people)} && {tag} HEAD && git switch -"


def late_command(landed: str, target: str, remote: str | None, people: Sequence[str]) -> str:
    """Return the command that states late reviews of a landed commit (full oid) on a target (full refname)."""
    branch = short_ref(target)
    late = approve_command(branch, people, "--landing", short_oid(landed))
    return f"{late} && git push {quote(remote or 'origin')} {quote(branch)}"


def _list_step(strangers: Sequence[str]) -> str:
    more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
    unlisted = f"the contributor{'s' if more else ''} {strangers[0]}{more}"
    where = "[reviews.people], or in [reviews] agents or machines if it is not a person,"
    return f"list {unlisted} in {where} in labgate.toml on the trunk"

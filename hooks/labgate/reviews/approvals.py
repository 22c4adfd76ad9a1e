"""Approvals of a change on the code host: who gave them, and why one does not count. Pure: no git, no host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labgate.reviews.section import Person, Reviews
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED, Approval
from labgate.values.refnames import is_oid
from labgate.values.regexes import regex
from labgate.values.value import Value

#: Why an approval does not count for the current change (``reviews.carry`` finds all except the first two).
TAKEN_BACK = "dismissed on the code host"
UNBOUND = "bound to no commit"
STALE_COMMITS = "given before more was pushed"
OTHER_CONTENT = "the content below it is not what was reviewed"
LANDED_OTHERWISE = "what landed is not what was approved"
CONFLICT = "the target now conflicts with the change"
UNRELATED = "the change has no history in common with the target"
NEEDS_GIT = "git 2.38 is needed here to compare it with the change"
NOT_HERE = "the approved commit is not in this clone"
RETARGETED = "given for another target, which had more of the change"
UNSEEN = "it brings content that no approved tree has"

#: Those of them that a review marker can have.
STALE = frozenset({OTHER_CONTENT, LANDED_OTHERWISE})

#: The fix of a flaw: a new approval, one after a merge of the target, a revert, a newer git, a fetch, or a squash.
APPROVE, MERGE, REVERT, NEWER_GIT, FETCH, SQUASH = "approve", "merge", "revert", "newer-git", "fetch", "squash"
_FIXES = {
    CONFLICT: MERGE,
    UNRELATED: MERGE,
    LANDED_OTHERWISE: REVERT,
    NEEDS_GIT: NEWER_GIT,
    NOT_HERE: FETCH,
    UNSEEN: SQUASH,
}

_HIDDEN = {
    "github": regex(r"(?:[0-9]+\+)?([^@+]+)@users\.noreply\.github\.com"),
    "gitlab": regex(r"[0-9]+-([^@]+)@users\.noreply\.gitlab\.com"),
}


class ChangeName(Value):
    """A pull or merge request.

    ``kind`` is the code host's: github, gitlab or gitea. ``url`` is its page for people, ``opener`` the login that
    opened it; each is ``None`` if unknown.
    """

    kind: str
    number: int
    url: str | None
    opener: str | None = None

    def is_opened_by(self, login: str | None) -> bool:
        return None not in (login, self.opener) and str(login).casefold() == str(self.opener).casefold()


class HostedChange(Value):
    """A change and its reviews. ``landed``: the landing is judged, not the change itself.

    ``opened`` is when the host opened it, in seconds since the epoch, ``None`` if it does not say.
    """

    name: ChangeName
    approvals: tuple[Approval, ...]
    landed: bool = False
    opened: int | None = None


class JudgedApproval(Value):
    """An approval and the facts that decide whether it counts.

    ``person`` is the owner of the account, ``None`` for somebody who is not listed. ``flaw`` is why it does not hold
    for the current change, or ``None``. ``covers`` are the commits that it covers: the whole change. ``contributors``
    are the listed people who wrote part of it: casefolded email to one of their commits. ``own``: the change was
    opened with this account.
    """

    login: str
    person: str | None
    state: str
    commit: str | None
    flaw: str | None
    covers: frozenset[str]
    contributors: Mapping[str, str]
    own: bool = False


def people_by_login(reviews: Reviews, kind: str) -> dict[str, str]:
    """Return the owner of each account: casefolded login on this kind of code host to person name.

    GitHub, GitLab and Gitea all compare logins without case; the policy gives no account to two people.
    """
    accounts = ((account_of(person, kind), person.name) for person in reviews.people)
    return {login.casefold(): name for login, name in accounts if login is not None}


def account_of(person: Person, kind: str) -> str | None:
    """Return a person's login on a kind of code host (github, gitlab or gitea), ``None`` if the policy has none."""
    return {"github": person.github, "gitlab": person.gitlab, "gitea": person.gitea}[kind]


def commits_to_compare(approvals: Iterable[Approval], people: Mapping[str, str]) -> tuple[str, ...]:
    """Return the commits that listed people approved, each once; those of other people may not be in this clone."""
    approved = [item for item in approvals if item.state == APPROVED and item.login.casefold() in people]
    return tuple(dict.fromkeys(item.commit for item in approved if item.commit is not None and is_oid(item.commit)))


def judged_approvals(
    approvals: Iterable[Approval],
    flaws: Mapping[str, str | None],
    people: Mapping[str, str],
    *,
    change: ChangeName,
    covers: frozenset[str],
    contributors: Mapping[str, str],
) -> tuple[JudgedApproval, ...]:
    """Join the reviews of a change with the results for the commits that they are bound to.

    ``flaws`` has for each of ``commits_to_compare`` why an approval of it no longer holds, ``None`` if it holds.
    ``people`` is the result of ``people_by_login``. ``covers`` and ``contributors`` are as in ``JudgedApproval``.
    """
    return tuple(
        JudgedApproval(
            login=approval.login,
            person=(person := people.get(approval.login.casefold())),
            state=approval.state,
            commit=approval.commit if approval.commit is not None and is_oid(approval.commit) else None,
            flaw=None if person is None else _flaw(approval, flaws),
            covers=covers,
            contributors=contributors,
            own=change.is_opened_by(approval.login),
        )
        for approval in approvals
    )


def without_unseen(approvals: Iterable[JudgedApproval], unseen: frozenset[str]) -> tuple[JudgedApproval, ...]:
    """Return the approvals without the commits (full oids) that they do not show; for these they have a flaw."""
    found: list[JudgedApproval] = []
    for item in approvals:
        found.append(item.changed(covers=item.covers - unseen) if unseen else item)
        if unseen and item.flaw is None and item.state == APPROVED and item.person is not None:
            found.append(item.changed(covers=unseen, flaw=UNSEEN))
    return tuple(found)


def opened_by(change: ChangeName, reviews: Reviews) -> str | None:
    """Return who opened a change, by listed email or else by login; ``None`` if that is not a person or unknown."""
    login = (change.opener or "").casefold()
    # Such accounts commit with one of these addresses.
    addresses = (login, f"{login}@users.noreply.github.com", f"0+{login}@users.noreply.github.com")
    if not login or any(map(reviews.is_agent, addresses)):
        return None
    name = people_by_login(reviews, change.kind).get(login)
    return next((str(item.emails[0]) for item in reviews.people if item.name == name and item.emails), login)


def listed_email(email: str, reviews: Reviews) -> str:
    """Return a casefolded email, or the listed one of the person whose address on GitHub or GitLab it is.

    Both commit for people who hide theirs, as ``ID+LOGIN@users.noreply.github.com``, for old accounts without the id
    ("Email addresses reference" in GitHub's documentation), and ``ID-LOGIN@users.noreply.gitlab.com`` ("Use an
    automatically-generated private commit email" in GitLab's).
    """
    for kind, form in _HIDDEN.items():
        found = form.fullmatch(email)
        person = None if found is None else people_by_login(reviews, kind).get(found[1])
        for item in reviews.people:
            if item.name == person and item.emails:
                return str(item.emails[0])
    return email


def unlisted(emails: Iterable[str], reviews: Reviews, forged: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the contributors (casefolded emails, sorted) that the policy does not list.

    ``forged`` are addresses of machines that are the author of a commit which the host did not make.
    """
    known = {email for person in reviews.people for email in person.emails}.union(reviews.machines)
    return tuple(sorted(({email.casefold() for email in emails} - known).union(forged)))


def objectors(approvals: Iterable[JudgedApproval]) -> tuple[str, ...]:
    """Return the listed people whose last review requests changes, sorted.

    It holds for any commit, until they or somebody who may dismiss it on the code host revoke it. The person who opened
    the change can close it instead, so their own objection does not count.
    """
    found = {item.person for item in approvals if item.state == CHANGES_REQUESTED and not item.own}
    return tuple(sorted(person for person in found if person is not None))


def fix_of(flaw: str) -> str:
    """Return the fix of a flaw: ``APPROVE``, ``MERGE``, ``REVERT``, ``NEWER_GIT``, ``FETCH`` or ``SQUASH``."""
    return _FIXES.get(flaw, APPROVE)


def _flaw(approval: Approval, flaws: Mapping[str, str | None]) -> str | None:
    if approval.state != APPROVED:
        return TAKEN_BACK if approval.state == DISMISSED else None
    if approval.commit is None or not is_oid(approval.commit):
        return UNBOUND
    if approval.retargeted:
        return RETARGETED
    return flaws[approval.commit]

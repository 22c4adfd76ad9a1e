"""A change on a code host: its author, its target, and each reviewer's last review."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from labgate.forge.answer import Answer, moment_of
from labgate.values.approval import Approval
from labgate.values.value import Value

#: The states of a change.
OPEN = "open"
MERGED = "merged"
CLOSED = "closed"


class Change(Value):
    """A pull request (GitHub, Gitea) or merge request (GitLab).

    ``state`` is ``OPEN``, ``MERGED`` or ``CLOSED``. ``author`` is a login; ``None`` when the account is deleted.
    ``target`` is the short name of the branch that it is to land on, ``source`` that of the branch it comes from, and
    ``source_repository`` the repository that has it, as ``owner/name``; each is ``None`` when the host has forgotten
    it. ``head`` is the oid of its tip. ``merged_as`` is the commit that its landing left on the target: a merge commit,
    a squash commit, or the last of the rebased ones; ``None`` if it is not merged, or the host does not say. ``url`` is
    its page for people, ``None`` when the host names none. ``opened`` is when it was opened, in seconds since the
    epoch, ``None`` if the host does not say.
    """

    number: int
    state: str
    author: str | None
    target: str
    source: str | None
    source_repository: str | None
    head: str
    merged_as: str | None
    approvals: tuple[Approval, ...]
    url: str | None
    opened: int | None = None


class Forge(Protocol):
    """A code host of one repository. Its methods send requests, and wait as long as their ``Patience`` allows.

    ``kind`` is ``github``, ``gitlab`` or ``gitea``: the policy's key for a person's login. All three ignore the case
    of logins. Raises: ``UndecidedError`` in both methods, when the host does not answer, refuses, or its answer is not
    as documented.
    """

    kind: str

    def change(self, number: int) -> Change:
        """Return the current state of the change with this number."""
        ...

    def landed(self, oid: str, target: str) -> tuple[Change, ...]:
        """Return the merged changes of the branch ``target`` that brought this commit.

        This is only the host's claim. A commit of a squashed branch is also associated with its change, though only
        ``merged_as`` landed: git decides what the change and its landing have in common.
        """
        ...


def change_of_pull(pull: Answer, approvals: tuple[Approval, ...]) -> Change:
    """Return the change for a pull request in the format of GitHub and Gitea."""
    merged = pull["merged"].flag()
    state = pull["state"].word("open", "closed")
    return Change(
        number=pull["number"].number(),
        state=MERGED if merged else {"open": OPEN, "closed": CLOSED}[state],
        author=pull["user"].optional(login_of),
        target=pull["base"]["ref"].text(),
        source=pull["head"]["ref"].text(),
        # A fork may be deleted.
        source_repository=pull["head"]["repo"].optional(lambda repository: repository["full_name"].text()),
        head=pull["head"]["sha"].oid(),
        merged_as=pull["merge_commit_sha"].optional(Answer.oid) if merged else None,
        approvals=approvals,
        url=pull["html_url"].optional(Answer.text),
        opened=pull["created_at"].optional(Answer.seconds),
    )


def before_move(approvals: Iterable[Approval], moved: Iterable[Answer]) -> tuple[Approval, ...]:
    """Return approvals, marked where they were given before a change last got another target, at one of some times."""
    last = max((time.moment() for time in moved), default=None)
    return tuple(
        item.changed(retargeted=last is not None and (item.time is None or moment_of(item.time) <= last))
        for item in approvals
    )


def login_of(user: Answer) -> str:
    """Return the login of an account in the format of GitHub and Gitea."""
    return user["login"].text()


def standing(words: Iterable[Approval]) -> tuple[Approval, ...]:
    """Return the last review of each account, from reviews in the order in which they were given."""
    last: dict[str, Approval] = {}
    for word in words:
        last[word.login.casefold()] = word
    return tuple(last.values())

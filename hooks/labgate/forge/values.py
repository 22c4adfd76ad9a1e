"""What a code host says about a change: its author, where it goes, and each reviewer's standing word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from labgate.forge.answer import Answer
from labgate.values.approval import Approval
from labgate.values.value import Value

#: The states of a change.
OPEN = "open"
MERGED = "merged"
CLOSED = "closed"


class Change(Value):
    """A pull request (GitHub, Gitea) or merge request (GitLab).

    ``state`` is ``OPEN``, ``MERGED`` or ``CLOSED``. ``author`` is a login; ``None`` when the account is gone.
    ``target`` is the short name of the branch that it is to land on, ``source`` that of the branch it comes from, and
    ``source_repository`` the repository that has it, as ``owner/name``; each is ``None`` when the host has forgotten
    it. ``head`` is the oid of its tip. ``merged_as`` is the commit that its landing left on the target: a merge commit,
    a squash commit, or the last of the rebased ones; ``None`` if it is not merged, or the host does not say. ``url`` is
    its page for people, ``None`` when the host names none.
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


class Forge(Protocol):
    """A code host that holds one repository. Its methods ask the host, and may wait as long as their patience lasts.

    ``kind`` is ``github``, ``gitlab`` or ``gitea``: the policy's key for a person's login. Logins are compared without
    regard to case on all three. Raised by both methods: ``UndecidedError`` when the host does not answer, refuses, or
    answers something that its manual does not have.
    """

    kind: str

    def change(self, number: int) -> Change:
        """Return the change of this number as it stands now."""
        ...

    def landed(self, oid: str, target: str) -> tuple[Change, ...]:
        """Return the merged changes into the branch ``target`` that this commit on it came with; none: ``()``.

        The host's word that they belong together is taken for that and no more. A commit of a squashed branch is
        also associated with its change, though only ``merged_as`` landed: what the change and its landing have in
        common is for git to say.
        """
        ...


def change_of_pull(pull: Answer, approvals: tuple[Approval, ...]) -> Change:
    """Return the change that a pull request is, as GitHub and Gitea write one."""
    merged = pull["merged"].flag()
    state = pull["state"].word("open", "closed")
    return Change(
        number=pull["number"].number(),
        state=MERGED if merged else {"open": OPEN, "closed": CLOSED}[state],
        author=pull["user"].optional(login_of),
        target=pull["base"]["ref"].text(),
        source=pull["head"]["ref"].text(),
        # A fork may be gone.
        source_repository=pull["head"]["repo"].optional(lambda repository: repository["full_name"].text()),
        head=pull["head"]["sha"].oid(),
        merged_as=pull["merge_commit_sha"].optional(Answer.oid) if merged else None,
        approvals=approvals,
        url=pull["html_url"].optional(Answer.text),
    )


def login_of(user: Answer) -> str:
    """Return the login of an account, as GitHub and Gitea write one."""
    return user["login"].text()


def standing(words: Iterable[Approval]) -> tuple[Approval, ...]:
    """Return the last word of each account, from words in the order in which they were given."""
    last: dict[str, Approval] = {}
    for word in words:
        last[word.login.casefold()] = word
    return tuple(last.values())

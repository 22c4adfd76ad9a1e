"""Read pull requests and their reviews from the REST API of Gitea and Forgejo."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from labgate.forge.answer import Answer
from labgate.forge.connection import Credential, Service
from labgate.forge.http import Client
from labgate.forge.values import Change, before_move, change_of_pull, login_of, standing
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED, Approval

SERVICE = Service(
    name="Gitea",
    manual="Gitea API",
    credentials=tuple(Credential(name, "Authorization", "token ") for name in ("GITEA_TOKEN", "GITHUB_TOKEN")),
    access="set GITEA_TOKEN to an access token with the permission read:repository",
    headers={},
)

#: ``ReviewStateType`` of the API's description. The last four are not about the change as a whole.
_STATES = {
    "APPROVED": APPROVED,
    "REQUEST_CHANGES": CHANGES_REQUESTED,
    "COMMENT": None,
    "PENDING": None,
    "REQUEST_REVIEW": None,
    "": None,
}


class Host:
    """A repository on a Gitea, version 1.21 or later, or on a Forgejo such as codeberg.org."""

    kind = "gitea"

    def __init__(self, client: Client, path: tuple[str, ...]) -> None:
        self._client = client
        self._root = "/repos/" + "/".join(quote(part, safe="") for part in path)

    def change(self, number: int) -> Change:
        """Return the pull request of this number (``repoGetPullRequest``)."""
        pull = self._client.get(f"{self._root}/pulls/{number}", "pull")
        if pull["number"].number() != number:
            raise pull["number"].wrong()
        return self._change(pull)

    def landed(self, oid: str, target: str) -> tuple[Change, ...]:
        """Return the merged change that a commit came with (``repoGetCommitPullRequest``).

        Gitea stores one merged commit for each pull request, so that of several rebased commits only the last one leads
        to it. "Not found" and "not allowed" are both 404; a request for the repository distinguishes them.
        """
        pull = self._client.find(f"{self._root}/commits/{quote(oid, safe='')}/pull", "pull")
        if pull is None:
            self._client.get(self._root, "repository")["full_name"].text()
            return ()
        if not pull["merged"].flag() or pull["base"]["ref"].text() != target:
            return ()
        return (self._change(pull),)

    def _change(self, pull: Answer) -> Change:
        change = change_of_pull(pull, self._approvals(pull["number"].number()))
        # A deleted branch has the name of the ref that Gitea keeps.
        return change.changed(source=None) if (change.source or "").startswith("refs/") else change

    def _approvals(self, number: int) -> tuple[Approval, ...]:
        """Return everybody's last review that approves or rejects (``repoListPullReviews``).

        The order is not documented; ids count up. A review requested from a team has no user. ``stale`` only says that
        there was a push since, which ``commit`` shows better.
        """
        found = []
        for review in self._client.numbered_pages(f"{self._root}/pulls/{number}/reviews", "reviews"):
            word = _word(review)
            if word is not None:
                found.append((review["id"].number(), word))
        approvals = standing(word for _, word in sorted(found, key=lambda entry: entry[0]))
        return before_move(approvals, self._moves(number)) if any(map(_approves, approvals)) else approvals

    def _moves(self, number: int) -> Iterator[Answer]:
        """Yield when the pull request got another target (``issueGetCommentsAndTimeline``)."""
        for item in self._client.numbered_pages(f"{self._root}/issues/{number}/timeline", "timeline", optional=True):
            if item["type"].text() == "change_target_branch":
                yield item["created_at"]


def _approves(approval: Approval) -> bool:
    return approval.state == APPROVED


def _word(review: Answer) -> Approval | None:
    state = _STATES[review["state"].word(*_STATES)]
    login = review["user"].optional(login_of)
    if state is None or login is None:
        return None
    standing_state = DISMISSED if review["dismissed"].flag() else state
    commit = review["commit_id"].optional(_commit)
    return Approval(login, standing_state, commit, review["submitted_at"].optional(Answer.time))


def _commit(answer: Answer) -> str | None:
    # Old reviews have an empty one.
    return None if answer.is_empty() else answer.oid()

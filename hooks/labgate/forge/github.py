"""Read pull requests and their reviews from GitHub's REST API."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from labgate.forge.answer import Answer
from labgate.forge.connection import Credential, Service
from labgate.forge.http import Client
from labgate.forge.values import MERGED, Change, before_move, change_of_pull, login_of, standing
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED, Approval

SERVICE = Service(
    name="GitHub",
    manual="GitHub REST API",
    credentials=tuple(Credential(name, "Authorization", "Bearer ") for name in ("GITHUB_TOKEN", "GH_TOKEN")),
    access="set GITHUB_TOKEN to a token that may read pull requests and contents;"
    " in a workflow: permissions: {contents: read, pull-requests: read}",
    headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
)

#: "List reviews for a pull request", the member ``state``. The last two are not about the change as a whole.
_STATES = {
    "APPROVED": APPROVED,
    "CHANGES_REQUESTED": CHANGES_REQUESTED,
    "DISMISSED": DISMISSED,
    "COMMENTED": None,
    "PENDING": None,
}


class Host:
    """A repository on github.com or a GitHub Enterprise Server."""

    kind = "github"

    def __init__(self, client: Client, path: tuple[str, ...]) -> None:
        self._client = client
        self._name = "/".join(path)
        self._root = "/repos/" + "/".join(quote(part, safe="") for part in path)

    def change(self, number: int) -> Change:
        """Return the pull request of this number ("Get a pull request").

        ``merge_commit_sha`` of a merged one is the merge commit, the squashed commit, or the commit to which a rebase
        moved the base branch, as that section says; of an open one it is a test merge.
        """
        pull = self._client.get(f"{self._root}/pulls/{number}", "pull")
        if pull["number"].number() != number:
            raise pull["number"].wrong()
        approvals = standing(self._reviews(number))
        if any(item.state == APPROVED for item in approvals):
            approvals = before_move(approvals, self._moves(number))
        return change_of_pull(pull, approvals)

    def _reviews(self, number: int) -> Iterator[Approval]:
        """Yield the reviews that approve or reject, oldest first ("List reviews for a pull request").

        A dismissed review has lost its former state. ``user`` is null when the account is deleted; then the review does
        not count.
        """
        for review in self._client.pages(f"{self._root}/pulls/{number}/reviews", "reviews"):
            state = _STATES[review["state"].word(*_STATES)]
            login = review["user"].optional(login_of)
            if state is None or login is None:
                continue
            commit = review["commit_id"].optional(Answer.oid)
            yield Approval(login, state, commit, review["submitted_at"].optional(Answer.time))

    def _moves(self, number: int) -> Iterator[Answer]:
        """Yield when the pull request got another base branch ("List timeline events for an issue").

        The event does not name the branches. When the old one is merged and deleted, GitHub moves the pull request by
        itself, which is another event.
        """
        for event in self._client.pages(f"{self._root}/issues/{number}/timeline", "timeline", optional=True):
            if event["event"].optional(Answer.text) == "base_ref_changed":
                yield event["created_at"]

    def landed(self, oid: str, target: str) -> tuple[Change, ...]:
        """Return the merged changes that a commit came with ("List pull requests associated with a commit").

        All commits of a rebased pull request lead to it. The list can hold pull requests of other repositories of the
        same network, and open ones; these are left out.
        """
        path = f"{self._root}/commits/{quote(oid, safe='')}/pulls"
        numbers = [pull["number"].number() for pull in self._client.pages(path, "pulls") if self._is_ours(pull, target)]
        changes = [self.change(number) for number in dict.fromkeys(numbers)]
        return tuple(change for change in changes if change.state == MERGED and change.target == target)

    def _is_ours(self, pull: Answer, target: str) -> bool:
        merged = pull["merged_at"].given()
        if merged is None:
            return False
        merged.time()
        repository = pull["base"]["repo"]["full_name"].text()
        return pull["base"]["ref"].text() == target and repository.casefold() == self._name.casefold()

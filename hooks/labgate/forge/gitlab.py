"""Read merge requests and their approvals from GitLab's REST API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias
from urllib.parse import quote

from labgate.forge.answer import Answer
from labgate.forge.connection import Credential, Service
from labgate.forge.http import Client
from labgate.forge.values import CLOSED, MERGED, OPEN, Change
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED, Approval

SERVICE = Service(
    name="GitLab",
    manual="GitLab REST API",
    credentials=(
        Credential("LABGATE_GITLAB_TOKEN", "PRIVATE-TOKEN"),
        Credential("GITLAB_TOKEN", "PRIVATE-TOKEN"),
        # "CI/CD job token": it is allowed on few endpoints, and for merge requests only if the project allows it.
        Credential("CI_JOB_TOKEN", "JOB-TOKEN"),
    ),
    access="set LABGATE_GITLAB_TOKEN to a project access token with the scope read_api and the role Reporter;"
    " CI_JOB_TOKEN may not read approvals",
    headers={},
)

#: "Get a merge request": ``locked`` is a short moment while it is being merged.
_STATES = {"opened": OPEN, "locked": OPEN, "closed": CLOSED, "merged": MERGED}
#: "Get single merge request reviewers". The words are those of the GraphQL type ``MergeRequestReviewState``.
_REVIEWER_STATES = {
    "unreviewed": None,
    "review_started": None,
    "reviewed": None,
    "approved": None,
    "requested_changes": CHANGES_REQUESTED,
    "unapproved": DISMISSED,
}
#: GitLab's own notes on a merge request when somebody approves it or revokes the approval.
_NOTES = {"approved this merge request": True, "unapproved this merge request": False}

#: A version of a merge request: its time, its id, its head and the base of its difference.
_Version: TypeAlias = "tuple[datetime, int, str | None, str | None]"


class Host:
    """A project on gitlab.com or another GitLab, version 15.3 or later."""

    kind = "gitlab"

    def __init__(self, client: Client, path: tuple[str, ...]) -> None:
        self._client = client
        # "REST API", "Namespaced paths": the whole path is one segment.
        self._name = "/".join(path)
        self._root = f"/projects/{quote(self._name, safe='')}"

    def change(self, number: int) -> Change:
        """Return the merge request of this number, its ``iid`` ("Get a merge request")."""
        path = f"{self._root}/merge_requests/{number}"
        request = self._client.get(path, "merge_request")
        if request["iid"].number() != number:
            raise request["iid"].wrong()
        state = _STATES[request["state"].word(*_STATES)]
        return Change(
            number=number,
            state=state,
            author=_login(request["author"]),
            target=request["target_branch"].text(),
            source=request["source_branch"].text(),
            source_repository=self._source(request),
            head=request["sha"].oid(),
            merged_as=_landing(request) if state == MERGED else None,
            approvals=self._approvals(path),
            url=request["web_url"].optional(Answer.text),
            opened=request["created_at"].optional(Answer.seconds),
        )

    def _source(self, request: Answer) -> str | None:
        """Return the path of the project that a merge request comes from ("Get a single project").

        ``None``: it is deleted, or hidden from this token.
        """
        source = request["source_project_id"].optional(Answer.number)
        if source is None or source == request["target_project_id"].number():
            return None if source is None else self._name
        project = self._client.find(f"/projects/{source}", "project")
        return None if project is None else project["path_with_namespace"].text()

    def landed(self, oid: str, target: str) -> tuple[Change, ...]:
        """Return the merged changes that a commit came with ("List merge requests associated with a commit").

        It finds a merge request by its merge or squash commit and by the commits of its last version. The list has only
        this project.
        """
        path = f"{self._root}/repository/commits/{quote(oid, safe='')}/merge_requests"
        numbers = [
            item["iid"].number()
            for item in self._client.pages(path, "merge_requests")
            if _STATES[item["state"].word(*_STATES)] == MERGED and item["target_branch"].text() == target
        ]
        changes = [self.change(number) for number in dict.fromkeys(numbers)]
        return tuple(change for change in changes if change.state == MERGED and change.target == target)

    def _approvals(self, path: str) -> tuple[Approval, ...]:
        """Return the current approvals ("Merge request approvals API") and requests for changes.

        GitLab does not say for which head an approval was given, only when; see ``_version_at``. Somebody who approved
        and then requested changes objects. The time of a request for changes is not known.
        """
        found: dict[str, Approval] = {}
        for reviewer in self._client.get(f"{path}/reviewers", "reviewers").items():
            state = _REVIEWER_STATES[reviewer["state"].word(*_REVIEWER_STATES)]
            login = _login(reviewer["user"])
            if state is not None and login is not None:
                found[login.casefold()] = Approval(login, state, None, None)
        approvals = [*self._client.get(f"{path}/approvals", "approvals")["approved_by"].items()]
        times = self._times(path, approvals)
        heads = self._versions(path) if any(times) else []
        for approval, time in zip(approvals, times, strict=True):
            login = _login(approval["user"])
            said = None if login is None else found.get(login.casefold())
            if login is not None and (said is None or said.state != CHANGES_REQUESTED):
                head, base = _version_at(heads, time.moment()) if time else (None, None)
                found[login.casefold()] = Approval(login, APPROVED, head, time.time() if time else None, base)
        return tuple(found.values())

    def _times(self, path: str, approvals: Sequence[Answer]) -> list[Answer | None]:
        """Return the time of each approval: its own, if this GitLab has it, or that of GitLab's note.

        ``None``: there is no such note, or the person's last one revokes an approval.
        """
        times = [approval["approved_at"].given() for approval in approvals]
        if all(times):
            return times
        noted = self._noted(path)
        for place, approval in enumerate(approvals):
            login = _login(approval["user"])
            if times[place] is None and login is not None:
                times[place] = noted.get(login.casefold())
        return times

    def _noted(self, path: str) -> dict[str, Answer]:
        """Return the time of each person's last approval ("Notes API", "List all merge request notes").

        People cannot write a note whose ``system`` is true.
        """
        last: dict[str, tuple[datetime, int, Answer | None]] = {}
        for note in self._client.pages(f"{path}/notes", "notes"):
            if not note["system"].flag() or note["body"].given() is None:
                continue
            approved = _NOTES.get(note["body"].text())
            login = _login(note["author"])
            if approved is None or login is None:
                continue
            time = note["created_at"]
            entry = (time.moment(), note["id"].number(), time if approved else None)
            key = login.casefold()
            last[key] = max(last.get(key, entry), entry, key=lambda item: item[:2])
        return {login: time for login, (_, _, time) in last.items() if time is not None}

    def _versions(self, path: str) -> list[_Version]:
        """Return the versions of the difference, oldest first ("Get merge request diff versions").

        A merge request without commits has a version without a head. GitLab makes a version for another target, too.
        """
        found = []
        for version in self._client.pages(f"{path}/versions", "versions"):
            head, base = (version[f"{name}_commit_sha"].optional(Answer.oid) for name in ("head", "base"))
            found.append((version["created_at"].moment(), version["id"].number(), head, base))
        return sorted(found, key=lambda entry: entry[:2])


def _version_at(versions: Sequence[_Version], time: datetime) -> tuple[str | None, str | None]:
    """Return the head of the difference at a time, ``None`` before the first, and its base if that is another one now.

    GitLab creates a version shortly after a push, so an approval in between is bound to the older head: that is too
    strict, but safe.
    """
    standing = [(head, base) for since, _, head, base in versions if since <= time]
    head, base = standing[-1] if standing else (None, None)
    return head, base if standing and base != versions[-1][3] else None


def _login(user: Answer) -> str | None:
    return user.optional(lambda given: given["username"].text())


def _landing(request: Answer) -> str:
    """Return the commit of a merged request on the target: its merge commit, if any.

    Without one the branch was moved to the squash commit or to the head.
    """
    for name in ("merge_commit_sha", "squash_commit_sha"):
        commit = request[name].given()
        if commit is not None:
            return commit.oid()
    return request["sha"].oid()

"""The documents of the three code hosts' REST APIs, filled from what the fake host knows of a change."""

from __future__ import annotations

from dataclasses import dataclass, field

Json = dict[str, object]


@dataclass
class FakeReview:
    """A review in GitHub's words: APPROVED, CHANGES_REQUESTED, DISMISSED, COMMENTED, PENDING. No login: a ghost."""

    login: str | None
    state: str
    commit: str | None
    time: str


@dataclass
class FakeChange:
    """A pull or merge request; ``commits`` are those that its landing left on the target beside ``merged_as``.

    ``pushes`` are its heads with the time of each, oldest first. ``moved`` are the times at which it got another
    target, ``bases`` are where GitLab says that the difference for each head starts.
    """

    number: int
    author: str | None
    head: str
    target: str = "main"
    state: str = "open"
    merged_as: str | None = None
    reviews: list[FakeReview] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    pushes: list[tuple[str, str]] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    squashed: bool = False
    source: str = "research/x"
    fork: str | None = None
    opened: str | None = None

    @property
    def is_merged(self) -> bool:
        return self.state == "merged"

    def last_reviews(self) -> list[FakeReview]:
        """Return each person's last review that says yes or no."""
        spoken = [review for review in self.reviews if review.state not in {"COMMENTED", "PENDING"}]
        return list({review.login: review for review in spoken if review.login is not None}.values())


def _user(login: str | None, key: str = "login") -> Json | None:
    kind = "Bot" if (login or "").endswith("[bot]") else "User"
    return None if login is None else {"id": 1000 + len(login), key: login, "type": kind}


def github_pull(change: FakeChange, repository: str, *, listed: bool = False) -> Json:
    """Return what "Get a pull request" documents; a listed one lacks ``merged``."""
    merge_commit = change.merged_as if change.is_merged else "e" * 40
    pull: Json = {
        "id": 5000 + change.number,
        "number": change.number,
        "state": "open" if change.state == "open" else "closed",
        "user": _user(change.author),
        "html_url": f"https://github.example/{repository}/pull/{change.number}",
        "created_at": change.opened,
        "merge_commit_sha": merge_commit,
        "merged_at": "2026-03-01T00:00:00Z" if change.is_merged else None,
        "head": {"ref": change.source, "sha": change.head, "repo": {"full_name": change.fork or repository}},
        "base": {"ref": change.target, "sha": "b" * 40, "repo": {"id": 1, "full_name": repository}},
    }
    return pull if listed else pull | {"merged": change.is_merged}


def github_reviews(change: FakeChange) -> list[Json]:
    return [
        {
            "id": 100 + place,
            "user": _user(review.login),
            "state": review.state,
            "commit_id": review.commit,
            "submitted_at": review.time,
        }
        for place, review in enumerate(change.reviews)
    ]


def github_timeline(change: FakeChange) -> list[Json]:
    """Return what "List timeline events for an issue" documents: before it got another target it got a label."""
    names = ("labeled", "base_ref_changed")
    return [{"event": name, "created_at": time} for time in change.moved for name in names]


def gitea_timeline(change: FakeChange) -> list[Json]:
    names = ("label", "change_target_branch")
    return [{"type": name, "created_at": time} for time in change.moved for name in names]


def gitlab_request(change: FakeChange, repository: str) -> Json:
    merged = change.merged_as if change.is_merged else None
    return {
        "id": 7000 + change.number,
        "iid": change.number,
        "project_id": 3,
        "state": "opened" if change.state == "open" else change.state,
        "author": _user(change.author, "username"),
        "target_branch": change.target,
        "source_branch": change.source,
        "source_project_id": 3 if change.fork is None else 4,
        "target_project_id": 3,
        "sha": change.head,
        "merge_commit_sha": None if change.squashed else merged,
        "squash_commit_sha": merged if change.squashed else None,
        "web_url": f"https://gitlab.example/{repository}/-/merge_requests/{change.number}",
        "created_at": change.opened,
    }


def gitlab_approvals(change: FakeChange, *, with_times: bool) -> Json:
    approved = [review for review in change.last_reviews() if review.state == "APPROVED"]
    times = [{"approved_at": review.time} if with_times else {} for review in approved]
    entries = [{"user": _user(review.login, "username")} | time for review, time in zip(approved, times, strict=True)]
    return {"id": 1, "iid": change.number, "approved": bool(approved), "approved_by": entries}


def gitlab_reviewers(change: FakeChange) -> list[Json]:
    words = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested_changes", "DISMISSED": "unapproved"}
    return [
        {
            "user": _user(review.login, "username"),
            "state": words[review.state],
            "created_at": "2026-01-01T00:00:00.000Z",
        }
        for review in change.last_reviews()
    ]


def gitlab_notes(change: FakeChange) -> list[Json]:
    words = {"APPROVED": "approved this merge request", "DISMISSED": "unapproved this merge request"}
    notes: list[Json] = [
        {
            "id": 300 + place,
            "system": review.state in words,
            "body": words.get(review.state, "approved this merge request"),
            "author": _user(review.login, "username"),
            "created_at": review.time,
        }
        for place, review in enumerate(change.reviews)
    ]
    # Newest first, as GitLab sorts them.
    return notes[::-1]


def gitlab_versions(change: FakeChange) -> list[Json]:
    pushes = change.pushes or [(change.head, "2026-01-01T00:00:00.000Z")]
    versions: list[Json] = [
        {
            "id": 200 + place,
            "head_commit_sha": oid,
            "base_commit_sha": change.bases[place] if change.bases else "b" * 40,
            "start_commit_sha": "b" * 40,
            "created_at": time,
            "merge_request_id": 7000 + change.number,
            "state": "collected",
            "real_size": "1",
        }
        for place, (oid, time) in enumerate(pushes)
    ]
    return versions[::-1]


def gitea_pull(change: FakeChange, repository: str) -> Json:
    return {
        "id": 9000 + change.number,
        "number": change.number,
        "state": "open" if change.state == "open" else "closed",
        "user": _user(change.author),
        "html_url": f"https://gitea.example/{repository}/pulls/{change.number}",
        "created_at": change.opened,
        "merged": change.is_merged,
        "merge_commit_sha": change.merged_as if change.is_merged else None,
        "head": {"ref": change.source, "sha": change.head, "repo": {"full_name": change.fork or repository}},
        "base": {"ref": change.target, "sha": "b" * 40},
    }


def gitea_reviews(change: FakeChange) -> list[Json]:
    words = {"CHANGES_REQUESTED": "REQUEST_CHANGES", "COMMENTED": "COMMENT", "DISMISSED": "APPROVED"}
    return [
        {
            "id": 400 + place,
            "user": _user(review.login),
            "team": None,
            "state": words.get(review.state, review.state),
            "commit_id": review.commit or "",
            "stale": review.commit != change.head,
            "official": True,
            "dismissed": review.state == "DISMISSED",
            "submitted_at": review.time,
        }
        for place, review in enumerate(change.reviews)
    ]

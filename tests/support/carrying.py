"""A change that was approved, the ways in which its target moves on, and the ways in which it lands."""

from __future__ import annotations

from collections.abc import Callable

from labgate.git.repository import discover
from labgate.reviews.carry import TargetMove, carried_all
from support.repo import Repo

LINES = [f"line {number}\n" for number in range(40)]
GITHUB = {"GIT_COMMITTER_NAME": "GitHub", "GIT_COMMITTER_EMAIL": "noreply@github.com"}

#: Does something to a repository that stands on a branch.
Step = Callable[[Repo], object]


def text(**changes: str) -> str:
    """Return the shared file with some lines changed: ``text(l20="new")``."""
    lines = list(LINES)
    for name, line in changes.items():
        lines[int(name[1:])] = line + "\n"
    return "".join(lines)


def approved(repo: Repo) -> Repo:
    """Cut ``topic`` from ``main``: it changes a shared file, brings one of its own, and was approved as it is."""
    repo.commit("Start", {"shared.py": text(), "other.py": "1\n"})
    repo.branch("topic").commit("Use it", {"shared.py": text(l20="research")})
    repo.commit("Add it", {"new.py": "new\n"})
    repo.git("tag", "approved")
    return repo.checkout("main")


def judge(repo: Repo, old: str | None, new: str, *, landed: bool, approved: str = "approved") -> str | None:
    tips = (None if old is None else repo.head(old), repo.head(new))
    commit = repo.head(approved)
    return carried_all(discover(repo.env, str(repo.path)), [commit], TargetMove(*tips, landed)).flaws[commit]


def move(repo: Repo, files: dict[str, str]) -> None:
    if files:
        repo.checkout("main").commit("Go on", files)


#: Where the target has moved to since the review.
CLEAN = {
    "main unchanged": {},
    "another file changed": {"other.py": "2\n"},
    "lines shifted in the same file": {"shared.py": "first\nsecond\n" + text()},
    "a context line changed": {"shared.py": text(l18="changed")},
}
CONFLICTING = {"shared.py": text(l20="theirs")}


def by_merge(repo: Repo) -> None:
    repo.merge("topic", "Merge pull request #7", **GITHUB)


def by_squash(repo: Repo) -> None:
    repo.git("merge", "--quiet", "--squash", "topic")
    repo.commit("Use it (#7)", None, **GITHUB)


def by_rebase(repo: Repo) -> None:
    repo.branch("rebased", "topic").git("rebase", "--quiet", "--force-rebase", "main", **GITHUB)
    repo.checkout("main").git("merge", "--quiet", "--ff-only", "rebased")


LANDINGS = [by_merge, by_squash, by_rebase]


def land(repo: Repo, landing: Step) -> None:
    repo.git("tag", "old")
    landing(repo)


def rebased(repo: Repo) -> None:
    repo.checkout("topic").git("rebase", "--quiet", "--force-rebase", "main")


def reworded(repo: Repo) -> None:
    repo.checkout("topic").git("commit", "--quiet", "--amend", "-m", "In other words")

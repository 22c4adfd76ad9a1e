"""Check a commit out in a worktree that stays, and its submodules with it."""

from __future__ import annotations

import os

from labgate.git.repository import Repository
from labgate.git.runner import first_line, spawn
from labgate.git.work_tree import work_tree_env
from labgate.values.errors import GitError
from labgate.values.phrases import quote

#: The commit as a whole, without the user's hooks, of which post-checkout would run.
_OPTIONS = (
    *("-c", "core.sparseCheckout=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false"),
    *("-c", "advice.detachedHead=false", "-c", "core.logAllRefUpdates=false"),
)


def add_worktree(repository: Repository, path: str, commit: str) -> None:
    """Make a detached worktree of a commit at an absolute path. Raises: ``GitError`` when git cannot."""
    words = ("worktree", "add", "--quiet", "--detach", path, commit)
    status, errors = _run(repository, "-C", repository.top or repository.git_dir, *words)
    if status:
        message = f"git worktree add: {first_line(errors)}"
        raise GitError(message, f"git worktree add --detach {quote(path)} {commit}")


def worktree_at(repository: Repository, path: str) -> str | None:
    """Return the commit that a worktree of this repository at an absolute path has checked out, ``None`` for none."""
    listing = os.fsdecode(repository.git.run("worktree", "list", "--porcelain"))
    found = False
    for line in listing.split("\n"):
        key, _, value = line.partition(" ")
        if key == "worktree":
            found = os.path.realpath(value) == os.path.realpath(path)
        elif key == "HEAD" and found:
            return value
    return None


def update_submodules(path: str, repository: Repository) -> None:
    """Check out the submodules of a worktree, from the network if they are not here. Raises: ``GitError``."""
    if not os.path.exists(os.path.join(path, ".gitmodules")):
        return
    status, errors = _run(repository, "-C", path, "submodule", "--quiet", "update", "--init", "--recursive")
    if status:
        message = f"{path} is there, but not its submodules: {first_line(errors)}"
        raise GitError(message, f"git -C {quote(path)} submodule update --init --recursive")


def _run(repository: Repository, *words: str) -> tuple[int, bytes]:
    status, _, errors = spawn(("git", *words[:2], *_OPTIONS, *words[2:]), work_tree_env(repository))
    return status, errors

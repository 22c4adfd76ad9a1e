"""Switch the work tree to a branch, as ``git switch`` does: with the user's filters, and without hooks."""

from __future__ import annotations

import os

from labgate.git.repository import Repository
from labgate.git.runner import first_line, spawn
from labgate.git.work_tree import work_tree_env
from labgate.values.errors import GitError

_OPTIONS = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "advice.detachedHead=false"),
)


def switch_to_new(repository: Repository, branch: str, commit: str) -> None:
    """Create a branch (short name) at a commit, without an upstream, and switch to it.

    Edits in the work tree stay as they are. Raises: ``GitError`` when git would have to overwrite one.
    """
    _switch(repository, "--no-track", "--create", branch, commit)


def switch_to(repository: Repository, branch: str, *, start: str | None = None) -> None:
    """Switch to a branch (short name); with a ``start`` it is created there, and follows it if that is a branch.

    Raises: ``GitError`` when git cannot.
    """
    _switch(repository, *((branch,) if start is None else ("--create", branch, start)))


def _switch(repository: Repository, *words: str) -> None:
    argv = ("git", "-C", repository.top or repository.git_dir, *_OPTIONS, "switch", "--quiet", *words)
    status, _, errors = spawn(argv, work_tree_env(repository))
    if status:
        message = f"git switch: {first_line(errors)}"
        raise GitError(message)

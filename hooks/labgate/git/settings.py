"""The user's own git: its version, its folder of hooks, and one setting that is written."""

from __future__ import annotations

import os
from collections.abc import Mapping

from labgate.git.repository import Repository
from labgate.git.runner import caller_env, first_line, spawn
from labgate.values.errors import GitError
from labgate.values.phrases import quote
from labgate.values.value import Value

#: Variables for the user's configuration; no verdict reads it, but git does before it starts a hook.
_CONFIGURATION = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")


class HooksFolder(Value):
    """The folder, absolute, in which git looks for hooks.

    ``setting`` is the value of ``core.hooksPath`` as written, ``None`` if it is not set, and ``scope`` where it is set:
    ``system``, ``global``, ``local`` or ``worktree``.
    """

    path: str
    setting: str | None = None
    scope: str | None = None


def hooks_folder(repository: Repository) -> HooksFolder:
    """Return git's folder of hooks. Raises: ``GitError`` when ``core.hooksPath`` is not a path."""
    status, output, _ = _ask(repository, "config", "--show-scope", "--get", "core.hooksPath")
    scope, _, setting = os.fsdecode(output).rstrip("\n").partition("\t")
    status, path, errors = _ask(repository, "rev-parse", "--path-format=absolute", "--git-path", "hooks")
    if status:
        message = f"core.hooksPath: {first_line(errors)}"
        raise GitError(message, "git config --show-origin --get-all core.hooksPath")
    return HooksFolder(os.fsdecode(path).rstrip("\n"), setting if scope else None, scope or None)


def git_version(environ: Mapping[str, str]) -> tuple[int, int]:
    """Return the first two numbers of git's version, ``(0, 0)`` if it does not have them."""
    _, output, _ = spawn(("git", "version"), caller_env(environ))
    words = output.decode("ascii", "replace").split()
    numbers = words[2].split(".")[:2] if len(words) > 2 else []
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 and all(map(str.isdigit, numbers)) else (0, 0)


def write_setting(repository: Repository, key: str, value: str) -> None:
    """Set a value in the repository's own configuration. Raises: ``GitError`` when it cannot be written."""
    path = os.path.join(repository.common_dir, "config")
    if os.path.islink(path):
        # git would write to the file behind it, which may be anywhere.
        message = f"{path} is a symbolic link, so labgate does not write to it"
        raise GitError(message, f"git config --local {key} {quote(value)}")
    status, _, errors = _ask(repository, "config", "--local", key, value)
    if status:
        message = f"git config {key}: {first_line(errors)}"
        raise GitError(message)


def _ask(repository: Repository, *args: str) -> tuple[int, bytes, bytes]:
    """Run git as the user would, at the top of the work tree, where a relative ``core.hooksPath`` starts."""
    place = repository.top or repository.git_dir
    env = caller_env(repository.environ, _CONFIGURATION)
    return spawn(("git", "-C", place, f"--git-dir={repository.git_dir}", *args), env)

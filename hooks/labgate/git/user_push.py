"""Create a ref on a remote as its user would: with all hooks, so that each of them may refuse."""

from __future__ import annotations

from labgate.git.repository import Repository
from labgate.git.runner import CONFIGURATION, command_scope, first_line, spawn
from labgate.values.errors import GitError


def push_with_hooks(repository: Repository, remote: str, ref: str, oid: str) -> None:
    """Create a ref on a remote that may not have the object yet. Raises: ``GitError`` when a hook or it refuses.

    Nobody is asked for a password.
    """
    environ = repository.environ
    env = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    env |= {name: environ[name] for name in (*CONFIGURATION, "GIT_SSH", "GIT_SSH_COMMAND") if name in environ}
    env |= command_scope(environ) | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    place = repository.top or repository.git_dir
    words = ("git", "-C", place, "push", "--quiet", f"--force-with-lease={ref}:", "--end-of-options", remote)
    status, _, errors = spawn((*words, f"{oid}:{ref}"), env)
    if status:
        message = f"git push {remote}: {first_line(errors)}"
        raise GitError(message)

"""A detached worktree for a while: made in a temporary folder, and removed whatever happens."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from labgate import FOLDER
from labgate.git.repository import Repository
from labgate.git.runner import CONFIGURATION, command_scope, first_line, spawn
from labgate.values.endings import undo_at_end, undone
from labgate.values.errors import GitError
from labgate.values.files import append_to, locked, read_bounded
from labgate.values.value import Value

_NOTES = "worktrees"
_LOCK = "lock"
#: Seconds to wait for others that make or clear a worktree.
_PATIENCE = 60.0
#: Longest path in a note, in bytes.
_LONGEST = 1 << 16
#: A commit is wanted whole, and without the user's hooks: post-checkout would run for it.
_WHOLE = ("-c", "core.sparseCheckout=false", "-c", f"core.hooksPath={os.devnull}", "-c", "advice.detachedHead=false")


class Worktree(Value):
    """A worktree: its absolute path, and the paths of submodules that could not be had without the network."""

    path: str
    without: tuple[str, ...]


@contextmanager
def detached_worktree(repository: Repository, commit: str) -> Iterator[Worktree]:
    """Give a worktree of a commit (full oid), which is removed at the end. Raises: ``GitError``, ``OSError``.

    Those that killed processes have left are removed too: a note with their path stays in the repository, and nobody
    holds its lock.
    """
    notes = os.path.join(repository.common_dir, FOLDER, _NOTES)
    path = os.path.realpath(tempfile.mkdtemp(prefix="labgate-at-"))
    note = os.path.join(notes, os.path.basename(path))
    duty = partial(_remove, repository, path, note)
    undo_at_end(duty)
    try:
        with locked(os.path.join(notes, _LOCK), _PATIENCE):
            _clear(repository, notes)
            mine = locked(note, 0)
        with mine:
            append_to(mine, os.fsencode(path))
            _run(repository, repository.git_dir, *_WHOLE, "worktree", "add", "--quiet", "--detach", path, commit)
            yield Worktree(path, _add_submodules(repository, path))
    finally:
        undone(duty)
        duty()


def _remove(repository: Repository, path: str, note: str) -> None:
    """Remove a worktree and its note; only its own entry, as a plain prune would remove others that are away."""
    # Once for changed files, and once for a lock (git-worktree, "--force").
    with suppress(GitError):
        _run(repository, repository.git_dir, "worktree", "remove", "--force", "--force", path)
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        os.unlink(note)


def _clear(repository: Repository, notes: str) -> None:
    for name in os.listdir(notes):
        note = os.path.join(notes, name)
        if name == _LOCK:
            continue
        with suppress(OSError), locked(note, 0):
            path = os.fsdecode(read_bounded(note, _LONGEST))
            # Only what this module makes is removed, whatever the note says.
            if os.path.basename(path) == name:
                _remove(repository, path, note)
            elif not path:
                os.unlink(note)


def _add_submodules(repository: Repository, path: str) -> tuple[str, ...]:
    """Check submodules out from their repositories in this clone; return the paths of those that are not here."""
    if not os.path.exists(os.path.join(path, ".gitmodules")):
        return ()
    listing = _run(repository, None, "-C", path, "config", "-z", "-f", ".gitmodules", "--get-regexp", r"\.path$")
    without, urls, paths = [], ["-c", "protocol.file.allow=always"], []
    for entry in os.fsdecode(listing).split("\0")[:-1]:
        key, _, place = entry.partition("\n")
        name = key.removeprefix("submodule.").removesuffix(".path")
        modules = os.path.realpath(os.path.join(repository.common_dir, "modules", name))
        if os.path.isdir(modules) and modules.startswith(os.path.realpath(repository.common_dir) + os.sep):
            urls += ["-c", f"submodule.{name}.url={modules}"]
            paths.append(place)
        else:
            without.append(place)
    if paths:
        words = ("submodule", "--quiet", "update", "--init", "--checkout", "--", *paths)
        _run(repository, None, "-C", path, *_WHOLE, *urls, *words)
    return tuple(without)


def _run(repository: Repository, git_dir: str | None, *words: str) -> bytes:
    """Run git as the user would: a checkout needs the filters of his configuration, such as those of LFS."""
    environ = repository.environ
    env = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    env |= {name: environ[name] for name in CONFIGURATION if name in environ} | command_scope(environ)
    place = () if git_dir is None else (f"--git-dir={git_dir}",)
    status, output, errors = spawn(("git", *place, *words), env | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"})
    if status:
        verb = next(word for word in words if word in ("worktree", "submodule", "config"))
        message = f"git {verb}: {first_line(errors)}"
        raise GitError(message)
    return output

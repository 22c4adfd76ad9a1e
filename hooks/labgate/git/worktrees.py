"""A detached worktree for a while: made in a temporary folder, and removed whatever happens."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from labgate import FOLDER
from labgate.git.checkouts import add_worktree
from labgate.git.repository import Repository
from labgate.git.runner import first_line, spawn
from labgate.git.work_tree import work_tree_env
from labgate.values.appending import append_to
from labgate.values.endings import undo_at_end, undone
from labgate.values.errors import GitError
from labgate.values.files import read_bounded, read_own, remove_own
from labgate.values.folders import names_in_own
from labgate.values.locks import locked
from labgate.values.value import Value

_NOTES = "worktrees"
_LOCK = "lock"
_PREFIX = "labgate-at-"
#: Seconds to wait for others that make or clear a worktree.
_PATIENCE = 60.0
#: Longest path in a note, in bytes.
_LONGEST = 1 << 16
#: The permissions of a folder that mkdtemp makes.
_PRIVATE = 0o700
#: Submodules come from this clone, without the user's hooks.
_LOCAL = ("-c", "protocol.file.allow=always", "-c", f"core.hooksPath={os.devnull}")


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
    path = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
    note = os.path.join(notes, os.path.basename(path))
    duty = partial(_remove, repository, path, note)
    undo_at_end(duty)
    try:
        with locked(os.path.join(notes, _LOCK), _PATIENCE):
            _clear(repository, notes)
            mine = locked(note, 0)
        with mine:
            append_to(mine, os.fsencode(path))
            add_worktree(repository, path, commit)
            yield Worktree(path, _add_submodules(repository, path))
    finally:
        undone(duty)
        duty()


def _remove(repository: Repository, path: str, note: str) -> None:
    """Remove a worktree and its note; only its own entry, as a plain prune would remove others that are away."""
    # Once for changed files, and once for a lock (git-worktree, "--force").
    with suppress(GitError):
        _run(repository, repository.top or repository.git_dir, "worktree", "remove", "--force", "--force", path)
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        remove_own(note)


def _clear(repository: Repository, notes: str) -> None:
    for name in names_in_own(notes):
        note = os.path.join(notes, name)
        if name == _LOCK:
            continue
        with suppress(OSError), locked(note, 0):
            path = os.fsdecode(read_own(note, _LONGEST))
            # Whatever the note says, only a worktree of this repository is removed: somebody else may have written it.
            if os.path.basename(path) == name and _is_worktree(repository, path):
                _remove(repository, path, note)
            elif not os.path.lexists(path):
                remove_own(note)


def _is_worktree(repository: Repository, path: str) -> bool:
    """Return whether a folder is one that labgate made for a worktree of this repository, or still empty.

    Everything in the repository may be a lie, so the folder itself must show it: it is in the folder for temporary
    files, and as ``mkdtemp`` makes it and no ``git worktree add`` does, only its owner's.
    """
    temporary = os.path.realpath(tempfile.gettempdir())
    ours = os.path.dirname(path) == temporary and os.path.basename(path).startswith(_PREFIX)
    if not ours or not os.path.lexists(path):
        return False
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != _PRIVATE:
        return False
    with suppress(FileNotFoundError):
        # git-worktree, "DETAILS"
        pointer = os.fsdecode(read_bounded(os.path.join(path, ".git"), _LONGEST)).strip().removeprefix("gitdir: ")
        return os.path.dirname(pointer) == os.path.join(os.path.realpath(repository.common_dir), "worktrees")
    return not os.listdir(path)


def _add_submodules(repository: Repository, path: str) -> tuple[str, ...]:
    """Check submodules out from their repositories in this clone; return the paths of those that are not here."""
    if not os.path.exists(os.path.join(path, ".gitmodules")):
        return ()
    listing = _run(repository, path, "config", "-z", "-f", ".gitmodules", "--get-regexp", r"\.path$")
    without, urls, paths = [], list(_LOCAL), []
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
        _run(repository, path, *urls, *words)
    return tuple(without)


def _run(repository: Repository, folder: str, *words: str) -> bytes:
    status, output, errors = spawn(("git", "-C", folder, *words), work_tree_env(repository))
    if status:
        verb = next(word for word in words if word in ("worktree", "submodule", "config"))
        message = f"git {verb}: {first_line(errors)}"
        raise GitError(message)
    return output

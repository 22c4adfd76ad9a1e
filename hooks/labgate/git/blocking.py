"""Find files of git's own that would hold it up: git opens a pipe in the place of one, and waits for ever."""

from __future__ import annotations

import os
from collections.abc import Iterator

from labgate.values.errors import GitError
from labgate.values.phrases import quote
from labgate.values.refnames import HEADS

#: What git opens in a git directory for whatever it is asked (gitrepository-layout).
_FILES = (
    *("HEAD", "config", "config.worktree", "packed-refs", "shallow", "reftable/tables.list"),
    *("objects/info/alternates", "objects/info/commit-graph", "objects/info/commit-graphs/commit-graph-chain"),
    "objects/pack/multi-pack-index",
)
#: Largest sizes in bytes: git reads a configuration each time, and follows every path of the other.
_MOST = {"config": 2**22, "config.worktree": 2**22, "objects/info/alternates": 2**16}
#: Largest file of a loose ref: the name of another ref.
_MOST_REF = 2**12
#: The bits of ``st_mode`` that are the kind of a file, and two values (inode(7)); ``stat`` takes long to import.
_KIND, _REGULAR, _DIRECTORY = 0o170000, 0o100000, 0o040000


def refuse_blocking(folder: str) -> None:
    """Look at the files of a git directory (absolute path) that git opens each time.

    Raises: ``GitError`` when one is a pipe, a socket or a device, or is much larger than git ever makes it.
    """
    for name in _FILES:
        _refuse(os.path.join(folder, name), _MOST.get(name))


def git_directory(environ_git_dir: str | None, here: str) -> str:
    """Return the git directory that git will most likely find from a folder, before git is asked.

    It may be one that is not there; a file ``.git``, which git only reads if it is one, names another.
    """
    if environ_git_dir:
        return os.path.join(here, environ_git_dir)
    while not os.path.isdir(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here or os.path.isdir(os.path.join(here, "objects")):
            return here
        here = above
    return os.path.join(here, ".git")


def odd_refs(common_dir: str, sizes: tuple[int, ...]) -> Iterator[tuple[str, bool]]:
    """Yield each loose ref whose file has none of some sizes in bytes, and whether it is a link.

    Raises: ``GitError`` as ``refuse_blocking``. Files are only measured: there may be thousands of them.
    """
    folders = [os.path.join(common_dir, "refs")]
    while folders:
        try:
            entries = [*os.scandir(folders.pop())]
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
                continue
            link = entry.is_symlink()
            plain = entry.is_file(follow_symlinks=False)
            if plain and (entry.name.endswith(".lock") or entry.stat(follow_symlinks=False).st_size in sizes):
                continue
            _refuse(entry.path, _MOST_REF)
            yield os.path.relpath(entry.path, common_dir).replace(os.sep, "/"), link


def _refuse(path: str, most: int | None) -> None:
    try:
        state = os.stat(path)
    except OSError:
        return  # git says what is wrong
    kind = state.st_mode & _KIND
    if kind == _DIRECTORY:
        return
    if kind == _REGULAR:
        if most is None or state.st_size <= most:
            return
        reason = f"has more than {most} bytes"
    else:
        reason = "is not a regular file"
    aside = f"mv {quote(path)} {quote(path + '.refused')}"
    if f"{os.sep}refs{os.sep}" in path:  # under another name it would be another ref
        aside = f"rm {quote(path)}"
    if os.path.basename(path) == "HEAD":  # without it there is no repository
        aside += f" && echo 'ref: {HEADS}main' >{quote(path)}"
    message = f"{path} {reason}, and git would not get past it"
    raise GitError(message, aside)

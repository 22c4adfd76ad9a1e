"""Which untracked files a snapshot has, and what it leaves out: large files, too many of them, what is no file."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence

from labgate.values.phrases import count, size
from labgate.values.value import Value

#: More untracked files than this, or more bytes, are data and not code: then no untracked file is in a snapshot.
MOST_FILES, MOST_BYTES = 1000, 100 * 10**6
#: Python's compiled modules, which it writes beside what it imports (importlib, PEP 3147): the next run would find a
#: clean tree dirty, and 20 runs at a time would each see another code.
_CACHE = "__pycache__"
#: Longest list of paths in a record.
_MOST_LISTED = 1000


class Untracked(Value):
    """The untracked files of a snapshot: the paths that it has, and those that it leaves out, with the reasons."""

    taken: tuple[str, ...]
    left_out: tuple[str, ...]
    reasons: tuple[str, ...]


def sort_untracked(top: str, paths: Iterable[str], largest: int) -> Untracked:
    """Decide about the untracked paths that git names below ``top``; ``largest`` is the size of one file in bytes.

    A nested repository, whose path ends with ``/``, would become a commit that exists nowhere else. What Python has
    compiled is no code of its own.
    """
    taken: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for path in paths:
        if _CACHE in path.split("/")[:-1]:
            continue
        if path.endswith("/"):
            left_out[path] = f"{path} is a repository of its own"
            continue
        status = _lstat(os.path.join(top, path))
        if status is None:
            continue  # deleted meanwhile
        if stat.S_ISREG(status.st_mode) and status.st_size > largest:
            left_out[path] = f"{path} has {size(status.st_size)}"
        else:
            taken[path] = status.st_size
    total = sum(taken.values())
    if len(taken) > MOST_FILES or total > MOST_BYTES:
        reason = f"{count(len(taken), 'untracked file')} with {size(total)} are too many"
        return Untracked((), shortened((*left_out, *_folded(taken))), (*left_out.values(), reason))
    return Untracked(tuple(taken), shortened(tuple(left_out)), tuple(left_out.values()))


def odd_files(top: str, ignored: Collection[str]) -> Iterator[str]:
    """Yield the pipes, sockets and devices of a work tree, which git never names.

    ``ignored`` are folders that are not searched, with a ``/`` at the end; nor are repositories inside of this one.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(os.path.join(top, folder)) as listing:
                entries = list(listing)
        except OSError:
            continue  # unreadable for git as well
        if folder and any(entry.name == ".git" for entry in entries):
            continue
        for entry in entries:
            if entry.is_file(follow_symlinks=False) or entry.is_symlink():
                continue
            path = folder + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield path
            elif entry.name != ".git" and f"{path}/" not in ignored:
                waiting.append(f"{path}/")


def shortened(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the paths for a list in a record, the first ones if there are very many, and then how many more."""
    if len(paths) <= _MOST_LISTED:
        return tuple(paths)
    return (*paths[:_MOST_LISTED], f"... and {len(paths) - _MOST_LISTED} more")


def _folded(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths up to their first folder, each once."""
    return tuple(dict.fromkeys(path[: path.find("/") + 1] or path for path in paths))


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None

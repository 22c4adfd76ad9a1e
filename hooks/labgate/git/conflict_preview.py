"""The conflicts of a merge that nobody has made yet (git-merge-tree), with the commits that collide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

from labgate.git.commits import merge_bases
from labgate.git.merge_attributes import merging
from labgate.git.raw import PLAIN, USAGE
from labgate.git.repository import Repository
from labgate.values.conflicted_file import ConflictedFile
from labgate.values.value import Value

#: The most commits of each side that are named for a file, and that are searched.
MOST_COMMITS, _MOST_SEARCHED = 3, 5000
#: The most paths that git is asked for by name.
_MOST_ASKED = 100
#: Commits with what each changes, a merge where it differs from all parents (git-log, "-c").
_CHANGES = ("log", "-z", "--format=%H", "--raw", "-c", "--no-renames", f"--max-count={_MOST_SEARCHED}", *PLAIN)


class Preview(Value):
    """``files`` are in conflict; ``skipped`` is why git could not tell, ``None`` if it could."""

    files: tuple[ConflictedFile, ...] = ()
    skipped: str | None = None


class ConflictedPaths(Value):
    """The files in conflict; ``skipped`` is why git could not tell, ``None`` if it could."""

    paths: tuple[str, ...] = ()
    skipped: str | None = None


def preview(repository: Repository, ours: str, theirs: str, seconds: float | None = None) -> Preview:
    """Return what merging ``theirs`` into ``ours`` would meet, with the commits of both sides. As ``conflicted_paths``.

    Raises: ``MissingObjectError`` when a needed object is not in this clone.
    """
    end = None if seconds is None else monotonic() + seconds
    met = conflicted_paths(repository, ours, theirs, seconds)
    bases = merge_bases(repository, ours, theirs) if met.paths else ()
    mine, others = (_latest(repository, met.paths, tip, bases, end) for tip in (ours, theirs))
    return Preview(tuple(ConflictedFile(path, mine[path], others[path]) for path in met.paths), met.skipped)


def conflicted_paths(
    repository: Repository, ours: str, theirs: str, seconds: float | None = None, attributes: str | None = None
) -> ConflictedPaths:
    """Return the files that merging ``theirs`` into ``ours`` would conflict in, without touching anything.

    ``seconds`` is how long git may take, ``None`` for as long as it needs. ``attributes`` is the commit whose
    ``.gitattributes`` count, ``None`` for ``ours``. Raises: ``MissingObjectError`` when a needed object is not in this
    clone.
    """
    bases = merge_bases(repository, ours, theirs)
    if not bases:
        return ConflictedPaths(skipped="the branches have no common history")
    if ours in bases or theirs in bases:
        return ConflictedPaths()
    arguments = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
    accept, git = (0, 1, USAGE), merging(repository, attributes or ours)
    if seconds is None:
        status, output = git.status(*arguments, accept=accept)
    else:
        answer = git.within(seconds, *arguments, accept=accept)
        if answer is None:
            return ConflictedPaths(skipped=f"git needs more than {seconds * 1000:g} ms for the merge")
        status, output = answer
    if status == USAGE:
        return ConflictedPaths(skipped="git below 2.38 cannot make a merge without a work tree")
    # After the tree stand the paths, each ended by a null (git-merge-tree, "OUTPUT").
    paths = [path.decode("utf-8", "surrogateescape") for path in output.split(b"\0")[1:] if path] if status else []
    return ConflictedPaths(tuple(dict.fromkeys(_plain(path, (ours, theirs)) for path in paths)))


def _plain(path: str, sides: tuple[str, str]) -> str:
    """Return a path without the name of its side, which git adds where the two are not the same kind of file."""
    for side in sides:
        before, mark, after = path.rpartition(f"~{side}")
        if mark and (not after or after.startswith("_")):
            return before
    return path


def _latest(
    repository: Repository, paths: Sequence[str], tip: str, bases: Sequence[str], end: float | None
) -> Mapping[str, tuple[str, ...]]:
    """Return for each path the latest commits of one side that change it; renames are not followed.

    None are named where git would need longer than until ``end``.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(paths, ())
    if not paths:
        return found
    # To look for each of many paths takes git longer than to list all that has changed.
    asked = ("--", *paths) if len(paths) <= _MOST_ASKED else ()
    words = (*_CHANGES, tip, *(f"^{base}" for base in bases), *asked)
    if end is None:
        output = repository.objects.run(*words)
    else:
        answer = repository.objects.within(max(0, end - monotonic()), *words, accept=(0,))
        output = b"" if answer is None else answer[1]
    oid, tokens = "", iter(output.decode("utf-8", "surrogateescape").split("\0"))
    for token in tokens:
        if not token.lstrip("\n").startswith(":"):
            oid = token or oid
        elif (path := next(tokens)) in found and len(found[path]) < MOST_COMMITS:
            found[path] = (*found[path], oid)
    return found

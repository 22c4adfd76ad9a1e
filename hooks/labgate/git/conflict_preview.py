"""The conflicts of a merge that nobody has made yet (git-merge-tree), with the commits that collide."""

from __future__ import annotations

from labgate.git.commits import merge_bases
from labgate.git.raw import USAGE
from labgate.git.repository import Repository
from labgate.values.conflicted_file import ConflictedFile
from labgate.values.value import Value

#: The most commits of each side that are named for a file.
MOST_COMMITS = 3


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
    met = conflicted_paths(repository, ours, theirs, seconds)
    bases = merge_bases(repository, ours, theirs) if met.paths else ()
    return Preview(tuple(_file(repository, path, ours, theirs, bases) for path in met.paths), met.skipped)


def conflicted_paths(repository: Repository, ours: str, theirs: str, seconds: float | None = None) -> ConflictedPaths:
    """Return the files that merging ``theirs`` into ``ours`` would conflict in, without touching anything.

    ``seconds`` is how long git may take, ``None`` for as long as it needs. Raises: ``MissingObjectError`` when a needed
    object is not in this clone.
    """
    bases = merge_bases(repository, ours, theirs)
    if not bases:
        return ConflictedPaths(skipped="the branches have no common history")
    if ours in bases or theirs in bases:
        return ConflictedPaths()
    arguments = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
    accept = (0, 1, USAGE)
    if seconds is None:
        status, output = repository.objects.status(*arguments, accept=accept)
    else:
        answer = repository.objects.within(seconds, *arguments, accept=accept)
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


def _file(repository: Repository, path: str, ours: str, theirs: str, bases: tuple[str, ...]) -> ConflictedFile:
    return ConflictedFile(path, *(_latest(repository, path, tip, bases) for tip in (ours, theirs)))


def _latest(repository: Repository, path: str, tip: str, bases: tuple[str, ...]) -> tuple[str, ...]:
    """Return the latest commits of one side that change a path; renames are not followed."""
    excluded = [f"^{base}" for base in bases]
    limit = f"--max-count={MOST_COMMITS}"
    return tuple(repository.objects.run("rev-list", limit, tip, *excluded, "--", path).decode().split())

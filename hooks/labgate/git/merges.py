"""What a merge brings that git would not have made of its parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from labgate.git.diffs import clean_merge, tree_files
from labgate.git.raw import PLAIN
from labgate.git.repository import Repository
from labgate.git.runner import BOUNDED
from labgate.values.batch import FileChange
from labgate.values.quoted import unquoted
from labgate.values.ref_update import Commit
from labgate.values.value import Value

#: git-diff, "Combined diff format": only files that differ from every parent, without context.
_COMBINED = (*BOUNDED, "diff-tree", "-c", "-p", "-r", "-M", "-l400", "-U0", "--full-index", "--no-commit-id", *PLAIN)


class OwnChange(Value):
    """What a merge changes in one file beside all of its parents: lines that none of them has, or that all have."""

    added: list[bytes]
    deleted: list[bytes]


def own_changes(repository: Repository, merge: str) -> dict[str, OwnChange]:
    """Return by path how a merge differs from each of its parents.

    A clean merge, of any number of parents, has no such line: each of its lines comes from one of them. It needs no
    ``merge-tree``. Raises: ``MissingObjectError`` when a needed object is not in this clone.
    """
    found: dict[str, OwnChange] = {}
    for path, lines in _by_file(repository.objects.stream(*_COMBINED, merge)):
        change, differs = _own(lines)
        if differs or change.added or change.deleted:
            found[path] = change
    return found


def brings_nothing(repository: Repository, merge: Commit) -> bool:
    """Return whether a merge is what git itself would have made. Raises: ``MissingObjectError``."""
    clean = clean_merge(repository, merge.parents)
    return not own_changes(repository, merge.oid) if clean is None else clean == merge.tree


def is_contentless(repository: Repository, commit: Commit, trees: Mapping[str, str]) -> bool:
    """Return whether a commit brings nothing of its own: it is empty, or the merge that git itself would make.

    ``trees`` has the tree of its parent (``commits.trees_with_parents``). Raises: ``MissingObjectError``.
    """
    if len(commit.parents) < 2:
        return commit.changes_nothing(trees)
    return repository.empty_merges.of([commit.oid], lambda _: {commit.oid: brings_nothing(repository, commit)})[
        commit.oid
    ]


def merge_files(repository: Repository, merge: Commit) -> tuple[FileChange, ...]:
    """Return the files of a merge that differ from git's own merge, with lines and bytes."""
    clean = clean_merge(repository, merge.parents)
    if clean is not None:
        return tree_files(repository, clean, merge.tree)
    own = own_changes(repository, merge.oid)
    files = tree_files(repository, merge.parents[0], merge.tree) if own else ()
    return tuple(
        file.changed(added=len(own[file.path].added), deleted=len(own[file.path].deleted))
        for file in files
        if file.path in own
    )


def _by_file(lines: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Yield each file of a combined diff with its headers and hunks; no line of a hunk starts like a file's header."""
    path, mine = "", list[bytes]()
    for line in lines:
        if line.startswith(b"diff --c"):
            if mine:
                yield path, mine
            path, mine = unquoted(line.split(b" ", 2)[2]), []
        mine.append(line)
    if mine:
        yield path, mine


def _own(lines: list[bytes]) -> tuple[OwnChange, bool]:
    """Return the lines that differ from every parent, and whether the file as a whole does."""
    change, differs, parents = OwnChange([], []), False, 0
    for line in lines:
        if line.startswith(b"@@@"):
            parents = len(line) - len(line.lstrip(b"@")) - 1
        elif parents:
            columns = line[:parents]
            if columns == b"+" * parents:
                change.added.append(line[parents:])
            elif columns == b"-" * parents:
                change.deleted.append(line[parents:])
        elif line.startswith(b"mode "):
            old, _, new = line[5:].partition(b"..")
            differs = new not in old.split(b",")
        elif line.startswith((b"new file ", b"deleted file ", b"Binary ")):
            differs = True
    return change, differs

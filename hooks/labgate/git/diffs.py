"""The changes of commits: files, lines and bytes, from objects only, and which files are generated."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence

from labgate.git import raw
from labgate.git.commits import tree_of
from labgate.git.raw import PLAIN, RENAMES, Entry, Lines, read_records, weigh
from labgate.git.repository import Repository
from labgate.git.runner import BOUNDED, Git
from labgate.values.batch import FileChange
from labgate.values.errors import GitError, MissingObjectError

_DIFF = (*BOUNDED, "diff-tree", "-r", "-z", "--no-abbrev", "--root", "--diff-merges=first-parent", *PLAIN)


#: The mode of a submodule's commit in a tree.
_POINTER = "160000"


def changed_entries(repository: Repository, commits: Iterable[str]) -> dict[str, tuple[Entry, ...]]:
    """Return each commit's raw diff against its first parent, renames as deletion and addition."""

    def ask(missing: list[str]) -> dict[str, tuple[Entry, ...]]:
        found = _by_commit(repository, missing, "--raw", "--no-renames")
        return {oid: tuple(record for record in records if isinstance(record, Entry)) for oid, records in found.items()}

    return repository.entries_read.of(commits, ask)


def brought_paths(
    repository: Repository, commits: Iterable[str], plain: Collection[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Return the paths that each commit adds or changes; of a merge those that differ from every parent.

    ``plain`` are those of the commits that are known to have one parent or none.
    """
    wanted = tuple(commits)
    entries = changed_entries(repository, plain)
    found = {oid: [entry.path for entry in entries.get(oid, ()) if entry.status != "D"] for oid in wanted}
    asked = [oid for oid in wanted if oid not in entries]
    if asked:
        _note_combined(repository, asked, found)
    return {oid: tuple(paths) for oid, paths in found.items()}


def _note_combined(repository: Repository, wanted: Sequence[str], found: Mapping[str, list[str]]) -> None:
    """Add the paths of commits that may be merges to what was ``found`` (git-diff-tree, "-c")."""
    words = ("diff-tree", "-r", "-z", "-c", "--no-abbrev", "--root", "--raw", "--no-renames", "--stdin", *PLAIN)
    output = repository.objects.run(*words, stdin="\n".join(wanted).encode() + b"\n")
    tokens = iter(os.fsdecode(output).split("\0")[:-1])
    current: list[str] = []
    for token in tokens:
        if token.startswith(":"):
            path = next(tokens)
            if not set(token.rpartition(" ")[2]) <= {"D"}:
                current.append(path)
        else:
            current = found[token]


def differing_entries(repository: Repository, old: str, new: str) -> tuple[Entry, ...]:
    """Return what is new or another in the tree of ``new`` than in that of ``old``, without renames."""
    output = repository.objects.run(*_DIFF, "--raw", "--no-renames", old, new)
    return tuple(record for record in read_records(output) if isinstance(record, Entry) and record.status != "D")


def commit_files(repository: Repository, commits: Iterable[str]) -> dict[str, tuple[FileChange, ...]]:
    """Return the changes of each commit against its first parent, with lines and bytes."""
    return weigh(repository.objects, _counted(repository, commits))


def without_lines(repository: Repository, commits: Iterable[str]) -> list[str]:
    """Return those of some commits that change a file of which git counts no lines: a binary one, or an empty one."""
    return [
        oid
        for oid, records in _counted(repository, commits).items()
        if any(isinstance(record, Lines) and not record.added and not record.deleted for record in records)
    ]


def _counted(repository: Repository, commits: Iterable[str]) -> dict[str, list[Entry | Lines]]:
    """Return the raw entries and lines of each commit against its first parent, with exact renames."""
    return repository.lines_read.of(
        commits, lambda missing: _by_commit(repository, missing, "--raw", "--numstat", *RENAMES)
    )


def tree_files(repository: Repository, old: str, new: str) -> tuple[FileChange, ...]:
    """Return the differences between two trees, with lines and bytes."""
    output = repository.objects.run(*_DIFF, "--raw", "--numstat", *RENAMES, old, new)
    records = [record for record in read_records(output) if not isinstance(record, str)]
    return weigh(repository.objects, {new: records})[new]


def clean_merge(repository: Repository, parents: Sequence[str]) -> str | None:
    """Return the tree that git merges parents to, or ``None`` if it cannot say (``raw.clean_merge``)."""
    return raw.clean_merge(repository.objects, parents)


def is_exact_revert(repository: Repository, commit: str, reverted: str) -> bool:
    """Return whether a commit exactly reverts an earlier one, even if its lines have moved since."""
    entries = changed_entries(repository, (commit, reverted))
    if _undoes(entries[commit], entries[reverted]):
        return True
    undone = _reverting(repository, f"{commit}^", reverted)
    return undone is not None and undone == tree_of(repository, commit)


def staged_exactly_reverts(repository: Repository, staged: Git, reverted: str) -> bool:
    """Return whether the index of ``staged`` exactly reverts an earlier commit on top of HEAD."""
    entries = [record for record in raw.staged_records(staged, "HEAD", "--raw") if isinstance(record, Entry)]
    if _undoes(entries, changed_entries(repository, (reverted,))[reverted]):
        return True
    head = staged.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
    undone = _reverting(repository, head, reverted)
    if undone is None:
        return False
    # Not the borrowed repository: a split index is only complete in its own.
    lender = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.path.join(repository.objects.git_dir, "objects")}
    git = Git(repository.git_dir, repository.environ, index=staged.index, extra=lender)
    return git.status("diff-index", "--cached", "--quiet", *PLAIN, undone, "--", accept=(0, 1))[0] == 0


def _undoes(entries: Iterable[Entry], done: Iterable[Entry]) -> bool:
    undone = {(entry.path, entry.new, entry.old) for entry in done}
    return bool(undone) and undone == {(entry.path, entry.old, entry.new) for entry in entries}


def picked_tree(repository: Repository, onto: str, commit: str) -> str | None:
    """Return the tree that ``git cherry-pick`` makes of a commit on top of another, ``None`` for a conflict or a root.

    A pick is a merge whose base is the commit's first parent.
    """
    try:
        return _merged(repository, _stand_in(repository, onto, f"{commit}^"), commit)
    except MissingObjectError:
        raise
    except GitError:
        # A root commit.
        return None


def _reverting(repository: Repository, onto: str, reverted: str) -> str | None:
    """Return the tree that ``git revert`` makes of a commit on top of another, ``None`` for a conflict or a root.

    A revert is a merge whose base is the commit and whose other side is its first parent.
    """
    try:
        return _merged(repository, onto, _stand_in(repository, f"{reverted}^", reverted))
    except MissingObjectError:
        raise
    except GitError:
        # A root commit.
        return None


def _stand_in(repository: Repository, tree: str, parent: str) -> str:
    """Write a commit with the tree of one commit on top of another: ``merge-tree`` takes no base before git 2.40."""
    git = repository.objects
    base = git.run("rev-parse", "--verify", "--end-of-options", f"{parent}^{{commit}}").decode().strip()
    nobody = "labgate <> 0 +0000"
    text = f"tree {tree_of(repository, tree)}\nparent {base}\nauthor {nobody}\ncommitter {nobody}\n\nstand in\n"
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()).decode().strip()


def _merged(repository: Repository, ours: str, theirs: str) -> str | None:
    # 1 is a conflict.
    arguments = ("merge-tree", "--write-tree", "--no-messages", ours, theirs)
    status, output = repository.objects.status(*arguments, accept=(0, 1, raw.USAGE))
    return None if status else output.decode().strip()


def _by_commit(repository: Repository, commits: Iterable[str], *options: str) -> dict[str, list[Entry | Lines]]:
    wanted = tuple(commits)
    found: dict[str, list[Entry | Lines]] = {oid: [] for oid in wanted}
    if not wanted:
        return found
    output = repository.objects.run(*_DIFF, *options, "--stdin", stdin="\n".join(wanted).encode() + b"\n")
    current: list[Entry | Lines] = []
    for record in read_records(output):
        if isinstance(record, str):
            current = found[record]
        else:
            current.append(record)
    return found


#: The attributes of GitHub's linguist, which other hosts and tools read too.
EXCLUDING = ("linguist-generated", "linguist-vendored")


def excluded_paths(repository: Repository, tree: str, paths: Iterable[str]) -> frozenset[str]:
    """Return the paths that the tree's own ``.gitattributes`` files mark with one of ``EXCLUDING``.

    ``tree`` is the oid of a tree or of a commit. git below 2.40 has no ``check-attr --source``: a temporary index with
    only the attribute files does the same.
    """
    wanted = sorted(set(paths))
    listing = repository.objects.run("ls-tree", "-r", "-z", "--full-tree", tree) if wanted else b""
    files = [line for line in listing.split(b"\0") if line.partition(b"\t")[2].rpartition(b"/")[2] == b".gitattributes"]
    if not files:
        return frozenset()
    folder = repository.objects.git_dir
    git = Git(folder, repository.environ, index=os.path.join(folder, f"attributes-of-{tree}"))
    git.run("update-index", "-z", "--index-info", stdin=b"\0".join(files) + b"\0")
    names = os.fsencode("\0".join(wanted)) + b"\0"
    output = git.run("check-attr", "--cached", "-z", "--stdin", *EXCLUDING, stdin=names)
    fields = os.fsdecode(output).split("\0")[:-1]
    triples = zip(fields[0::3], fields[2::3], strict=True)
    return frozenset(path for path, value in triples if value not in ("unspecified", "unset", "false"))

"""The records and sizes of git's raw diffs: for commits, trees and the index."""

from __future__ import annotations

import os

from labgate.git.runner import BOUNDED, MOST_BYTES
from labgate.values.files import read_start
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labgate.git.runner import Git
    from labgate.values.batch import FileChange

#: Lines as they are in the objects, without external programs or conversions.
PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none", "--diff-algorithm=myers")
#: Exact renames only, for any number of files: a rename that changes one byte needs a review.
RENAMES = ("-M100%", "-l0")
#: A file is renamed if at least half of it is the same. git compares at most ``MOST_RENAMES`` squared pairs of files
#: and else finds exact renames only, so that the time stays linear in the number of files.
MOST_RENAMES = 400
EDITED_RENAMES = ("-M50%", f"-l{MOST_RENAMES}")
#: Without intent-to-add paths: unlike ``git diff``, the plumbing would show them as empty.
STAGED = ("diff-index", "--cached", "--ita-invisible-in-index")
_SUBMODULE = "160000"
#: Octopus merges of more parents are not made: each parent takes a merge.
MOST_PARENTS = 16
#: More blobs than this are quicker to ask git for than to look up one by one.
MOST_LOOSE = 20
#: Bytes at the start of an object's own file that hold its type and size, compressed.
_START, _HEADER = 512, 32
#: git's exit status for an unknown option (git 2.34 to 2.37 have no ``merge-tree --write-tree``).
USAGE = 129


class Entry(Value):
    """One raw diff entry (git-diff-tree, "Raw output format").

    ``status`` is its letter, ``path`` the new path; ``old`` and ``new`` are blob oids, all zeros where absent.
    """

    status: str
    path: str
    old: str
    new: str
    new_mode: str

    @property
    def is_submodule(self) -> bool:
        """Whether the path is a submodule now."""
        return self.new_mode == _SUBMODULE

    @property
    def brings_content(self) -> bool:
        """Whether there is a blob that was not there before; an unmerged path has none yet."""
        return self.status not in "DRU" and self.new_mode != _SUBMODULE and self.old != self.new


class Lines(Value):
    """One numstat line. A ``binary`` file counts no lines, nor does one that is too large (``MOST_BYTES``)."""

    path: str
    added: int
    deleted: int
    binary: bool = False


def read_records(output: bytes) -> Iterator[str | Entry | Lines]:
    """Read the output of ``diff-tree -z`` and ``diff-index -z``: a commit's oid, raw entries, numstat lines.

    Paths are read by their position, never guessed.
    """
    tokens = iter(os.fsdecode(output).split("\0")[:-1])
    for token in tokens:
        if token.startswith(":"):
            _, mode, old, new, status = token.split(" ")
            path = next(tokens)
            yield Entry(status[0], next(tokens) if status[0] in "RC" else path, old, new, mode)
        elif "\t" in token:
            added, deleted, path = token.split("\t", 2)
            if not path:
                _, path = next(tokens), next(tokens)
            binary = added == "-"
            yield Lines(path, 0 if binary else int(added), 0 if binary else int(deleted), binary)
        else:
            yield token


def staged_records(git: Git, base: str, *options: str) -> list[Entry | Lines]:
    """Return the differences of the index of ``git`` to a tree or commit: raw entries and lines, with exact renames."""
    given = options or ("--raw", "--numstat", *RENAMES)
    output = git.run(*BOUNDED, *STAGED, "-z", "--no-abbrev", *PLAIN, *given, base, "--")
    return [record for record in read_records(output) if not isinstance(record, str)]


def weigh(
    git: Git, changes: Mapping[str, Iterable[Entry | Lines]], *, sizes: bool = True
) -> dict[str, tuple[FileChange, ...]]:
    """Join raw entries, lines and blob sizes, for each key. Without ``sizes`` every blob counts 0 bytes.

    Raises: ``MissingObjectError`` when a blob is not in this clone.
    """
    from labgate.values.batch import FileChange  # a commit in progress is rarely weighed file by file

    weighed = {}
    entries = {key: [item for item in records if isinstance(item, Entry)] for key, records in changes.items()}
    lines = {key: {item.path: item for item in records if isinstance(item, Lines)} for key, records in changes.items()}
    wanted = {item.new for found in entries.values() for item in found if sizes and item.brings_content}
    binary = {key: [item for item in found if _may_be_text(item, lines[key])] for key, found in entries.items()}
    known = blob_sizes(git, wanted | {oid for found in binary.values() for item in found for oid in _blobs(item)})
    for key, found in entries.items():
        large = _streamed(git, [one for one in binary[key] if max(known[oid] for oid in _blobs(one)) > MOST_BYTES])
        lines[key] |= large
        sized = known if sizes else {}
        weighed[key] = tuple(
            FileChange(
                one.path, one.status, *_counts(lines[key].get(one.path)), _size(one, sized), large=one.path in large
            )
            for one in found
        )
    return weighed


def _may_be_text(entry: Entry, lines: Mapping[str, Lines]) -> bool:
    """Return whether a file without lines may have some that git has not read."""
    binary = entry.path in lines and lines[entry.path].binary
    return binary and entry.status in "AMR" and not entry.is_submodule


def _blobs(entry: Entry) -> tuple[str, ...]:
    return tuple(oid for oid in (entry.old, entry.new) if oid.strip("0"))


def _streamed(git: Git, entries: Sequence[Entry]) -> dict[str, Lines]:
    """Return the lines of those files that are text."""
    if not entries:
        return {}
    from labgate.git.large_files import changed_lines  # few changes have such a file

    found = {entry.path: changed_lines(git, entry.old, entry.new) for entry in entries}
    return {path: Lines(path, *lines) for path, lines in found.items() if lines is not None}


def _counts(lines: Lines | None) -> tuple[int, int]:
    return (0, 0) if lines is None else (lines.added, lines.deleted)


def _size(entry: Entry, sizes: Mapping[str, int]) -> int:
    return sizes.get(entry.new, 0) if entry.brings_content else 0


def blob_sizes(git: Git, oids: set[str]) -> dict[str, int]:
    """Return the size in bytes of each blob. Raises: ``MissingObjectError`` when one is not in this clone."""
    sizes = _loose_sizes(git.loose, oids) if git.loose is not None and len(oids) <= MOST_LOOSE else {}
    others = oids - sizes.keys()
    if not others:
        return sizes
    output = git.run(
        *("cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer"),
        stdin="\n".join(sorted(others)).encode() + b"\n",
    )
    for line in output.decode().splitlines():
        oid, size = line.split(" ")
        if size == "missing":
            message = f"blob {oid} is not in this clone"
            raise git.missing(message)
        sizes[oid] = int(size)
    return sizes


def _loose_sizes(folder: str, oids: set[str]) -> dict[str, int]:
    """Return the sizes of the blobs that have a file of their own, as those that were just staged.

    The content of such a file is compressed, and starts with ``blob SIZE`` and a NUL (git: object-file.c,
    ``unpack_loose_header``). What does not is left to git. A commit that passes so needs one process less.
    """
    if not oids:
        return {}
    from zlib import decompressobj, error

    sizes = {}
    for oid in oids:
        try:
            start = read_start(os.path.join(folder, oid[:2], oid[2:]), _START)
            header = decompressobj().decompress(start, _HEADER)
        except (OSError, error):
            continue
        size, end, _ = header.removeprefix(b"blob ").partition(b"\0")
        if end and size.isdigit():
            sizes[oid] = int(size)
    return sizes


def clean_merge(git: Git, parents: Sequence[str]) -> str | None:
    """Return the tree that git merges parents to, with any conflict markers, or ``None`` if it cannot.

    More than two are merged one after the other, as an octopus is, up to ``MOST_PARENTS``. It needs
    ``git merge-tree --write-tree`` (git 2.38); an older git has none (``merges.own_changes`` needs no merge).

    Raises: ``MissingObjectError`` when a needed object is not in this clone.
    """
    if not 2 <= len(parents) <= MOST_PARENTS:
        return None
    ours, tree = parents[0], ""
    for place, theirs in enumerate(parents[1:], 1):
        arguments = ("merge-tree", "--write-tree", "--no-messages", "--allow-unrelated-histories", "-z", ours, theirs)
        status, output = git.status(*arguments, accept=(0, 1, USAGE))
        if status == USAGE:
            return None
        tree = output.split(b"\0", 1)[0].decode()
        if place + 1 < len(parents):
            ours = _merge_commit(git, tree, (ours, theirs))
    return tree


def _merge_commit(git: Git, tree: str, parents: Sequence[str]) -> str:
    """Write a commit that stands for the merge of some of an octopus's parents; nothing reaches it."""
    names = (f"{name}^{{commit}}" for name in parents)
    oids = [git.run("rev-parse", "--verify", "--end-of-options", name).decode().strip() for name in names]
    nobody = "labgate <> 0 +0000"
    above = "".join(f"parent {oid}\n" for oid in oids)
    text = f"tree {tree}\n{above}author {nobody}\ncommitter {nobody}\n\nmerge\n"
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()).decode().strip()

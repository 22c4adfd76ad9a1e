"""The changes of commits as a reader reads them: lines that only moved, in one file or to another, are marked.

git itself finds renames and moved blocks (git-diff, ``--find-renames`` and ``--color-moved``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from labgate.git.raw import EDITED_RENAMES, PLAIN, STAGED, Entry, Lines, read_records
from labgate.git.repository import Repository
from labgate.git.runner import BOUNDED, Git
from labgate.values.regexes import regex
from labgate.values.value import Value

#: Blocks of 20 letters or digits, also with another indentation; shorter ones than ``BLOCK_LINES`` are no move.
_MOVED = ("--color=always", "--color-moved=blocks", "--color-moved-ws=allow-indentation-change")
BLOCK_LINES = 3
#: The colours by which a line is recognised, whatever the repository's configuration says.
_OLD, _NEW, _OLD_MOVED, _NEW_MOVED = b"\x1b[31m", b"\x1b[32m", b"\x1b[35m", b"\x1b[36m"
_PAINT = BOUNDED + tuple(
    part
    for slot in ("old=red", "new=green", "oldMoved=magenta", "newMoved=cyan", "meta=bold", "frag=blue", "context=dim")
    for part in ("-c", f"color.diff.{slot}")
)
_HEADER = b"\x1b[1mdiff --git "
_OID = regex(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_COLOURS = regex(rb"\x1b\[[0-9;]*m")
_TREES = ("diff-tree", "-r", "--root", "--diff-merges=first-parent", *PLAIN)


class Block(Value):
    """Neighbouring lines of a patch: ``sign`` is ``+`` or ``-``; ``moved`` if git found them elsewhere as well.

    ``file`` is the place of the file's entry in the commit.
    """

    file: int
    sign: bytes
    moved: bool
    lines: list[bytes]


class Text(Value):
    """The lines of a file that did not move, in blocks of neighbours; each block as in ``Block``."""

    path: str
    blocks: list[Block]


#: Raw entries, and for each the lines that did not move: their numbers, or themselves.
Reading = list[Entry | Lines | Text]


def commit_readings(
    repository: Repository, commits: Sequence[str], with_text: Callable[[str], bool]
) -> dict[str, Reading]:
    """Return the changes of each commit against its first parent; those of paths ``with_text`` with their text.

    A rename with edits is an entry ``M`` of its new path.
    """
    git, oids = repository.objects, "".join(f"{oid}\n" for oid in commits).encode()
    if not commits:
        return {}
    entries: dict[str, list[Entry]] = {oid: [] for oid in commits}
    current: list[Entry] = []
    for record in read_records(git.run(*_TREES, "-z", "--no-abbrev", "--raw", *EDITED_RENAMES, "--stdin", stdin=oids)):
        if isinstance(record, str):
            current = entries[record]
        elif isinstance(record, Entry):
            current.append(record)
    output = git.run(*_PAINT, *_TREES, *_patch(), "--stdin", stdin=oids)
    patches = dict(_by_commit(output))
    return {oid: _joined(entries[oid], patches.get(oid, ()), with_text) for oid in commits}


def tree_readings(repository: Repository, old: str, new: str, with_text: Callable[[str], bool]) -> Reading:
    """Return the changes from one tree or commit to another, as ``commit_readings`` does."""
    return _read(repository.objects, _TREES, (old, new), with_text)


def tree_text(repository: Repository, old: str, new: str) -> dict[str, tuple[bytes, ...]]:
    """Return the lines that are to be read of the changes from one tree or commit to another, by path.

    Lines are without the blanks around them. A deleted file is left out; a binary one has no lines.
    """
    git = repository.objects
    entries = _entries(git, _TREES, (old, new))
    text: dict[str, list[bytes]] = {entry.path: [] for entry in entries if entry.status != "D"}
    patch = git.run(*_PAINT, *_TREES, *_patch(), old, new).split(b"\n")
    for block in _blocks(patch, _owners(entries)):
        path = entries[block.file].path
        if path in text and not _is_move(block):
            text[path] += block.lines
    return {path: tuple(lines) for path, lines in text.items()}


def staged_readings(git: Git, base: str, with_text: Callable[[str], bool]) -> Reading:
    """Return the changes of the index of ``git`` to a tree or commit, as ``commit_readings`` does."""
    return _read(git, (*STAGED, *PLAIN), (base, "--"), with_text)


def _patch() -> tuple[str, ...]:
    # Without context git leaves out what both files end with, and may then pair the lines before it in another way.
    return ("--patch", "--unified=1", *EDITED_RENAMES, *_MOVED)


def _read(git: Git, command: Sequence[str], trees: Sequence[str], with_text: Callable[[str], bool]) -> Reading:
    output = git.run(*_PAINT, *command, *_patch(), *trees)
    return _joined(_entries(git, command, trees), output.split(b"\n"), with_text)


def _entries(git: Git, command: Sequence[str], trees: Sequence[str]) -> list[Entry]:
    raw = git.run(*command, "-z", "--no-abbrev", "--raw", *EDITED_RENAMES, *trees)
    return [record for record in read_records(raw) if isinstance(record, Entry)]


def _by_commit(output: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the patch of each commit as lines. A line of a patch starts with a colour or a word, never with an oid."""
    oid, lines = "", list[bytes]()
    for line in output.split(b"\n"):
        if _OID.fullmatch(line):
            if oid:
                yield oid, lines
            oid, lines = line.decode(), []
        else:
            lines.append(line)
    if oid:
        yield oid, lines


def _joined(entries: Sequence[Entry], patch: Iterable[bytes], with_text: Callable[[str], bool]) -> Reading:
    """Return the entries, and for each its lines that are to be read."""
    owners = _owners(entries)
    blocks: dict[int, list[Block]] = {place: [] for place in owners}
    for block in _blocks(patch, owners):
        # A file that becomes a link, or the reverse, is one that is deleted and one that is added.
        gone = block.sign == b"-" and entries[block.file].status == "T"
        if not gone and not _is_move(block):
            blocks[block.file].append(block)
    read = (
        Text(entry.path, blocks[place]) if with_text(entry.path) else counted(entry.path, blocks[place])
        for place, entry in enumerate(entries)
    )
    return [*(_named(entry) for entry in entries), *read]


def counted(path: str, blocks: Iterable[Block]) -> Lines:
    """Return the numbers of added and of deleted lines in blocks of a file."""
    sides = {b"+": 0, b"-": 0}
    for block in blocks:
        sides[block.sign] += len(block.lines)
    return Lines(path, sides[b"+"], sides[b"-"])


def _owners(entries: Sequence[Entry]) -> list[int]:
    """Return the entry of each patch; git shows a changed type as two, one that deletes and one that adds."""
    return [place for place, entry in enumerate(entries) for _ in range(1 + (entry.status == "T"))]


def _named(entry: Entry) -> Entry:
    return entry.changed(status="M") if entry.status == "R" and entry.old != entry.new else entry


def _blocks(patch: Iterable[bytes], owners: Sequence[int]) -> Iterator[Block]:
    """Yield the blocks of a painted patch. ``owners`` are the entries of its files, in order."""
    files = iter(owners)
    file, block = -1, None
    for line in patch:
        if line.startswith(_HEADER):
            file = next(files)
        paint = line[:5]
        sign = b"+" if paint in (_NEW, _NEW_MOVED) else b"-" if paint in (_OLD, _OLD_MOVED) else b""
        moved = paint in (_NEW_MOVED, _OLD_MOVED)
        if block is not None and (block.sign, block.moved) != (sign, moved):
            yield block
            block = None
        if sign:
            block = block or Block(file, sign, moved, [])
            block.lines.append(_COLOURS.sub(b"", line)[1:].strip())
    if block is not None:
        yield block


def _is_move(block: Block) -> bool:
    return block.moved and len(block.lines) >= BLOCK_LINES

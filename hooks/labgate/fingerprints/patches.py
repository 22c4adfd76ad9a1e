"""The patches of commits, line by line: the output of ``git diff-tree`` with fixed options, read as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from labgate.fingerprints.content import CODE_SHARE, code_share, passages
from labgate.fingerprints.diff_headers import header_paths, moved_file, read_header
from labgate.fingerprints.diff_options import diff_options
from labgate.fingerprints.generated_names import has_generated_name
from labgate.fingerprints.line_digests import LineDigests
from labgate.fingerprints.noise import IGNORED, NOTEBOOK, has_rows, is_program, sort_of
from labgate.fingerprints.quoted_code import ALL_LINES, NO_LINES, is_quoting, quoted_code, quoting_lines
from labgate.fingerprints.text import LINE_BYTES, SEARCHED_BYTES, normal_lines
from labgate.git.repository import Repository

#: The commits that one git reads: it keeps some 400 bytes of each.
COMMITS_A_GIT = 20_000
#: The most changed lines of one file, of all code in a diff, and of all data in it, that are kept: an edited copy
#: beyond them is not recognised. Of more data, the passages of code in it are kept as code. Ids are of all lines.
FILE_LINES, CODE_LINES, DATA_LINES = 16_000, 48_000, 16_000
#: A line of a program with so many bytes has more code behind ``LINE_BYTES`` than a reader would pass over.
_LONG_LINE = 8_000

#: The line before a patch: a commit, or two trees with a blank between, in SHA-1 or SHA-256.
_KEY_LENGTHS = frozenset({40, 64, 81, 129})
_CHANGED = frozenset({b"+", b"-"})
#: The lines that are read at a time, whatever a file has, and how many of them tell data from code.
_CHUNK, _SAMPLE = 4096, 256
#: git's note on a last line without a line feed.
_NO_NEWLINE = b"\\"


class Run:
    """Deleted lines and the added ones that replace them, with the line before and after (empty at a hunk's edge).

    Lines are those of ``text.normal_lines``. ``heading`` is the hunk's, ``start`` the number
    of the first added line in the new file (1 is the first).
    """

    __slots__ = ("added", "after", "before", "deleted", "heading", "start")

    def __init__(
        self,
        heading: bytes,
        before: bytes,
        after: bytes = b"",
        deleted: Iterable[bytes] = (),
        added: Iterable[bytes] = (),
        start: int = 0,
    ) -> None:
        self.heading = heading
        self.before = before
        self.after = after
        self.deleted = list(deleted)
        self.added = list(added)
        self.start = start


class FilePatch:
    """The changes of one file. ``old_path`` differs from ``path`` for a rename; blobs are oids, zeros where absent.

    ``status`` is A (added), D (deleted), R (renamed) or M (modified). A binary file has no runs and ``binary`` set.
    ``digests`` are those of all deleted and of all added lines (``None``: of ``runs``), also of those that are not kept
    in ``runs``. ``cut``: not all lines of code are kept there. ``quoted`` has for each run the code in the texts
    of data before and after it, also what is equal.
    """

    __slots__ = ("binary", "cut", "digests", "new_blob", "old_blob", "old_path", "path", "quoted", "runs", "status")

    def __init__(
        self,
        path: str,
        old_path: str,
        status: str = "M",
        old_blob: str = "",
        new_blob: str = "",
        binary: bool = False,
        runs: Iterable[Run] = (),
    ) -> None:
        self.path = path
        self.old_path = old_path
        self.status = status
        self.old_blob = old_blob
        self.new_blob = new_blob
        self.binary = binary
        self.runs = list(runs)
        self.digests: tuple[bytes, bytes] | None = None
        self.cut = False
        self.quoted: list[Run] = []

    def line_digests(self) -> tuple[bytes, bytes]:
        """Return the digest of all deleted lines and that of all added ones."""
        if self.digests is not None:
            return self.digests
        found = LineDigests(self.runs).values()
        # If the lines may not be complete only equal blobs make two changes the same.
        return found if _size(self.runs) < FILE_LINES else self.with_blobs(found)

    def with_blobs(self, digests: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        """Return digests that only another change with the same blobs has."""
        return digests[0] + self.old_blob.encode("ascii"), digests[1] + self.new_blob.encode("ascii")

    def with_runs(self, runs: Iterable[Run], *, binary: bool | None = None, cut: bool | None = None) -> FilePatch:
        """Return the same file with other runs, and with ``binary`` and ``cut`` if these are others."""
        binary = self.binary if binary is None else binary
        file = FilePatch(self.path, self.old_path, self.status, self.old_blob, self.new_blob, binary, runs)
        file.digests = self.digests
        file.cut = self.cut if cut is None else cut
        file.quoted = self.quoted
        return file


def _size(runs: Iterable[Run]) -> int:
    return sum(len(run.deleted) + len(run.added) for run in runs)


class Patch:
    """The changes of a commit against its first parent, or of one tree against another."""

    __slots__ = ("files", "key")

    def __init__(self, key: str, files: Iterable[FilePatch] = ()) -> None:
        self.key = key
        self.files = list(files)


def commit_patches(repository: Repository, commits: Iterable[str]) -> Iterator[Patch]:
    """Yield the patch of each commit against its first parent (the root: against nothing), in the given order.

    Raises: ``MissingObjectError`` when a commit, or a blob, is not in this clone.
    """
    wanted = list(commits)
    git = repository.objects
    patches = chain.from_iterable(
        _read(repository, wanted[start : start + COMMITS_A_GIT]) for start in range(0, len(wanted), COMMITS_A_GIT)
    )
    for oid in wanted:
        patch = next(patches, None)
        if patch is None or patch.key != oid:
            message = f"commit {oid} is not in this clone"
            raise git.missing(message)
        yield patch


def _read(repository: Repository, commits: Sequence[str]) -> Iterator[Patch]:
    # Without --always git prints nothing for a commit without changes, and for one that is missing.
    options = (*diff_options(repository), "--always", "--stdin")
    return _parse(repository.objects.stream(*options, stdin="\n".join(commits).encode() + b"\n"))


def tree_patches(repository: Repository, pairs: Sequence[tuple[str, str]]) -> Iterator[Patch]:
    """Yield the patch between two trees or commits, for each pair; the key is ``OLD..NEW``."""
    if not pairs:
        return
    git = repository.objects
    trees = _trees(repository, [oid for pair in pairs for oid in pair])
    text = "".join(f"{trees[old]} {trees[new]}\n" for old, new in pairs)
    keys = [f"{old}..{new}" for old, new in pairs]
    stream = git.stream(*diff_options(repository), "--stdin", stdin=text.encode())
    for key, patch in zip(keys, _parse(stream), strict=True):
        patch.key = key
        yield patch


def _trees(repository: Repository, oids: Sequence[str]) -> dict[str, str]:
    wanted = list(dict.fromkeys(oids))
    asked = "".join(f"{oid}^{{tree}}\n" for oid in wanted).encode()
    answers = repository.objects.run("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=asked).decode()
    found = dict(zip(wanted, answers.splitlines(), strict=True))
    for oid, tree in found.items():
        if " " in tree:
            message = f"tree of {oid} is not in this clone"
            raise repository.objects.missing(message)
    return found


def _parse(lines: Iterator[bytes]) -> Iterator[Patch]:
    """Read patches (git-diff, "Generating patch text with -p") line by line."""
    reader: _Reader | None = None
    moved: dict[str, str] = {}
    line = next(lines, None)
    while line is not None:
        if line.startswith(b"@@") and reader is not None:
            line = reader.hunk(line)
            continue
        if reader is not None and line.startswith(b"diff --git "):
            reader.open(FilePatch(*header_paths(line[11:])))
        elif len(line) in _KEY_LENGTHS and not line.translate(None, b"0123456789abcdef "):
            if reader is not None:
                yield _completed(reader, moved)
            reader, moved = _Reader(lines, Patch(line[:64].decode())), {}
        elif line.startswith(b":"):
            if b" R100\t" in line:
                path, blob = moved_file(line)
                moved[path] = blob
        elif reader is not None:
            read_header(reader.file, line)
        line = next(lines, None)
    if reader is not None:
        yield _completed(reader, moved)


def _completed(reader: _Reader, moved: Mapping[str, str]) -> Patch:
    """Return the patch that was read; files that are only renamed get the blob of both their names."""
    reader.close()
    for file in reader.patch.files if moved else ():
        if not file.new_blob and file.path in moved:
            file.old_blob = file.new_blob = moved[file.path]
    return reader.patch


def _is_data(path: str, lines: Sequence[bytes]) -> bool:
    """Return whether lines are data: by the name of their file, and as a sample of them is no code."""
    return sort_of(path) in (IGNORED, NOTEBOOK) and code_share(lines[:: max(1, len(lines) // _SAMPLE)])[1] < CODE_SHARE


class _Reader:
    """Reads the files of one patch, and keeps as many lines as there are left of each budget."""

    __slots__ = (
        *("_digests", "_endless", "_left", "_left_behind", "_lines", "_passages", "_quoted", "_quoting", "_totals"),
        *("file", "patch"),
    )

    def __init__(self, lines: Iterator[bytes], patch: Patch) -> None:
        self._lines = lines
        self._digests: LineDigests | None = None
        #: Whether the file has a line that is not read to its end.
        self._endless = False
        self._totals = {True: DATA_LINES, False: CODE_LINES}
        self._left = self._left_behind = FILE_LINES
        #: Of the run that is read, the passages of code that are behind the limit of data.
        self._passages: list[Run] = []
        #: The lines that may have code in texts, and of the run that is read, that of deleted and of added ones.
        self._quoting = NO_LINES
        self._quoted: tuple[list[bytes], list[bytes]] = ([], [])
        self.patch = patch
        self.file = FilePatch("", "")

    def open(self, file: FilePatch) -> None:
        """Begin the next file of the patch."""
        self.close()
        self.patch.files.append(file)
        self.file = file
        self._quoting = quoting_lines(file.path)
        self._left = self._left_behind = FILE_LINES

    def close(self) -> None:
        """End a file: all its lines are read."""
        if self._digests is not None:
            found = self._digests.values()
            self.file.digests = self.file.with_blobs(found) if self._endless else found
            self._digests, self._endless = None, False

    def hunk(self, opening: bytes) -> bytes | None:
        """Read a hunk; return the line after it (``None``: there is none).

        Every line of a hunk starts with a blank, ``+``, ``-`` or a backslash, so nothing in a file can end it.
        """
        lines, file = self._lines, self.file
        place, _, heading = opening[3:].partition(b" @@")
        heading = normal_lines(heading)[0]
        number = int(place.rpartition(b"+")[2].partition(b",")[0])
        before = b""
        line = next(lines, None)
        while line is not None:
            first = line[:1]
            if first == b" ":
                before = normal_lines(line[1:])[-1]
                number += 1
            elif first in _CHANGED:
                run = Run(heading, before, start=number)
                line, added = self._run(line, run)
                number += added
                if line is not None and line[:1] == b" ":
                    run.after = normal_lines(line[1:])[0]
                if run.deleted or run.added:
                    file.runs.append(run)
                file.runs += self._passages
                self._passages.clear()
                if any(self._quoted):
                    gone, came = self._quoted
                    file.quoted.append(Run(b"", b"", deleted=gone, added=came, start=run.start))
                    self._quoted = ([], [])
                continue
            elif first != _NO_NEWLINE:
                break
            line = next(lines, None)
        return line

    def _run(self, line: bytes | None, run: Run) -> tuple[bytes | None, int]:
        """Read adjacent deleted and added lines into a run; return the line after them, and how many are added."""
        lines, count = self._lines, 0
        deleted: list[bytes] = []
        added: list[bytes] = []
        digests = self._digests = self._digests or LineDigests()
        digests.start_run()
        while line is not None:
            first = line[:1]
            if first in _CHANGED:
                side = added if first == b"+" else deleted
                parts = normal_lines(line[1:])
                side += parts
                count += first == b"+"
                if len(line) > LINE_BYTES and max(map(len, parts)) >= LINE_BYTES:
                    digests.feed_long(line[1:], added=first == b"+")
                    if self._quoting:
                        self._quoted[first == b"+"].extend(self._granted(quoted_code([line[1:].strip()])))
                    self._endless = self._endless or len(line) >= SEARCHED_BYTES
                    self.file.cut = self.file.cut or (len(line) >= _LONG_LINE and is_program(self.file.path))
            elif first != _NO_NEWLINE:
                break
            if len(added) + len(deleted) >= _CHUNK:
                self._keep(run, deleted, added, count)
            line = next(lines, None)
        self._keep(run, deleted, added, count)
        return line, count

    def _keep(self, run: Run, deleted: list[bytes], added: list[bytes], count: int) -> None:
        """Take all lines into the digests, and as many as there are left into the run; the lists are emptied.

        ``count`` is the number of lines that the run adds up to here.
        """
        file = self.file
        if self._digests is not None:
            self._digests.feed(deleted, added)
        data = _is_data(file.path, added or deleted)
        for kept, new in ((run.deleted, deleted), (run.added, added)):
            if self._quoting == ALL_LINES:
                short = [one for one in new if b'"' in one and is_quoting(one) and len(one) < LINE_BYTES]
                if short:
                    self._quoted[new is added].extend(self._granted(quoted_code(short)))
            left = min(self._left, self._totals[data])
            mine = new[:left]
            kept.extend(mine)
            self._left -= len(mine)
            self._totals[data] -= len(mine)
            if len(new) > left:
                if data and sort_of(file.path) == IGNORED and not has_generated_name(file.path):
                    self._keep_passages(run, new[left:], run.start + count - len(added) + left, added=new is added)
                else:
                    file.cut = True
            new.clear()

    def _keep_passages(self, run: Run, lines: list[bytes], start: int, *, added: bool) -> None:
        """Keep the code among lines of data behind the limit, of which the first has the number ``start``."""
        for first, last in passages(lines, rows=has_rows(self.file.path)):
            code = self._granted(lines[first:last])
            if code:
                piece = Run(run.heading, b"", start=start + first if added else run.start)
                (piece.added if added else piece.deleted).extend(code)
                self._passages.append(piece)

    def _granted(self, code: list[bytes]) -> list[bytes]:
        """Return as many lines of code in data as there are left."""
        kept = code[: min(self._left_behind, self._totals[False])]
        self.file.cut = self.file.cut or len(kept) < len(code)
        self._left_behind -= len(kept)
        self._totals[False] -= len(kept)
        return kept

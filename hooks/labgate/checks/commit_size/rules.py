"""The rules of commit-size and their findings.

On the commit hook's path: the long commands are imported only for a finding.
"""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid, size
from labgate.values.refnames import short_ref
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.values.size_exception import SizeException

_WHAT_COUNTS = (
    " These do not count: deleted files, files that are only renamed, files that `[commit-size] ignore` or the trunk's "
    "attributes exempt, and a commit that exactly reverts one on the target. A merge counts only as far as it differs "
    "from the clean merge."
)
_WHICH_LINES = (
    " Of a renamed file the edited lines count, of a notebook its code, and of a lock file no line. Three or more "
    "lines that moved together do not count, even if their indentation changed."
)
_WHOSE_LIMITS = (
    " Limits are set in `[commit-size.limits.KIND]` on the trunk. The limits of `protected` apply to a change for a "
    "protected branch, those of the branch's own kind at commit. A kind without a table has no limits. A commit that "
    "cannot be smaller asks for an exception with a line `Commit-Size-Exception: REASON`: a review that covers it, by "
    "one of `[commit-size] exceptions`, makes this a note, which `labgate audit` lists."
)


class HeavyFile(Value):
    """A file of a commit that is too large: ``lines`` are those added and deleted, ``bytes`` is its new size."""

    path: str
    lines: int
    bytes: int


class Group(Value):
    """Part of a commit that keeps all limits. A path that ends in ``/`` is a whole directory."""

    paths: tuple[str, ...]
    lines: int
    files: int
    bytes: int


class HeavyCommit(Value):
    """A commit of a series that is too large: ``lines`` are those that count."""

    oid: str | None
    subject: str
    lines: int


class Part(Value):
    """The first commits of a series: ``oid`` is the last one, ``commits`` and ``lines`` are counts."""

    oid: str | None
    commits: int
    lines: int


class SizeFinding(Finding):
    """A limit that is exceeded.

    ``unit`` is the limit's key in the policy, ``limit`` and ``actual`` are in that unit and ``over`` is their
    difference. ``kind`` is the kind that has the limit; ``target`` the branch that the commits are proposed for,
    ``None`` if it is not known. ``exception`` is ``None`` if none is asked for or possible.
    """

    unit: str
    limit: int
    actual: int
    over: int
    kind: str
    target: str | None
    exception: SizeException | None

    def message(self) -> str:
        return self._said() + ("" if self.exception is None else self.exception.said())

    def help(self) -> str | None:
        if self.exception is None:
            return self._step()
        return None if self.exception.granted else self.exception.step or self._step()

    def _said(self) -> str:
        """Return what is too large."""
        raise NotImplementedError

    def _step(self) -> str:
        """Return how to make it smaller."""
        raise NotImplementedError

    def excess(self) -> str:
        """Return the excess over the limit, and the branch or kind that has it."""
        whose = f"for {self.kind} branches" if self.target is None else f"for {short_ref(self.target)}"
        if "bytes" not in self.unit:
            return f"{self.over:,} over the limit of {self.limit:,} {whose}"
        each = "a file " if self.unit == "file-bytes" else ""
        return f"{size(self.over)} over the limit of {size(self.limit)} {each}{whose}"


class CommitFinding(SizeFinding):
    """A commit that is too large, or a staged change (``oid`` is then ``None`` and ``subject`` empty).

    ``files`` are the largest ones. ``oversized`` are the paths that are too large by themselves, for LG403 only, and
    ``others`` is the number of other files in the commit. ``split`` are groups to commit one by one, empty if
    directories do not help. ``parents`` is the number of parents the commit has or will have. ``staged``: it is in
    progress. ``temporary_index``: its index is one that git deletes when the hook refuses. ``way`` is the command that
    goes to its branch first, or empty. ``at_head``: HEAD is the commit.
    """

    files: tuple[HeavyFile, ...]
    oversized: tuple[str, ...]
    others: int
    split: tuple[Group, ...]
    oid: str | None
    subject: str
    parents: int
    staged: bool
    temporary_index: bool
    way: str
    at_head: bool

    @property
    def named(self) -> str:
        return "this commit" if self.oid is None else f"commit {_commit(self.oid, self.subject)}"

    def _step(self) -> str:
        from labgate.values.splitting import leave_out, split_off

        return leave_out(self) if self.oversized else split_off(self)


class TooManyLines(CommitFinding):
    """Too many added and deleted lines in one commit."""

    rule = Rule(
        "LG401",
        "too-many-lines",
        "error",
        "the commit adds and deletes more lines of text than the limit `lines`, or of tests than `test-lines`",
        "Reviewers read large changes less carefully: past some hundred lines they skim. And only a small commit can "
        "be reverted alone." + _WHAT_COUNTS + _WHICH_LINES,
        "Split it: the finding has groups of directories that fit, and the command that commits the first one."
        + _WHOSE_LIMITS,
    )

    def _said(self) -> str:
        where = " of tests" if self.unit == "test-lines" else ""
        lines = f"{count(self.actual, 'line')}{where}"
        return f"{self.named} changes {lines}, {self.excess()}; heaviest: {_by_lines(self.files)}"


class TooManyFiles(CommitFinding):
    """Too many files in one commit."""

    rule = Rule(
        "LG402",
        "too-many-files",
        "error",
        "the commit changes more files than the limit `files`",
        "Nobody can review all of a change that touches everything, and it conflicts with everybody else's work."
        + _WHAT_COUNTS,
        "Split it by directory with the command in the finding." + _WHOSE_LIMITS,
    )

    def _said(self) -> str:
        return f"{self.named} touches {count(self.actual, 'file')}, {self.excess()}; heaviest: {_by_lines(self.files)}"


class TooManyBytes(CommitFinding):
    """Too many bytes in one file, or in all files of a commit together."""

    rule = Rule(
        "LG403",
        "too-many-bytes",
        "error",
        "a file's new content exceeds the limit `file-bytes`, or all new content together exceeds `bytes`",
        "Lines do not show the size of binary and minified files. A file that was once in the history is in every "
        "clone, even after it was deleted." + _WHAT_COUNTS,
        "Leave data and models out of the commit with the command in the finding, and keep them in git-lfs, DVC or a "
        "bucket. Split text that is too large by directory." + _WHOSE_LIMITS,
    )

    def _said(self) -> str:
        if not self.oversized:
            heaviest = ", ".join(f"{file.path} {size(file.bytes)}" for file in self.files)
            return f"{self.named} adds {size(self.actual)}, {self.excess()}; heaviest: {heaviest}"
        more = len(self.oversized) - 1
        others = f" (and {count(more, 'other file')} over the limit)" if more else ""
        return f"{self.named} adds {self.files[0].path} with {size(self.actual)}, {self.excess()}{others}"


class SeriesTooLarge(SizeFinding):
    """``commits`` are the largest ones.

    ``part`` is the longest first part of the series that keeps the limits, ``None`` if not even the first commit does.
    ``branch`` is a legal short name for a branch with that part, ``None`` if there is none.
    """

    rule = Rule(
        "LG404",
        "series-too-large",
        "error",
        "all commits together change more lines than `series-lines`, or are more than `series-commits`",
        "Fifty small commits that land at once are one large change, and nobody reads it to the end. A commit without "
        "anything that counts is not part of the series." + _WHAT_COUNTS + _WHICH_LINES,
        "Land the first part alone, up to the commit in the finding; then the next one." + _WHOSE_LIMITS,
    )

    commits: tuple[HeavyCommit, ...]
    part: Part | None
    branch: str | None

    def _said(self) -> str:
        noun = self.unit.removeprefix("series-").removesuffix("s")
        heaviest = ", ".join(f"{_commit(each.oid, each.subject)} {count(each.lines, 'line')}" for each in self.commits)
        return f"the series has {count(self.actual, noun)}, {self.excess()}; heaviest: {heaviest}"

    def _step(self) -> str:
        part = self.part
        if part is None or part.oid is None:
            return "split the first commit: alone it is too large for a series"
        if self.branch is not None:
            return f"git branch {quote(self.branch)} {part.oid}"
        first = f"the first {count(part.commits, 'commit')}" if part.commits > 1 else "the first commit"
        return f"land {first} ({count(part.lines, 'line')}) alone, up to {part.oid}"


def _commit(oid: str | None, subject: str) -> str:
    return f"({subject})" if oid is None else f"{short_oid(oid)} ({subject})"


def _by_lines(files: tuple[HeavyFile, ...]) -> str:
    return ", ".join(f"{file.path} {count(file.lines, 'line')}" for file in files)


FINDINGS = (TooManyLines, TooManyFiles, TooManyBytes, SeriesTooLarge)
#: The rule of each unit of a commit.
RULE_OF_UNIT: dict[str, type[CommitFinding]] = {
    "lines": TooManyLines,
    "test_lines": TooManyLines,
    "files": TooManyFiles,
    "file_bytes": TooManyBytes,
    "bytes": TooManyBytes,
}

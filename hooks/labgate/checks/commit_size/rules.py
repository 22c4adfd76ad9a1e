"""The rules of commit-size, and what a violation of each says.

On the commit hook's path: the long commands are imported only for a finding.
"""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid, size
from labgate.values.refnames import short_ref
from labgate.values.value import Value

_WHAT_COUNTS = (
    " Files that are wholly deleted or only renamed count nothing, nor do those that `[commit-size] ignore` or the "
    "trunk's attributes exempt, nor a commit that exactly reverts another one of the target. Of a merge only that "
    "counts in which it differs from the clean merge."
)
_WHOSE_LIMITS = (
    " Limits stand in `[commit-size.limits.KIND]` on the trunk: on the way to a protected branch those of `protected` "
    "hold, at commit those of the branch's own kind, and a kind without limits has none."
)


class HeavyFile(Value):
    """A file of a commit that is too large: ``lines`` are those added and deleted, ``bytes`` is its new size."""

    path: str
    lines: int
    bytes: int


class Group(Value):
    """Part of a commit that keeps all limits. A path that ends in ``/`` is a directory with all below it."""

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
    """The first commits of a series: ``oid`` is the last one, ``commits`` and ``lines`` are how many there are."""

    oid: str | None
    commits: int
    lines: int


class SizeFinding(Finding):
    """A limit that is exceeded.

    ``unit`` is the limit's key in the policy, ``limit`` and ``actual`` are in that unit and ``over`` is what lies
    between them. ``kind`` is whose limit it is; ``target`` the branch that the commits are on the way to, ``None``
    where it is not known.
    """

    unit: str
    limit: int
    actual: int
    over: int
    kind: str
    target: str | None

    def excess(self) -> str:
        """Return by how much the limit is exceeded, and whose it is: that of the target where it is known."""
        whose = f"for {self.kind} branches" if self.target is None else f"for {short_ref(self.target)}"
        if "bytes" not in self.unit:
            return f"{self.over:,} over the limit of {self.limit:,} {whose}"
        each = "a file " if self.unit == "file-bytes" else ""
        return f"{size(self.over)} over the limit of {size(self.limit)} {each}{whose}"


class CommitFinding(SizeFinding):
    """A commit that is too large, or a staged change (``oid`` is then ``None`` and ``subject`` empty).

    ``files`` are the heaviest ones. ``oversized`` are the paths that are too large each, of LG403 only, and ``others``
    is how many other files the commit has. ``split`` are groups to commit one by one, empty where directories do not
    help. ``parents`` is how many parents the commit has or will have. ``staged`` says that it is still being made,
    ``temporary_index`` that it is made from an index which git throws away when the hook refuses.
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

    @property
    def named(self) -> str:
        return "this commit" if self.oid is None else f"commit {_commit(self.oid, self.subject)}"

    def help(self) -> str:
        from labgate.checks.commit_size import words

        return words.leave_out(self) if self.oversized else words.split(self)


class TooManyLines(CommitFinding):
    """Too many added and deleted lines in one commit."""

    rule = Rule(
        "LG401",
        "too-many-lines",
        "error",
        "the commit adds and deletes more lines of text than the limit `lines`",
        "The more there is to read the less of it is read: past some hundred lines reviewers skim. And only a small "
        "commit can be reverted alone." + _WHAT_COUNTS,
        "Split it: the finding gives groups of directories that fit, and the command that commits the first of them."
        + _WHOSE_LIMITS,
    )

    def message(self) -> str:
        return f"{self.named} changes {count(self.actual, 'line')}, {self.excess()}; heaviest: {_by_lines(self.files)}"


class TooManyFiles(CommitFinding):
    """Too many files in one commit."""

    rule = Rule(
        "LG402",
        "too-many-files",
        "error",
        "the commit changes more files than the limit `files`",
        "A change that touches everything has nobody who knows all of it, and conflicts with everybody else's work."
        + _WHAT_COUNTS,
        "Split it by directory with the command that the finding gives." + _WHOSE_LIMITS,
    )

    def message(self) -> str:
        return f"{self.named} touches {count(self.actual, 'file')}, {self.excess()}; heaviest: {_by_lines(self.files)}"


class TooManyBytes(CommitFinding):
    """Too many bytes in one file, or in all files of a commit together."""

    rule = Rule(
        "LG403",
        "too-many-bytes",
        "error",
        "a file's new content exceeds the limit `file-bytes`, or all new content together exceeds `bytes`",
        "Lines say nothing of binary and minified files. What was once in the history comes with every clone, also "
        "after it was deleted again." + _WHAT_COUNTS,
        "Leave data and models out of the commit with the command that the finding gives, and keep them in git-lfs, "
        "DVC or a bucket. Text that is too large splits by directory." + _WHOSE_LIMITS,
    )

    def message(self) -> str:
        if not self.oversized:
            heaviest = ", ".join(f"{file.path} {size(file.bytes)}" for file in self.files)
            return f"{self.named} adds {size(self.actual)}, {self.excess()}; heaviest: {heaviest}"
        more = len(self.oversized) - 1
        others = f" (and {count(more, 'other file')} over the limit)" if more else ""
        return f"{self.named} adds {self.files[0].path} with {size(self.actual)}, {self.excess()}{others}"


class SeriesTooLarge(SizeFinding):
    """``commits`` are the heaviest ones.

    ``part`` is the longest beginning of the series that keeps the limits, ``None`` where not even the first commit
    does. ``branch`` is a legal short name for a branch with that part, ``None`` where the grammar has none.
    """

    rule = Rule(
        "LG404",
        "series-too-large",
        "error",
        "all commits together change more lines than `series-lines`, or are more than `series-commits`",
        "Fifty small commits that land at once are one large change, and nobody reads it to the end. A commit in which "
        "nothing counts is no part of the series." + _WHAT_COUNTS,
        "Land the first part alone, up to the commit that the finding names; then the next one." + _WHOSE_LIMITS,
    )

    commits: tuple[HeavyCommit, ...]
    part: Part | None
    branch: str | None

    def message(self) -> str:
        noun = self.unit.removeprefix("series-").removesuffix("s")
        heaviest = ", ".join(f"{_commit(each.oid, each.subject)} {count(each.lines, 'line')}" for each in self.commits)
        return f"the series has {count(self.actual, noun)}, {self.excess()}; heaviest: {heaviest}"

    def help(self) -> str:
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
#: Which rule a unit of a commit belongs to.
RULE_OF_UNIT: dict[str, type[CommitFinding]] = {
    "lines": TooManyLines,
    "files": TooManyFiles,
    "file_bytes": TooManyBytes,
    "bytes": TooManyBytes,
}

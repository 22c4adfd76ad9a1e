"""The rules of commit-size, and what a violation of each says.

On the commit hook's path: the words are imported only for a finding.
"""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
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

    def help(self) -> str:
        from labgate.checks.commit_size import words

        return words.make_smaller(self)


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
        from labgate.checks.commit_size import words

        return words.too_many(self, "changes", "line")


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
        from labgate.checks.commit_size import words

        return words.too_many(self, "touches", "file")


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
        from labgate.checks.commit_size import words

        return words.too_many_bytes(self)


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
        from labgate.checks.commit_size import words

        return words.series_too_large(self)

    def help(self) -> str:
        from labgate.checks.commit_size import words

        return words.land_first_part(self)


FINDINGS = (TooManyLines, TooManyFiles, TooManyBytes, SeriesTooLarge)

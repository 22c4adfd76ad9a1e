"""``[commit-size]``: limits of a commit and a proposal. On the commit hook's path, except for its schema."""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.policy.here import Here
    from labgate.policy.model import Policy, Table
    from labgate.policy.schema import SectionSchema
    from labgate.policy.shape import Problems, Record


class Limits(Value):
    """``[commit-size.limits.KIND]``: counts of lines, files and commits, and sizes in bytes; ``None``: no limit."""

    lines: int | None
    test_lines: int | None
    files: int | None
    file_bytes: int | None
    bytes: int | None
    series_lines: int | None
    series_commits: int | None

    def __init__(self, table: Table) -> None:
        super().__init__(**{field: table[field.replace("_", "-")] for field in self._fields})


class CommitSize(Value):
    """``[commit-size]``. ``limits`` are by kind of branch; a missing kind has none.

    ``tests`` are the paths whose lines count against ``test_lines``, where that is set. ``exceptions`` are the groups
    and people of ``[reviews]`` who may grant an exception.
    """

    NAME = "commit-size"

    ignore: tuple[Glob, ...]
    tests: tuple[Glob, ...]
    limits: Mapping[str | None, Limits]
    exceptions: tuple[str, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(
            ignore=tuple(Glob(text) for text in table["ignore"]),
            tests=tuple(Glob(text) for text in table["tests"]),
            limits={kind: Limits(limits) for kind, limits in table["limits"].items()},
            exceptions=tuple(table["exceptions"]),
        )


def schema() -> SectionSchema:
    """Return the schema of ``[commit-size]``."""
    from labgate.policy.schema import GLOBS, NAME, SectionSchema, matching
    from labgate.policy.shape import Key, ListOf, Record, TableOf

    limits = TableOf(_limits(), "a table of kinds", NAME)
    names = ListOf(matching(r"\S+", "the name of a group or a person"), "a list of groups and people of [reviews]")
    shape = Record(
        (
            Key("ignore", GLOBS, "Paths that are not counted.", []),
            Key("tests", GLOBS, "Paths of tests and docs; `test-lines` limits their lines.", []),
            Key("limits", limits, "Limits by kind of branch; a kind without limits has none.", {}),
            Key(
                "exceptions",
                names,
                "Groups and people of [reviews] whose review lets a commit with `Commit-Size-Exception: REASON` pass.",
                [],
            ),
        )
    )
    key = Key(CommitSize.NAME, shape, "How large a commit and a proposal may be.", {})
    return SectionSchema(key, check=_check, here=_here)


def _here(policy: Policy, here: Here, problems: Problems) -> None:
    here.without_file(policy.section(CommitSize).tests, (CommitSize.NAME, "tests"), problems)


def _limits() -> Record:
    from labgate.policy.schema import SIZE
    from labgate.policy.shape import Key, Record, Whole

    return Record(
        (
            Key("lines", Whole(1), "Most added and deleted lines in a commit."),
            Key(
                "test-lines",
                Whole(1),
                "Most added and deleted lines in `tests`; `lines` then limits the others.",
            ),
            Key("files", Whole(1), "Most changed files in a commit."),
            Key("file-bytes", SIZE, "Largest new content of one file."),
            Key("bytes", SIZE, "Most new content in a commit."),
            Key("series-lines", Whole(1), "Most lines in all the commits of one proposal together."),
            Key("series-commits", Whole(1), "Most commits in one proposal."),
        ),
        "a table of limits",
    )


def _check(table: Table, problems: Problems) -> None:
    from labgate.policy.lint import known, known_kinds

    for kind in table[CommitSize.NAME]["limits"]:
        known_kinds((kind,), table, (CommitSize.NAME, "limits", kind), problems)
    reviewers = (*table["reviews"]["groups"], *table["reviews"]["people"])
    path = (CommitSize.NAME, "exceptions")
    known(table[CommitSize.NAME]["exceptions"], reviewers, "group or person", path, problems)

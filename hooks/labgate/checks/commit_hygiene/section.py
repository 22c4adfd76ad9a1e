"""``[commit-hygiene]``: what is unfinished, what only CI commits, and which source needs tests."""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.policy.schema import GLOBS, SectionSchema
from labgate.policy.shape import Choice, Key, ListOf, Problems, Record, Text
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.here import Here
    from labgate.policy.model import Policy, Table

#: Subjects that say nothing, in lower case.
_UNFINISHED = (".", "..", "...", "-", "asdf", "save", "temp", "tmp", "todo", "try", "wip", "wip.", "work in progress")
#: How changes land: as one commit each, or with their own commits.
SQUASHED, COMMITS = "squashed", "commits"


class Companions(Value):
    """One table of ``[[commit-hygiene.tests]]``: a change of ``source`` needs a change of ``tests``."""

    source: tuple[Glob, ...]
    tests: tuple[Glob, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(*(tuple(Glob(text) for text in table[field]) for field in self._fields))


class CommitHygiene(Value):
    """``[commit-hygiene]``.

    ``unfinished`` are whole subjects, casefolded. ``lands_commits``: a change lands with its own commits.
    ``ci_authors`` are globs of casefolded emails, and ``short_lived`` of the paths that they commit.
    """

    NAME = "commit-hygiene"

    unfinished: frozenset[str]
    lands_commits: bool
    ci_authors: tuple[Glob, ...]
    short_lived: tuple[Glob, ...]
    tests: tuple[Companions, ...]

    @property
    def is_default(self) -> bool:
        """Whether the policy says nothing of its own about it."""
        blank = self.lands_commits or self.ci_authors or self.short_lived or self.tests
        return not blank and self.unfinished == frozenset(_UNFINISHED)

    def __init__(self, table: Table) -> None:
        super().__init__(
            unfinished=frozenset(subject.strip().casefold() for subject in table["unfinished"]),
            lands_commits=table["lands"] == COMMITS,
            ci_authors=tuple(Glob(text.casefold()) for text in table["ci-authors"]),
            short_lived=tuple(Glob(text) for text in table["short-lived"]),
            tests=tuple(Companions(each) for each in table["tests"]),
        )


def schema() -> SectionSchema:
    """Return the schema of ``[commit-hygiene]``."""
    subject = Text('a subject such as "wip"', lambda text: None if text.strip() and "\n" not in text else "")
    address = Text(
        'an email such as "ci@example.org" or "*[bot]@*"', lambda text: None if text and "/" not in text else ""
    )
    shape = Record(
        (
            Key(
                "unfinished",
                ListOf(subject, "a list of subjects"),
                "Whole subjects of unfinished commits, in any case.",
                list(_UNFINISHED),
            ),
            Key(
                "lands",
                Choice((SQUASHED, COMMITS)),
                "How changes land: in one commit each, or with their own commits.",
                SQUASHED,
            ),
            Key("ci-authors", ListOf(address, "a list of emails"), "Authors that are CI jobs; `*` is a wildcard.", []),
            Key("short-lived", GLOBS, "Files that do not land if a CI job committed them.", []),
            Key("tests", ListOf(_companions(), "a list of tables"), "Source that does not land without its tests.", []),
        )
    )
    doc = "Commits that are finished, without short-lived files, and with their tests."
    return SectionSchema(Key(CommitHygiene.NAME, shape, doc, {}), here=_here)


def _here(policy: Policy, here: Here, problems: Problems) -> None:
    for companions in policy.section(CommitHygiene).tests:
        here.without_file(companions.source, (CommitHygiene.NAME, "tests", "source"), problems)
        here.without_file(companions.tests, (CommitHygiene.NAME, "tests", "tests"), problems)


def _companions() -> Record:
    return Record(
        (
            Key("source", GLOBS, "Paths of source that needs tests.", required=True),
            Key("tests", GLOBS, "Paths of its tests.", required=True),
        ),
        "a table with source and tests",
    )

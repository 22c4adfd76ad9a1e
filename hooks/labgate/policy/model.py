"""The policy as immutable values, built from a checked table. On the commit hook's path: nothing heavy is imported.

``policy.parse`` checks a file and fills in every default; what comes out is a plain table (dicts, lists, strings,
numbers) that survives ``marshal``. This module only gives that table names. It never sees a user's mistake.
"""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.policy.grammar import Field, Template
from labgate.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Table = dict[str, Any]

HEADS = "refs/heads/"
TAGS = "refs/tags/"


class Kind(Value):
    """A class of refs: ``[kinds.NAME]``. ``base`` and ``targets`` are kind names; empty means anything goes."""

    __slots__ = ("base", "name", "targets", "templates")

    def __init__(self, name: str, table: Table) -> None:
        fields = {field: Field(field, rule) for field, rule in table["fields"].items()}
        self.name = name
        self.templates = tuple(Template(text, fields) for text in table["names"])
        self.base: tuple[str, ...] = tuple(table["base"])
        self.targets: tuple[str, ...] = tuple(table["targets"])


class RefKind(Value):
    """What the grammar says of one refname.

    ``kind`` is ``None`` when no kind's literal text fits. ``fields`` are the values by field name, ``None`` unless
    every field is legal. ``template`` is the template that fitted, and ``bad_field`` the first illegal field's name.
    """

    __slots__ = ("bad_field", "fields", "kind", "template", "values")

    def __init__(
        self,
        kind: Kind | None,
        template: Template | None = None,
        values: dict[str, str] | None = None,
        bad_field: str | None = None,
    ) -> None:
        self.kind = kind
        self.template = template
        self.values = values
        self.bad_field = bad_field
        self.fields = values if bad_field is None else None

    @property
    def name(self) -> str | None:
        """The kind's name, or ``None`` for an unknown kind."""
        return None if self.kind is None else self.kind.name


class Limits(Value):
    """``[commit-size.limits.KIND]``: lines, files and commits are counts, the others bytes; ``None`` means no limit."""

    __slots__ = ("bytes", "file_bytes", "files", "lines", "series_commits", "series_lines")

    def __init__(self, table: Table) -> None:
        self.lines: int | None = table["lines"]
        self.files: int | None = table["files"]
        self.file_bytes: int | None = table["file-bytes"]
        self.bytes: int | None = table["bytes"]
        self.series_lines: int | None = table["series-lines"]
        self.series_commits: int | None = table["series-commits"]


class ResearchGate(Value):
    """``[research-gate]``. ``sources`` are kind names; ``keep_deleted`` is in seconds."""

    __slots__ = ("deletable", "keep_deleted", "require_review", "source_repositories", "sources")

    def __init__(self, table: Table) -> None:
        self.sources: tuple[str, ...] = tuple(table["sources"])
        self.source_repositories = tuple(Glob(text) for text in table["source-repositories"])
        self.require_review: str = table["require-review"]
        self.deletable = tuple(Template(text, {}) for text in table["deletable"])
        self.keep_deleted: int = table["keep-deleted"]


class Person(Value):
    """``[reviews.people.NAME]``: a human being; ``emails`` are casefolded. Absent strings are ``None``."""

    __slots__ = ("affiliation", "emails", "gitea", "github", "gitlab", "keys", "name")

    def __init__(self, name: str, table: Table) -> None:
        self.name = name
        self.emails = tuple(email.casefold() for email in table["emails"])
        self.keys: tuple[str, ...] = tuple(table["keys"])
        self.affiliation: str | None = table["affiliation"]
        self.github: str | None = table["github"]
        self.gitlab: str | None = table["gitlab"]
        self.gitea: str | None = table["gitea"]


class Group(Value):
    """``[reviews.groups.NAME]``: people (by person name) who answer for paths."""

    __slots__ = ("name", "paths", "people")

    def __init__(self, name: str, table: Table) -> None:
        self.name = name
        self.people: tuple[str, ...] = tuple(table["people"])
        self.paths = tuple(Glob(text) for text in table["paths"])


class Quorum(Value):
    """How many reviewers a change needs: in total, of each group (by name), and from how many affiliations."""

    __slots__ = ("affiliations", "groups", "total")

    def __init__(self, table: Table) -> None:
        self.total: int = table["total"]
        self.groups: tuple[tuple[str, int], ...] = tuple(table["groups"].items())
        self.affiliations: int = table["affiliations"]


class Reviews(Value):
    """``[reviews]``. ``machines`` are casefolded emails of landing identities; ``expires`` is in seconds."""

    __slots__ = ("assurance", "expires", "groups", "machines", "people", "quorum")

    def __init__(self, table: Table) -> None:
        self.assurance: str = table["assurance"]
        self.quorum = Quorum(table["quorum"])
        self.machines = tuple(email.casefold() for email in table["machines"])
        self.expires: int = table["expires"]
        self.groups = tuple(Group(name, group) for name, group in table["groups"].items())
        self.people = tuple(Person(name, person) for name, person in table["people"].items())


class Policy(Value):
    """A whole ``labgate.toml``. Sections that a commit hook does not need are built when first asked for."""

    __slots__ = ("kinds", "repository", "table", "trunk")

    def __init__(self, table: Table) -> None:
        self.table = table
        self.trunk: str = table["trunk"]
        self.repository: str | None = table["repository"]
        self.kinds = tuple(Kind(name, kind) for name, kind in table["kinds"].items())

    @property
    def gate(self) -> ResearchGate:
        return ResearchGate(self.table["research-gate"])

    @property
    def reviews(self) -> Reviews:
        return Reviews(self.table["reviews"])

    @property
    def pins(self) -> str:
        """``[experiment-hash] pins``: the ref prefix under which recorded commits are kept."""
        pins: str = self.table["experiment-hash"]["pins"]
        return pins

    @property
    def artifacts(self) -> tuple[Glob, ...]:
        return tuple(Glob(text) for text in self.table["experiment-hash"]["artifacts"])

    @property
    def size_ignore(self) -> tuple[Glob, ...]:
        return tuple(Glob(text) for text in self.table["commit-size"]["ignore"])

    def limits(self, kind: str | None) -> Limits | None:
        """Return the size limits of a kind, or ``None`` when it has none."""
        table = self.table["commit-size"]["limits"].get(kind)
        return None if table is None else Limits(table)

    def classify(self, ref: str) -> RefKind:
        """Return what the grammar says of a full refname: the first kind in file order whose literal text fits."""
        for kind in self.kinds:
            fitting = None
            for template in kind.templates:
                values = template.fits(ref)
                if values is None:
                    continue
                bad = template.bad_field(values)
                if bad is None:
                    return RefKind(kind, template, values)
                fitting = fitting or RefKind(kind, template, values, bad)
            if fitting is not None:
                return fitting
        return RefKind(None)

    def kind(self, name: str) -> Kind | None:
        return next((kind for kind in self.kinds if kind.name == name), None)

    def is_protected(self, ref: str) -> bool:
        found = self.classify(ref)
        return found.name == "protected" and found.fields is not None

    def level(self, code: str, kind: str | None) -> str | None:
        """Return the level that ``[levels]`` sets for a rule on a kind of branch, or ``None`` where it says nothing."""
        levels = self.table["levels"]
        of_kind: str | None = levels["kinds"].get(kind, {}).get(code)
        return levels["rules"].get(code) if of_kind is None else of_kind

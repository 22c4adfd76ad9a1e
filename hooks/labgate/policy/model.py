"""The policy as immutable values, built from a checked table. On the commit hook's path: nothing heavy is imported.

``policy.parse`` checks a file and fills in every default; what comes out is a plain table (dicts, lists, strings,
numbers) that survives ``marshal``. This module only gives that table names. It never sees a user's mistake.
"""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.policy.grammar import Field, Template
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Table = dict[str, Any]


class Kind(Value):
    """A class of refs: ``[kinds.NAME]``. ``base`` and ``targets`` are kind names; empty means anything goes."""

    name: str
    templates: tuple[Template, ...]
    base: tuple[str, ...]
    targets: tuple[str, ...]

    def __init__(self, name: str, table: Table) -> None:
        fields = {field: Field(field, rule) for field, rule in table["fields"].items()}
        super().__init__(
            name=name,
            templates=tuple(Template(text, fields) for text in table["names"]),
            base=tuple(table["base"]),
            targets=tuple(table["targets"]),
        )


class RefKind(Value):
    """What the grammar says of one refname.

    ``kind`` is ``None`` when no kind's literal text fits. ``fields`` are the values by field name, ``None`` unless
    every field is legal. ``template`` is the template that fitted, and ``bad_field`` the first illegal field's name.
    """

    kind: Kind | None
    template: Template | None = None
    values: dict[str, str] | None = None
    bad_field: str | None = None

    @property
    def fields(self) -> dict[str, str] | None:
        """The values by field name, ``None`` unless every field is legal."""
        return self.values if self.bad_field is None else None

    @property
    def name(self) -> str | None:
        """The kind's name, or ``None`` for an unknown kind."""
        return None if self.kind is None else self.kind.name


class Limits(Value):
    """``[commit-size.limits.KIND]``: lines, files and commits are counts, the others bytes; ``None`` means no limit."""

    lines: int | None
    files: int | None
    file_bytes: int | None
    bytes: int | None
    series_lines: int | None
    series_commits: int | None

    def __init__(self, table: Table) -> None:
        super().__init__(
            lines=table["lines"],
            files=table["files"],
            file_bytes=table["file-bytes"],
            bytes=table["bytes"],
            series_lines=table["series-lines"],
            series_commits=table["series-commits"],
        )


class ResearchGate(Value):
    """``[research-gate]``. ``sources`` are kind names; ``keep_deleted`` is in seconds."""

    sources: tuple[str, ...]
    source_repositories: tuple[Glob, ...]
    require_review: str
    deletable: tuple[Template, ...]
    keep_deleted: int

    def __init__(self, table: Table) -> None:
        super().__init__(
            sources=tuple(table["sources"]),
            source_repositories=tuple(Glob(text) for text in table["source-repositories"]),
            require_review=table["require-review"],
            deletable=tuple(Template(text, {}) for text in table["deletable"]),
            keep_deleted=table["keep-deleted"],
        )


class Person(Value):
    """``[reviews.people.NAME]``: a human being; ``emails`` are casefolded. Absent strings are ``None``."""

    name: str
    emails: tuple[str, ...]
    keys: tuple[str, ...]
    affiliation: str | None
    github: str | None
    gitlab: str | None
    gitea: str | None

    def __init__(self, name: str, table: Table) -> None:
        super().__init__(
            name=name,
            emails=tuple(email.casefold() for email in table["emails"]),
            keys=tuple(table["keys"]),
            affiliation=table["affiliation"],
            github=table["github"],
            gitlab=table["gitlab"],
            gitea=table["gitea"],
        )


class Group(Value):
    """``[reviews.groups.NAME]``: people (by person name) who answer for paths."""

    name: str
    people: tuple[str, ...]
    paths: tuple[Glob, ...]

    def __init__(self, name: str, table: Table) -> None:
        super().__init__(
            name=name,
            people=tuple(table["people"]),
            paths=tuple(Glob(text) for text in table["paths"]),
        )


class Quorum(Value):
    """How many reviewers a change needs: in total, of each group (by name), and from how many affiliations."""

    total: int
    groups: tuple[tuple[str, int], ...]
    affiliations: int

    def __init__(self, table: Table) -> None:
        super().__init__(
            total=table["total"],
            groups=tuple(table["groups"].items()),
            affiliations=table["affiliations"],
        )


class Reviews(Value):
    """``[reviews]``. ``machines`` are casefolded emails of landing identities; ``expires`` is in seconds."""

    assurance: str
    quorum: Quorum
    machines: tuple[str, ...]
    expires: int
    groups: tuple[Group, ...]
    people: tuple[Person, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(
            assurance=table["assurance"],
            quorum=Quorum(table["quorum"]),
            machines=tuple(email.casefold() for email in table["machines"]),
            expires=table["expires"],
            groups=tuple((Group(name, group) for name, group in table["groups"].items())),
            people=tuple((Person(name, person) for name, person in table["people"].items())),
        )


class Policy(Value):
    """A whole ``labgate.toml``. Sections that a commit hook does not need are built when first asked for."""

    table: Table
    trunk: str
    repository: str | None
    kinds: tuple[Kind, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(
            table=table,
            trunk=table["trunk"],
            repository=table["repository"],
            kinds=tuple((Kind(name, kind) for name, kind in table["kinds"].items())),
        )

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

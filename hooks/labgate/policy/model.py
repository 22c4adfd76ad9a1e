"""The policy as immutable values, built from a checked table. On the commit hook's path: nothing heavy is imported.

``policy.reader`` checks a file and fills in every default; the result is a plain table (dicts, lists, strings, numbers)
as JSON has it. This module gives that table types. It never gets a table with mistakes.
"""

from __future__ import annotations

from labgate.policy.grammar import ANY, Field, Template
from labgate.values.refnames import HEADS
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeVar

    Table = dict[str, Any]

    class Section(Protocol):
        """A section of the policy as typed values. ``NAME`` is the key of its table, from which it is built."""

        NAME: str

        def __init__(self, table: Table) -> None: ...

    S = TypeVar("S", bound=Section)

#: The possible files of a policy at the top of a tree: the first file, or a table in the second.
OWN_FILE, PYPROJECT = FILES = ("labgate.toml", "pyproject.toml")


class Kind(Value):
    """A class of refs: ``[kinds.NAME]``. ``base`` and ``targets`` are kind names; empty means anything goes.

    ``readme`` is where its merge rules stand: a path in the repository or a URL, ``None`` if nobody said.
    """

    name: str
    templates: tuple[Template, ...]
    base: tuple[str, ...]
    targets: tuple[str, ...]
    readme: str | None

    def __init__(self, name: str, table: Table) -> None:
        fields = {field: Field(field, rule) for field, rule in table["fields"].items()}
        super().__init__(
            name=name,
            templates=tuple(Template(text, fields) for text in table["names"]),
            base=tuple(table["base"]),
            targets=tuple(table["targets"]),
            readme=table["readme"],
        )


class RefKind(Value):
    """The grammar's result for one refname.

    ``kind`` is ``None`` when no kind's literal text fits. ``fields`` are the values by field name, ``None`` unless
    every field is legal. ``template`` is the template that fitted, and ``bad_field`` the first illegal field's name.
    A name that is research only by its beginning fits no template: it has a kind, but neither ``template`` nor
    ``values``.
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


class Policy(Value):
    """A whole ``labgate.toml``. The sections of checks are built when first asked for.

    ``trunks`` are the possible names of the trunk: several during a rename, when the first one that the remote has is
    the trunk. All of them are protected. ``sources`` are the names of the kinds whose branches are research.
    """

    table: Table
    trunks: tuple[str, ...]
    repository: str | None
    kinds: tuple[Kind, ...]
    sources: tuple[str, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(
            table=table,
            trunks=tuple(table["trunk"]),
            repository=table["repository"],
            kinds=tuple((Kind(name, kind) for name, kind in table["kinds"].items())),
            sources=tuple(table.get("research-gate", {}).get("sources") or ()),
        )

    @property
    def trunk(self) -> str:
        """The trunk's first name."""
        return self.trunks[0]

    def says_the_same(self, other: Policy) -> bool:
        """Return whether another policy has the same meaning; the order of the kinds is part of it."""
        return self == other and list(self.table["kinds"]) == list(other.table["kinds"])

    def with_trunk(self, branch: str) -> Policy:
        """Return the same policy with a branch (short name) as the first name of the trunk."""
        names = [branch, *(name for name in self.trunks if name != branch)]
        return Policy({**self.table, "trunk": names})

    def section(self, kind: type[S]) -> S:
        """Return a section as typed values, built at its first use."""
        built: dict[type[Section], Any] = self.__dict__.setdefault("_sections", {})
        if kind not in built:
            built[kind] = kind(self.table[kind.NAME])
        found: S = built[kind]
        return found

    def classify(self, ref: str) -> RefKind:
        """Return the class of a full refname: the first kind in file order whose literal text matches.

        A name of the trunk is always protected. Research comes before a kind that shadows it, and a name that fits no
        kind, or one with an illegal field, is research if it begins as research does (``Template.beginning``).
        """
        # Several checks ask for each of thousands of refs.
        known: dict[str, RefKind] = self.__dict__.setdefault("_classified", {})
        found = known.get(ref)
        if found is None:
            found = known[ref] = self._classified_anew(ref)
        return found

    def _classified_anew(self, ref: str) -> RefKind:
        found = self._fitting(ref, self.kinds)
        shadows = found.kind is not None and found.fields is not None and self._taken_by(found.kind) is not None
        if found.name not in self.sources and (found.fields is None or shadows):
            found = self._research(ref, found)
        if found.name != "protected" or found.bad_field is not None:
            protected = self.kind("protected") if ref.startswith(HEADS) and ref[len(HEADS) :] in self.trunks else None
            return found if protected is None else RefKind(protected, None, {})
        return found

    @property
    def shadows(self) -> dict[str, str]:
        """The kinds that stand before a kind of research and would take its names, each with that kind's name.

        A hole of theirs takes the literal text of research: ``{type}/{slug}`` before ``research/{topic}``. A template
        that spells the name out, ``research/stable``, is an exception that somebody wants. Protected kinds are left
        out: what they take is judged.
        """
        taken = ((kind.name, self._taken_by(kind)) for kind in self.kinds)
        return {name: research for name, research in taken if research is not None}

    def _taken_by(self, kind: Kind) -> str | None:
        """Return the name of the first kind of research whose names a kind would take, ``None`` if there is none."""
        known: dict[str, str | None] = self.__dict__.setdefault("_taken", {})
        if kind.name not in known:
            later = self.kinds[self.kinds.index(kind) + 1 :] if kind.name not in ("protected", *self.sources) else ()
            research = (other for other in later if other.name in self.sources)
            known[kind.name] = next((other.name for other in research if _takes(kind, other)), None)
        return known[kind.name]

    def _research(self, ref: str, found: RefKind) -> RefKind:
        """Return the class of a ref that may be research although the first kind in file order is another one."""
        mine = tuple(kind for kind in self.kinds if kind.name in self.sources)
        research = self._fitting(ref, mine)
        if found.fields is not None:
            return found if research.kind is None else research
        legal = [kind for kind in self.kinds if self._fitting(ref, (kind,)).fields is not None]
        if legal:
            of_research = next((kind for kind in legal if kind in mine), None)
            return found if of_research is None else self._fitting(ref, (of_research,))
        # A name with an illegal field says which kind it means only by the text before its fields.
        if research.template is not None and research.template.begins(ref):
            return research
        begun = {len(template.beginning): kind for kind in mine for template in kind.templates if template.begins(ref)}
        return RefKind(begun[max(begun)]) if begun else found

    def _fitting(self, ref: str, kinds: tuple[Kind, ...]) -> RefKind:
        for kind in kinds:
            fitting = None
            for template in kind.templates:
                # Most of them do not fit, and there are thousands of names.
                values = template.fits(ref) if ref.startswith(template.literal_prefix) else None
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
        """Return the level that ``[levels]`` sets for a rule on a kind of branch, or ``None`` if it says nothing."""
        levels = self.table["levels"]
        of_kind: str | None = levels["kinds"].get(kind, {}).get(code)
        return levels["rules"].get(code) if of_kind is None else of_kind


def _takes(before: Kind, kind: Kind) -> bool:
    """Return whether a kind matches names of a later one."""
    deepest = max(template.text.count("/") for template in before.templates) + 1
    samples = {template.sample([ANY] * depth) for template in kind.templates for depth in range(1, deepest + 1)}
    return any(template.fits(sample) is not None for template in before.templates for sample in samples)

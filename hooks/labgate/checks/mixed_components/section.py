"""``[mixed-components]``: the parts of a repository that will be split off, by their paths.

On the commit hook's path, except for its schema.
"""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.policy.here import Here
    from labgate.policy.model import Policy, Table
    from labgate.policy.schema import SectionSchema
    from labgate.policy.shape import Problems


class MixedComponents(Value):
    """``[mixed-components]``. ``components`` are globs by the name of a component; ``shared`` belong to none."""

    NAME = "mixed-components"

    components: Mapping[str, tuple[Glob, ...]]
    shared: tuple[Glob, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(
            components={name: tuple(map(Glob, texts)) for name, texts in table["components"].items()},
            shared=tuple(map(Glob, table["shared"])),
        )

    def component(self, path: str) -> str | None:
        """Return the component of a path, ``None`` if it belongs to none."""
        if any(glob.matches(path) for glob in self.shared):
            return None
        return next((name for name, globs in self.components.items() if any(g.matches(path) for g in globs)), None)


def schema() -> SectionSchema:
    """Return the schema of ``[mixed-components]``."""
    from labgate.policy.schema import GLOBS, NAME, SectionSchema
    from labgate.policy.shape import Key, ListOf, Record, TableOf

    components = TableOf(ListOf(GLOBS.item, GLOBS.expected, 1), "a table of components", NAME)
    shape = Record(
        (
            Key("components", components, "The paths of each component; without components the check is off.", {}),
            Key("shared", GLOBS, "Paths that a commit of any component may change.", []),
        )
    )
    doc = "Components that one commit must not mix."
    return SectionSchema(Key(MixedComponents.NAME, shape, doc, {}), check=_check, here=_here)


def _here(policy: Policy, here: Here, problems: Problems) -> None:
    for name, globs in policy.section(MixedComponents).components.items():
        here.without_file(globs, (MixedComponents.NAME, "components", name), problems)


def _check(table: Table, problems: Problems) -> None:
    from itertools import combinations

    components = table[MixedComponents.NAME]["components"]
    for (one, mine), (other, theirs) in combinations(components.items(), 2):
        for glob in mine:
            for beside in theirs:
                if Glob(glob).overlaps(Glob(beside)):
                    path = (MixedComponents.NAME, "components", other)
                    problems.add(path, f'"{beside}" and "{glob}" of {one} can match the same path')

"""``[mixed-components]``: the parts of a repository that will be split off, by their paths.

On the commit hook's path, except for its schema.
"""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labgate.policy.here import Here
    from labgate.policy.model import Policy, Table
    from labgate.policy.schema import SectionSchema
    from labgate.policy.shape import Problems


#: Pairs of characters of the globs that are compared with each other.
_MOST_WORK = 4_000_000


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
    components = policy.section(MixedComponents).components
    for name, globs in components.items():
        here.without_file(globs, (MixedComponents.NAME, "components", name), problems)
    if not _overlaps({name: [glob.text for glob in globs] for name, globs in components.items()})[1]:
        path = (MixedComponents.NAME, "components")
        problems.add(path, "too many globs without a folder at the start to see whether two components share a path")


def _check(table: Table, problems: Problems) -> None:
    for one, glob, other, beside in _overlaps(table[MixedComponents.NAME]["components"])[0]:
        path = (MixedComponents.NAME, "components", other)
        problems.add(path, f'"{beside}" and "{glob}" of {one} can match the same path')


def _overlaps(components: Mapping[str, Sequence[str]]) -> tuple[list[tuple[str, str, str, str]], bool]:
    """Return the globs of two components that can match the same path, and whether all were compared.

    Each has the name and the glob of the earlier component, and those of the later one. Two globs that begin with
    different folders are never compared, so only others are a matter of time.
    """
    left = _MOST_WORK
    found = []
    by_folder: dict[str | None, list[tuple[int, int, str, Glob]]] = {}
    names = list(components)
    for component, name in enumerate(names):
        own = [(component, place, text, Glob(text)) for place, text in enumerate(components[name])]
        for item in own:
            folder = _folder(item[2])
            beside = by_folder.values() if folder is None else (by_folder.get(key, ()) for key in (folder, None))
            for earlier in (other for group in beside for other in group):
                left -= len(earlier[2]) * len(item[2])
                if left < 0:
                    break
                if earlier[3].overlaps(item[3]):
                    found.append((earlier, item))
        for item in own:
            by_folder.setdefault(_folder(item[2]), []).append(item)
    found.sort(key=lambda pair: (pair[0][0], pair[1][0], pair[0][1], pair[1][1]))
    return [(names[one[0]], one[2], names[other[0]], other[2]) for one, other in found], left >= 0


def _folder(glob: str) -> str | None:
    """Return the folder that every path of a glob begins with, ``None`` if there may be several."""
    first, slash, _ = glob.removeprefix("/").partition("/")
    return first if slash and not {"*", "?"}.intersection(first) else None

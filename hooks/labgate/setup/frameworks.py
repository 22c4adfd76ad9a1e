"""Which hook managers a repository uses: pre-commit, prek, lefthook, husky, or a hooks folder of its own."""

from __future__ import annotations

import os

from labgate.git.repository import Repository
from labgate.values.value import Value

PRE_COMMIT_CONFIG, PREK_CONFIG = ".pre-commit-config.yaml", "prek.toml"
HUSKY = ".husky"
#: Where lefthook looks, in this order (https://lefthook.dev/configuration).
_LEFTHOOK = tuple(
    f"{folder}{name}.{ending}"
    for folder, names in (("", ("lefthook", ".lefthook")), (".config/", ("lefthook",)))
    for name in names
    for ending in ("yml", "yaml", "toml", "json", "jsonc")
)


class Frameworks(Value):
    """The hook managers that are there.

    ``lefthook`` is its configuration, below the work tree's root; ``None`` without one. ``hooks_path`` is
    ``core.hooksPath`` as it is set, ``None`` where git takes its own folder.
    """

    pre_commit: bool
    prek: bool
    lefthook: str | None
    husky: bool
    hooks_path: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that are there."""
        there = {"pre-commit": self.pre_commit, "prek": self.prek, "lefthook": self.lefthook, "husky": self.husky}
        return tuple(name for name, found in there.items() if found)

    @property
    def starts_hooks(self) -> bool:
        """Whether another program decides which hooks git starts, so that labgate's own would be in its way."""
        return self.lefthook is not None or self.husky or self.hooks_path is not None


def find_frameworks(repository: Repository, top: str) -> Frameworks:
    """Return the hook managers of the work tree whose root is ``top``."""

    def there(name: str) -> bool:
        return os.path.lexists(os.path.join(top, name))

    hooks_path = repository.setting("core.hookspath") or None
    return Frameworks(
        pre_commit=there(PRE_COMMIT_CONFIG),
        prek=there(PREK_CONFIG),
        lefthook=next((name for name in _LEFTHOOK if there(name)), None),
        husky=os.path.isdir(os.path.join(top, HUSKY)) or HUSKY in (hooks_path or "").split("/"),
        hooks_path=hooks_path,
    )

"""What a policy names that this clone does not have: a mistake, or a folder that was moved since. It refuses nobody."""

from __future__ import annotations

from collections.abc import Iterable

from labgate.policy.glob import Glob
from labgate.policy.shape import Path, Problems, shown
from labgate.values.value import Value


class Here(Value):
    """What a clone has: ``files`` by path, ``remotes`` by place, and the ``branches`` of its usual one (short names).

    The place of a remote is its casefolded ``host/owner/name``, or its path.
    """

    files: tuple[str, ...]
    remotes: tuple[str, ...]
    branches: tuple[str, ...]

    def without_file(self, globs: Iterable[Glob], path: Path, problems: Problems) -> None:
        """Report each glob that matches no file."""
        for glob in globs:
            if not any(map(glob.matches, self.files)):
                problems.add(path, f"{shown(glob.text)} matches no file here")

"""A git without ``merge-tree --write-tree``, as git was before 2.38."""

from __future__ import annotations

import shutil
from pathlib import Path

_SCRIPT = """\
#!/bin/sh
for word; do
    test "$word" != --write-tree || {{ echo "usage: git merge-tree" >&2; exit 129; }}
done
exec {git} "$@"
"""


def write_old_git(folder: Path) -> Path:
    """Write a ``git`` that refuses ``--write-tree`` with the status of one that does not know it; return its folder."""
    folder.mkdir()
    (folder / "git").write_text(_SCRIPT.format(git=shutil.which("git")))
    (folder / "git").chmod(0o755)
    return folder

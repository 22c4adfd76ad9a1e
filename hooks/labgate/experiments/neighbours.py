"""Whether other runs were active in the same work tree: nobody can tell whose an artifact is that changed meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from labgate import FOLDER
from labgate.values.files import remove_own
from labgate.values.folders import names_in_own
from labgate.values.locks import locked

_RUNNING = "running"
#: Seconds to wait for a process that looks whether this run is still there, which takes it microseconds.
_PATIENCE = 5.0


class Neighbours:
    """The other runs of a work tree. ``were_there`` asks for them at its end."""

    __slots__ = ("_before", "_folder", "_mine", "_seen")

    def __init__(self, folder: str, mine: str, *, seen: bool) -> None:
        self._folder, self._mine, self._seen = folder, mine, seen
        self._before = os.stat(folder).st_mtime_ns

    def were_there(self) -> bool:
        """Return whether another run was active at some time since this one began."""
        # One that came and went has changed the folder.
        others = any(name != self._mine for name in os.listdir(self._folder))
        return self._seen or others or os.stat(self._folder).st_mtime_ns != self._before


@contextmanager
def among_neighbours(git_dir: str, run: str) -> Iterator[Neighbours]:
    """Note that a run is active in the work tree of ``git_dir``, until the end. Raises: ``OSError``."""
    folder = os.path.join(git_dir, FOLDER, _RUNNING)
    path = os.path.join(folder, run)
    with locked(path, _PATIENCE):
        try:
            # Each of them is asked, as what killed ones have left is removed.
            active = [name for name in names_in_own(folder) if name != run and _is_active(os.path.join(folder, name))]
            yield Neighbours(folder, run, seen=bool(active))
        finally:
            with suppress(OSError):
                remove_own(path)


def _is_active(path: str) -> bool:
    """Return whether a run holds the lock of its note; a note that a killed one has left is removed."""
    try:
        with locked(path, 0):
            remove_own(path)
    except OSError:
        return os.path.exists(path)
    return False

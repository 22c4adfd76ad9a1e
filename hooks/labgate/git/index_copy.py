"""Copy a work tree's index to a private place, so that git can change the copy and the index itself stays as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from labgate import FOLDER
from labgate.git.repository import Repository
from labgate.git.work_tree import WorkTree, own_index
from labgate.values.endings import undo_at_end, undone
from labgate.values.folders import copy_to_own, names_in_own, remove_own_folder
from labgate.values.locks import locked

_COPIES = "index-copies"
_LOCK = "lock"
#: Seconds to wait for others that make or clear a folder, which takes them milliseconds.
_PATIENCE = 30.0


@contextmanager
def copied_index(repository: Repository) -> Iterator[WorkTree]:
    """Give a work tree whose index is a copy, which is deleted at the end. Raises: ``OSError``.

    What killed processes have left is deleted too: a folder whose lock nobody holds.
    """
    root = os.path.join(repository.common_dir, FOLDER, _COPIES)
    folder = os.path.join(root, os.urandom(8).hex())
    duty = partial(remove_own_folder, folder)
    undo_at_end(duty)
    try:
        # Under one lock, so that no folder is seen before its own lock is held.
        with locked(os.path.join(root, _LOCK), _PATIENCE):
            _clear(root)
            mine = locked(os.path.join(folder, _LOCK), 0)
        with mine:
            index = os.path.join(folder, "index")
            _copy(own_index(repository), index)
            yield WorkTree(repository, index)
    finally:
        undone(duty)
        duty()


def _copy(source: str, target: str) -> None:
    """Copy an index, which git replaces as a whole; where there is none, there is no copy.

    With its time stamp: by that git knows which files may have changed without a change of their own ("racy git").
    """
    with suppress(FileNotFoundError):
        copy_to_own(source, target)


def _clear(root: str) -> None:
    for name in names_in_own(root):
        folder = os.path.join(root, name)
        if name != _LOCK and not os.path.islink(folder):
            with suppress(OSError), locked(os.path.join(folder, _LOCK), 0):
                remove_own_folder(folder)

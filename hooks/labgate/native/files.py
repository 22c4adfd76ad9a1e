"""Writes and moves in the folder of hooks, in steps between which no hook is ever missing or half there."""

from __future__ import annotations

import os
from collections.abc import Callable

from labgate.values.errors import LabgateError
from labgate.values.files import write_whole


def write_hook(path: str, content: bytes, before_it_stands: Callable[[], None] | None = None) -> None:
    """Write an executable file in one step. Raised: ``OSError``; what stood there is then as it was.

    ``before_it_stands`` runs when the new file is complete, just before it takes its place.
    """

    def put(temporary: str, path: str) -> None:
        if before_it_stands is not None:
            before_it_stands()
        os.replace(temporary, path)

    # Mode and umask as for any program that is built here: with umask 077 it stays the user's own.
    write_whole(path, content, mode=0o777, durable=True, put=put)


def set_aside(path: str, aside: str) -> None:
    """Give a foreign hook its second name. The first stays until another file takes it, where the system has links.

    Raised: ``LabgateError`` when something else has the name by now, ``OSError``.
    """
    try:
        os.link(path, aside, follow_symlinks=False)
    except FileExistsError:
        _refuse_another(path, aside)
    except (OSError, NotImplementedError):
        # No hard links here (or a folder): a rename, and for a moment no hook.
        if os.path.lexists(aside):
            _refuse_another(path, aside)
        os.rename(path, aside)


def _refuse_another(path: str, aside: str) -> None:
    """Accept the second name only where an `install` that was stopped has given it to the same file."""
    if not os.path.samestat(os.lstat(path), os.lstat(aside)):
        message = f"{aside} has just appeared; is another labgate install running?"
        raise LabgateError(message, "labgate install")


def put_back(aside: str, path: str) -> None:
    """Move a foreign hook over labgate's own, or to where there is nothing. Raised: ``OSError``."""
    os.replace(aside, path)

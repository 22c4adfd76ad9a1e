"""What a snapshot left out, remembered in the clone that made it: its commit does not say it."""

from __future__ import annotations

import json
import os
from contextlib import suppress

from labgate import FOLDER
from labgate.git.repository import Repository
from labgate.values.files import read_own, remove_own, write_own
from labgate.values.value import Value

_INEXACT = "inexact"
_MOST_BYTES = 1 << 24


class Doubts(Value):
    """The paths that a snapshot does not have, and why it is not exact, one phrase for each reason."""

    left_out: tuple[str, ...]
    reasons: tuple[str, ...]


def remember_doubts(repository: Repository, commit: str, doubts: Doubts) -> None:
    """Remember why a snapshot is not exact, or that it is. Raises: ``OSError``."""
    path = _path(repository, commit)
    if doubts.reasons:
        write_own(path, json.dumps(doubts.as_dict()).encode("ascii"))
    else:
        with suppress(OSError):
            remove_own(path)


def doubts_about(repository: Repository, commit: str) -> Doubts:
    """Return why a snapshot was not exact when this clone made it last; nothing if it was, or was made elsewhere."""
    try:
        found = json.loads(read_own(_path(repository, commit), _MOST_BYTES))
        return Doubts(tuple(map(str, found["left_out"])), tuple(map(str, found["reasons"])))
    except FileNotFoundError:
        return Doubts((), ())
    except (OSError, ValueError, KeyError, TypeError):
        return Doubts((), ("what it left out is not known any more",))


def _path(repository: Repository, commit: str) -> str:
    return os.path.join(repository.common_dir, FOLDER, _INEXACT, commit)

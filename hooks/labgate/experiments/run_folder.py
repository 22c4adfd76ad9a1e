"""The folder of a run, ``<git common dir>/labgate/runs/<run>/``: its output in ``log``, and ``record.json``."""

from __future__ import annotations

import os
import tempfile
import time

from labgate import FOLDER
from labgate.values.folders import make_own_folder
from labgate.values.value import Value

_RUNS = "runs"
LOG, RECORD = "log", "record.json"


class RunFolder(Value):
    """A run's id and its folder, absolute. ``lasting``: it stays after the run."""

    id: str
    path: str
    lasting: bool

    @property
    def log(self) -> str:
        """The path of the file with all output."""
        return os.path.join(self.path, LOG)

    @property
    def record(self) -> str:
        """The path of the record of all artifacts."""
        return os.path.join(self.path, RECORD)


def new_run_folder(common_dir: str | None) -> RunFolder:
    """Make the folder of a new run; without a repository (``None``) a temporary one. Raises: ``OSError``."""
    run = new_run_id()
    if common_dir is None:
        return RunFolder(run, os.path.realpath(tempfile.mkdtemp(prefix=f"labgate-{run}-")), lasting=False)
    path = os.path.join(common_dir, FOLDER, _RUNS, run)
    make_own_folder(path)
    return RunFolder(run, path, lasting=True)


def new_run_id() -> str:
    """Return an id that no other run has: the time in UTC, for people, and 48 random bits."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(6).hex()}"

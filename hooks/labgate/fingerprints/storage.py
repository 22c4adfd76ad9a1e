"""The file behind the index: one that is ours and whole is opened, with one process at a time to write in it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from io import FileIO

from labgate.values.endings import undo_at_end, undone
from labgate.values.files import locked

#: How long, in seconds, a process waits for another one that is building; then it works on its own copy.
PATIENCE = 60.0
#: What says that a database is an index of ours (sqlite.org, "PRAGMA application_id"): "lgix".
_MARK = 0x6C676978
#: How much of the file who writes in it keeps in memory, in KiB.
_WRITING_KB = 16000


class Storage:
    """A database with the tables of a schema, in a file (``path``) or of our own alone (``None``).

    Raised: ``sqlite3.OperationalError`` and ``OSError`` when the file cannot be used, ``sqlite3.DatabaseError`` when it
    is damaged or somebody else's.
    """

    def __init__(self, path: str | None, schema: str) -> None:
        self._path = path
        # An empty name is a database that spills to the disk and vanishes (sqlite.org, "Temporary Databases").
        self.db = sqlite3.connect(path or "", timeout=PATIENCE, isolation_level=None)
        self._file = None if path is None else identity_of(path)
        # Closed, it takes back what is half done, and leaves no journal.
        undo_at_end(self.db.close)
        try:
            self.db.execute("PRAGMA synchronous = NORMAL")
            if not self._is_ours():
                with self.alone():
                    self._create(schema)
        except BaseException:
            self.close()
            raise

    def _is_ours(self) -> bool:
        """Say whether the database has our tables; ``False`` where it has none at all."""
        mark = self.db.execute("PRAGMA application_id").fetchone()[0]
        if mark == _MARK:
            return True
        if mark or self.db.execute("SELECT 1 FROM sqlite_master").fetchone():
            message = "the file is not an index of labgate"
            raise sqlite3.DatabaseError(message)
        return False

    def _create(self, schema: str) -> None:
        with transaction(self.db):
            if not self._is_ours():
                for statement in schema.split(";")[:-1]:
                    self.db.execute(statement)
                self.db.execute(f"PRAGMA application_id = {_MARK}")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from writing. A process that is killed lets go of the lock (flock(2)).

        Raised: ``sqlite3.DatabaseError`` where the file was replaced meanwhile. SQLite knows a journal by its name
        only: what is written to the old file could come to be played back into the new one (sqlite.org, "How To
        Corrupt An SQLite Database File").
        """
        # Who writes comes back to the same pages; a question reads each once, and has no use for so much memory.
        self.db.execute(f"PRAGMA cache_size = -{_WRITING_KB}")
        if self._path is None:
            yield
            return
        with lock(self._path):
            if identity_of(self._path) != self._file:
                message = "the index was replaced meanwhile"
                raise sqlite3.DatabaseError(message)
            yield

    def close(self) -> None:
        self.db.close()
        undone(self.db.close)


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Make everything inside one transaction."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def identity_of(path: str) -> tuple[int, int] | None:
    """Return what tells a file from one that takes its place; ``None``: there is none."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def discard(path: str, found: tuple[int, int] | None) -> None:
    """Remove a database file that was ``found`` (``identity_of``), not one that a process has put in its place.

    Where that is not allowed, or somebody is writing in it for long, it stays.
    """
    with contextlib.suppress(OSError, sqlite3.OperationalError), lock(path):
        if identity_of(path) == found:
            for name in (path, f"{path}-journal"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)


def lock(path: str) -> FileIO:
    """Return what holds the lock of a database file until it is closed.

    Raises: ``sqlite3.OperationalError`` when another has it for too long.
    """
    try:
        return locked(f"{path}.lock", PATIENCE)
    except TimeoutError:
        message = "another labgate is still building the index"
        raise sqlite3.OperationalError(message) from None

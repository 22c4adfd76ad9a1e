"""The file of the index: it is checked when it is opened, and one process at a time writes to it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from io import FileIO

from labgate.values.endings import undo_at_end, undone
from labgate.values.files import locked

#: Seconds that a process waits for another one that is building; then it works on its own copy.
PATIENCE = 60.0
#: The mark of a database that is an index of labgate (sqlite.org, "PRAGMA application_id"): "lgix".
_MARK = 0x6C676978
#: The page cache of a process that writes, in KiB.
_WRITING_KB = 16000


class Storage:
    """A database with the tables of a schema, in a file (``path``) or private (``None``).

    Raises: ``sqlite3.OperationalError`` and ``OSError`` when the file cannot be used, ``sqlite3.DatabaseError`` when it
    is damaged or not an index of labgate.
    """

    def __init__(self, path: str | None, schema: str) -> None:
        self._path = path
        # An empty name is a temporary database that may use the disk (sqlite.org, "Temporary Databases").
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
        """Return whether the database has labgate's tables; ``False`` if it has none at all."""
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
        """Keep other processes from writing. The lock of a process that is killed is released (flock(2)).

        Raises: ``sqlite3.DatabaseError`` when the file was replaced meanwhile. SQLite finds a journal by its
        name only: a journal of the old file could be replayed into the new one (sqlite.org, "How To Corrupt An SQLite
        Database File").
        """
        # A writer uses the same pages again; a query reads each one once, and needs less memory.
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
    """Return the identity of a file, which a replacement does not share; ``None``: there is no file."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def discard(path: str, found: tuple[int, int] | None) -> None:
    """Remove the database file that was ``found`` (``identity_of``), but not one that has replaced it.

    It stays if that is not allowed, or if another process keeps the lock.
    """
    with contextlib.suppress(OSError, sqlite3.OperationalError), lock(path):
        if identity_of(path) == found:
            for name in (path, f"{path}-journal"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)


def lock(path: str) -> FileIO:
    """Lock a database file; the lock is released when the result is closed.

    Raises: ``sqlite3.OperationalError`` when another has it for too long.
    """
    try:
        return locked(f"{path}.lock", PATIENCE)
    except TimeoutError:
        message = "another labgate is still building the index"
        raise sqlite3.OperationalError(message) from None

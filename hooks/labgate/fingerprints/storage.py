"""The file of the index: it is checked when it is opened, and one process at a time writes to it.

Somebody else may have made the file: it must have exactly labgate's tables, and no statement may take more steps than
the file has entries, as one would in tables that contain themselves (sqlite.org, "Defense Against The Dark Arts").
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from functools import cache
from io import FileIO

from labgate.values.databases import identity_of, open_database, private_database, remove_database, require_same
from labgate.values.endings import undo_at_end, undone
from labgate.values.locks import locked

#: Seconds that a process waits for another one that is building; then it works on its own copy.
PATIENCE = 60.0
#: The mark of a database that is an index of labgate (sqlite.org, "PRAGMA application_id"): "lgix".
_MARK = 0x6C676978
#: A statement takes fewer steps of SQLite than this and half the file's bytes; every ``_SPAN`` steps it is checked.
_STEPS, _SPAN = 4_000_000, 50_000
#: The page cache of a process that writes, in KiB.
_WRITING_KB = 16000


class Storage:
    """A database with the tables of a schema, in a file (``path``) or private (``None``).

    Each statement of ``schema``, with a semicolon after it, makes a table; those of ``optional`` need not be there.

    Raises: ``sqlite3.OperationalError`` and ``OSError`` when the file cannot be used, ``sqlite3.DatabaseError`` when it
    is damaged or not an index of labgate.
    """

    def __init__(self, path: str | None, schema: str, optional: str = "") -> None:
        self._path = path
        self._spans = 0
        if path is None:
            self._connection, self._file = private_database(large=True), None
        else:
            self._connection, self._file = open_database(path, PATIENCE)
        # Closed, it takes back what is half done, and leaves no journal.
        undo_at_end(self._connection.close)
        try:
            if path is not None:
                self._connection.set_progress_handler(self._is_endless, _SPAN)
            self.db.execute("PRAGMA trusted_schema = OFF")
            self.db.execute("PRAGMA cell_size_check = ON")
            self.db.execute("PRAGMA synchronous = NORMAL")
            if not self._is_ours(schema, optional):
                with self.alone():
                    self._create(schema, optional)
        except BaseException:
            self.close()
            raise

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for one statement: each has a limit of steps of its own."""
        self._spans = 0
        return self._connection

    def _is_endless(self) -> bool:
        """Return whether to stop the current statement, which is then "interrupted"."""
        self._spans += 1
        if self._spans * _SPAN <= _STEPS or self._path is None:
            return False
        # Not the size that a file claims to have: most of it may be a hole.
        return self._spans * _SPAN > _STEPS + os.stat(self._path).st_blocks * 512 // 2

    def _is_ours(self, schema: str, optional: str) -> bool:
        """Return whether the database has labgate's tables and nothing else; ``False`` if it has none at all."""
        mark = self.db.execute("PRAGMA application_id").fetchone()[0]
        most = _tables(schema + optional)
        found = frozenset(self.db.execute(_TABLES).fetchmany(len(most) + 1))
        if mark == _MARK and found in (_tables(schema), most):
            return True
        if mark or found:
            message = "the file is not an index of labgate"
            raise sqlite3.DatabaseError(message)
        return False

    def _create(self, schema: str, optional: str) -> None:
        with transaction(self.db):
            if not self._is_ours(schema, optional):
                for statement in _statements(schema):
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
        reading = self.db.execute("PRAGMA cache_size").fetchone()[0]
        self.db.execute(f"PRAGMA cache_size = -{_WRITING_KB}")
        try:
            if self._path is None:
                yield
                return
            with lock(self._path, PATIENCE):
                require_same(self._path, self._file)
                yield
        finally:
            self.db.execute(f"PRAGMA cache_size = {reading}")
            self.db.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        self._connection.close()
        undone(self._connection.close)


#: Everything that a database has besides rows.
_TABLES = "SELECT type, name, tbl_name, sql FROM sqlite_master"


@cache
def _tables(schema: str) -> frozenset[tuple[object, ...]]:
    """Return what SQLite stores about the tables of a schema."""
    with contextlib.closing(private_database(large=False)) as db:
        for statement in _statements(schema):
            db.execute(statement)
        return frozenset(db.execute(_TABLES))


def _statements(schema: str) -> list[str]:
    return [statement for statement in schema.split(";") if statement.strip()]


def is_damage(error: Exception) -> bool:
    """Return whether an error while an index was used means that the file must be rebuilt."""
    if isinstance(error, sqlite3.OperationalError):
        return str(error) == "interrupted"
    return isinstance(error, sqlite3.DatabaseError)


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


def discard(path: str, found: tuple[int, int] | None, patience: float = PATIENCE) -> None:
    """Remove the database file that was ``found`` (``identity_of``), but not one that has replaced it.

    It stays if that is not allowed, or if another process keeps the lock for ``patience`` seconds.
    """
    with contextlib.suppress(OSError, sqlite3.OperationalError), lock(path, patience):
        if identity_of(path) == found:
            remove_database(path)


def lock(path: str, patience: float = PATIENCE) -> FileIO:
    """Lock a database file; the lock is released when the result is closed.

    Raises: ``sqlite3.OperationalError`` when another has it for ``patience`` seconds.
    """
    try:
        return locked(f"{path}.lock", patience)
    except TimeoutError:
        message = "another labgate is still building the index"
        raise sqlite3.OperationalError(message) from None

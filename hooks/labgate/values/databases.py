"""Databases of SQLite among labgate's own files: opened only where labgate could have written them."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from labgate.values.files import make_own, open_own, remove_own, stat_own

#: Largest file that is opened, and largest journal, in bytes.
_MOST_BYTES = 2**33
#: SQLite's own files beside a database (sqlite.org, "Temporary Files Used By SQLite").
_BESIDE = ("-journal", "-wal", "-shm")
#: The end of a journal that names another file, which SQLite would delete ("Database File Format", 3.0). labgate never
#: changes two databases at once.
_NAMES_ANOTHER = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
#: A file's device and number.
Identity = tuple[int, int]


def open_database(path: str, patience: float) -> tuple[sqlite3.Connection, Identity | None]:
    """Open a database file of labgate's own, made if it is missing, and return it with its identity.

    ``patience`` is how long a statement waits for another process, in seconds. SQLite follows links, so the file is
    looked at before and after it opens it; it never makes one. Raises: ``RefusedFileError``, ``OSError``,
    ``sqlite3.OperationalError`` when the file cannot be opened; ``sqlite3.DatabaseError`` when it was replaced
    meanwhile or its journal is not one of labgate's.
    """
    found = _approved(path)
    connection = sqlite3.connect(
        f"file:{_in_uri(os.path.abspath(path))}?mode=rw", uri=True, timeout=patience, isolation_level=None
    )
    try:
        require_same(path, found)
    except BaseException:
        connection.close()
        raise
    return connection, found


def _in_uri(path: str) -> str:
    """Return an absolute path as it stands in a URI of SQLite (sqlite.org, "URI Filenames"): three letters are escaped.

    ``urllib.parse`` does more, and takes long to import.
    """
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def private_database(*, large: bool) -> sqlite3.Connection:
    """Return a new database that only this connection sees; a ``large`` one may use the disk.

    An empty name is a temporary database (sqlite.org, "Temporary Databases").
    """
    return sqlite3.connect("" if large else ":memory:", isolation_level=None)


def require_same(path: str, found: Identity | None) -> None:
    """Check that a file still has the identity that was ``found``. Raises: ``sqlite3.DatabaseError``."""
    if identity_of(path) != found:
        message = "the index was replaced meanwhile"
        raise sqlite3.DatabaseError(message)


def identity_of(path: str) -> Identity | None:
    """Return the identity of a file, which a replacement does not share; ``None``: there is none of labgate's."""
    try:
        stat = stat_own(path)
    except OSError:
        return None
    return None if stat is None else (stat.st_dev, stat.st_ino)


def remove_database(path: str) -> None:
    """Remove a database file and SQLite's own beside it, as far as they are there. Raises: ``OSError``."""
    for name in (path, *(path + beside for beside in _BESIDE)):
        with contextlib.suppress(FileNotFoundError):
            remove_own(name)


def _approved(path: str) -> Identity | None:
    """Return the identity of a database file that may be opened; it is made if it is missing.

    SQLite follows links, and trusts the journal. Raises: ``RefusedFileError``, ``OSError``; ``sqlite3.DatabaseError``
    when the journal is not one of labgate's.
    """
    for beside in _BESIDE:
        stat_own(path + beside, _MOST_BYTES)
    with contextlib.suppress(FileNotFoundError), open_own(path + _BESIDE[0], _MOST_BYTES) as journal:
        end = journal.seek(0, os.SEEK_END)
        journal.seek(max(0, end - len(_NAMES_ANOTHER)))
        if journal.read(len(_NAMES_ANOTHER)) == _NAMES_ANOTHER and end > len(_NAMES_ANOTHER):
            message = "the journal of the index is not labgate's"
            raise sqlite3.DatabaseError(message)
    if stat_own(path, _MOST_BYTES) is None:
        make_own(path)
    return identity_of(path)

"""The file of the index: told from foreign ones, written by one process at a time, and never half replaced."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from labgate.fingerprints import storage
from labgate.fingerprints.storage import Storage, discard, identity_of, lock
from support.provenance import in_children

SCHEMA = "CREATE TABLE a(x); CREATE TABLE b(y);"


def test_a_new_file_has_the_tables_and_a_second_look_finds_them(tmp_path: Path) -> None:
    path = str(tmp_path / "index")
    for expected in (0, 1):
        opened = Storage(path, SCHEMA)
        assert opened.db.execute("SELECT count(*) FROM a").fetchone() == (expected,)
        opened.db.execute("INSERT INTO a VALUES(1)")
        opened.close()


def test_without_a_path_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened = Storage(None, SCHEMA)
    with opened.alone():
        opened.db.execute("INSERT INTO b VALUES(1)")
    opened.close()
    assert list(tmp_path.iterdir()) == []


def foreign(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "statements",
    [["CREATE TABLE a(z)"], ["CREATE TABLE other(z)"], ["PRAGMA application_id = 7"]],
    ids=["a table of that name", "another table", "another program's mark"],
)
def test_a_foreign_database_is_not_taken_for_ours(tmp_path: Path, statements: list[str]) -> None:
    path = tmp_path / "index"
    foreign(path, *statements)
    before = path.read_bytes()
    with pytest.raises(sqlite3.DatabaseError) as raised:
        Storage(str(path), SCHEMA)
    assert not isinstance(raised.value, sqlite3.OperationalError)
    assert path.read_bytes() == before


def test_what_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(b"text, not a database" * 100)
    with pytest.raises(sqlite3.DatabaseError) as raised:
        Storage(str(tmp_path / "index"), SCHEMA)
    assert not isinstance(raised.value, sqlite3.OperationalError)


def test_an_empty_file_is_one_that_was_just_begun(tmp_path: Path) -> None:
    (tmp_path / "index").touch()
    opened = Storage(str(tmp_path / "index"), SCHEMA)
    assert opened.db.execute("SELECT count(*) FROM b").fetchone() == (0,)
    opened.close()


def test_many_processes_may_begin_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "index")
    assert in_children(*[lambda: Storage(path, SCHEMA).close()] * 8) == [0] * 8
    Storage(path, SCHEMA).close()


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "index")
    Storage(path, SCHEMA).close()

    def add() -> None:
        opened = Storage(path, SCHEMA)
        for _ in range(20):
            with opened.alone():
                (rows,) = opened.db.execute("SELECT count(*) FROM a").fetchone()
                opened.db.execute("INSERT INTO a VALUES(?)", (rows,))
        opened.close()

    assert in_children(add, add, add) == [0, 0, 0]
    opened = Storage(path, SCHEMA)
    assert opened.db.execute("SELECT x FROM a ORDER BY x").fetchall() == [(row,) for row in range(60)]
    opened.close()


def test_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PATIENCE", 0.2)
    path = str(tmp_path / "index")
    opened = Storage(path, SCHEMA)
    with lock(path), pytest.raises(sqlite3.OperationalError, match="still building"), opened.alone():
        pass
    with opened.alone():
        pass
    opened.close()


def test_a_killed_process_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "index")
    Storage(path, SCHEMA).close()

    def die() -> None:
        with Storage(path, SCHEMA).alone():
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_children(die) == [-signal.SIGKILL]
    before = time.monotonic()
    with lock(path):
        pass
    assert time.monotonic() - before < 1


def test_nothing_is_written_to_a_file_that_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "index"
    opened = Storage(str(path), SCHEMA)
    path.rename(tmp_path / "old")
    with pytest.raises(sqlite3.DatabaseError, match="replaced"), opened.alone():
        pass
    Storage(str(path), SCHEMA).close()
    with pytest.raises(sqlite3.DatabaseError, match="replaced"), opened.alone():
        pass
    opened.close()


def test_only_what_was_found_is_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "index"
    path.write_bytes(b"damaged")
    found = identity_of(str(path))
    path.rename(tmp_path / "old")
    path.write_bytes(b"made by another process")
    discard(str(path), found)
    assert path.exists()
    (tmp_path / "index-journal").touch()
    discard(str(path), identity_of(str(path)))
    assert not path.exists()
    assert not (tmp_path / "index-journal").exists()
    discard(str(path), None)


def test_what_cannot_be_thrown_away_stays(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    discard(str(tmp_path / "index"), identity_of(str(tmp_path / "index")))
    assert (tmp_path / "index").is_dir()
    (tmp_path / "file").touch()
    discard(str(tmp_path / "file" / "index"), None)

"""The file of the index: told from foreign ones, written by one process at a time, and never half replaced."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from labgate.fingerprints import storage
from labgate.fingerprints.storage import Storage, discard, is_damage, lock, transaction
from labgate.values.databases import identity_of
from support.provenance import in_children

SCHEMA = "CREATE TABLE a(x); CREATE TABLE b(y);"


def test_a_new_file_has_the_tables_and_a_second_look_finds_them(tmp_path: Path) -> None:
    path = str(tmp_path / "index")
    for expected in (0, 1):
        opened = Storage(path, SCHEMA)
        assert opened.db.execute("SELECT count(*) FROM a").fetchone() == (expected,)
        opened.db.execute("INSERT INTO a VALUES(1)")
        opened.close()


@pytest.mark.parametrize("name", ["a%3fb", "a?b", "a#b"])
def test_a_path_is_no_uri(tmp_path: Path, name: str) -> None:
    Storage(str(tmp_path / name), SCHEMA).close()
    assert {file.name for file in tmp_path.iterdir()} == {name, f"{name}.lock"}


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


def test_a_link_that_takes_the_place_of_the_file_meanwhile_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the file and the moment when SQLite opens it."""
    path, outside = tmp_path / "index", tmp_path / "outside"
    Storage(str(path), SCHEMA).close()
    connect = sqlite3.connect

    def swapped(*args: Any, **options: Any) -> sqlite3.Connection:
        path.rename(tmp_path / "mine")
        path.symlink_to(outside)
        opened: sqlite3.Connection = connect(*args, **options)
        return opened

    monkeypatch.setattr(sqlite3, "connect", swapped)
    with pytest.raises(sqlite3.DatabaseError):
        Storage(str(path), SCHEMA)
    assert not outside.exists()


def test_a_path_with_characters_of_a_uri_is_a_path(tmp_path: Path) -> None:
    for name in ("a?mode=memory", "b#c", "d%41", os.fsdecode(b"e\xff")):
        Storage(str(tmp_path / name), SCHEMA).close()
        assert (tmp_path / name).stat().st_size > 0


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


# A file that somebody else prepared.

MARK = "PRAGMA application_id = 1818716536"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"


@pytest.mark.parametrize(
    "statements",
    [
        [f"CREATE VIEW a AS {ENDLESS}", "CREATE TABLE b(y)"],
        ["CREATE TABLE a(x)", "CREATE TABLE b(y)", f"CREATE VIEW c AS {ENDLESS}"],
        ["CREATE TABLE a(x)", "CREATE TABLE b(y)", "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END"],
        ["CREATE TABLE a(x)", "CREATE TABLE b(y)", "CREATE INDEX i ON a(x)"],
        ["CREATE TABLE a(x, z AS (x + 1))", "CREATE TABLE b(y)"],
        ["CREATE TABLE a(x)"],
    ],
    ids=["an endless view", "one more view", "a trigger", "an index", "a computed column", "a table less"],
)
def test_anything_but_our_tables_is_not_ours(tmp_path: Path, statements: list[str]) -> None:
    foreign(tmp_path / "index", *statements, MARK)
    with pytest.raises(sqlite3.DatabaseError, match="not an index of labgate") as raised:
        Storage(str(tmp_path / "index"), SCHEMA)
    assert is_damage(raised.value)


def test_the_same_tables_of_somebody_else_are_ours(tmp_path: Path) -> None:
    foreign(tmp_path / "index", "CREATE TABLE a(x)", " CREATE TABLE b(y)", MARK)
    Storage(str(tmp_path / "index"), SCHEMA).close()
    foreign(tmp_path / "more", "CREATE TABLE a(x)", " CREATE TABLE b(y)", "CREATE TABLE c(z)", MARK)
    Storage(str(tmp_path / "more"), SCHEMA, "CREATE TABLE c(z);").close()


def knotted(path: Path) -> None:
    """Make an index whose table ``a`` contains itself: its first page names itself as its children, many times."""
    opened = Storage(str(path), SCHEMA)
    with transaction(opened.db):
        opened.db.executemany("INSERT INTO a VALUES(?)", [("x" * 900,) for _ in range(2_000)])
    root = opened.db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'a'").fetchone()[0]
    size = opened.db.execute("PRAGMA page_size").fetchone()[0]
    opened.close()
    content = bytearray(path.read_bytes())
    start = (root - 1) * size
    assert content[start] == 5  # an inner page (sqlite.org, "Database File Format", 1.6)
    cells = int.from_bytes(content[start + 3 : start + 5], "big")
    places = [int.from_bytes(content[at : at + 2], "big") for at in range(start + 12, start + 12 + 2 * cells, 2)]
    leaf = content[start + places[0] : start + places[0] + 4]
    middle = next(
        page
        for page in range(1, len(content) // size)
        if content[page * size] == 13 and page + 1 != int.from_bytes(leaf, "big")
    )
    # A page below the root repeats one leaf, and the root repeats that page: and so on, as deep as SQLite goes.
    pages = [root, *range(middle + 1, middle + 13)]
    for number, below in zip(pages, [*pages[1:], int.from_bytes(leaf, "big")], strict=True):
        page = bytearray(content[start : start + size])
        page[8:12] = below.to_bytes(4, "big")
        for place in places:
            page[place : place + 4] = below.to_bytes(4, "big")
        content[(number - 1) * size : number * size] = page
    path.write_bytes(content)


@pytest.mark.parametrize("query", ["SELECT x FROM a", "SELECT total(1) FROM a", "SELECT x FROM a WHERE x = 'y'"])
def test_a_table_that_contains_itself_is_not_read_for_ever(tmp_path: Path, query: str) -> None:
    path = tmp_path / "index"
    knotted(path)
    opened = Storage(str(path), SCHEMA)
    try:
        with pytest.raises(sqlite3.DatabaseError) as raised:
            list(opened.db.execute(query))
    finally:
        opened.close()
    assert is_damage(raised.value)


def test_a_statement_with_more_steps_than_the_file_has_entries_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Storage(str(tmp_path / "index"), SCHEMA)
    with transaction(opened.db):
        opened.db.executemany("INSERT INTO a VALUES(?)", [(number,) for number in range(1_000)])
    monkeypatch.setattr(storage, "_STEPS", 100)
    endless = ENDLESS.replace("SELECT x FROM n", "SELECT total(x) FROM n")
    with pytest.raises(sqlite3.OperationalError, match="interrupted") as raised:
        opened.db.execute(endless).fetchall()
    assert is_damage(raised.value)
    # Each statement has the same limit.
    assert len(opened.db.execute("SELECT x FROM a").fetchall()) == 1_000
    opened.close()


def test_a_long_statement_over_a_large_table_is_not_stopped(tmp_path: Path) -> None:
    opened = Storage(str(tmp_path / "index"), SCHEMA)
    with transaction(opened.db):
        for start in range(0, 1_000_000, 100_000):
            rows = ((f"{number:60}",) for number in range(start, start + 100_000))
            opened.db.executemany("INSERT INTO a VALUES(?)", rows)
    # More steps than any statement may take over a small table.
    assert opened.db.execute("SELECT total(x + length(x)) FROM a").fetchone() == (sum(range(60, 1_000_060)),)
    opened.close()


def test_a_journal_that_names_another_file_deletes_none(tmp_path: Path) -> None:
    """Until SQLite reads such a journal, the named file is only a name in it."""
    index, other = tmp_path / "index", tmp_path / "mine"
    Storage(str(index), SCHEMA).close()
    other.write_bytes(b"")
    magic = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
    name = os.fsencode(other)
    header = (
        magic
        + (0).to_bytes(4, "big")
        + bytes(4)
        + (3).to_bytes(4, "big")
        + (512).to_bytes(4, "big")
        + (4096).to_bytes(4, "big")
    )
    checksum = sum(byte if byte < 128 else byte - 256 for byte in name) % 2**32
    tail = (
        (2**31 // 4096 + 1).to_bytes(4, "big")
        + name
        + len(name).to_bytes(4, "big")
        + checksum.to_bytes(4, "big")
        + magic
    )
    (tmp_path / "index-journal").write_bytes(header.ljust(512, b"\0") + tail)
    with pytest.raises(sqlite3.DatabaseError, match="not labgate's") as raised:
        Storage(str(index), SCHEMA)
    assert is_damage(raised.value)
    assert other.exists()
    discard(str(index), identity_of(str(index)))
    assert sorted(os.listdir(tmp_path)) == ["index.lock", "mine"]


def test_a_journal_that_was_left_by_a_killed_process_is_played_back(tmp_path: Path) -> None:
    path = str(tmp_path / "index")
    Storage(path, SCHEMA).close()
    pid = os.fork()
    if not pid:
        opened = Storage(path, SCHEMA)
        opened.db.execute("PRAGMA cache_size = 1")
        opened.db.execute("BEGIN")
        opened.db.executemany("INSERT INTO a VALUES(?)", [("x" * 900,) for _ in range(2_000)])
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert (tmp_path / "index-journal").stat().st_size > 0
    opened = Storage(path, SCHEMA)
    assert opened.db.execute("SELECT count(*) FROM a").fetchone() == (0,)
    opened.close()

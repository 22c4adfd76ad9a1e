"""The index: a cache in SQLite of what commits consist of, and of when a branch first had each unit.

Everything in it is a pure function of commits and of ``units.VERSION``, which stands in the file's name. So an entry is
right or absent, a foreign version is another file, and whatever goes wrong costs time, never a wrong answer.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TypeVar

from labgate import FOLDER
from labgate.fingerprints import postings as runs
from labgate.fingerprints.features import VERSION
from labgate.fingerprints.storage import Storage, discard, identity_of, transaction
from labgate.values.checksum import opened, sealed
from labgate.values.value import Value

_T = TypeVar("_T")
#: Layout of the tables; together with ``units.VERSION`` it names the file.
_LAYOUT = 2
_SCHEMA = """
CREATE TABLE document(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, exact BLOB, inverse BLOB, core BLOB,
    telling INTEGER NOT NULL, lines INTEGER NOT NULL, paths BLOB NOT NULL, units BLOB NOT NULL);
CREATE TABLE link(oid TEXT PRIMARY KEY, exact BLOB, inverse BLOB, core BLOB, telling INTEGER NOT NULL,
    lines INTEGER NOT NULL, paths BLOB NOT NULL, novel BLOB NOT NULL, segment INTEGER NOT NULL, depth INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE segment(id INTEGER PRIMARY KEY, parent INTEGER, fork INTEGER NOT NULL, last INTEGER NOT NULL,
    seal BLOB NOT NULL);
CREATE TABLE run(owner INTEGER NOT NULL, part INTEGER NOT NULL, serial INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY(owner, part, serial));
"""
#: The owner of the run that says which documents have a unit; a segment's own run says when it first had one.
POSTINGS = -1
#: A batch of fewer entries is kept beside the parts, as a tail, until there are ``_TAILS`` of them.
_TAIL, _TAILS = 4096, 16
_TAIL_PART = -1
#: How many rows one question asks for (sqlite.org, "Maximum Number Of Host Parameters": 999 in old ones).
_ASKED = 500


class Stored(Value):
    """A document as it is kept: ``key`` is an oid or ``OLD..NEW``, ``units`` are packed and sorted."""

    key: str
    exact: bytes | None
    inverse: bytes | None
    core: bytes | None
    telling: bool
    lines: int
    paths: tuple[str, ...]
    units: Sequence[int]


class Link(Value):
    """A commit's place on a first-parent chain: ``depth`` counts from the root, which has 0."""

    segment: int
    depth: int


class Past(Value):
    """Where first-parent chains stand: for each segment the depth up to which it belongs to them."""

    limits: Mapping[int, int]


class Index:
    """The index of one repository. ``problem`` says why it is only a temporary one, ``None`` if it is kept."""

    def __init__(self, path: str | None, problem: str | None = None) -> None:
        self.problem = problem
        self._storage = Storage(path, _SCHEMA)
        self._tails: dict[int, array[int]] = {}
        self._part = lru_cache(maxsize=4 * runs.PARTS)(self._read_part)

    @property
    def _db(self) -> sqlite3.Connection:
        return self._storage.db

    def close(self) -> None:
        self._storage.close()

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Keep other processes from building the same: one does, and the others then find what they need."""
        with self._storage.alone():
            self._forget()
            yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the index throughout, whatever other processes add (SQLite, "Isolation")."""
        self._forget()
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _forget(self) -> None:
        self._part.cache_clear()
        self._tails.clear()

    # Documents: what a commit, or a range, changes.

    def document_ids(self) -> dict[str, int]:
        """Return the number of every document by its key."""
        return dict(self._db.execute("SELECT key, id FROM document"))

    def key_of(self, number: int) -> str:
        return str(self._db.execute("SELECT key FROM document WHERE id = ?", (number,)).fetchone()[0])

    def document(self, number: int) -> Stored:
        """Return a document by its number."""
        row = self._db.execute(
            "SELECT key, exact, inverse, core, telling, lines, paths, units FROM document WHERE id = ?", (number,)
        ).fetchone()
        return _stored(row, number)

    def add_documents(self, documents: Sequence[Stored]) -> None:
        """Keep documents and which units they have."""
        with transaction(self._db):
            first = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM document").fetchone()[0]
            if first + len(documents) >= runs.VALUES:
                # Nearly all of it is of commits that are long gone: it is made anew, as a damaged one is.
                message = "the index is full"
                raise sqlite3.DatabaseError(message)
            for number, item in enumerate(documents, first):
                row = (number, *_columns(item, item.units, number))
                self._db.execute("INSERT INTO document VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._append(POSTINGS, runs.parted((item.units, number) for number, item in enumerate(documents, first)))

    def having(self, units: Sequence[int]) -> list[int]:
        """Return an entry (unit and document) for each document that has one of the given packed, sorted units."""
        return self._find(POSTINGS, units)

    # Chains: the first-parent history of branches, and when each unit was first on it.

    def link(self, oid: str) -> Link | None:
        """Return a commit's place on an indexed chain, or ``None``."""
        row = self._link(oid)
        return None if row is None else row[0]

    def links(self, oids: Sequence[str]) -> dict[str, Link]:
        """Return the place of each of some commits that is on an indexed chain."""
        found = {}
        for start in range(0, len(oids), _ASKED):
            asked = oids[start : start + _ASKED]
            query = f"SELECT * FROM link WHERE oid IN ({', '.join('?' * len(asked))})"  # noqa: S608
            for *row, segment, depth in self._db.execute(query, asked):
                _unsealed(row[-1], *row[:-1], segment, depth)
                found[row[0]] = Link(segment, depth)
        return found

    def linked(self, oid: str) -> Stored:
        """Return a chain commit's document; its units are those that were new to the chain."""
        row = self._link(oid)
        if row is None:
            message = f"{oid} is not indexed"
            raise KeyError(message)
        return row[1]

    def _link(self, oid: str) -> tuple[Link, Stored] | None:
        row = self._db.execute("SELECT * FROM link WHERE oid = ?", (oid,)).fetchone()
        return None if row is None else (Link(*row[-2:]), _stored(row[:-2], *row[-2:]))

    def past(self, oids: Iterable[str]) -> Past:
        """Return the chains up to and with the given commits, which must be indexed."""
        limits: dict[int, int] = {}
        for oid in oids:
            at = self.link(oid)
            if at is None:
                message = f"{oid} is not indexed"
                raise KeyError(message)
            segment: int | None = at.segment
            depth = at.depth
            while segment is not None and limits.get(segment, -1) < depth:
                limits[segment] = depth
                segment, depth, _ = self._segment(segment)
        return Past(limits)

    def _segment(self, number: int) -> tuple[int | None, int, int]:
        """Return the segment that one grows from (``None``: a root), where, and the depth of its own last commit."""
        *row, seal = self._db.execute("SELECT parent, fork, last, seal FROM segment WHERE id = ?", (number,)).fetchone()
        _unsealed(seal, number, *row)
        parent, fork, last = row
        return parent, fork, last

    def _put_segment(self, number: int, parent: int | None, fork: int, last: int) -> None:
        row = (number, parent, fork, last)
        self._db.execute("INSERT OR REPLACE INTO segment VALUES(?, ?, ?, ?, ?)", (*row, sealed(b"", *row)))

    def first_depths(self, units: Sequence[int], past: Past) -> dict[int, int]:
        """Return for each of the packed, sorted units that the chains of ``past`` had when they first did."""
        found: dict[int, int] = {}
        for segment, limit in past.limits.items():
            for entry in self._find(segment, units):
                depth = entry & (runs.VALUES - 1)
                unit = entry >> runs.VALUE_BITS
                if depth <= limit and depth < found.get(unit, runs.VALUES):
                    found[unit] = depth
        return found

    def depths(self, unit: int, past: Past) -> list[int]:
        """Return every depth at which the chains of ``past`` had an id of a patch."""
        found = []
        for segment, limit in past.limits.items():
            found += [depth for entry in self._find(segment, [unit]) if (depth := entry & (runs.VALUES - 1)) <= limit]
        return found

    def extend(self, parent: str | None, documents: Sequence[Stored]) -> None:
        """Put commits, oldest first, on top of an indexed one (``None``: they start at a root)."""
        with transaction(self._db):
            segment, depth, before = self._place(parent)
            if depth + len(documents) >= runs.VALUES:
                message = "the history is too long for the index"
                raise sqlite3.OperationalError(message)
            novel, first = self._novelties(documents, depth, before)
            for offset, (item, units) in enumerate(zip(documents, novel, strict=True)):
                place = (segment, depth + offset)
                row = (*_columns(item, units, *place), *place)
                self._db.execute("INSERT INTO link VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            above, fork, _ = self._segment(segment)
            self._put_segment(segment, above, fork, depth + len(documents) - 1)
            self._append(segment, first)

    def _place(self, parent: str | None) -> tuple[int, int, Past]:
        """Return the segment and depth of what comes on top of a commit, and the past up to it."""
        at = None if parent is None else self.link(parent)
        before = Past({}) if parent is None else self.past([parent])
        if at is not None and self._segment(at.segment)[2] == at.depth:
            return at.segment, at.depth + 1, before
        depth = -1 if at is None else at.depth
        new = int(self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM segment").fetchone()[0])
        self._put_segment(new, None if at is None else at.segment, depth, depth)
        return new, depth + 1, before

    def _novelties(
        self, documents: Sequence[Stored], depth: int, before: Past
    ) -> tuple[list[array[int]], list[array[int]]]:
        """Return what is new in each of a row of commits, and the entries of all that by part."""
        value = runs.VALUES - 1
        novel = [array("Q") for _ in documents]
        parts = runs.parted((item.units, place) for place, item in enumerate(documents, depth))
        for part, mine in enumerate(parts):
            first = parts[part] = array("Q")
            entries = sorted(mine)
            units = [entry >> runs.VALUE_BITS for entry in entries]
            known = self.first_depths(units, before)
            last = -1
            for unit, entry in zip(units, entries, strict=True):
                if (unit == last or unit in known) and not runs.is_id(unit):
                    continue
                last = unit
                novel[(entry & value) - depth].append(unit)
                first.append(entry)
        return novel, parts

    # Runs, in parts and tails.

    def _find(self, owner: int, units: Sequence[int]) -> list[int]:
        found: list[int] = []
        tail = self._tail(owner)
        if tail:
            found += runs.find(tail, units)
        for part, mine in runs.split(units, entries=False):
            run = self._part(owner, part)
            if run:
                found += runs.find(run, mine)
        return found

    def _read_part(self, owner: int, part: int) -> array[int]:
        return self._run(owner, part)

    def _tail(self, owner: int) -> array[int]:
        if owner not in self._tails:
            self._tails[owner] = array("Q", sorted(self._run(owner, _TAIL_PART)))
        return self._tails[owner]

    def _run(self, owner: int, part: int) -> array[int]:
        """Return what is kept of a run in one part."""
        found = array("Q")
        rows = self._db.execute("SELECT serial, data FROM run WHERE owner = ? AND part = ?", (owner, part))
        for serial, data in rows:
            found.frombytes(_unsealed(data, owner, part, serial))
        return found

    def _put_run(self, owner: int, part: int, serial: int, numbers: Sequence[int]) -> None:
        data = sealed(runs.to_blob(numbers), owner, part, serial)
        self._db.execute("INSERT OR REPLACE INTO run VALUES(?, ?, ?, ?)", (owner, part, serial, data))

    def _append(self, owner: int, new: Sequence[Sequence[int]]) -> None:
        """Add entries, given by part, to a run, inside a transaction."""
        self._part.cache_clear()
        self._tails.pop(owner, None)
        size = sum(map(len, new))
        if not size:
            return
        serial, tails = self._db.execute(
            "SELECT coalesce(max(serial), 0) + 1, count(*) FROM run WHERE owner = ? AND part = ?", (owner, _TAIL_PART)
        ).fetchone()
        if size < _TAIL and tails < _TAILS:
            self._put_run(owner, _TAIL_PART, serial, sorted(chain.from_iterable(new)))
            return
        tail = dict(runs.split(self._tail(owner), entries=True))
        self._tails.pop(owner, None)
        self._db.execute("DELETE FROM run WHERE owner = ? AND part = ?", (owner, _TAIL_PART))
        for part, mine in enumerate(new):
            above = tail.get(part, ())
            if mine or above:
                self._put_run(owner, part, 0, sorted([*self._run(owner, part), *above, *mine]))

    def counts(self) -> dict[str, int]:
        """Return how many documents and chain commits there are."""
        names = ("document", "link")
        return {name: self._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}  # noqa: S608


def _unsealed(blob: bytes, *names: object) -> memoryview:
    content = opened(blob, *names)
    if content is None:
        message = "the index is damaged"
        raise sqlite3.DatabaseError(message)
    return content


def _columns(item: Stored, units: Sequence[int], *place: int) -> tuple[object, ...]:
    """Return a document as columns of a table, sealed together with where it stands."""
    # No text: a path is any bytes.
    paths = "\0".join(item.paths).encode("utf-8", "surrogateescape")
    names = (item.key, item.exact, item.inverse, item.core, int(item.telling), item.lines, paths)
    return *names, sealed(runs.to_blob(units), *names, *place)


def _stored(row: tuple[str, bytes | None, bytes | None, bytes | None, int, int, bytes, bytes], *place: int) -> Stored:
    *names, units = row
    found = runs.from_blob(_unsealed(units, *names, *place))
    key, exact, inverse, core, telling, lines, paths, _ = row
    split = tuple(paths.decode("utf-8", "surrogateescape").split("\0")) if paths else ()
    return Stored(key, exact, inverse, core, bool(telling), lines, split, found)


def index_path(common_dir: str) -> str:
    """Return where the index of this version is kept."""
    return os.path.join(common_dir, FOLDER, f"index-{_LAYOUT}.{VERSION}.sqlite")


def indexed(common_dir: str, work: Callable[[Index], _T]) -> _T:
    """Return what some work makes of a repository's index; where the index fails, of a temporary one that starts empty.

    Nothing that is in it cannot be made again: a damaged file is thrown away.
    """
    path = index_path(common_dir)
    problem = ""
    for _ in range(2):
        found = identity_of(path)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with contextlib.closing(Index(path)) as index:
                return work(index)
        except (OSError, sqlite3.Error) as error:
            problem = str(error)
            if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, sqlite3.OperationalError):
                break
            discard(path, found)
    with contextlib.closing(Index(None, problem)) as index:
        return work(index)

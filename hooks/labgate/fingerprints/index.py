"""The index: a cache in SQLite of the features of commits, and of when a branch first had each feature.

Everything in it is a pure function of commits and of ``features.VERSION``, which is part of the file's name. So an
entry is right or absent, another version is another file, and a failure costs time but never gives a wrong answer.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from labgate import FOLDER
from labgate.fingerprints import postings
from labgate.fingerprints.documents import Document, checked, columns, document_of
from labgate.fingerprints.features import VERSION
from labgate.fingerprints.first_entries import FirstEntries
from labgate.fingerprints.fork_places import ForkPlaces, places_of
from labgate.fingerprints.joined_pieces import JoinedPieces
from labgate.fingerprints.other_versions import note_use, remove_unused
from labgate.fingerprints.past import Past, Piece, Swapped
from labgate.fingerprints.posting_lists import PostingLists
from labgate.fingerprints.storage import Storage, discard, is_damage, transaction
from labgate.values.checksum import with_checksum
from labgate.values.databases import identity_of
from labgate.values.value import NOTHING, Value

_T = TypeVar("_T")
#: Layout of the tables, with their names; together with ``features.VERSION`` it names the file.
_LAYOUT = 6
_SCHEMA = """
CREATE TABLE document(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, exact BLOB, inverse BLOB, core BLOB,
    substance INTEGER NOT NULL, lines INTEGER NOT NULL, cut INTEGER NOT NULL, paths BLOB NOT NULL,
    units BLOB NOT NULL);
CREATE TABLE link(oid TEXT PRIMARY KEY, exact BLOB, inverse BLOB, core BLOB, substance INTEGER NOT NULL,
    lines INTEGER NOT NULL, cut INTEGER NOT NULL, paths BLOB NOT NULL, novel BLOB NOT NULL,
    segment INTEGER NOT NULL, depth INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE segment(id INTEGER PRIMARY KEY, parent INTEGER, fork INTEGER NOT NULL, last INTEGER NOT NULL,
    seal BLOB NOT NULL);
CREATE TABLE swap(segment INTEGER NOT NULL, depth INTEGER NOT NULL, other TEXT NOT NULL, seal BLOB NOT NULL,
    PRIMARY KEY(segment, depth)) WITHOUT ROWID;
CREATE TABLE run(owner INTEGER NOT NULL, part INTEGER NOT NULL, serial INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY(owner, part, serial));
CREATE TABLE fork(id INTEGER PRIMARY KEY, oids TEXT NOT NULL, places BLOB NOT NULL);
CREATE INDEX cut ON document(key, cut) WHERE cut > 0;
"""
#: The missing objects of documents. The table is only made if there are some, and is not part of the layout.
_GAPS = "CREATE TABLE IF NOT EXISTS gap(key TEXT PRIMARY KEY, oids BLOB NOT NULL) WITHOUT ROWID"
#: The owner of the posting list of documents by feature; a segment's own list has the depth of each feature.
_DOCUMENTS = -1
_VALUE = postings.VALUES - 1


class Link(Value):
    """A commit's place on a first-parent chain: ``depth`` counts from the root, which has 0."""

    segment: int
    depth: int


class Index:
    """The index of one repository; without a path a temporary one that starts empty."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._storage = Storage(path, _SCHEMA, _GAPS)
        self._gaps: dict[str, tuple[str, ...]] | None = None
        self._twins: dict[int, bytes] | None = None
        #: Whether it is known that what documents lack is still not here.
        self.gaps_checked = False
        self._postings = PostingLists(self._storage, _DOCUMENTS)
        self._forks = ForkPlaces(self._storage)
        self._joined = JoinedPieces(self._postings.all, self._postings.size)

    @property
    def _db(self) -> sqlite3.Connection:
        return self._storage.db

    @property
    def held_bytes(self) -> int:
        """The bytes of posting lists that are in memory."""
        return self._postings.held_bytes

    def close(self) -> None:
        self._storage.close()

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Keep other processes from building at the same time: they wait, and then find what they need.

        What another version has built and nobody uses any more is removed.
        """
        with self._storage.alone():
            self._forget()
            yield
        if self._path is not None:
            remove_unused(self._path)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read one state of the index throughout, whatever other processes add (SQLite, "Isolation")."""
        self._forget()
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _forget(self) -> None:
        self._postings.forget()
        self._joined.clear()
        self._gaps = self._twins = None

    # Documents: the changes of a commit or a range.

    def document_ids(self) -> dict[str, int]:
        """Return the number of every document by its key."""
        return dict(self._db.execute("SELECT key, id FROM document"))

    def document(self, number: int) -> Document:
        """Return a document by its number."""
        row = self._db.execute(
            "SELECT key, exact, inverse, core, substance, lines, cut, paths, units FROM document WHERE id = ?",
            (number,),
        ).fetchone()
        return document_of(row, number)

    def cuts(self) -> dict[str, int]:
        """Return by its key the number of files of each document that are compared in part."""
        return dict(self._db.execute("SELECT key, cut FROM document WHERE cut > 0"))

    def twins(self) -> Mapping[int, bytes]:
        """Return by the number of each document the id of its code, or if it has none of all of it.

        A copy, rebased or picked, has the same one. Documents without changes are left out.
        """
        if self._twins is None:
            rows = self._db.execute("SELECT id, coalesce(core, exact) FROM document")
            self._twins = {number: digest for number, digest in rows if digest is not None}
        return self._twins

    def add_documents(self, documents: Sequence[Document]) -> None:
        """Add documents and their features."""
        with transaction(self._db):
            first = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM document").fetchone()[0]
            if first + len(documents) >= postings.VALUES:
                # Nearly all of it is about commits that are gone: it is rebuilt, as a damaged one is.
                message = "the index is full"
                raise sqlite3.DatabaseError(message)
            for number, item in enumerate(documents, first):
                row = (number, *columns(item, item.features, number))
                self._db.execute("INSERT INTO document VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            rows = ((item.features, number) for number, item in enumerate(documents, first))
            self._postings.append(_DOCUMENTS, postings.parted(rows))
            self._note_gaps(documents)

    def having(self, features: Sequence[int]) -> list[int]:
        """Return the sorted entries (feature and document) for each document with one of the sorted features."""
        return sorted(self._postings.find(_DOCUMENTS, features))

    def possible(self, features: Sequence[int]) -> list[int]:
        """Return those of the sorted features that some document may have, and a few others."""
        return self._postings.possible(features)

    # Gaps: documents that were made without objects which are not in this clone.

    def gaps(self) -> dict[str, tuple[str, ...]]:
        """Return by its key what each document lacks: oids of objects that were not here when it was made."""
        if self._gaps is None:
            there = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'gap'").fetchone()
            rows = self._db.execute("SELECT key, oids FROM gap") if there else ()
            self._gaps = {key: tuple(str(checked(oids, key), "ascii").split()) for key, oids in rows}
        return self._gaps

    def _note_gaps(self, documents: Sequence[Document]) -> None:
        """Remember what documents lack, inside a transaction."""
        gaps = [
            (item.key, with_checksum(" ".join(item.lacking).encode(), item.key)) for item in documents if item.lacking
        ]
        if gaps:
            self._db.execute(_GAPS)
            self._db.executemany("INSERT OR REPLACE INTO gap VALUES(?, ?)", gaps)
            self._gaps = None

    # Chains: the first-parent history of branches, and when each feature was first on it.

    def link(self, oid: str) -> Link | None:
        """Return a commit's place on an indexed chain, or ``None``."""
        row = self._link(oid)
        return None if row is None else row[0]

    def links(self, oids: Sequence[str]) -> dict[str, Link]:
        """Return the places of those commits that are on an indexed chain."""
        return {oid: Link(*place) for oid, place in places_of(self._storage, oids).items()}

    def forks(self, oids: Sequence[str]) -> Mapping[str, int]:
        """Return the places of those commits that are on an indexed chain, and of others (``ForkPlaces``)."""
        return self._forks.of(oids)

    def linked(self, oid: str) -> Document:
        """Return a chain commit's document; its features are those that were new to the chain."""
        return self._indexed(oid)[1]

    def _indexed(self, oid: str) -> tuple[Link, Document]:
        found = self._link(oid)
        if found is None:
            message = f"{oid} is not indexed"
            raise KeyError(message)
        return found

    def _link(self, oid: str) -> tuple[Link, Document] | None:
        row = self._db.execute("SELECT * FROM link WHERE oid = ?", (oid,)).fetchone()
        return None if row is None else (Link(*row[-2:]), document_of(row[:-2], *row[-2:]))

    def past(self, oids: Iterable[str], swaps: Sequence[tuple[int, str]] = ()) -> Past:
        """Return the chains up to and including the given commits, which must be indexed.

        Each merge with swapped parents adds the chain of its second parent; ``swaps`` are such parents of commits that
        are not indexed yet, each with the depth of its merge.
        """
        limits: dict[int, int] = {}
        for oid in oids:
            limits.update(self._new_pieces(oid, limits))
        left = [*swaps, *(swap for segment, limit in limits.items() for swap in self._swaps(segment, -1, limit))]
        known, pieces = dict(limits), []
        if not left:
            return Past(limits, ())
        from heapq import heapify, heappop, heappush  # few branches have swapped parents

        heapify(left)
        while left:
            depth, oid = heappop(left)
            for segment, limit in self._new_pieces(oid, known):
                above = known.get(segment, -1)
                pieces.append(Swapped(segment, above, limit, depth))
                known[segment] = limit
                # What came to that chain by another swap came with it.
                for _, other in self._swaps(segment, above, limit):
                    heappush(left, (depth, other))
        return Past(limits, tuple(pieces))

    def _new_pieces(self, oid: str, limits: Mapping[int, int]) -> list[tuple[int, int]]:
        """Return the segments of a commit's chain, each with its last depth, down to what ``limits`` have already."""
        at, _ = self._indexed(oid)
        found = []
        segment: int | None = at.segment
        depth = at.depth
        while segment is not None and limits.get(segment, -1) < depth:
            found.append((segment, depth))
            segment, depth, _ = self._segment(segment)
        return found

    def _swaps(self, segment: int, above: int, limit: int) -> list[tuple[int, str]]:
        """Return the merges with swapped parents in a piece of a segment: their depths and second parents."""
        query = "SELECT depth, other, seal FROM swap WHERE segment = ? AND depth > ? AND depth <= ?"
        found = []
        for depth, other, seal in self._db.execute(query, (segment, above, limit)):
            checked(seal, segment, depth, other)
            found.append((depth, other))
        return found

    def cut_links(self, past: Past) -> int:
        """Return the number of commits on the chains of ``past`` of which files are over a limit."""
        rows = self._db.execute("SELECT segment, depth FROM link WHERE cut > 0").fetchall()
        places = [(segment, depths) for segment, depths, _ in past.pieces()]
        return sum(any(segment == at and depth in depths for at, depths in places) for segment, depth in rows)

    def _segment(self, number: int) -> tuple[int | None, int, int]:
        """Return a segment's parent segment (``None``: a root), the depth of the fork, and that of its last commit."""
        query = "SELECT parent, fork, last, seal FROM segment WHERE id = ?"
        parent, fork, last, checksum = self._db.execute(query, (number,)).fetchone()
        checked(checksum, number, parent, fork, last)
        return parent, fork, last

    def _put_segment(self, number: int, parent: int | None, fork: int, last: int) -> None:
        row = (number, parent, fork, last)
        self._db.execute("INSERT OR REPLACE INTO segment VALUES(?, ?, ?, ?, ?)", (*row, with_checksum(b"", *row)))

    def first_depths(self, features: Sequence[int], past: Past, enough: int = 0) -> dict[int, int]:
        """Return the depth at which the chains of ``past`` first had each of the sorted features, if they had it.

        Of a feature that they had at a depth below ``enough`` it may be any such depth: fewer chains are searched.
        """
        found: dict[int, int] = {}
        asked = features
        for having in self._lists(past):
            for entry in having(asked):
                feature, depth = entry >> postings.VALUE_BITS, entry & _VALUE
                if depth < found.get(feature, postings.VALUES):
                    found[feature] = depth
            if enough:
                asked = [feature for feature in asked if found.get(feature, enough) >= enough]
        return found

    def depths(self, ids: Sequence[int], past: Past) -> dict[int, list[int]]:
        """Return every depth at which the chains of ``past`` had each of the sorted patch ids, if they had it."""
        found: dict[int, list[int]] = {}
        for having in self._lists(past):
            for entry in having(ids):
                found.setdefault(entry >> postings.VALUE_BITS, []).append(entry & _VALUE)
        return found

    def _lists(self, past: Past) -> Iterator[Callable[[Sequence[int]], list[int]]]:
        """Yield a search for each posting list of ``past``: for entries with the depths at which it had them."""
        pieces = [*past.pieces()]
        small = self._joined.small(pieces)
        for piece in pieces:
            if piece not in small:
                yield partial(self._in_piece, piece)
        if small:
            yield partial(postings.find, self._joined.of(small))

    def _in_piece(self, piece: Piece, features: Sequence[int]) -> list[int]:
        segment, places, at = piece
        found = [entry for entry in self._postings.find(segment, features) if entry & _VALUE in places]
        return found if at is None else [entry & ~_VALUE | at for entry in found]

    def extend(self, parent: str | None, documents: Iterable[Document], swaps: Mapping[str, str] = NOTHING) -> str:
        """Add commits, oldest first, on top of an indexed one (``None``: they start at a root); return the last one.

        ``swaps`` are the second parents, which must be indexed, of merges with swapped parents (``swapped_parents``).
        """
        first = FirstEntries(documents)
        with transaction(self._db):
            segment, depth = self._place(parent)
            if depth + len(first.heads) >= postings.VALUES:
                message = "the history is too long for the index"
                raise sqlite3.OperationalError(message)
            mine = [(at, swaps[item.key]) for at, item in enumerate(first.heads, depth) if item.key in swaps]
            before = self.past([] if parent is None else [parent], mine)
            rows = ((segment, *swap, with_checksum(b"", segment, *swap)) for swap in mine)
            self._db.executemany("INSERT INTO swap VALUES(?, ?, ?, ?)", rows)
            first.find(depth, partial(self._known_once, before))
            for at, (item, features) in enumerate(zip(first.heads, first.novel, strict=True), depth):
                row = (*columns(item, features, segment, at), segment, at)
                self._db.execute("INSERT INTO link VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            above, fork, _ = self._segment(segment)
            self._put_segment(segment, above, fork, depth + len(first.heads) - 1)
            self._postings.append(segment, first.parts)
            self._joined.clear()
            self._note_gaps(first.heads)
        return first.heads[-1].key

    def _known_once(self, before: Past, features: Sequence[int]) -> dict[int, int]:
        """Return as ``first_depths`` does; no other range of features is in the parts that are read for it."""
        found = self.first_depths(features, before)
        self._postings.drop_parts()
        return found

    def _place(self, parent: str | None) -> tuple[int, int]:
        """Return the segment and depth of a commit's child."""
        at = None if parent is None else self.link(parent)
        if at is not None and self._segment(at.segment)[2] == at.depth:
            return at.segment, at.depth + 1
        depth = -1 if at is None else at.depth
        new = int(self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM segment").fetchone()[0])
        self._put_segment(new, None if at is None else at.segment, depth, depth)
        return new, depth + 1

    def counts(self) -> dict[str, int]:
        """Return the numbers of documents and chain commits."""
        names = ("document", "link")
        # Unlike count(*), which SQLite does in one step, this ends by the limit of steps.
        return {name: int(self._db.execute(f"SELECT total(1) FROM {name}").fetchone()[0]) for name in names}  # noqa: S608


def index_path(common_dir: str) -> str:
    """Return the path of this version's index."""
    return os.path.join(common_dir, FOLDER, f"index-{_LAYOUT}.{VERSION}.sqlite")


def indexed(common_dir: str, work: Callable[[Index], _T]) -> _T:
    """Return the result of some work on a repository's index; if it fails, on a temporary one that starts empty.

    All of it can be rebuilt, so a damaged file is deleted.
    """
    path = index_path(common_dir)
    for _ in range(2):
        found = identity_of(path)
        try:
            with contextlib.closing(Index(path)) as index:
                note_use(path)
                return work(index)
        except (OSError, sqlite3.Error) as error:
            if not is_damage(error):
                break
            discard(path, found)
    with contextlib.closing(Index(None)) as index:
        return work(index)

"""Posting lists in the database of the index: each in pages, and in tails of what was added since (``postings``).

A page has the entries with the same highest bits of their features. Its number is these bits after a one, so that it
tells how many bits they are; a list has at least a page for each part, and more the longer it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from labgate.fingerprints import filters, postings
from labgate.fingerprints.documents import checked
from labgate.fingerprints.held_parts import HeldParts
from labgate.fingerprints.postings import PART_BITS, PARTS, VALUE_BITS
from labgate.fingerprints.storage import Storage
from labgate.values.checksum import with_checksum

#: A batch of fewer entries is stored as a tail beside the pages, until there are ``_TAILS`` of them.
_TAIL, _TAILS = 4096, 16
_TAIL_PART = -1
#: Of a filtered list the filter of the first part; those of the others have the numbers below.
_FILTERS = -2
#: A page has fewer entries than two to the power of this, on average: two of them are in a page of SQLite.
_PAGE_BITS = 8
#: One page is read in the time of so many that stand one after the other.
_SPARSE = 8
#: The pages of one query.
_ASKED = 500
_WRITE = "INSERT OR REPLACE INTO run VALUES(?, ?, ?, ?)"
_CLEAR = "DELETE FROM run WHERE owner = ? AND part >= ? AND part < ?"
_READ = "SELECT part, data FROM run WHERE owner = ? AND part >= ? AND part < ? ORDER BY part"


class PostingLists:
    """The posting lists of an index, by the number of their owner. The caller has a transaction where it adds.

    The list of ``filtered`` has a filter.
    """

    def __init__(self, storage: Storage, filtered: int) -> None:
        self._storage = storage
        self._filtered = filtered
        self._tails: dict[int, array[int]] = {}
        self._parts = HeldParts(self._read)
        self._page_bits: dict[int, int] = {}
        #: The number of pages of a list that were read one by one.
        self._read_pages: dict[int, int] = {}

    @property
    def held_bytes(self) -> int:
        """The bytes of lists that are in memory."""
        return self._parts.size

    def forget(self) -> None:
        """Read everything again from now on: another process may have added to it."""
        self.drop_parts()
        self._tails.clear()
        self._page_bits.clear()

    def drop_parts(self) -> None:
        """Free the memory of the parts."""
        self._parts.clear()

    def find(self, owner: int, features: Sequence[int]) -> list[int]:
        """Return every entry of a list whose feature is among sorted ones."""
        pages = 1 << self._bits(owner)
        # A run that asks for much, or again and again, soon has most pages in memory, in whole parts.
        if len(features) >= pages or self._read_pages.get(owner, 0) * _SPARSE >= pages:
            found = postings.find(self._tail(owner), features)
            return found + self._in_parts(owner, postings.split(features, entries=False))
        if owner == self._filtered:
            features = self.possible(features)
        found = postings.find(self._tail(owner), features)
        few, many = list[int](), list[tuple[int, Sequence[int]]]()
        for part, mine in postings.split(features, entries=False):
            if self._parts.has(owner, part) or len(mine) * PARTS * _SPARSE >= pages:
                many.append((part, mine))
            else:
                few += mine
        return found + self._in_parts(owner, many) + self._in_pages(owner, few)

    def _in_parts(self, owner: int, asked: Iterable[tuple[int, Sequence[int]]]) -> list[int]:
        return [entry for part, mine in asked for entry in postings.find(self._parts.of(owner, part), mine)]

    def possible(self, features: Sequence[int]) -> list[int]:
        """Return those of some sorted features that the filtered list may have, and a few others."""
        tail = {entry >> VALUE_BITS for entry in self._tail(self._filtered)}
        known = dict(self._filters())
        found: list[int] = []
        for part, mine in postings.split(features, entries=False):
            may = filters.passing(known[part], mine) if part in known else mine
            found += sorted({*may, *tail.intersection(mine)}) if tail else may
        return found

    def all(self, owner: int) -> array[int]:
        """Return all entries of a list, in any order."""
        found = array("Q")
        rows = self._storage.db.execute(
            "SELECT part, serial, data FROM run WHERE owner = ? AND part >= ?", (owner, _TAIL_PART)
        )
        for part, serial, data in rows:
            found.frombytes(checked(data, owner, part, serial))
        return found

    def size(self, owner: int) -> int:
        """Return the number of entries of a posting list; that of its checksums counts as well."""
        query = "SELECT total(length(data)) FROM run WHERE owner = ? AND part >= ?"
        return int(self._storage.db.execute(query, (owner, _TAIL_PART)).fetchone()[0]) // 8

    def append(self, owner: int, new: Sequence[Sequence[int]]) -> None:
        """Add entries, given by part, to a posting list, inside a transaction."""
        self._parts.clear()
        tail = self._tail(owner)
        self._tails.pop(owner, None)
        size = sum(map(len, new))
        if not size:
            return
        serial, tails = self._storage.db.execute(
            "SELECT coalesce(max(serial), 0) + 1, count(*) FROM run WHERE owner = ? AND part = ?", (owner, _TAIL_PART)
        ).fetchone()
        if size < _TAIL and tails < _TAILS:
            self._write(owner, _TAIL_PART, sorted(chain.from_iterable(new)), serial)
            return
        self._storage.db.execute("DELETE FROM run WHERE owner = ? AND part = ?", (owner, _TAIL_PART))
        self._merge(owner, new, dict(postings.split(tail, entries=True)))

    def _merge(self, owner: int, new: Sequence[Sequence[int]], tail: Mapping[int, Sequence[int]]) -> None:
        """Write entries, given by part, and those of the tails into the pages; as many pages as it then needs."""
        old = self._bits(owner)
        entries = self.size(owner) + sum(map(len, new)) + sum(map(len, tail.values()))
        bits = max(old, entries.bit_length() - _PAGE_BITS)
        for part, mine in enumerate(new):
            above = tail.get(part, ())
            if not mine and not above and bits == old:
                continue
            known = self._read(owner, part)
            if bits > old:
                self._storage.db.execute(_CLEAR, (owner, *_pages(part, old)))
            both = sorted([*known, *above, *mine])
            for page, its in postings.split(both, entries=True, bits=bits):
                self._write(owner, 1 << bits | page, its)
            if owner == self._filtered:
                self._filter(part, both, [*above, *mine])
        self._page_bits.pop(owner, None)

    def _bits(self, owner: int) -> int:
        """Return the number of bits of a feature that tell its page."""
        if owner not in self._page_bits:
            last = self._storage.db.execute("SELECT max(part) FROM run WHERE owner = ?", (owner,)).fetchone()[0]
            self._page_bits[owner] = PART_BITS if last is None or last < 0 else last.bit_length() - 1
        return self._page_bits[owner]

    def _in_pages(self, owner: int, features: Sequence[int]) -> list[int]:
        """Return every entry whose feature is among sorted ones, from the pages that may have them."""
        bits = self._bits(owner)
        asked = {1 << bits | page: mine for page, mine in postings.split(features, entries=False, bits=bits)}
        self._read_pages[owner] = self._read_pages.get(owner, 0) + len(asked)
        numbers, found = iter(asked), list[int]()
        while some := list(islice(numbers, _ASKED)):
            marks = ", ".join("?" * len(some))
            query = f"SELECT part, data FROM run WHERE owner = ? AND serial = 0 AND part IN ({marks})"  # noqa: S608
            for page, data in self._storage.db.execute(query, (owner, *some)):
                entries = array("Q")
                entries.frombytes(checked(data, owner, page, 0))
                found += postings.find(entries, asked[page])
        return found

    def _filters(self) -> Iterator[tuple[int, memoryview]]:
        """Yield each part of the filtered list that has a filter, with it."""
        rows = self._storage.db.execute(
            "SELECT part, data FROM run WHERE owner = ? AND part <= ?", (self._filtered, _FILTERS)
        )
        for number, data in rows:
            yield _FILTERS - number, checked(data, self._filtered, number, 0)

    def _filter(self, part: int, entries: Sequence[int], new: Sequence[int]) -> None:
        """Write the filter of a part that has these entries, some of which are ``new``."""
        number = _FILTERS - part
        query = "SELECT data FROM run WHERE owner = ? AND part = ?"
        row = self._storage.db.execute(query, (self._filtered, number)).fetchone()
        known = b"" if row is None else checked(row[0], self._filtered, number, 0)
        data = filters.extended(known, len(entries), {entry >> VALUE_BITS for entry in new})
        data = data or filters.made(len(entries), {entry >> VALUE_BITS for entry in entries})
        self._storage.db.execute(_WRITE, (self._filtered, number, 0, with_checksum(data, self._filtered, number, 0)))

    def _tail(self, owner: int) -> array[int]:
        if owner not in self._tails:
            query = "SELECT serial, data FROM run WHERE owner = ? AND part = ?"
            tail = array("Q")
            for serial, data in self._storage.db.execute(query, (owner, _TAIL_PART)):
                tail.frombytes(checked(data, owner, _TAIL_PART, serial))
            self._tails[owner] = array("Q", sorted(tail))
        return self._tails[owner]

    def _read(self, owner: int, part: int) -> array[int]:
        """Return the sorted entries of a part."""
        rows = self._storage.db.execute(_READ, (owner, *_pages(part, self._bits(owner))))
        found = array("Q")
        found.frombytes(b"".join([checked(data, owner, page, 0) for page, data in rows]))
        return found

    def _write(self, owner: int, part: int, numbers: Sequence[int], serial: int = 0) -> None:
        data = with_checksum(array("Q", numbers).tobytes(), owner, part, serial)
        self._storage.db.execute(_WRITE, (owner, part, serial, data))


def _pages(part: int, bits: int) -> tuple[int, int]:
    """Return the number of the first page of a part, and that of the first one of the next part."""
    first = 1 << bits | part << bits - PART_BITS
    return first, first + (1 << bits - PART_BITS)

"""Posting lists in the database of the index: each in parts, and in tails of what was added since (``postings``)."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain

from labgate.fingerprints import postings
from labgate.fingerprints.documents import checked
from labgate.fingerprints.held_parts import HeldParts
from labgate.fingerprints.storage import Storage
from labgate.values.checksum import with_checksum

#: A batch of fewer entries is stored as a tail beside the parts, until there are ``_TAILS`` of them.
_TAIL, _TAILS = 4096, 16
_TAIL_PART = -1


class PostingLists:
    """The posting lists of an index, by the number of their owner. The caller has a transaction where it adds."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._tails: dict[int, array[int]] = {}
        self._parts = HeldParts(self._read)

    @property
    def held_bytes(self) -> int:
        """The bytes of lists that are in memory."""
        return self._parts.size

    def forget(self) -> None:
        """Read everything again from now on: another process may have added to it."""
        self.drop_parts()
        self._tails.clear()

    def drop_parts(self) -> None:
        """Free the memory of the parts."""
        self._parts.clear()

    def find(self, owner: int, features: Sequence[int]) -> list[int]:
        """Return every entry of a list whose feature is among sorted ones."""
        found = postings.find(self._tail(owner), features)
        for part, mine in postings.split(features, entries=False):
            found += postings.find(self._parts.of(owner, part), mine)
        return found

    def all(self, owner: int) -> array[int]:
        """Return all entries of a list, in any order."""
        found = array("Q")
        rows = self._storage.db.execute("SELECT part, serial, data FROM run WHERE owner = ?", (owner,))
        for part, serial, data in rows:
            found.frombytes(checked(data, owner, part, serial))
        return found

    def size(self, owner: int) -> int:
        """Return the number of entries of a posting list; that of its checksums counts as well."""
        size = self._storage.db.execute("SELECT total(length(data)) FROM run WHERE owner = ?", (owner,)).fetchone()[0]
        return int(size) // 8

    def append(self, owner: int, new: Sequence[Sequence[int]]) -> None:
        """Add entries, given by part, to a posting list, inside a transaction."""
        self._parts.clear()
        self._tails.pop(owner, None)
        size = sum(map(len, new))
        if not size:
            return
        serial, tails = self._storage.db.execute(
            "SELECT coalesce(max(serial), 0) + 1, count(*) FROM run WHERE owner = ? AND part = ?", (owner, _TAIL_PART)
        ).fetchone()
        if size < _TAIL and tails < _TAILS:
            self._write(owner, _TAIL_PART, serial, sorted(chain.from_iterable(new)))
            return
        tail = dict(postings.split(self._tail(owner), entries=True))
        self._tails.pop(owner, None)
        self._storage.db.execute("DELETE FROM run WHERE owner = ? AND part = ?", (owner, _TAIL_PART))
        for part, mine in enumerate(new):
            above = tail.get(part, ())
            if mine or above:
                self._write(owner, part, 0, sorted([*self._read(owner, part), *above, *mine]))

    def _tail(self, owner: int) -> array[int]:
        if owner not in self._tails:
            self._tails[owner] = array("Q", sorted(self._read(owner, _TAIL_PART)))
        return self._tails[owner]

    def _read(self, owner: int, part: int) -> array[int]:
        found = array("Q")
        rows = self._storage.db.execute("SELECT serial, data FROM run WHERE owner = ? AND part = ?", (owner, part))
        for serial, data in rows:
            found.frombytes(checked(data, owner, part, serial))
        return found

    def _write(self, owner: int, part: int, serial: int, numbers: Sequence[int]) -> None:
        data = with_checksum(array("Q", numbers).tobytes(), owner, part, serial)
        self._storage.db.execute("INSERT OR REPLACE INTO run VALUES(?, ?, ?, ?)", (owner, part, serial, data))

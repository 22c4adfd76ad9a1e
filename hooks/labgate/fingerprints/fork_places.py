"""Where research forked from indexed chains, as asked for last: there are thousands of forks, and few change."""

from __future__ import annotations

import contextlib
import sqlite3
from array import array
from collections.abc import Mapping, Sequence

from labgate.fingerprints.documents import checked
from labgate.fingerprints.postings import VALUE_BITS
from labgate.fingerprints.storage import Storage, transaction
from labgate.values.checksum import with_checksum

#: The only row of the table.
_ROW = 0
#: The most rows of one query (sqlite.org, "Maximum Number Of Host Parameters": 999 in old ones).
_ASKED = 500


class ForkPlaces:
    """The places of commits on chains: a number each, the segment above ``VALUE_BITS`` bits of depth.

    A commit that is indexed never moves.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def of(self, oids: Sequence[str]) -> Mapping[str, int]:
        """Return the places of those commits that are on an indexed chain, and of others, in any order."""
        known = self._read()
        missing = [oid for oid in oids if oid not in known]
        new = {
            oid: segment << VALUE_BITS | depth for oid, (segment, depth) in places_of(self._storage, missing).items()
        }
        if new:
            known |= new
            self._write({oid: known[oid] for oid in oids if oid in known})
        return known

    def _read(self) -> dict[str, int]:
        row = self._storage.db.execute("SELECT oids, places FROM fork WHERE id = ?", (_ROW,)).fetchone()
        if row is None:
            return {}
        oids, places = row
        found = array("Q")
        found.frombytes(checked(places, oids))
        return dict(zip(oids.split(), found, strict=True))

    def _write(self, places: Mapping[str, int]) -> None:
        """Remember places for the next run, if possible."""
        oids = " ".join(places)
        data = with_checksum(array("Q", places.values()).tobytes(), oids)
        with contextlib.suppress(sqlite3.OperationalError), transaction(self._storage.db):
            self._storage.db.execute("INSERT OR REPLACE INTO fork VALUES(?, ?, ?)", (_ROW, oids, data))


def places_of(storage: Storage, oids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the segment and depth of those commits that are on an indexed chain."""
    found = {}
    for start in range(0, len(oids), _ASKED):
        asked = oids[start : start + _ASKED]
        query = f"SELECT * FROM link WHERE oid IN ({', '.join('?' * len(asked))})"  # noqa: S608
        for *row, segment, depth in storage.db.execute(query, asked):
            checked(row[-1], *row[:-1], segment, depth)
            found[row[0]] = (segment, depth)
    return found

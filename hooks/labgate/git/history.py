"""All history of some tips in few bytes a commit: a repository has hundreds of thousands of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, overload

from labgate.git.repository import Repository

_T = TypeVar("_T")
#: What stands for no commit in an array.
NONE = -1
#: git prints any number of 64 bits as a time.
_LATEST = 2**63 - 1


class History(Mapping[str, tuple[str, ...]]):
    """Commits (full oids) with their parents, children before parents; each has a number, its place in that order.

    An object of Python takes 50 bytes and more, so oids and numbers are in arrays. A commit takes some 40 bytes.
    """

    def __init__(self, rows: Iterable[bytes]) -> None:
        """Take the lines of ``git rev-list --topo-order --parents --timestamp``."""
        names: list[bytes] = []
        #: The committer time of each commit in seconds since the epoch.
        self.times = array("q")
        # Parents are listed later than their children, so they have no number yet.
        above, roots = bytearray(), set[int]()
        merges: dict[int, list[bytes]] = {}
        for number, row in enumerate(rows):
            time, oid, *parents = row.split()
            names.append(_packed(oid))
            self.times.append(min(int(time), _LATEST))
            above += _packed(parents[0] if parents else oid)
            if not parents:
                roots.add(number)
            if len(parents) > 1:
                merges[number] = parents[1:]
        places = {name: number for number, name in enumerate(names)}
        self._size = size = len(names[0]) if names else 1
        #: The number of each commit's first parent, ``NONE`` for a root.
        self.first = array("i", (places[bytes(above[at : at + size])] for at in range(0, len(above), size)))
        for number in roots:
            self.first[number] = NONE
        #: The other parents of merges.
        self._others = {number: tuple(places[_packed(oid)] for oid in oids) for number, oids in merges.items()}
        self._names = b"".join(names)
        #: The last commit that was named, and its number: a reader of all history asks several things of each commit.
        self._last: tuple[str | None, int] = (None, NONE)
        #: The numbers in the order of their oids, and where in it those start that begin with each two bytes.
        self._sorted = array("i", (places[name] for name in sorted(names)))
        self._starts = array("i", self._counted(names))

    @staticmethod
    def _counted(names: Sequence[bytes]) -> Iterator[int]:
        counts = array("i", bytes(4 << 16))
        for name in names:
            counts[name[0] << 8 | name[1]] += 1
        total = 0
        yield total
        for count in counts:
            total += count
            yield total

    def number(self, oid: str) -> int | None:
        """Return the number of a commit, ``None`` if it is not in this history."""
        if oid == self._last[0]:
            return self._last[1]
        try:
            name = bytes.fromhex(oid)
        except ValueError:
            return None
        if len(name) != self._size:
            return None
        bucket = name[0] << 8 | name[1]
        end = self._starts[bucket + 1]
        at = bisect_left(self._sorted, name, self._starts[bucket], end, key=self._name)
        return self._sorted[at] if at < end and self._name(self._sorted[at]) == name else None

    def place(self, oid: str) -> int:
        """Return the number of a commit of this history. Raises: ``KeyError``."""
        number = self.number(oid)
        if number is None:
            raise KeyError(oid)
        return number

    def oid(self, number: int) -> str:
        """Return the commit with a number."""
        oid = self._name(number).hex()
        self._last = (oid, number)
        return oid

    def parents(self, number: int) -> tuple[int, ...]:
        """Return the numbers of a commit's parents."""
        first = self.first[number]
        if first == NONE:
            return ()
        others = self._others.get(number)
        return (first,) if others is None else (first, *others)

    def _name(self, number: int) -> bytes:
        return self._names[number * self._size : (number + 1) * self._size]

    def __getitem__(self, oid: str) -> tuple[str, ...]:
        return tuple(map(self.oid, self.parents(self.place(oid))))

    def __contains__(self, oid: object) -> bool:
        return isinstance(oid, str) and self.number(oid) is not None

    def __iter__(self) -> Iterator[str]:
        return map(self.oid, range(len(self)))

    def __len__(self) -> int:
        return len(self.first)


def _packed(oid: bytes) -> bytes:
    return bytes.fromhex(oid.decode())


class ByCommit(Mapping[str, int]):
    """A number for each commit of a history, by the commit's own number; those with ``nothing`` have none."""

    def __init__(self, history: History, values: Sequence[int], nothing: int | None = None) -> None:
        self._history = history
        self._values = values
        self._nothing = nothing

    def _value(self, oid: str) -> int | None:
        number = self._history.number(oid)
        value = None if number is None else self._values[number]
        return None if value == self._nothing else value

    def __getitem__(self, oid: str) -> int:
        value = self._value(oid)
        if value is None:
            raise KeyError(oid)
        return value

    @overload
    def get(self, oid: str, /) -> int | None: ...
    @overload
    def get(self, oid: str, /, default: int | _T) -> int | _T: ...
    def get(self, oid: str, /, default: int | _T | None = None) -> int | _T | None:
        value = self._value(oid)  # without an exception for each commit that has none
        return default if value is None else value

    def __iter__(self) -> Iterator[str]:
        return (self._history.oid(number) for number, value in enumerate(self._values) if value != self._nothing)

    def __len__(self) -> int:
        return sum(value != self._nothing for value in self._values)


def read_history(repository: Repository, tips: Iterable[str]) -> History:
    """Return everything that the tips reach. Raises: ``MissingObjectError`` when history is missing here."""
    return History(
        repository.objects.stream(
            *("rev-list", "--topo-order", "--parents", "--timestamp", "--stdin"),
            stdin="\n".join(dict.fromkeys(tips)).encode() + b"\n",
        )
    )

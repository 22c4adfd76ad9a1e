"""Answers of git that a run remembers: several checks ask for the same commits, and each process takes milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class Recent(Generic[_Answer]):
    """The last answers by oid. All are dropped before they weigh more than ``most``; ``weight`` is that of one."""

    def __init__(self, most: int, weight: Callable[[_Answer], int] = lambda _: 1) -> None:
        self._most = most
        self._weight = weight
        self._known: dict[str, _Answer] = {}
        self._weighs = 0

    def of(self, oids: Iterable[str], ask: Callable[[list[str]], Mapping[str, _Answer]]) -> dict[str, _Answer]:
        """Return the answer about each oid; ``ask`` returns those that are not known. Raises: as ``ask`` does."""
        wanted = dict.fromkeys(oids)
        found = {oid: self._known[oid] for oid in wanted if oid in self._known}
        missing = [oid for oid in wanted if oid not in found]
        if missing:
            new = ask(missing)
            self._remember(new)
            found |= new
        return found

    def _remember(self, new: Mapping[str, _Answer]) -> None:
        weighs = sum(map(self._weight, new.values()))
        if self._weighs + weighs > self._most:
            self._known.clear()
            self._weighs = 0
        if weighs <= self._most:
            self._known |= new
            self._weighs += weighs

"""What one document of the index is to a judgement: commits of a source ref, and where they stand."""

from __future__ import annotations

from labgate.research.source_refs import SourceRef
from labgate.values.value import Value


class Piece(Value):
    """What one document is: commits of a source ref. ``time`` is when its last commit was first seen (seconds).

    ``fork`` and ``landed`` are its last commit's (``Line``). ``beside`` is the lowest fork of a source tip that holds
    it: what is above was cut from the chain when it had the commit already. ``whole`` says that the ref has nothing
    else. ``parent`` is the commit below its first one, ``place`` its place in history, older ones first.
    """

    source: SourceRef
    commits: tuple[str, ...]
    last: str
    time: int
    fork: int
    landed: int
    beside: int
    whole: bool = False
    parent: str | None = None
    place: int = 0

    def may_be_source(self, depth: int, time: int) -> bool:
        """Say whether this may be the source of the chain commit at a depth that was made at a time (seconds)."""
        beside = self.landed > depth or self.beside < depth
        return self.landed >= depth and self.fork < depth and self.time <= time and beside

    @property
    def is_range(self) -> bool:
        return len(self.commits) > 1

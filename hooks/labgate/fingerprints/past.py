"""The past of a commit: how far first-parent chains belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from labgate.values.value import Value

#: A segment, its depths that belong to a past, and the one depth that all of them count as, if any.
Piece = tuple[int, range, "int | None"]


class Swapped(Value):
    """A piece of another chain, of a branch that was main until a merge with swapped parents (``swapped_parents``).

    It has the depths of ``segment`` above ``above`` and up to ``limit``. ``depth`` is that of the merge: from there on
    all of it belongs to the past.
    """

    segment: int
    above: int
    limit: int
    depth: int


class Past(Value):
    """The extent of first-parent chains: for each segment the depth up to which it belongs to them.

    ``swapped`` are the pieces of chains beside them.
    """

    limits: Mapping[int, int]
    swapped: tuple[Swapped, ...] = ()

    def pieces(self) -> Iterator[Piece]:
        """Yield each segment, its depths that belong to the past, and the one depth that all count as, if any."""
        for segment, limit in self.limits.items():
            yield segment, range(limit + 1), None
        for piece in self.swapped:
            yield piece.segment, range(piece.above + 1, piece.limit + 1), piece.depth

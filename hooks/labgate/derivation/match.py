"""Compare commits with all of the research that the index holds, exactly and by what they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from labgate.derivation.score import Score, score
from labgate.fingerprints import postings as runs
from labgate.fingerprints.features import A, D
from labgate.fingerprints.index import Past, Stored
from labgate.values.finding import ALARM
from labgate.values.value import Value


class Subject(Value):
    """A commit (or range) that is judged. ``depth`` is its place on the chain of ``past``, ``None``: on top of it.

    ``novel`` are the packed, sorted units that the chain had not before.
    """

    key: str
    document: Stored
    novel: Sequence[int]
    past: Past
    depth: int | None = None

    @cached_property
    def counts(self) -> Mapping[int, int]:
        """How many novel units of each kind there are."""
        return Counter([unit & 15 for unit in self.novel])

    @property
    def until(self) -> int:
        """The depth from which on the chain is not its past."""
        return runs.VALUES if self.depth is None else self.depth

    @property
    def undecidable(self) -> bool:
        """Whether even its exact twin would not raise the alarm."""
        return self.document.exact is not None and score(self.counts, self.counts, self.counts).total < ALARM


class Match(Value):
    """What a subject and a document have in common.

    ``how`` is exact, squash, core, blob or alike. ``hint`` is why it is not decisive, ``None`` if it is. ``commits``
    are the source where that is more than the document's own, else empty.
    """

    document: int
    how: str
    hint: str | None
    score: Score
    shared: Mapping[int, int]
    commits: tuple[str, ...] = ()

    @property
    def decisive(self) -> bool:
        return self.hint is None

    @property
    def lines(self) -> int:
        """How many lines both add, or where they share none, how many both delete."""
        return self.shared.get(A, 0) or self.shared.get(D, 0)


class Found(Value):
    """What is known of one subject: its matches, and the documents that it may be a part of."""

    matches: list[Match]
    parts: tuple[int, ...]

"""Find the documents that subjects may come from: many subjects at a time, as the index is read in sorted runs."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from math import inf

from labgate.derivation.candidate import Piece
from labgate.derivation.exact_matches import Exactness, Headline
from labgate.derivation.match import Found, Match, Subject
from labgate.derivation.score import (
    GONE_STEP,
    SMALL_STEP,
    STEP_LEFT,
    SUSPECT,
    UNSHOWN,
    Score,
    part_of,
    score,
)
from labgate.fingerprints import postings as runs
from labgate.fingerprints.features import KIND_BITS, A, D, V
from labgate.fingerprints.index import Index, Past
from labgate.fingerprints.postings import EXACT
from labgate.values.finding import ALARM

_VALUE = runs.VALUES - 1
#: A unit that so many documents have is common ground: it tells nothing about where a commit comes from.
COMMON = 80
#: So many sequences of three tokens in common are about a line of text; so many lines make a part.
_PASSAGE, _LINES = 8, 2
#: A part of other work shares so much of what it brings.
_SHARE = 0.25

#: Whether a piece may be the source of a subject.
Allowed = Callable[[Piece], bool]


class _Answers(dict[int, bool]):
    """What a question about numbers was answered, asked once for each."""

    def __init__(self, question: Callable[[int], bool]) -> None:
        super().__init__()
        self._question = question

    def __missing__(self, number: int) -> bool:
        answer = self[number] = self._question(number)
        return answer


class Matcher:
    """Finds what subjects share with documents of research.

    ``pieces`` says of each document that may be asked about whose it is. ``methods`` restricts what counts (patch-id,
    squash, blob, similarity). ``headline`` returns title and author of a commit.
    """

    def __init__(self, index: Index, pieces: Mapping[int, Piece], methods: frozenset[str], headline: Headline) -> None:
        self._index = index
        self._pieces = pieces
        self._similar = "similarity" in methods
        self._exact = Exactness(index, pieces, methods, headline)
        #: By document the depths at which each kind of its units came to a chain, sorted; for one past at a time.
        self._depths: dict[int, dict[int, list[int]]] = {}
        self._past: Past | None = None

    def match(self, subjects: Sequence[tuple[Subject, Allowed]]) -> list[Found]:
        """Return what each subject may come from. All of them stand before the same past."""
        holders = self._holders(subjects)
        shared = [self._shared(subject, allowed, holders) for subject, allowed in subjects]
        exact = [
            {number: how for number, counts in mine.items() if (how := self._exact.compare(subject, number, counts))}
            for (subject, _), mine in zip(subjects, shared, strict=True)
        ]
        near = [
            self._near(subject, mine, known) for (subject, _), mine, known in zip(subjects, shared, exact, strict=True)
        ]
        self._learn({number for mine in near for number in mine}, subjects)
        return [
            self._found(subject, mine, known, close, holders)
            for (subject, _), mine, known, close in zip(subjects, shared, exact, near, strict=True)
        ]

    def _holders(self, subjects: Sequence[tuple[Subject, Allowed]]) -> dict[int, list[int]]:
        """Return for each unit that is new in a subject the documents that have it."""
        asked = sorted(set().union(*(subject.novel for subject, _ in subjects)))
        pieces, found = self._pieces, defaultdict(list)
        for entry in self._index.having(asked):
            number = entry & _VALUE
            if number in pieces:
                found[entry >> runs.VALUE_BITS].append(number)
        return found

    def _shared(self, subject: Subject, allowed: Allowed, holders: Mapping[int, list[int]]) -> dict[int, Counter[int]]:
        """Return how many units of each kind the subject shares with each document."""
        may = _Answers(lambda number: allowed(self._pieces[number]))
        both: list[int] = []
        for unit in subject.novel:
            numbers = holders.get(unit)
            if numbers is not None:
                kind = unit & 15
                mine = [number << KIND_BITS | kind for number in numbers if may[number]]
                if len(mine) <= COMMON or kind >= EXACT:
                    both += mine
        shared: dict[int, Counter[int]] = {}
        for pair, count in Counter(both).items():
            shared.setdefault(pair >> KIND_BITS, Counter())[pair & 15] = count
        return shared

    def _near(
        self, subject: Subject, shared: Mapping[int, Counter[int]], exact: Mapping[int, object]
    ) -> dict[int, float]:
        """Return the documents that may be alike enough (no source is less than what is shared with it).

        With each the most that it may score.
        """
        if not self._similar:
            return {}
        left = ((number, counts) for number, counts in shared.items() if number not in exact)
        near = [(number, counts) for number, counts in left if score(counts, subject.counts, counts).total >= SUSPECT]
        limits = {number: self._limit(subject, number, counts) for number, counts in near}
        return {number: limit for number, limit in limits.items() if limit >= SUSPECT}

    def _limit(self, subject: Subject, number: int, counts: Mapping[int, int]) -> float:
        """Return the most that a document may score: a step on the way is met by chance, all of a ref is not."""
        piece, passage = self._pieces[number], _is_passage(counts)
        if piece.is_range or piece.whole:
            return inf
        whole = self._ranges.get(piece.source.ref)
        if whole is None:
            return inf if passage else 0
        part = part_of(counts, subject.counts)
        if passage and part >= GONE_STEP:
            return inf
        if (passage or part >= SMALL_STEP) and self._is_left(subject, number, whole):
            return inf
        return UNSHOWN if passage else 0

    def _is_left(self, subject: Subject, step: int, whole: int) -> bool:
        """Say whether a branch as a whole still has what one of its steps shares with the subject.

        No date counts here: the whole is what became of the step, also where it is later than the subject.
        """
        both = set(subject.novel).intersection(self._index.document(step).units)
        return len(both.intersection(self._index.document(whole).units)) >= STEP_LEFT * len(both)

    @cached_property
    def _ranges(self) -> dict[str, int]:
        """The document of each source as a whole."""
        return {piece.source.ref: number for number, piece in self._pieces.items() if piece.is_range}

    def _learn(self, numbers: set[int], subjects: Sequence[tuple[Subject, Allowed]]) -> None:
        """Find out when the units of documents came to the chain."""
        past = subjects[0][0].past if subjects else None
        if past is not self._past:
            self._past = past
            self._depths.clear()
        missing = numbers.difference(self._depths)
        if past is None or not missing:
            return
        units = {number: self._index.document(number).units for number in missing}
        depths = self._index.first_depths(sorted(set().union(*units.values())), past)
        for number, mine in units.items():
            by_kind: dict[int, list[int]] = defaultdict(list)
            for unit in mine:
                by_kind[unit & 15].append(depths.get(unit, runs.VALUES))
            for places in by_kind.values():
                places.sort()
            self._depths[number] = by_kind

    def _found(
        self,
        subject: Subject,
        shared: Mapping[int, Counter[int]],
        exact: Mapping[int, tuple[str, str | None]],
        near: Mapping[int, float],
        holders: Mapping[int, Sequence[int]],
    ) -> Found:
        matches = [Match(number, *how, Score(1.0, ()), shared[number]) for number, how in exact.items()]
        alike = [
            (number, score(shared[number], subject.counts, self._new_in(subject, number)).limited(limit))
            for number, limit in near.items()
        ]
        similar = [Match(number, "alike", None, found, shared[number]) for number, found in alike]
        similar += self._together(subject, similar, holders)
        # What takes back landed work brings back old text, whoever else has it.
        revert = any(match.score.total >= ALARM for match in similar) and self._exact.reverts_landed(subject)
        for match in similar:
            if match.score.total >= SUSPECT:
                hint = "below-alarm" if match.score.total < ALARM else "landed-first" if revert else None
                matches.append(match.changed(hint=hint))
        return Found(matches, tuple(number for number, counts in shared.items() if _is_part(subject, counts)))

    def _together(
        self, subject: Subject, similar: Sequence[Match], holders: Mapping[int, Sequence[int]]
    ) -> Iterator[Match]:
        """Yield what the steps of a ref share as one, where each is worth a note and nothing of the ref an alarm."""
        by_ref: dict[str, list[Match]] = defaultdict(list)
        for match in similar:
            if match.score.total >= SUSPECT:
                by_ref[self._pieces[match.document].source.ref].append(match)
        for mine in by_ref.values():
            found = [match.document for match in mine if not self._pieces[match.document].is_range]
            steps = sorted(found, key=lambda number: (self._pieces[number].place, self._pieces[number].last))
            if len(steps) < 2 or any(match.score.total >= ALARM for match in mine):
                continue
            units = set().union(*(self._index.document(number).units for number in steps))
            depths = self._index.first_depths(sorted(units), subject.past)
            new = Counter(runs.kind(unit) for unit in units if depths.get(unit, runs.VALUES) >= subject.until)
            both = units.intersection(subject.novel)
            shared = Counter(runs.kind(unit) for unit in both if len(holders.get(unit, ())) <= COMMON)
            commits = tuple(self._pieces[number].last for number in steps)
            yield Match(steps[0], "alike", None, score(shared, subject.counts, new), shared, commits)

    def _new_in(self, subject: Subject, number: int) -> dict[int, int]:
        """Return how many units of each kind a document has that were new to the chain when the subject came."""
        at = subject.until
        return {kind: len(places) - bisect_left(places, at) for kind, places in self._depths[number].items()}


def _is_passage(counts: Mapping[int, int]) -> bool:
    """Say whether what is shared is more than a line."""
    return counts.get(A, 0) + counts.get(D, 0) >= _LINES or counts.get(V, 0) >= _PASSAGE


def _is_part(subject: Subject, counts: Mapping[int, int]) -> bool:
    """Say whether a subject may be a part of what it shares with: some lines or text, and much of its own."""
    if not _is_passage(counts):
        return False
    mine, both = (sum(units.get(kind, 0) for kind in (V, A, D)) for units in (subject.counts, counts))
    return both >= _SHARE * mine

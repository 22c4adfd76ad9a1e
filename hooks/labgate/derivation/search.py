"""Search the candidates for sources of subjects: many subjects at a time, as posting lists are sorted."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from math import inf

from labgate.derivation.candidates import Candidates
from labgate.derivation.exact_matches import Equal, ExactMatches
from labgate.derivation.match import NAMED, Match, Subject, by_ref
from labgate.derivation.raised_versions import RaisedVersions
from labgate.derivation.score import (
    GONE_STEP,
    P_LEAST,
    SMALL_STEP,
    STEP_LEFT,
    SUSPECT,
    UNSHOWN,
    Score,
    part_of,
    score,
)
from labgate.derivation.shared_features import SharedFeatures
from labgate.fingerprints import postings
from labgate.fingerprints.features import with_text
from labgate.fingerprints.index import Index
from labgate.fingerprints.kinds import A, D, V
from labgate.fingerprints.past import Past
from labgate.fingerprints.patch_ids import FILE_SUBSTANCE
from labgate.fingerprints.postings import BLOB
from labgate.git.repository import Repository
from labgate.values.finding import ALARM
from labgate.values.value import Value

#: The shared sequences of three tokens that make about a line of text; the lines that make a part.
_PASSAGE, _LINES = 8, 2
#: The share of its text that a part of other work shares.
_SHARE = 0.25
#: The bits of a depth, or of ``postings.VALUES`` for what no chain has.
_DEPTH_BITS = postings.VALUE_BITS + 1
#: The features of documents that are looked up at a time: their arrays take some ten megabytes.
_FEATURES = 1_000_000


class Found(Value):
    """What is known of one subject: its matches, and the sources (keys) that it may be a part of."""

    matches: list[Match]
    parts: tuple[str, ...]


class Search:
    """Finds matches of subjects and candidates, which are given by the number of their document.

    ``methods`` restricts what counts (patch-id, squash, blob, similarity).
    """

    def __init__(self, repository: Repository, index: Index, candidates: Candidates, methods: frozenset[str]) -> None:
        self._index = index
        self._all = candidates
        self._candidates = candidates.by_number
        self._similar = "similarity" in methods
        self._shared = SharedFeatures(index, candidates)
        self._exact = ExactMatches(repository, index, candidates.by_number, methods)
        self._raised = RaisedVersions(repository, index, self._exact)
        #: For each document the sorted kinds of its features, each with the depth at which it came to a chain:
        #: ``kind << _DEPTH_BITS | depth``; for one past at a time. Arrays, as they are kept for thousands of documents.
        self._depths: dict[int, array[int]] = {}
        self._past: Past | None = None

    def find(self, subjects: Sequence[Subject]) -> list[Found]:
        """Return the result for each subject. All of them have the same past."""
        rows = []
        shares = self._shared.of(subjects)
        equals = self._exact.compare(subjects, shares)
        for subject, shared, exact in zip(subjects, shares, equals, strict=True):
            # Few lines that two people may write are similar all the same, one or two are not. Beside a vendored file
            # that both have, there may be code.
            doubted = subject.document.substance >= FILE_SUBSTANCE
            left = {("exact", "small") if doubted else None, ("blob", "noise-only")}
            settled = {number for number, equal in exact.items() if (equal.how, equal.hint) not in left}
            rows.append((subject, shared, exact, self._near(subject, shared, settled)))
        if subjects:
            self._learn({number for *_, near in rows for number in near}, subjects[0].past)
        return [self._found(*row) for row in rows]

    def _near(
        self, subject: Subject, shared: Mapping[int, Counter[int]], settled: AbstractSet[int]
    ) -> dict[int, float]:
        """Return the documents that may be similar enough, each with its highest possible score; not those ``settled``.

        A source has at least the features that are shared with it.
        """
        if not self._similar:
            return {}
        # Thousands of documents share as little as one another.
        scores: dict[frozenset[tuple[int, int]], float] = {}
        near = []
        novel = cache(lambda: frozenset(subject.novel))
        for number, counts in shared.items():
            if number not in settled:
                alike = frozenset(counts.items())
                if alike not in scores:
                    # Of the more that it has, the smaller a part is shared.
                    most = score(counts, subject.least, counts).total
                    scores[alike] = most if most < SUSPECT else score(counts, subject.counts, counts).total
                if scores[alike] >= SUSPECT:
                    near.append((number, counts))
        limits = {number: self._limit(subject, novel, number, counts) for number, counts in near}
        return {number: limit for number, limit in limits.items() if limit >= SUSPECT}

    def _limit(
        self, subject: Subject, novel: Callable[[], frozenset[int]], number: int, counts: Mapping[int, int]
    ) -> float:
        """Return the limit of a document's score: a step of a branch matches by chance, a whole ref does not."""
        candidate, passage = self._candidates[number], _is_passage(counts)
        if candidate.is_range or candidate.whole:
            return inf
        whole = self._all.whole(candidate.source.key)
        if whole is None:
            return inf if passage else 0
        part = part_of(counts, subject.counts)
        if passage and part >= GONE_STEP:
            return inf
        if (passage or part >= SMALL_STEP) and self._is_left(novel(), number, whole):
            return inf
        return UNSHOWN if passage else 0

    def _is_left(self, novel: frozenset[int], step: int, whole: int) -> bool:
        """Return whether a branch as a whole still has what one of its steps shares with a subject's new features.

        Dates do not count here: the whole shows what became of the step, even if it is later than the subject.
        """
        both = novel.intersection(self._index.document(step).features)
        return len(both.intersection(self._index.document(whole).features)) >= STEP_LEFT * len(both)

    def _learn(self, numbers: set[int], past: Past) -> None:
        """Note for documents when their features came to a chain, of some at a time: a whole branch may have many."""
        if past is not self._past:
            self._past = past
            self._depths.clear()
        left = sorted(numbers.difference(self._depths))
        while left:
            rows, size = dict[int, Sequence[int]](), 0
            while left and size < _FEATURES:
                number = left.pop()
                rows[number] = self._index.document(number).features
                size += len(rows[number])
            self._depths.update(zip(rows, self._depths_of([*rows.values()], past), strict=True))

    def _depths_of(self, rows: Sequence[Sequence[int]], past: Past) -> Iterator[array[int]]:
        """Yield for each document, given by its sorted features, their kinds and depths as in ``_depths``."""
        found = [array("I") for _ in rows]
        for some in postings.ranges(rows):
            depths = self._index.first_depths(sorted(set().union(*some)), past)
            for mine, features in zip(found, some, strict=True):
                mine.fromlist([(one & 15) << _DEPTH_BITS | depths.get(one, postings.VALUES) for one in features])
        yield from (array("I", sorted(mine)) for mine in found)

    def _found(
        self,
        subject: Subject,
        shared: Mapping[int, Counter[int]],
        exact: Mapping[int, Equal],
        near: Mapping[int, float],
    ) -> Found:
        candidates = self._candidates
        certain = Score(1.0, ())
        equal = self._exact.named(exact)
        matches = [Match(at, candidates[at], one.how, one.hint, certain, one.shared) for at, one in equal.items()]
        scored = [
            (number, self._score(subject, number, shared[number]).limited(limit)) for number, limit in near.items()
        ]
        similar = [
            Match(at, candidates[at], "similar", None, found, shared[at], self._nearest(at, shared))
            for at, found in scored
        ]
        similar += self._together(subject, similar)
        # A revert of landed work restores old text, whoever else has it.
        revert = any(match.score.total >= ALARM for match in similar) and self._exact.reverts_landed(subject)
        for match in similar:
            if match.score.total >= SUSPECT:
                hint = "below-alarm" if match.score.total < ALARM else "landed-first" if revert else None
                matches.append(match.changed(hint=hint))
        matches = [left for match in matches if (left := self._without_raised(subject, match)) is not None]
        parts = (candidates[number].source.key for number, counts in shared.items() if _is_part(subject, counts))
        return Found(matches, tuple(dict.fromkeys(parts)))

    def _without_raised(self, subject: Subject, match: Match) -> Match | None:
        """Return a match; as a hint, or ``None``, if two people only raised the same versions."""
        left = self._raised.left(subject, match) if match.decisive or match.how == "similar" else None
        if left is None:
            return match
        if match.how == "similar":
            total = score(left.shared, subject.counts, self._new_in(subject, match.document)).total
            below = match.changed(hint=match.hint or "below-alarm") if total >= SUSPECT else None
            return match if total >= ALARM else below
        alone = left.shared[BLOB] == 0 if match.how == "blob" else left.substance == 0
        only = alone and not self._exact.is_landing(subject, match.document)
        return match.changed(hint="noise-only") if only else match

    def _score(self, subject: Subject, number: int, shared: Mapping[int, int]) -> Score:
        new = self._new_in(subject, number)
        found = score(shared, subject.counts, new)
        # Two people who edit the same places have imports and the like in common.
        if found.total >= ALARM or found.total - dict(found.terms).get("X", 0.0) < SUSPECT:
            return found
        twin, mine = self._index.document(number), subject.document
        paths = set(twin.paths).intersection(mine.paths)
        if len(paths) < P_LEAST:
            return found
        both = set(mine.features).intersection(twin.features)
        files = with_text(paths, both, both.intersection(subject.novel))
        return score(shared, subject.counts, new, (len(files), len(mine.paths), len(twin.paths)))

    def _together(self, subject: Subject, similar: Sequence[Match]) -> Iterator[Match]:
        """Yield one match for the steps of a ref that each score a note, if no document of the ref scores an alarm."""
        for mine in by_ref(match for match in similar if match.score.total >= SUSPECT):
            found = [match for match in mine if not match.candidate.is_range]
            steps = sorted(found, key=lambda match: (match.candidate.place, match.candidate.last))
            if len(steps) < 2 or any(match.score.total >= ALARM for match in mine):
                continue
            features = set().union(*(self._index.document(step.document).features for step in steps))
            depths = self._index.first_depths(sorted(features), subject.past)
            new = (feature for feature in features if depths.get(feature, postings.VALUES) >= subject.until)
            both = self._shared.telling(sorted(features.intersection(subject.novel)))
            theirs, shared = (Counter(map(postings.kind, found)) for found in (new, both))
            commits = tuple(step.candidate.last for step in steps)
            yield steps[0].changed(score=score(shared, subject.counts, theirs), shared=shared, commits=commits)

    def _nearest(self, number: int, shared: Mapping[int, Counter[int]]) -> tuple[str, ...]:
        """Return the commits of a range that share most with a subject, if the range has more than can be named."""
        steps = self._candidates[number].steps
        if len(steps) <= NAMED:
            return ()
        numbers = {oid: self._all.step(oid) for oid in steps}
        both = {oid: shared[step].total() for oid, step in numbers.items() if step is not None and step in shared}
        return tuple(sorted(both, key=lambda oid: -both[oid])[:NAMED])

    def _new_in(self, subject: Subject, number: int) -> dict[int, int]:
        """Return the number of a document's features of each kind that were new to the chain before the subject."""
        places, found, start = self._depths[number], {}, 0
        while start < len(places):
            kind = places[start] >> _DEPTH_BITS
            end = bisect_left(places, kind + 1 << _DEPTH_BITS, start)
            found[kind] = end - bisect_left(places, kind << _DEPTH_BITS | subject.until, start, end)
            start = end
        return found


def _is_passage(counts: Mapping[int, int]) -> bool:
    """Return whether more than a line is shared."""
    return counts.get(A, 0) + counts.get(D, 0) >= _LINES or counts.get(V, 0) >= _PASSAGE


def _is_part(subject: Subject, counts: Mapping[int, int]) -> bool:
    """Return whether a subject may be a part of a source: it shares some lines or text, and much of its own."""
    if not _is_passage(counts):
        return False
    both = _text(counts)
    return both >= _SHARE * _text(subject.least) and both >= _SHARE * _text(subject.counts)


def _text(counts: Mapping[int, int]) -> int:
    return sum(counts.get(kind, 0) for kind in (V, A, D))

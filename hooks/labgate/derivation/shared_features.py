"""What subjects share with candidates: the features that both have, unless too many changes have them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain

from labgate.derivation.candidates import Candidate, Candidates
from labgate.derivation.match import Subject
from labgate.fingerprints import postings
from labgate.fingerprints.features import KIND_BITS
from labgate.fingerprints.index import Index
from labgate.fingerprints.postings import BLOB, CORE, EXACT, FORM

#: The kinds of features that are ids: they are never common.
IDS = (EXACT, CORE, BLOB, FORM)
#: A feature of more changes is common: it is no evidence of a commit's source.
COMMON = 80
_VALUE = postings.VALUES - 1
_KIND = (1 << KIND_BITS) - 1


class SharedFeatures:
    """Counts what subjects share with candidates, which are given by the number of their document.

    A pair is such a number and the kind of a feature that its document has: ``number << KIND_BITS | kind``.
    """

    def __init__(self, index: Index, candidates: Candidates) -> None:
        self._index = index
        self._keys = candidates.keys
        self._candidates = candidates.by_number
        #: By the holders of a common feature those that stand for all of them.
        self._few: dict[tuple[int, ...], Sequence[int]] = {}

    def of(self, subjects: Sequence[Subject]) -> list[dict[int, Counter[int]]]:
        """Return the number of features of each kind that each subject shares with each candidate that it allows."""
        rows = [_Row(subject, self._candidates) for subject in subjects]
        # A posting list is sorted: each part of it is read once for all subjects.
        for novel in postings.ranges([subject.novel for subject in subjects]):
            holders = self._holders(sorted(set().union(*novel)))
            common = {one for one, pairs in holders.items() if len(pairs) > COMMON and one & _KIND not in IDS}
            for row, mine in zip(rows, novel, strict=True):
                both = [one for one in mine if one in holders]
                if common.isdisjoint(both):
                    row.counts.update(chain.from_iterable(map(holders.__getitem__, both)))
                else:
                    row.counts.update(self._without_common(row, both, holders))
        return [row.shared() for row in rows]

    def telling(self, features: Sequence[int]) -> list[int]:
        """Return those of some sorted features that candidates have, but not too many changes."""
        holders = self._holders(features)
        return [one for one in features if self._telling([pair >> KIND_BITS for pair in holders.get(one, ())])]

    def _holders(self, asked: Sequence[int]) -> Mapping[int, list[int]]:
        """Return the pairs of the candidates that have each of some sorted features."""
        candidates, found = self._keys, defaultdict[int, list[int]](list)
        for entry in self._index.having(asked):
            number = entry & _VALUE
            if number in candidates:
                feature = entry >> postings.VALUE_BITS
                found[feature].append(number << KIND_BITS | feature & _KIND)
        return found

    def _without_common(self, row: _Row, both: Sequence[int], holders: Mapping[int, list[int]]) -> Iterator[int]:
        """Yield the pairs of some features; of a common one those of the documents that stand for its holders."""
        for feature in both:
            pairs, kind = holders[feature], feature & _KIND
            if len(pairs) <= COMMON or kind in IDS:
                yield from pairs
            else:
                numbers = [number for pair in pairs if row.allowed(number := pair >> KIND_BITS)]
                yield from [number << KIND_BITS | kind for number in self._telling(numbers)]

    def _telling(self, numbers: list[int]) -> Sequence[int]:
        """Return the documents of which a feature that they have is evidence: none if too many changes have it.

        One commit of eighty branches, picks of one commit, and eighty commits of one branch are one change.
        """
        if len(numbers) <= COMMON:
            return numbers
        key = tuple(numbers)
        if key not in self._few:
            steps = [number for number in numbers if not self._candidates[number].is_range] or numbers
            steps.sort(key=lambda number: (self._candidates[number].place, self._candidates[number].last), reverse=True)
            twins, branches = ({group(number): number for number in steps} for group in (self._twin, self._branch))
            fewest = min(twins, branches, key=len)
            self._few[key] = sorted(fewest.values()) if len(fewest) <= COMMON else ()
        return self._few[key]

    def _twin(self, number: int) -> object:
        """Return what a document has in common with other commits of the same change."""
        return self._index.twins().get(number, number)

    def _branch(self, number: int) -> object:
        return self._candidates[number].source.key


class _Row:
    """The pairs that a subject has in common with documents, counted, whether or not it allows them."""

    def __init__(self, subject: Subject, candidates: Mapping[int, Candidate]) -> None:
        self.counts = Counter[int]()
        self.allowed = cache(lambda number: subject.allowed(candidates[number]))
        self._landed = cache(lambda number: self.allowed(number) or subject.landed(candidates[number]))

    def shared(self) -> dict[int, Counter[int]]:
        """Return the number of features of each kind by the candidate that the subject allows."""
        found: dict[int, Counter[int]] = {}
        for pair, count in self.counts.items():
            number, kind = pair >> KIND_BITS, pair & _KIND
            if (self._landed if kind == EXACT else self.allowed)(number):
                found.setdefault(number, Counter())[kind] = count
        return found

"""What subjects share with candidates: the features that both have, unless too many changes have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice

from labgate.derivation.candidates import Candidate, Candidates
from labgate.derivation.match import Subject
from labgate.fingerprints import postings
from labgate.fingerprints.index import Index
from labgate.fingerprints.kinds import KIND_BITS
from labgate.fingerprints.postings import BLOB, CORE, EXACT, FORM

#: The kinds of features that are ids: they are never common.
IDS = (EXACT, CORE, BLOB, FORM)
#: A feature of more changes is common: it is no evidence of a commit's source.
COMMON = 80
_VALUE = postings.VALUES - 1
_KIND = (1 << KIND_BITS) - 1
#: The bits of a document and a kind, below a subject's place.
_PLACE = postings.VALUE_BITS + KIND_BITS


class SharedFeatures:
    """Counts what subjects share with candidates, which are given by the number of their document."""

    def __init__(self, index: Index, candidates: Candidates) -> None:
        self._index = index
        self._keys = candidates.keys
        self._candidates = candidates.by_number
        #: By the holders of a common feature those that stand for all of them.
        self._few: dict[tuple[int, ...], Sequence[int]] = {}

    def of(self, subjects: Sequence[Subject]) -> list[dict[int, Counter[int]]]:
        """Return the number of features of each kind that each subject shares with each candidate that it allows."""
        rows = [_Row(subject, self._candidates) for subject in subjects]
        shared = Counter[int]()
        # A posting list is sorted: each part of it is read once for all subjects.
        for novel in postings.ranges([subject.novel for subject in subjects]):
            owner: dict[int, int] = {}
            owners: dict[int, list[int]] = {}
            for place, mine in enumerate(novel):
                for one in owner.keys() & mine:
                    owners.setdefault(one, [owner[one]]).append(place)
                owner.update(dict.fromkeys(mine, place))
            shared.update(self._shares(rows, owner, owners))
        for share, count in shared.items():
            rows[share >> _PLACE].note(share >> KIND_BITS & _VALUE, share & _KIND, count)
        return [row.shared for row in rows]

    def telling(self, features: Sequence[int]) -> list[int]:
        """Return those of some sorted features that candidates have, but not too many changes."""
        holders = _by_feature(self._held(features))
        return [one for one in features if self._telling(holders.get(one, []))]

    def _held(self, asked: Sequence[int]) -> list[int]:
        """Return the sorted entries of candidates that have one of some sorted features."""
        candidates = self._keys
        return [entry for entry in self._index.having(asked) if entry & _VALUE in candidates]

    def _shares(
        self, rows: Sequence[_Row], owner: Mapping[int, int], owners: Mapping[int, Sequence[int]]
    ) -> Iterator[int]:
        """Yield for each feature that a subject shares with a candidate their places and its kind, as one number.

        ``owner`` is the place of the only subject that has a feature; of some there are several ``owners``.
        """
        entries = self._held(sorted(owner))
        # Two entries that differ only in the value are of one feature.
        pairs = zip(entries, islice(entries, COMMON, None), strict=False)
        common = {one >> postings.VALUE_BITS for one, other in pairs if one ^ other < postings.VALUES}
        apart = common.union(owners)
        holders = _by_feature([entry for entry in entries if entry >> postings.VALUE_BITS in apart]) if apart else {}
        for entry in entries:
            feature, number = entry >> postings.VALUE_BITS, entry & _VALUE
            if feature not in apart:
                yield owner[feature] << _PLACE | number << KIND_BITS | feature & _KIND
            elif number == holders[feature][0]:
                for place in owners.get(feature, (owner[feature],)):
                    telling: Sequence[int] = holders[feature]
                    if feature in common and feature & _KIND not in IDS:
                        telling = self._telling([one for one in telling if rows[place].allowed(one)])
                    yield from [place << _PLACE | one << KIND_BITS | feature & _KIND for one in telling]

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
    """A subject and what it shares with the candidates that it allows, by their number."""

    def __init__(self, subject: Subject, candidates: Mapping[int, Candidate]) -> None:
        self.allowed = cache(lambda number: subject.allowed(candidates[number]))
        self._landed = cache(lambda number: self.allowed(number) or subject.landed(candidates[number]))
        self.shared: dict[int, Counter[int]] = {}

    def note(self, number: int, kind: int, count: int) -> None:
        """Add the features of a kind that are shared with a candidate, if the subject allows it."""
        if (self._landed if kind == EXACT else self.allowed)(number):
            self.shared.setdefault(number, Counter())[kind] = count


def _by_feature(entries: Sequence[int]) -> dict[int, list[int]]:
    """Return the documents of sorted entries by feature."""
    found: dict[int, list[int]] = {}
    for entry in entries:
        found.setdefault(entry >> postings.VALUE_BITS, []).append(entry & _VALUE)
    return found

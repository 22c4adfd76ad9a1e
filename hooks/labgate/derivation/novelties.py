"""What is new in documents on top of a past, looked up only as far as research may share it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from labgate.fingerprints import postings
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index
from labgate.fingerprints.kinds import T
from labgate.fingerprints.past import Past

#: The token sequences of each document that are always looked up: with five new ones it is not too small to judge.
_SAMPLE = 8


class Novelties:
    """The new features of some documents. A chain has millions of features, and most of those of new code are nowhere.

    A feature that no document of research has is shared with none: its kind is counted where a part of a document is
    compared with all of it, and it is looked up then.
    """

    def __init__(self, index: Index, past: Past, documents: Sequence[Document]) -> None:
        self._index = index
        self._past = past
        everything = sorted(set().union(*(item.features for item in documents)))
        sample = (one for item in documents for one in islice(_sequences(item), _SAMPLE))
        # The content of files is known by its id, whether or not research has it.
        names = (one for one in everything if one & 15 >= postings.FORM)
        #: The features that are looked up, and those of them that the past had.
        self._asked = frozenset((*index.possible(everything), *names, *sample))
        self._had = frozenset(index.first_depths(sorted(self._asked), past))

    def of(self, document: Document) -> list[int]:
        """Return the sorted new features of a document that research may have, some others, and all its patch ids."""
        asked, had, ids = self._asked, self._had, postings.IDS
        return [one for one in document.features if one in asked and (one not in had or one & 15 in ids)]

    def others(self, document: Document) -> list[int]:
        """Return the kinds of the other new features of a document."""
        left = [one for one in document.features if one not in self._asked]
        had = self._index.first_depths(left, self._past)
        return [one & 15 for one in left if one not in had]


def _sequences(document: Document) -> Iterator[int]:
    return (one for one in document.features if one & 15 == T)

"""Exact matches: whether a candidate equals a subject, and whether that is a proof."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labgate.derivation.candidates import Candidate
from labgate.derivation.match import Subject
from labgate.fingerprints import postings
from labgate.fingerprints.features import A, D
from labgate.fingerprints.index import Index
from labgate.fingerprints.postings import CORE, EXACT, FILE
from labgate.git.commits import headline
from labgate.git.repository import Repository
from labgate.values.value import Value

#: The suffix that code hosts add to a title.
_LABEL = re.compile(r"\s*\((?:#|GH-|!)\d+\)\s*$")
#: A smaller patch may have equal code by chance.
SUBSTANCE = 3


class ExactMatches(Value):
    """Compares patch ids of subjects with those of candidates, which are given by the number of their document.

    ``methods`` are those of ``finding.METHODS`` that count.
    """

    repository: Repository
    index: Index
    candidates: Mapping[int, Candidate]
    methods: frozenset[str]

    def compare(self, subject: Subject, number: int, counts: Mapping[int, int]) -> tuple[str, str | None] | None:
        """Return how a document equals the subject (exact, core, blob), and the hint that it is no proof, or ``None``.

        ``counts`` are the numbers of shared features by kind. ``None`` if the two are not equal.
        """
        found = self._equal(subject, number, counts)
        if found is None or found[1] is not None or not self.reverts_landed(subject):
            return found
        return found[0], None if self._is_landing(subject, number) else "landed-first"

    def _equal(self, subject: Subject, number: int, counts: Mapping[int, int]) -> tuple[str, str | None] | None:
        if not any(counts.get(kind) for kind in (EXACT, CORE, FILE)):
            return None
        twin, mine = self.index.document(number), subject.document
        by_id = not self.methods.isdisjoint({"patch-id", "squash"})
        if by_id and mine.exact is not None and twin.exact == mine.exact:
            hint = "landed-first" if self._landed_first(subject, number, EXACT, mine.exact) else None
            return "exact", hint if hint or mine.significant or self._is_landing(subject, number) else "noise-only"
        if by_id and mine.core is not None and twin.core == mine.core and mine.lines >= SUBSTANCE:
            return "core", "landed-first" if self._landed_first(subject, number, CORE, mine.core) else None
        if "blob" in self.methods and counts.get(FILE):
            # A file without lines to compare (data, a binary file) is evidence as a whole.
            lines = counts.get(A, 0) + counts.get(D, 0)
            return ("blob", None) if lines >= SUBSTANCE or (mine.significant and mine.lines == 0) else None
        return None

    def reverts_landed(self, subject: Subject) -> bool:
        """Return whether the subject reverts something that landed: its old state is not new work."""
        inverse = subject.document.inverse
        if inverse is None:
            return False
        return any(depth < subject.until for depth in self._depths(subject, EXACT, inverse))

    def _landed_first(self, subject: Subject, number: int, kind: int, digest: bytes) -> bool:
        """Return whether the chain had the same patch after the research forked from it, and before the subject."""
        fork = self.candidates[number].fork
        return any(fork < depth < subject.until for depth in self._depths(subject, kind, digest))

    def _depths(self, subject: Subject, kind: int, digest: bytes) -> list[int]:
        return self.index.depths(postings.packed_id(kind, digest), subject.past)

    def _is_landing(self, subject: Subject, number: int) -> bool:
        """Return whether a mechanical change is a branch that lands, and not only equal to a change on another branch.

        Many branches raise the same versions. But a ref with nothing else and the subject's title is the ref that
        lands, and a commit with the same author and date is the same commit, picked or rebased.
        """
        candidate = self.candidates[number]
        # A range has the title of its last commit.
        mine, theirs = (headline(self.repository, key.rpartition("..")[2]) for key in (subject.key, candidate.last))
        return mine[1] == theirs[1] or (candidate.whole and _plain(mine[0]) == _plain(theirs[0]))


def _plain(title: str) -> str:
    return _LABEL.sub("", title).casefold()

"""Exact matches: whether a candidate is just what a subject is, and whether that proves anything."""

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

#: What code hosts add to a title.
_LABEL = re.compile(r"\s*\((?:#|GH-|!)\d+\)\s*$")
#: A smaller patch that is alike in its code alone may be alike by chance.
SUBSTANCE = 3


class ExactMatches(Value):
    """Compares ids of subjects with those of candidates, which stand by the number of their document.

    ``methods`` are those of ``finding.METHODS`` that count.
    """

    repository: Repository
    index: Index
    candidates: Mapping[int, Candidate]
    methods: frozenset[str]

    def compare(self, subject: Subject, number: int, counts: Mapping[int, int]) -> tuple[str, str | None] | None:
        """Return how a document equals the subject (exact, core, blob) and why that is no proof (``None``: it is one).

        ``counts`` are the features that both have. ``None`` where they do not equal each other.
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
            # A file without lines to compare (data, a binary file) speaks for itself.
            lines = counts.get(A, 0) + counts.get(D, 0)
            return ("blob", None) if lines >= SUBSTANCE or (mine.significant and mine.lines == 0) else None
        return None

    def reverts_landed(self, subject: Subject) -> bool:
        """Say whether the subject takes back what the chain had: the old state is nobody's new work."""
        inverse = subject.document.inverse
        if inverse is None:
            return False
        return any(depth < subject.until for depth in self._depths(subject, EXACT, inverse))

    def _landed_first(self, subject: Subject, number: int, kind: int, digest: bytes) -> bool:
        """Say whether the chain had the same patch after the research was cut from it, and before the subject."""
        fork = self.candidates[number].fork
        return any(fork < depth < subject.until for depth in self._depths(subject, kind, digest))

    def _depths(self, subject: Subject, kind: int, digest: bytes) -> list[int]:
        return self.index.depths(postings.packed_id(kind, digest), subject.past)

    def _is_landing(self, subject: Subject, number: int) -> bool:
        """Say whether a mechanical change is a whole branch on its way, and not only the same as on another one.

        The same versions are raised on many branches. But where a ref has nothing else, and its title is the subject's
        too, it is the ref that lands. And a commit of the same author and date is that very commit, picked or rebased.
        """
        candidate = self.candidates[number]
        # A range is called by its last commit.
        mine, theirs = (headline(self.repository, key.rpartition("..")[2]) for key in (subject.key, candidate.last))
        return mine[1] == theirs[1] or (candidate.whole and _plain(mine[0]) == _plain(theirs[0]))


def _plain(title: str) -> str:
    return _LABEL.sub("", title).casefold()

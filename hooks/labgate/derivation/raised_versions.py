"""Whether two people only raised the same versions, which they name by hashes.

Such a version is evidence if one author raised it on both sides. Two people may have taken it from the same release.
"""

from __future__ import annotations

from collections import Counter

from labgate.derivation.exact_matches import ExactMatches
from labgate.derivation.match import Match, Subject
from labgate.fingerprints import postings
from labgate.fingerprints.building import make_documents
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index
from labgate.fingerprints.noise import settings_of
from labgate.git.repository import Repository
from labgate.values.value import Value


class Left(Value):
    """What is left of a match: the number of shared features of each kind, and of lines of the subject that count."""

    shared: Counter[int]
    substance: int


class RaisedVersions(Value):
    """Compares subjects and documents without versions that are hashes."""

    repository: Repository
    index: Index
    exact: ExactMatches

    def left(self, subject: Subject, match: Match) -> Left | None:
        """Return what is left of a match without the hashes that two people raised; ``None``: all of it counts."""
        twin = self.index.document(match.document)
        # Of a merge only a part is judged, and of several steps each is another document.
        if match.commits or subject.parent is None or not _has_settings(subject.document, twin):
            return None
        # A bot raises a version on main, not on research: who brings that commit to main took it from there.
        if self.exact.has_author_of(subject, match.document, bots=True):
            return None
        (mine,) = make_documents(self.repository, [subject.key], judged=True, by_hash=True)
        (theirs,) = make_documents(self.repository, [twin.key], by_hash=True)
        if mine.lacking or theirs.lacking:
            return None
        both = frozenset(mine.features).intersection(theirs.features, subject.novel)
        return Left(Counter(map(postings.kind, both)), mine.substance)


def _has_settings(mine: Document, twin: Document) -> bool:
    """Return whether both change a file in which versions stand."""
    return any(settings_of(path) is not None for path in set(mine.paths).intersection(twin.paths))

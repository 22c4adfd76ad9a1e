"""Prove what similarity only suggests: a part of a branch squashed, or a merge of it replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from labgate.derivation.candidate import Piece
from labgate.derivation.match import Match, Subject
from labgate.derivation.score import Score
from labgate.fingerprints.building import stored
from labgate.fingerprints.features import A, D
from labgate.fingerprints.index import Index
from labgate.fingerprints.patches import tree_patches
from labgate.git.commits import tree_of
from labgate.git.diffs import clean_merge
from labgate.git.repository import Repository

#: How many branches are tried for one commit: a replay costs as much as a merge.
_TRIED = 3


class Proofs:
    """Tries, for a subject and the branches that it resembles, whether it is exactly what git would make of them."""

    def __init__(
        self, repository: Repository, index: Index, pieces: Mapping[int, Piece], methods: frozenset[str]
    ) -> None:
        self._repository = repository
        self._index = index
        self._pieces = pieces
        self._wanted = "squash" in methods

    @cached_property
    def _by_ref(self) -> dict[str, list[Piece]]:
        """The commits of each source, older ones first."""
        found: dict[str, list[Piece]] = {}
        for piece in sorted(self._pieces.values(), key=lambda piece: piece.place):
            if not piece.is_range:
                found.setdefault(piece.source.ref, []).append(piece)
        return found

    def strengthened(self, subject: Subject, parent: str | None, matches: list[Match]) -> list[Match]:
        """Return the matches, and those that could be proved. ``parent`` is the commit below the subject."""
        if not self._wanted or parent is None or subject.document.exact is None or not subject.document.telling:
            return matches
        if any(match.decisive and match.how == "exact" for match in matches):
            return matches
        by_ref: dict[str, list[Match]] = {}
        for match in matches:
            if match.how != "exact":
                by_ref.setdefault(self._pieces[match.document].source.ref, []).append(match)
        found = []
        for mine in sorted(by_ref.values(), key=lambda group: -max(match.score.total for match in group))[:_TRIED]:
            proved = self._squash(subject, mine) or self._replay(subject, parent, mine)
            if proved is not None:
                found.append(proved)
        return [*matches, *found]

    def _squash(self, subject: Subject, matches: Sequence[Match]) -> Match | None:
        """Say whether the subject is a run of one branch's commits in one, from the first shared one to the last."""
        singles = [match for match in matches if not self._pieces[match.document].is_range]
        if len(singles) < 2 or not _covered(subject, singles):
            return None
        places = [self._pieces[match.document].place for match in singles]
        ref = self._pieces[singles[0].document].source.ref
        run = [piece for piece in self._by_ref[ref] if min(places) <= piece.place <= max(places)]
        if run[0].parent is None:
            return None
        patch = next(tree_patches(self._repository, [(run[0].parent, run[-1].last)]))
        if stored(self._repository, patch).exact != subject.document.exact:
            return None
        return _proof(singles[0], run)

    def _replay(self, subject: Subject, parent: str, matches: Sequence[Match]) -> Match | None:
        """Say whether merging the branch into the commit below gives the subject's tree (git-merge-tree, 2.38)."""
        best = max(matches, key=lambda match: match.shared.get(A, 0) + match.shared.get(D, 0))
        if not _covered(subject, [best]):
            return None
        key = subject.key.rpartition("..")[2]
        tip = self._pieces[best.document].source.oid
        merged = clean_merge(self._repository, (parent, tip))
        if merged is None or merged != tree_of(self._repository, key):
            return None
        return _proof(best, self._by_ref[self._pieces[best.document].source.ref])


def _proof(match: Match, pieces: Sequence[Piece]) -> Match:
    return Match(match.document, "squash", None, Score(1.0, ()), match.shared, tuple(piece.last for piece in pieces))


def _covered(subject: Subject, matches: Sequence[Match]) -> bool:
    """Say whether every line of the subject may come from the matches; what is certain of no proof is not tried."""
    wanted = subject.counts.get(A, 0) + subject.counts.get(D, 0)
    shared = sum(match.shared.get(A, 0) + match.shared.get(D, 0) for match in matches)
    return 0 < wanted <= shared

"""Prove by replay what similarity suggests: a squash of a part of a branch, or a merge of it."""

from __future__ import annotations

from collections.abc import Sequence

from labgate.derivation.candidates import Candidate, Candidates
from labgate.derivation.match import Match, Subject, by_ref
from labgate.derivation.score import Score
from labgate.fingerprints.building import make_document
from labgate.fingerprints.kinds import A, D
from labgate.fingerprints.patches import tree_patches
from labgate.git.commits import tree_of
from labgate.git.diffs import clean_merge
from labgate.git.repository import Repository
from labgate.values.errors import MissingObjectError
from labgate.values.value import Value

#: The most branches that are tried for one commit: a replay costs as much as a merge.
_TRIED = 3


class Replay(Value):
    """Tests whether git makes exactly the subject of a branch that it is similar to."""

    repository: Repository
    candidates: Candidates
    methods: frozenset[str]

    def add_proofs(self, subject: Subject, matches: list[Match]) -> list[Match]:
        """Return the matches of a subject, with those that a replay proves."""
        document = subject.document
        if "squash" not in self.methods or subject.parent is None or document.exact is None or not document.significant:
            return matches
        if any(match.decisive and match.how == "exact" for match in matches):
            return matches
        groups = by_ref(match for match in matches if match.how != "exact")
        found: list[Match] = []
        for mine in sorted(groups, key=lambda group: -max(match.score.total for match in group))[:_TRIED]:
            proved = self._proved(subject, subject.parent, mine)
            if proved is not None:
                found.append(proved)
        return [*matches, *found]

    def _proved(self, subject: Subject, parent: str, matches: Sequence[Match]) -> Match | None:
        try:
            return self._squash(subject, matches) or self._merge(subject, parent, matches)
        except MissingObjectError:
            return None  # a merge looks at more than the commits that it is of

    def _squash(self, subject: Subject, matches: Sequence[Match]) -> Match | None:
        """Return the proof that the subject squashes one branch's commits, from the first shared one to the last."""
        singles = [match for match in matches if not match.candidate.is_range]
        if len(singles) < 2 or not _covered(subject, singles):
            return None
        places = [match.candidate.place for match in singles]
        steps = self.candidates.steps(singles[0].candidate.source.key)
        run = [candidate for candidate in steps if min(places) <= candidate.place <= max(places)]
        if run[0].parent is None:
            return None
        patch = next(tree_patches(self.repository, [(run[0].parent, run[-1].last)]))
        same = make_document(self.repository, patch).exact == subject.document.exact
        return _proof(singles[0], run) if same else None

    def _merge(self, subject: Subject, parent: str, matches: Sequence[Match]) -> Match | None:
        """Return the proof that merging the branch into ``parent`` gives the subject's tree (git-merge-tree, 2.38)."""
        if not _covered(subject, matches):
            return None
        best = max(matches, key=lambda match: match.shared.get(A, 0) + match.shared.get(D, 0))
        source = best.candidate.source
        merged = clean_merge(self.repository, (parent, source.oid))
        if merged is None or merged != tree_of(self.repository, subject.key.rpartition("..")[2]):
            return None
        return _proof(best, self.candidates.steps(source.key))


def _proof(match: Match, steps: Sequence[Candidate]) -> Match:
    return match.changed(how="squash", hint=None, score=Score(1.0, ()), commits=tuple(step.last for step in steps))


def _covered(subject: Subject, matches: Sequence[Match]) -> bool:
    """Return whether every line of the subject may come from the matches; otherwise there is no proof to try."""
    wanted = subject.counts.get(A, 0) + subject.counts.get(D, 0)
    shared = sum(match.shared.get(A, 0) + match.shared.get(D, 0) for match in matches)
    return 0 < wanted <= shared

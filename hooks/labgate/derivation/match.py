"""Subjects of a comparison, their matches with candidates, and the evidence of these matches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from labgate.derivation.candidates import Candidate
from labgate.derivation.score import Score, score
from labgate.fingerprints import postings
from labgate.fingerprints.documents import Document
from labgate.fingerprints.kinds import A, D
from labgate.fingerprints.past import Past
from labgate.values.finding import ALARM, Evidence
from labgate.values.value import Value

#: The most commits, and the most refs, in one commit's evidence.
NAMED = 20
REFS = 8


class Subject(Value):
    """A commit (or range) that is compared.

    ``novel`` are the sorted features of its document that the chains of ``past`` did not have before; those that no
    document of research has may be left out: ``others`` returns their kinds. ``allowed`` returns whether a candidate
    may be its source, ``landed`` whether one that is not allowed may be if it is equal. ``parent`` is its only parent
    (``None``: it has none or several). ``depth`` is its place on a chain of ``past``, ``None``: on top of all of them.
    """

    document: Document
    novel: Sequence[int]
    past: Past
    allowed: Callable[[Candidate], bool]
    parent: str | None
    depth: int | None = None
    landed: Callable[[Candidate], bool] = lambda _: False
    others: Callable[[], Iterable[int]] = tuple

    @property
    def key(self) -> str:
        return self.document.key

    @cached_property
    def least(self) -> Mapping[int, int]:
        """The number of features of each kind in ``novel``: no more than ``counts``, and known at once."""
        return Counter([feature & 15 for feature in self.novel])

    @cached_property
    def counts(self) -> Mapping[int, int]:
        """The number of novel features of each kind."""
        return Counter(self.least) + Counter(self.others())

    @property
    def until(self) -> int:
        """The depth from which the chain is not its past."""
        return postings.VALUES if self.depth is None else self.depth

    @property
    def undecidable(self) -> bool:
        """Whether even its exact twin would not raise the alarm, or what it brings is not in this clone."""
        if self.document.lacking:
            return True
        # The more it has, the higher is the score of its twin.
        return self.document.exact is not None and _of_twin(self.least) < ALARM and _of_twin(self.counts) < ALARM


def _of_twin(counts: Mapping[int, int]) -> float:
    return score(counts, counts, counts).total


class Pair(Value):
    """A subject and a document: ``novel`` are the subject's new features, ``both`` those that the document has too."""

    subject: Subject
    novel: frozenset[int]
    both: frozenset[int]


class Match(Value):
    """A match of a subject and a candidate. ``document`` is the number of the candidate's document.

    ``how`` is exact, squash, core, blob or similar. ``hint`` is why it is not decisive, ``None`` if it is. ``commits``
    are the source if that is more than the document's own, else empty.
    """

    document: int
    candidate: Candidate
    how: str
    hint: str | None
    score: Score
    shared: Mapping[int, int]
    commits: tuple[str, ...] = ()

    @property
    def decisive(self) -> bool:
        return self.hint is None

    @property
    def lines(self) -> int:
        """The number of lines that both add, or if there are none, that both delete."""
        return self.shared.get(A, 0) or self.shared.get(D, 0)


def by_ref(matches: Iterable[Match]) -> list[list[Match]]:
    """Return the matches of each source."""
    found: dict[str, list[Match]] = {}
    for match in matches:
        found.setdefault(match.candidate.source.key, []).append(match)
    return list(found.values())


def as_evidence(subject: Subject, matches: Iterable[Match], most: int = REFS) -> tuple[Evidence, ...]:
    """Return one piece of evidence for each source ref, the strongest first; at most ``most`` of them."""
    found = sorted((_evidence(subject, mine) for mine in by_ref(matches)), key=lambda item: item.strength)
    # An earlier tip of a ref is mostly a draft of the current one: only the strongest match of a ref counts.
    first: dict[str | None, Evidence] = {}
    for item in found:
        first.setdefault(item.source_ref, item)
    return tuple(first.values())[:most]


#: The order of matches, as the first of two equally decisive ones counts, and their methods as evidence.
_ORDER = ("exact", "squash", "core", "blob", "similar")
_NAMES = {"squash": "squash", "blob": "blob", "similar": "similarity"}


def _evidence(subject: Subject, matches: Sequence[Match]) -> Evidence:
    # Documents are numbered in the order of indexing, which must not matter: ties are in the order of history.
    ranked = sorted(matches, key=lambda m: (-m.score.total, m.candidate.place, m.candidate.last))
    best = min(ranked, key=lambda m: (not m.decisive, _ORDER.index(m.how), -m.score.total, m.candidate.is_range))
    candidate = best.candidate
    same = [m for m in ranked if m.how == best.how and m.decisive == best.decisive]
    steps = {m.candidate.last: m for m in same if not m.candidate.is_range}
    singles = tuple(steps)
    lines = best.lines if best.how in ("blob", "similar") else subject.document.lines
    if best.how == "blob":
        # The files of several commits.
        lines = max(lines, min(subject.document.lines, sum(step.lines for step in steps.values())))
    return Evidence(
        _NAMES.get(best.how, "squash" if candidate.is_range else "patch-id"),
        best.decisive,
        candidate.source.ref,
        (subject.key,),
        (best.commits or singles or candidate.commits)[:NAMED],
        round(best.score.total, 2),
        lines,
        subject.document.paths,
        terms=tuple((name, round(value, 2)) for name, value in best.score.terms),
        hint=best.hint,
        source_state=candidate.source.state,
    )

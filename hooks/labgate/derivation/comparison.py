"""Compare commits that have not landed with the research that has not landed either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from labgate.derivation.candidate import Piece
from labgate.derivation.candidates import Scope, as_evidence, catalogue
from labgate.derivation.match import Subject
from labgate.derivation.replay import Proofs
from labgate.derivation.search import Matcher
from labgate.fingerprints import postings as runs
from labgate.fingerprints.building import ensure_branch, ensure_documents, stored
from labgate.fingerprints.index import Index, Link, Past, Stored
from labgate.fingerprints.patches import commit_patches, tree_patches
from labgate.git.commits import headline, rev_list
from labgate.git.diffs import clean_merge
from labgate.git.repository import Repository
from labgate.research.commit_graph import History, Line
from labgate.research.ledger import Ledger
from labgate.research.source_refs import SourceRef
from labgate.values.finding import Evidence
from labgate.values.ref_update import Commit
from labgate.values.value import Value


class Research(Value):
    """Unlanded commits with their parents, children before parents, and the refs that hold research among them.

    ``is_research`` says of a commit that a source holds whether it is research. ``landed`` are the tips of all that has
    landed. ``ledger`` ``None``: nobody noted when commits were first seen.
    """

    parents: Mapping[str, Sequence[str]]
    sources: Sequence[SourceRef]
    landed: Sequence[str]
    is_research: Callable[[str], bool]
    ledger: Ledger | None


class Compared(Value):
    """What a commit was found to share. ``parts`` are the documents that it may be a part of."""

    commit: Commit
    subject: Subject
    evidence: tuple[Evidence, ...]
    parts: tuple[int, ...]


class Comparison:
    """All of the research in an index, ready to be compared with. Used inside ``index.reading()``."""

    def __init__(self, repository: Repository, index: Index, research: Research, methods: frozenset[str]) -> None:
        self._repository = repository
        self._index = index
        self._history = History(research.parents)
        for tip in dict.fromkeys(research.landed):
            ensure_branch(repository, index, tip)
        self._past = index.past(research.landed)
        made = catalogue(
            self._history,
            self._line(),
            research.sources,
            Scope(is_research=research.is_research, ledger=research.ledger),
        )
        self.pieces = made.numbered(ensure_documents(repository, index, list(made.pieces)))
        self._matcher = Matcher(index, self.pieces, methods, self._headline)
        self._proofs = Proofs(repository, index, self.pieces, methods)

    def compare(self, commits: Sequence[Commit]) -> Iterator[Compared]:
        """Yield what each commit shares; clean merges share nothing of their own, and are left out."""
        past = self._past
        documents = list(self._documents(commits))
        built_on = self._built_on([commit.oid for commit, _ in documents])
        asked = []
        for bit, (_, document) in enumerate(documents):

            def allowed(piece: Piece, mask: int = 1 << bit) -> bool:
                return not built_on.get(piece.last, 0) & mask

            asked.append((document, allowed))
        units = sorted(set().union(*(document.units for document, _ in asked)))
        known = self._index.first_depths(units, past)
        subjects = [(_subject(document, known, past), allowed) for document, allowed in asked]
        for (commit, _), (subject, _), found in zip(documents, subjects, self._matcher.match(subjects), strict=True):
            parent = commit.parents[0] if len(commit.parents) == 1 else None
            matches = self._proofs.strengthened(subject, parent, found.matches)
            evidence = as_evidence(subject, matches, self.pieces)
            yield Compared(commit, subject, tuple(evidence), found.parts)

    def together(self, first: Commit, last: Commit, ref: str) -> list[Evidence]:
        """Return what the run of commits from ``first`` to ``last`` shares, as one, with one source ref."""
        if not first.parents:
            return []
        patch = next(tree_patches(self._repository, [(first.parents[0], last.oid)]))
        document, past = stored(self._repository, patch, judged=True), self._past
        subject = _subject(document, self._index.first_depths(document.units, past), past)

        (found,) = self._matcher.match([(subject, lambda piece: piece.source.ref == ref)])
        matches = self._proofs.strengthened(subject, first.parents[0], found.matches)
        return as_evidence(subject, matches, self.pieces)

    def _documents(self, commits: Sequence[Commit]) -> Iterator[tuple[Commit, Stored]]:
        """Yield what each commit changes; of a merge only what git would not have made of its parents."""
        plain = [commit for commit in commits if len(commit.parents) < 2]
        for commit, patch in zip(plain, commit_patches(self._repository, [c.oid for c in plain]), strict=True):
            yield commit, stored(self._repository, patch, judged=True)
        for commit in commits:
            clean = clean_merge(self._repository, commit.parents) if len(commit.parents) > 1 else None
            if clean is not None and clean != commit.tree:
                for patch in tree_patches(self._repository, [(clean, commit.tree)]):
                    patch.key = commit.oid
                    yield commit, stored(self._repository, patch, judged=True)

    def _built_on(self, oids: Sequence[str]) -> dict[str, int]:
        """Return for each research commit those of the given ones that it is or descends from, as bits."""
        bits = {oid: 1 << bit for bit, oid in enumerate(oids)}
        found: dict[str, int] = {}
        for oid in reversed(list(self._history.parents)):
            mine = bits.get(oid, 0)
            for parent in self._history.parents[oid]:
                mine |= found.get(parent, 0)
            found[oid] = mine
        return found

    def _line(self) -> Line:
        """Return where unlanded research stands to what has landed."""
        parents = self._history.parents
        cut = list(dict.fromkeys(parent for mine in parents.values() for parent in mine if parent not in parents))
        places = self._places(cut)
        landed = {oid: depth for oid, (depth, _) in zip(cut, places, strict=True)}
        chain = {depth: seen for depth, seen in places if depth >= 0}
        forks = dict(landed)
        for oid in reversed(list(parents)):
            forks[oid] = max([forks[parent] for parent in parents[oid]], default=-1)
        return Line(chain, landed, {oid: forks[oid] for oid in parents})

    def _places(self, oids: Sequence[str]) -> list[tuple[int, str]]:
        """Return how far up each landed commit has seen the chains, and what stands there.

        The depth is -1 where a commit shares nothing with them.
        """
        links = self._index.links(oids)
        found = []
        for oid in oids:
            at, seen = self._place(links.get(oid)), oid
            if at is None:
                below = rev_list(self._repository, [oid], (), "--first-parent", "-n", "1000")
                places = ((self._place(self._index.link(older)), older) for older in below)
                at, seen = next(((depth, older) for depth, older in places if depth is not None), (-1, oid))
            found.append((at, seen))
        return found

    def _place(self, at: Link | None) -> int | None:
        """Return a commit's depth on the chains that landed, ``None`` beside them, whatever else is indexed."""
        return at.depth if at is not None and at.depth <= self._past.limits.get(at.segment, -1) else None

    def _headline(self, key: str) -> tuple[str, str]:
        return headline(self._repository, key.rpartition("..")[2])


def _subject(document: Stored, known: Mapping[int, int], past: Past) -> Subject:
    """Return a document as a subject. ``known`` are the units that the past had."""
    novel = [unit for unit in document.units if unit not in known or runs.is_id(unit)]
    return Subject(document.key, document, novel, past)

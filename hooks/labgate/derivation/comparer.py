"""Compare commits with the research before them: exactly, by similarity, and by a replay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from labgate.derivation.candidates import Candidates, Scope, find_candidates
from labgate.derivation.match import REFS, Subject, as_evidence
from labgate.derivation.search import Search
from labgate.fingerprints import postings
from labgate.fingerprints.building import Progress, ensure_documents
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import Index
from labgate.fingerprints.past import Past
from labgate.git.repository import Repository
from labgate.research.commit_graph import Chain, CommitGraph
from labgate.research.source_refs import SourceRef
from labgate.values.finding import Evidence
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.derivation.replay import Replay


class Before(Value):
    """The state before some commits: history, the chain that had landed, and the sources.

    ``past`` is that chain in the index, ``scope`` has the conditions for candidates.
    """

    graph: CommitGraph
    chain: Chain
    past: Past
    sources: Sequence[SourceRef]
    scope: Scope


class Compared(Value):
    """The result for a commit (or range): evidence, strongest first.

    ``undecidable``: it is too small to be judged by its text. ``parts`` are the keys of the sources that it may be a
    part of. ``lacking``: it is not all in this clone, so nothing is known of it. ``empty``: it changes nothing. ``cut``
    is the number of its files of code that were compared in part, as they are over a limit.
    """

    commit: str
    evidence: tuple[Evidence, ...]
    undecidable: bool
    parts: tuple[str, ...]
    lacking: bool = False
    empty: bool = False
    cut: int = 0


class Comparer:
    """Compares subjects with all candidates before them that each of them allows.

    ``methods`` are those of ``finding.METHODS`` that count, and ``refs`` is the most source refs that are named of a
    subject. It is constructed outside of ``index.reading()`` and used inside.
    """

    def __init__(
        self,
        repository: Repository,
        index: Index,
        before: Before,
        methods: frozenset[str],
        progress: Progress | None = None,
        refs: int = REFS,
    ) -> None:
        self._index = index
        self._refs = refs
        self._past = before.past
        possible = find_candidates(before.graph, before.chain, before.sources, before.scope)
        found = possible.by_key
        #: The refs (full names) that are compared commit by commit alone.
        self.long_sources = possible.long
        numbers = ensure_documents(repository, index, list(found), progress)
        candidates = Candidates(possible, numbers)
        gaps = index.gaps()
        cuts = index.cuts()
        #: The refs (full names) of which files are over a limit, with their number.
        self.cut_sources = Counter[str]()
        for key in [key for key in cuts if key in numbers]:
            if not found[key].is_range:
                self.cut_sources[found[key].source.ref] += cuts[key]
        self.lacking_sources = tuple(sorted({found[key].source.ref for key in gaps if key in numbers}))
        self._search = Search(repository, index, candidates, methods)
        self._given = repository, candidates, methods

    @cached_property
    def _replay(self) -> Replay:
        from labgate.derivation.replay import Replay  # most commits are like no research

        return Replay(*self._given)

    def compare(self, subjects: Sequence[Subject]) -> Iterator[Compared]:
        """Yield the result for each subject, in their order."""
        for subject, found in zip(subjects, self._search.find(subjects), strict=True):
            document = subject.document
            matches = self._replay.add_proofs(subject, found.matches) if found.matches else []
            yield Compared(
                subject.key,
                as_evidence(subject, matches, self._refs),
                subject.undecidable,
                found.parts,
                bool(document.lacking),
                document.exact is None,
                document.cut,
            )

    def depths(self, documents: Iterable[Document], enough: int = postings.VALUES) -> dict[int, int]:
        """Return the depth at which the chain first had each feature of documents, if it has it.

        It may be any depth below ``enough``, the first of those to which the documents belong.
        """
        features = sorted(set().union(*(item.features for item in documents)))
        return self._index.first_depths(features, self._past, enough)


def novel(document: Document, depths: Mapping[int, int], until: int = postings.VALUES) -> list[int]:
    """Return the features of a document that the chain did not have before a depth, and all its patch ids."""
    never, ids = postings.VALUES, postings.IDS
    return [one for one in document.features if depths.get(one, never) >= until or one & 15 in ids]

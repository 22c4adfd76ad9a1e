"""Evidence in its text that a range of commits, proposed for a branch, derives from research."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labgate.derivation.comparer import Compared
from labgate.derivation.lacking import Cut, Lacking, Traces
from labgate.derivation.unlanded_commits import UnlandedCommits, UnlandedResearch
from labgate.fingerprints.building import Progress
from labgate.fingerprints.index import Index, indexed
from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph
from labgate.research.ledger import Ledger
from labgate.research.research_commits import ResearchGraph
from labgate.values.finding import METHODS, SHARED_LIMIT, SHARED_LISTED, SIMILARITY, Evidence
from labgate.values.ref_update import Commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.derivation.first_holders import Topics

#: A longer range is compared only commit by commit: its diff as a whole shows little.
_LONGEST = 400


def range_evidence(
    repository: Repository,
    graph: ResearchGraph,
    commits: Sequence[Commit],
    landed: Sequence[str],
    ledger: Ledger,
    opened: int | None = None,
    progress: Progress | None = None,
) -> Traces:
    """Return the evidence for commits, children before parents; ``landed`` are the tips of what landed before them.

    ``opened`` is as in ``FirstHolders``.
    """
    sources, is_research = graph.classes.sources, graph.is_candidate
    research = UnlandedResearch(graph.history, sources, landed, is_research, ledger, graph.asked)

    def settled(index: Index, found: list[Evidence]) -> list[Evidence]:
        if not found:
            return []
        from labgate.derivation.first_holders import FirstHolders  # most commits are like no research

        holders = FirstHolders(repository, graph, landed, opened)
        return holders.settled(found, lambda *asked: _among_topics(repository, index, commits, landed, *asked))

    def work(index: Index) -> Traces:
        comparer = UnlandedCommits(repository, index, research, frozenset(METHODS), progress)
        with index.reading():
            compared = list(comparer.compare(commits))
            found = [item for one in compared for item in one.evidence]
            found += _together(comparer, commits, compared)
        found = settled(index, found)
        decided = {oid for item in found if item.decisive for oid in item.commits}
        small = {one.commit for one in compared if one.undecidable and not one.lacking} - decided
        lacking = Lacking(
            comparer.lacking_sources,
            tuple(one.commit for one in compared if one.lacking),
            sum(index.link(key) is not None for key in index.gaps()),
        )
        cut = Cut(
            sum(one.cut for one in compared),
            tuple(sorted(comparer.cut_sources.items())) if _has_text(compared) else (),
            len(commits) if len(commits) > _LONGEST else 0,
            tuple(sorted(comparer.long_sources)),
            comparer.cut_landed if any(item.method == SIMILARITY and item.decisive for item in found) else 0,
        )
        return Traces([_shown(repository, item) for item in found], frozenset(small), lacking, cut)

    return indexed(repository.common_dir, work)


def _has_text(compared: Sequence[Compared]) -> bool:
    """Return whether commits have so much text that it may be from what research has beyond a limit.

    Even a twin of what is too small is no alarm, but of several such commits one of all of them may be.
    """
    changed = [one for one in compared if not one.empty]
    return len(changed) > 1 or not all(one.undecidable for one in changed)


def _among_topics(
    repository: Repository,
    index: Index,
    commits: Sequence[Commit],
    landed: Sequence[str],
    topics: Topics,
    oids: Sequence[str],
) -> list[Compared]:
    """Compare some of the commits with branches that are no research."""
    others = UnlandedResearch(CommitGraph(topics.parents), topics.sources, landed, lambda _: True, None)
    comparer = UnlandedCommits(repository, index, others, frozenset(METHODS))
    with index.reading():
        return list(comparer.compare([commit for commit in commits if commit.oid in oids]))


def _together(comparer: UnlandedCommits, commits: Sequence[Commit], compared: Sequence[Compared]) -> Iterator[Evidence]:
    """Compare runs of the range as one: research may be split, reordered and mixed."""
    if len(commits) > _LONGEST:
        return
    parts: dict[str, set[str]] = {}
    for one in compared:
        for key in one.parts:
            parts.setdefault(key, set()).add(one.commit)
    decisive = [(one.commit, item) for one in compared for item in one.evidence if item.decisive]
    decided = {(item.source_ref, oid) for oid, item in decisive}
    proven = {(item.source_ref, oid) for oid, item in decisive if item.method in ("patch-id", "squash")}
    for key, oids in parts.items():
        ref = key.partition(" ")[0]
        mine = [commit for commit in reversed(commits) if commit.oid in oids]
        if len(mine) < 2 or all((ref, oid) in proven for oid in oids):
            continue
        for item in comparer.compare_as_one(mine[0], mine[-1], key):
            known = proven if item.proves else decided
            left = tuple(commit.oid for commit in mine if (item.source_ref, commit.oid) not in known)
            # A file with one commit's content belongs to that commit only.
            if item.decisive and item.method != "blob" and left:
                yield item.changed(commits=left, method="squash" if item.proves else SIMILARITY)


def _shown(repository: Repository, item: Evidence) -> Evidence:
    """Return similarity evidence with a sample of its lines."""
    if item.method != SIMILARITY or not item.decisive:
        return item
    from labgate.derivation.shared_lines import shared_lines  # only similar code is shown

    def texts(*, edited: bool) -> list[str]:
        return [
            line.text
            for oid in item.commits
            for line in shared_lines(repository, oid, item.source_commits, edited=edited)
        ]

    same = texts(edited=False)
    # The count has lines in the same file; lines that moved to another one are counted here.
    lines = item.matched_lines or len(set(same))
    found = dict.fromkeys(same or texts(edited=True))
    # The longest ones that are shown whole say most; ``pass`` and ``else:`` are shared by chance.
    telling = sorted(found, key=lambda text: (len(text) <= SHARED_LIMIT, len(text)), reverse=True)[:SHARED_LISTED]
    return item.changed(shared=tuple(text for text in found if text in telling), matched_lines=lines)

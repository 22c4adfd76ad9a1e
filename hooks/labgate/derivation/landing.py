"""Find what a range of commits that is to land takes from research, by its text and exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labgate.derivation.comparison import Compared, Comparison, Research
from labgate.fingerprints.index import Index, indexed
from labgate.git.repository import Repository
from labgate.research.ledger import Ledger
from labgate.research.research_commits import ResearchGraph
from labgate.values.finding import METHODS, SIMILARITY, Evidence
from labgate.values.ref_update import Commit
from labgate.values.value import Value

#: How many shared lines a finding shows.
_SHOWN = 5
#: A longer range is compared commit by commit alone: its diff as a whole says little.
_LONGEST = 400


class Landing(Value):
    """Commits on their way to a branch, children before parents, and the tips of all that has landed before them."""

    commits: Sequence[Commit]
    landed: Sequence[str]


def trace_landing(
    repository: Repository, graph: ResearchGraph, landing: Landing, ledger: Ledger
) -> tuple[list[Evidence], frozenset[str]]:
    """Return the evidence for the commits of a landing, and those of them that are too small to be compared.

    Raised: ``MissingObjectError`` when an object that decides is not in this clone.
    """
    research = Research(graph.parents, graph.classes.sources, landing.landed, graph.is_research, ledger)

    def work(index: Index) -> tuple[list[Evidence], frozenset[str]]:
        comparison = Comparison(repository, index, research, frozenset(METHODS))
        with index.reading():
            compared = list(comparison.compare(landing.commits))
            found = [item for one in compared for item in one.evidence]
            found += _together(comparison, landing, compared)
        decided = {oid for item in found if item.decisive for oid in item.commits}
        small = {one.commit.oid for one in compared if one.subject.undecidable} - decided
        return [_shown(repository, item) for item in found], frozenset(small)

    return indexed(repository.common_dir, work)


def _together(comparison: Comparison, landing: Landing, compared: Sequence[Compared]) -> Iterator[Evidence]:
    """Compare runs of the range as one: work may be split, reordered and mixed on its way."""
    order = list(reversed(landing.commits))
    if len(order) > _LONGEST:
        return
    parts: dict[str, set[str]] = {}
    for one in compared:
        for number in one.parts:
            parts.setdefault(comparison.pieces[number].source.ref, set()).add(one.commit.oid)
    decided = {(item.source_ref, one.commit.oid) for one in compared for item in one.evidence if item.decisive}
    proven = {
        (item.source_ref, one.commit.oid)
        for one in compared
        for item in one.evidence
        if item.decisive and item.method in ("patch-id", "squash")
    }
    for ref, oids in parts.items():
        mine = [commit for commit in order if commit.oid in oids]
        if len(mine) < 2 or all((ref, oid) in proven for oid in oids):
            continue
        for item in comparison.together(mine[0], mine[-1], ref):
            known = proven if item.proves else decided
            left = tuple(commit.oid for commit in mine if (item.source_ref, commit.oid) not in known)
            # A file that one of them leaves is that one's alone.
            if item.decisive and item.method != "blob" and left:
                yield item.changed(commits=left, method="squash" if item.proves else SIMILARITY)


def _shown(repository: Repository, item: Evidence) -> Evidence:
    """Return similarity evidence with some of the lines that it speaks of."""
    if item.method != SIMILARITY or not item.decisive:
        return item
    from labgate.derivation.shared_lines import shared_lines  # only what is suspected is shown

    lines = [
        line.text for oid in item.commits for line in shared_lines(repository, oid, item.source_commits, edited=False)
    ]
    # Lines are counted in the same file; what moved to another one is counted here.
    return item.changed(
        shared=tuple(dict.fromkeys(lines))[:_SHOWN], matched_lines=item.matched_lines or len(set(lines))
    )

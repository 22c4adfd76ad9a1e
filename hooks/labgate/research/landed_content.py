"""Which commits have landed as other ones: squashed, rebased or cherry-picked, so that no branch there reaches them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.git.commits import tree_of
from labgate.git.diffs import changed_entries, clean_merge, picked_tree
from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph
from labgate.values.errors import GitError
from labgate.values.finding import Evidence
from labgate.values.value import Value

#: How many commits are asked about, and on how many that touch the same files each is tried: a try is a merge.
_ASKED, _TRIED = 200, 40


def without_landed(
    evidence: Iterable[Evidence], landed: LandedContent, parents: Mapping[str, Sequence[str]]
) -> tuple[list[Evidence], frozenset[str]]:
    """Return evidence by ancestry and by messages for research that has not landed, and the commits that have.

    ``parents`` are those of all unlanded commits, children before parents.
    """
    stated = list(evidence)
    wanted = {oid for item in stated for oid in item.source_commits}
    gone = landed.of([oid for oid in parents if oid in wanted], parents) if wanted else frozenset()
    if not gone:
        return stated, gone
    kept = []
    for item in stated:
        if item.method == "ancestry":
            kept.append(item.for_commits(wanted - gone))
        else:
            kept.append(item.changed(source_commits=tuple(oid for oid in item.source_commits if oid not in gone)))
    return [item for item in kept if item.source_commits], gone


class LandedContent(Value):
    """What is on a branch already. ``tips``: its tip, and those of others on which it counts as landed as well."""

    repository: Repository
    tips: Sequence[str]

    def of(self, oids: Sequence[str], parents: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Return those of some commits, children before parents, that have landed by what they bring.

        ``parents`` are those of all unlanded commits. Where one has landed with all that it stands on, as a squash
        lands, those below it have too. What cannot be told has not landed.
        """
        graph, asked, found = CommitGraph(parents), frozenset(oids), set[str]()
        for oid in oids[:_ASKED]:
            if oid in found:
                continue
            for landing in self._candidates(oid):
                if self._is_whole(landing, oid):
                    found |= graph.ancestors([oid]) & asked
                    break
                if self._is_copy(landing, oid):
                    found.add(oid)
                    break
        return frozenset(found)

    def _candidates(self, oid: str) -> Iterator[str]:
        """Yield the commits of the branch itself that a commit has not, and that touch one of its files."""
        paths = [entry.path for entry in changed_entries(self.repository, [oid])[oid] if "\n" not in entry.path]
        if not paths:
            return
        for tip in dict.fromkeys(self.tips):
            asked = os.fsencode("\n".join((tip, f"^{oid}", "--", *paths)) + "\n")
            options = ("--first-parent", f"--max-count={_TRIED}", "--stdin")
            yield from self.repository.objects.run("rev-list", *options, stdin=asked).decode().split()

    def _is_whole(self, landing: str, oid: str) -> bool:
        """Say whether a commit and all below it bring something to the parent of a landing, and nothing to itself."""
        tree = tree_of(self.repository, landing)
        return clean_merge(self.repository, (landing, oid)) == tree and self._brings(f"{landing}^", oid)

    def _brings(self, onto: str, oid: str) -> bool:
        try:
            return clean_merge(self.repository, (onto, oid)) != tree_of(self.repository, onto)
        except GitError:
            # A root has no parent.
            return False

    def _is_copy(self, landing: str, oid: str) -> bool:
        """Say whether a landing is just what cherry-picking the commit makes on top of the landing's parent."""
        picked = picked_tree(self.repository, f"{landing}^", oid)
        return picked is not None and picked == tree_of(self.repository, landing)

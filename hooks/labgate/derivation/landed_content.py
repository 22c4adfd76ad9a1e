"""Commits that have landed as other ones: squashed, rebased or cherry-picked; the target does not reach them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.fingerprints.patches import Patch, commit_patches
from labgate.git.commits import tree_of
from labgate.git.diffs import changed_entries, clean_merge, picked_tree
from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph
from labgate.values.errors import GitError
from labgate.values.finding import Evidence
from labgate.values.value import Value

#: The most commits that are tested, and the most landings with the same files for each: a test is a merge.
_ASKED, _TRIED = 200, 40


def without_landed(
    evidence: Iterable[Evidence], landed: LandedContent, parents: Mapping[str, Sequence[str]]
) -> tuple[list[Evidence], frozenset[str]]:
    """Return evidence by ancestry and messages for unlanded research, and the commits that have landed.

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


class _Lines:
    """The lines that a patch adds and deletes, and its new files without lines."""

    def __init__(self, patch: Patch) -> None:
        self._added: set[tuple[str, str | bytes]] = set()
        self._deleted: set[tuple[str, str | bytes]] = set()
        for file in patch.files:
            if not file.runs:
                self._added.add((file.path, file.new_blob))
            for run in file.runs:
                self._added.update((file.path, line) for line in run.added)
                self._deleted.update((file.path, line) for line in run.deleted)

    def may_be_in(self, landing: _Lines) -> bool:
        """Return whether a landing adds all added lines or, if there are none, deletes all deleted ones."""
        return self._added <= landing._added if self._added else self._deleted <= landing._deleted


class LandedContent(Value):
    """The content of a branch. ``tips``: its tip, and those of others on which it counts as landed too."""

    repository: Repository
    tips: Sequence[str]

    def of(self, oids: Sequence[str], parents: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Return those of some commits (children before parents) whose content has landed.

        ``parents`` are those of all unlanded commits. If one has landed together with its ancestors, as in a squash,
        those below it have landed too. In doubt a commit has not landed.
        """
        graph, asked, found = CommitGraph(parents), frozenset(oids), set[str]()
        touching = {oid: self._touching(oid) for oid in oids[:_ASKED]}
        lines = {patch.key: _Lines(patch) for patch in self._patches(touching)}
        for oid, landings in touching.items():
            if oid in found:
                continue
            for landing in landings:
                if not lines[oid].may_be_in(lines[landing]):
                    continue
                if self.is_whole(landing, oid):
                    found |= graph.ancestors([oid]) & asked
                    break
                if self._is_copy(landing, oid):
                    found.add(oid)
                    break
        return frozenset(found)

    def _touching(self, oid: str) -> list[str]:
        """Return the branch's own commits that a commit does not have, and that change one of its files."""
        paths = [entry.path for entry in changed_entries(self.repository, [oid])[oid] if "\n" not in entry.path]
        found: dict[str, None] = {}
        for tip in dict.fromkeys(self.tips) if paths else ():
            asked = os.fsencode("\n".join((tip, f"^{oid}", "--", *paths)) + "\n")
            options = ("--first-parent", f"--max-count={_TRIED}", "--stdin")
            found |= dict.fromkeys(self.repository.objects.run("rev-list", *options, stdin=asked).decode().split())
        return list(found)

    def _patches(self, touching: Mapping[str, Sequence[str]]) -> Iterator[Patch]:
        """Yield the patches of commits and of their possible landings, each once."""
        wanted = dict.fromkeys(oid for asked, landings in touching.items() if landings for oid in (asked, *landings))
        yield from commit_patches(self.repository, wanted)

    def is_whole(self, landing: str, oid: str) -> bool:
        """Return whether a commit and its ancestors bring something to a landing's parent, but not to the landing."""
        tree = tree_of(self.repository, landing)
        return clean_merge(self.repository, (landing, oid)) == tree and self._brings(f"{landing}^", oid)

    def _brings(self, onto: str, oid: str) -> bool:
        try:
            return clean_merge(self.repository, (onto, oid)) != tree_of(self.repository, onto)
        except GitError:
            # A root has no parent.
            return False

    def _is_copy(self, landing: str, oid: str) -> bool:
        """Return whether a landing is exactly the cherry-pick of the commit on top of the landing's parent."""
        picked = picked_tree(self.repository, f"{landing}^", oid)
        return picked is not None and picked == tree_of(self.repository, landing)

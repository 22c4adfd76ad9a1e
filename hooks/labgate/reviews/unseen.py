"""Commits whose content nobody saw who approved the sum of a change: it is in history, but in no approved tree.

A reviewer on a code host sees the difference between the target and the approved commit. A commit and its revert, or
a branch that was merged with ``git merge -s ours``, leave no trace there and land all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from labgate.git.commits import merge_bases
from labgate.git.diffs import brought_paths, changed_entries, differing_entries
from labgate.git.raw import Entry
from labgate.git.repository import Repository
from labgate.reviews.contributors import Contributors
from labgate.reviews.markers import brought_in
from labgate.values.ref_update import Commit


def unseen_commits(
    repository: Repository,
    contributors: Contributors,
    span: Sequence[Commit],
    approved: Iterable[str],
    base: str | None,
) -> frozenset[str]:
    """Return the commits (full oids) of a range that bring content which no approved tree shows.

    ``approved`` are the approved commits, ``base`` the target's tip, ``None`` if it is created. A file that the
    approved difference shows may have had other versions on the way. It may not where a merge has the file of one of
    its parents, although git would have merged both: what such a merge leaves out was seen by nobody.
    """
    heads = tuple(dict.fromkeys(approved))
    own = [commit for commit in span if not contributors.is_contentless(commit)]
    if not heads or not own or base is None:
        return frozenset()
    shown = frozenset(path for head in heads for path in _shown(repository, base, head))
    dropped = _dropped(repository, contributors, span)
    doubtful = {
        oid: [
            entry.new
            for entry in mine
            if entry.brings_content and (entry.path in dropped.get(oid, ()) or entry.path not in shown)
        ]
        for oid, mine in _brought(repository, own)
    }
    if not any(doubtful.values()):
        return frozenset()
    known = _blobs(repository, (*heads, base))
    return frozenset(oid for oid, blobs in doubtful.items() if any(blob not in known for blob in blobs))


def _brought(repository: Repository, commits: Sequence[Commit]) -> Iterator[tuple[str, list[Entry]]]:
    """Yield the files that each commit changes; of a merge those that differ from every parent."""
    entries = changed_entries(repository, [commit.oid for commit in commits])
    merges = brought_paths(repository, [commit.oid for commit in commits if len(commit.parents) > 1])
    for oid, mine in entries.items():
        yield oid, [entry for entry in mine if oid not in merges or entry.path in merges[oid]]


def _shown(repository: Repository, base: str, head: str) -> Iterator[str]:
    """Yield the paths in the difference between the target and an approved commit, as a code host shows it."""
    for fork in merge_bases(repository, base, head)[:1]:
        names = repository.objects.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", fork, head)
        yield from os.fsdecode(names).split("\0")[:-1]


def _dropped(repository: Repository, contributors: Contributors, span: Sequence[Commit]) -> dict[str, set[str]]:
    """Return the paths that a merge took from another parent, by the commits that are only in the range by it.

    That is not the merge that git itself would make: what these commits have there is in no tree after it.
    """
    parents = {commit.oid: commit.parents for commit in span}
    found: dict[str, set[str]] = {}
    for commit in span:
        if len(commit.parents) < 2 or contributors.is_contentless(commit):
            continue
        differing = {
            parent: {entry.path for entry in differing_entries(repository, commit.oid, parent)}
            for parent in commit.parents
        }
        for lost, kept in permutations(differing, 2):
            for oid in brought_in(commit.oid, parents | {commit.oid: (kept, lost)}) - {commit.oid}:
                found.setdefault(oid, set()).update(differing[lost] - differing[kept])
    return found


def _blobs(repository: Repository, commits: Iterable[str]) -> frozenset[str]:
    """Return the oids of all files in the trees of some commits."""
    found: set[str] = set()
    for commit in dict.fromkeys(commits):
        listing = os.fsdecode(repository.objects.run("ls-tree", "-r", "-z", "--full-tree", commit))
        found.update(line.partition("\t")[0].rpartition(" ")[2] for line in listing.split("\0")[:-1])
    return frozenset(found)

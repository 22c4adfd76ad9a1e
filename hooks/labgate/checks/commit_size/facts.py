"""Facts for commit-size: what each commit of a range weighs, merges by what differs from the clean merge."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labgate.checks.commit_size.check import Facts
from labgate.git.attributes import excluded_paths
from labgate.git.commits import has_commit, is_ancestor, tree_of
from labgate.git.diffs import clean_merge, commit_files, is_exact_revert, tree_files
from labgate.scene.scene import Scene
from labgate.values.batch import Batch, FileChange
from labgate.values.ref_update import Commit, RefUpdate

#: What ``git revert`` writes.
_REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)\b", re.MULTILINE)


def collect(scene: Scene, update: RefUpdate) -> Facts:
    """Return the weight of every commit that the update brings and no protected branch holds, oldest first."""
    repository = scene.repository
    repository.require_history()
    commits = tuple(reversed(scene.span(update).unlanded_commits))
    files = commit_files(repository, [commit.oid for commit in commits if len(commit.parents) < 2])
    files |= {commit.oid: _merge_files(scene, commit) for commit in commits if len(commit.parents) > 1}
    files = _marked(scene, files)
    batches = (Batch(c.oid, c.subject, files[c.oid], _reverted(scene, c, update), len(c.parents)) for c in commits)
    kind = scene.policy.classify(update.ref).name
    return Facts(tuple(batches), kind, target=update.ref, source=update.source, series=True)


def _merge_files(scene: Scene, commit: Commit) -> tuple[FileChange, ...]:
    """Return what a merge changes beyond the clean merge; where git knows no clean merge, beyond the first parent."""
    base = clean_merge(scene.repository, commit.parents)
    if base is None:
        base = tree_of(scene.repository, commit.parents[0])
    return tree_files(scene.repository, base, commit.tree)


def _reverted(scene: Scene, commit: Commit, update: RefUpdate) -> str | None:
    """Return the commit on the target that this one exactly takes back, or ``None``.

    Only the first that the message names can be it: a commit takes back one other exactly, or none.
    """
    repository, named = scene.repository, _REVERTS.search(commit.message)
    if named is None or update.old is None or not has_commit(repository, named[1]):
        return None
    exact = is_ancestor(repository, named[1], update.old) and is_exact_revert(repository, commit.oid, named[1])
    return named[1] if exact else None


def _marked(scene: Scene, files: Mapping[str, tuple[FileChange, ...]]) -> dict[str, tuple[FileChange, ...]]:
    """Mark what the trunk's attributes exclude. An attribute that the change itself brings excludes nothing."""
    if scene.trunk_tip is None:
        return dict(files)
    paths = {change.path for changes in files.values() for change in changes}
    excluded = excluded_paths(scene.repository, scene.trunk_tip, paths)
    return {
        oid: tuple(
            FileChange(item.path, item.status, item.added, item.deleted, item.size, item.path in excluded)
            for item in changes
        )
        for oid, changes in files.items()
    }

"""The documents of judged commits: a plain one's change, a merge's difference from git's own merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labgate.fingerprints.building import gap, make_document, make_documents
from labgate.fingerprints.documents import Document
from labgate.fingerprints.patches import Patch, commit_patches, tree_patches
from labgate.fingerprints.text import normal_lines
from labgate.git.diffs import clean_merge
from labgate.git.merges import own_changes
from labgate.git.repository import Repository
from labgate.values.errors import MissingObjectError
from labgate.values.ref_update import Commit


def judged_documents(repository: Repository, commits: Sequence[Commit]) -> Iterator[tuple[Commit, Document]]:
    """Yield commits with their documents, merges last; clean merges are left out."""
    plain = [commit for commit in commits if len(commit.parents) < 2]
    yield from zip(plain, make_documents(repository, [commit.oid for commit in plain], judged=True), strict=True)
    for commit in commits:
        document = _of_merge(repository, commit) if len(commit.parents) > 1 else None
        if document is not None:
            yield commit, document


def _of_merge(repository: Repository, commit: Commit) -> Document | None:
    """Return the document of a merge, ``None`` for a clean one."""
    try:
        clean = clean_merge(repository, commit.parents)
        if clean == commit.tree:
            return None
        patch = _beside_parents(repository, commit.oid) if clean is None else None
        if clean is not None:
            (patch,) = tree_patches(repository, [(clean, commit.tree)])
            patch.key = commit.oid
        return None if patch is None else make_document(repository, patch, judged=True)
    except MissingObjectError:
        return gap(commit.oid, [commit.oid])


def _beside_parents(repository: Repository, merge: str) -> Patch | None:
    """Return the changes of a merge against each of its parents, where git cannot make a merge to compare with."""
    own = own_changes(repository, merge)
    if not own:
        return None
    (patch,) = commit_patches(repository, [merge])
    files = []
    for file in patch.files:
        if file.path not in own:
            continue
        sides = (own[file.path].added, own[file.path].deleted)
        added, deleted = ({line for raw in side for line in normal_lines(raw)} for side in sides)
        for run in file.runs:
            run.added = [line for line in run.added if line in added]
            run.deleted = [line for line in run.deleted if line in deleted]
        mine = file.with_runs(run for run in file.runs if run.added or run.deleted)
        mine.digests = None
        files.append(mine)
    return Patch(merge, files)

"""The documents of judged commits: a plain one's change, a merge's difference from git's own merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labgate.fingerprints.building import gap, make_document, make_documents
from labgate.fingerprints.index import Document
from labgate.fingerprints.patches import tree_patches
from labgate.git.diffs import clean_merge
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
        if clean is None or clean == commit.tree:
            return None
        (patch,) = tree_patches(repository, [(clean, commit.tree)])
        patch.key = commit.oid
        return make_document(repository, patch, judged=True)
    except MissingObjectError:
        return gap(commit.oid, [commit.oid])

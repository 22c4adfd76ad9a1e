"""Look at provenance from a test: patches, documents, traces and landings of a throw-away repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from labgate.derivation.lacking import Traces
from labgate.derivation.range_evidence import range_evidence
from labgate.derivation.tracing import Tracer
from labgate.fingerprints.building import make_document
from labgate.fingerprints.documents import Document
from labgate.fingerprints.index import index_path
from labgate.fingerprints.patches import FilePatch, Patch, commit_patches
from labgate.git.commits import read_commits, rev_list
from labgate.git.refs import read_refs
from labgate.git.repository import Repository, discover
from labgate.research.first_seen import FirstSeen
from labgate.research.research_commits import ResearchGraph
from labgate.research.source_refs import RefClasses, SourceRef
from labgate.values.finding import Evidence
from labgate.values.traced import Traced
from support.repo import Repo

#: Sources of the tests are the local branches below this.
RESEARCH = "refs/heads/research/"


def open_repository(repo: Repo) -> Repository:
    return discover(repo.env, str(repo.path))


def index_file(repo: Repo) -> Path:
    """Return where the index of a repository is, or would be."""
    return Path(index_path(open_repository(repo).common_dir))


def patch_of(repo: Repo, revision: str = "HEAD") -> Patch:
    (patch,) = commit_patches(open_repository(repo), [repo.head(revision)])
    return patch


def file_of(repo: Repo, revision: str = "HEAD") -> FilePatch:
    """Return what a commit does to the only file that it changes."""
    (file,) = patch_of(repo, revision).files
    return file


def document_of(repo: Repo, revision: str = "HEAD") -> Document:
    return make_document(open_repository(repo), patch_of(repo, revision))


def sources_of(repository: Repository) -> tuple[SourceRef, ...]:
    refs = read_refs(repository)
    return tuple(SourceRef(ref, ref, oid, None) for ref, oid in sorted(refs.items()) if ref.startswith(RESEARCH))


def traces(repo: Repo, oids: Sequence[str], **options: Any) -> dict[str, Traced]:
    """Trace commits, each against its own first parent if ``exclude`` is not among the options."""
    repository = open_repository(repo)
    tracer = Tracer(repository, read_refs(repository), sources_of(repository), **options)
    return {traced.commit: traced for traced in tracer.trace(oids)}


def trace(repo: Repo, revision: str = "HEAD", **options: Any) -> Traced:
    oid = repo.head(revision)
    return traces(repo, [oid], **options)[oid]


def landing(repo: Repo, head: str, base: str = "main") -> tuple[list[Evidence], frozenset[str]]:
    """Judge what ``head`` would land on ``base``, which has all that has landed."""
    found = landing_traces(repo, head, base)
    lacking = found.lacking.error(open_repository(repo))
    if lacking is not None:
        raise lacking
    return list(found.evidence), found.small


def landing_traces(repo: Repo, head: str, base: str = "main") -> Traces:
    """Return all that is found of what ``head`` would land on ``base``."""
    repository = open_repository(repo)
    before = repo.head(base)
    graph = ResearchGraph(repository, RefClasses(sources_of(repository), (), ()), [before])
    commits = read_commits(repository, rev_list(repository, [repo.head(head)], [before]))
    return range_evidence(repository, graph, commits, [before], FirstSeen(repository).research)


def decisive(traced: Traced) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Return method, source ref and source commits of all evidence that decides."""
    return [(item.method, item.source_ref, item.source_commits) for item in traced.evidence if item.decisive]


def in_children(*works: Callable[[], object]) -> list[int]:
    """Do things in forked processes at once; return the exit status of each, or minus the signal that killed it."""
    children = [_fork(work) for work in works]
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def _fork(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        status = 70
        try:
            work()
            status = 0
        finally:
            # Never back into pytest, whatever was raised.
            os._exit(status)
    return child


def code(*names: str) -> str:
    """Return a small function for each name, six lines that say something."""
    return "\n\n".join(_FUNCTION.replace("NAME", name) for name in names)


_FUNCTION = """\
def NAME(records, limit):
    NAME_total = 0
    for record in records[:limit]:
        NAME_total += record.NAME_weight * 3
        print("NAME", record.identifier, NAME_total)
    return NAME_total / max(len(records), limit)
"""

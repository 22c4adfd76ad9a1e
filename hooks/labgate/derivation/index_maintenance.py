"""Maintain the index as a whole: show its state and rebuild it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress

from labgate.derivation.candidates import Scope, find_candidates
from labgate.fingerprints.building import Progress, ensure_both
from labgate.fingerprints.index import Index, index_path, indexed
from labgate.fingerprints.other_versions import OtherIndex, other_indexes, version_of
from labgate.fingerprints.storage import discard
from labgate.git.history import History, read_history
from labgate.git.repository import Repository
from labgate.research.first_seen import FirstSeen
from labgate.research.history_graph import HistoryGraph
from labgate.research.source_refs import SourceRef
from labgate.research.unlanded import unlanded_path
from labgate.values.databases import identity_of
from labgate.values.files import RefusedFileError, remove_own, stat_own
from labgate.values.value import Value


class IndexStatus(Value):
    """The state of the index; sizes are in bytes.

    ``refs`` is the number of source refs that it was built for, or in ``index_status`` of those that the ledger knows.
    ``others`` are the files of other versions. ``problem`` is why the file cannot be used or written, or ``None``.
    """

    path: str
    exists: bool
    version: str
    documents: int
    refs: int
    main_commits: int
    bytes: int
    ledger_entries: int
    deleted_tips: int
    others: tuple[OtherIndex, ...]
    problem: str | None


def index_status(repository: Repository) -> IndexStatus:
    """Return the state of the index and the ledger; nothing is built or changed."""
    path = index_path(repository.common_dir)
    ledger = FirstSeen(repository).research
    counts = {"document": 0, "link": 0}
    problem = _problem(path)
    stat = None if problem else stat_own(path)
    exists, size = stat is not None, 0 if stat is None else stat.st_size
    # An empty file is one that a process is about to fill.
    if problem is None and size:
        try:
            with closing(Index(path)) as index:
                counts = index.counts()
        except (OSError, sqlite3.Error) as error:
            problem = str(error)
    deleted = len(ledger.deleted(0, 1 << 62))
    held = (counts["document"], len(ledger.tips()), counts["link"])
    others = tuple(other_indexes(path))
    return IndexStatus(path, exists, version_of(path) or "", *held, size, ledger.size(), deleted, others, problem)


def _problem(path: str) -> str | None:
    """Return why there can be no index, ``None`` if there can."""
    try:
        stat_own(path)
    except RefusedFileError as error:
        return f"{error.filename} {error.strerror}"
    here = path
    while not os.path.lexists(here):
        here = os.path.dirname(here)
    return None if os.access(here, os.R_OK | os.W_OK) else f"{here} cannot be written"


def rebuild(
    repository: Repository,
    refs: Mapping[str, str],
    sources: Sequence[SourceRef],
    trunk: str | None,
    *,
    progress: Progress | None = None,
) -> IndexStatus:
    """Delete the index, those of other versions too, and build it for these sources and this trunk (full names).

    The cache of unlanded history is deleted with it; the ledger stays.

    Raises: ``GitError`` when history cannot be read.
    """
    path = index_path(repository.common_dir)
    for name in (path, *(other.path for other in other_indexes(path))):
        discard(name, identity_of(name))
    with suppress(OSError):
        remove_own(unlanded_path(repository.common_dir))
    tip = None if trunk is None else refs.get(trunk)
    indexed(repository.common_dir, lambda index: _fill(repository, index, sources, tip, progress))
    return index_status(repository).changed(refs=len(sources))


def _fill(
    repository: Repository, index: Index, sources: Sequence[SourceRef], tip: str | None, progress: Progress | None
) -> None:
    ensure_both(repository, index, *_wanted(repository, sources, tip), progress)


def _wanted(repository: Repository, sources: Sequence[SourceRef], tip: str | None) -> tuple[list[str], list[str]]:
    """Return the commits of the chain up to a tip, and the keys of the documents of the sources beside it.

    The history that they come from is freed.
    """
    wanted = [*(source.oid for source in sources), *([tip] if tip else [])]
    graph = HistoryGraph(read_history(repository, wanted) if wanted else History(()))
    chain = graph.chain(tip)
    return list(chain.commits.values()), list(find_candidates(graph, chain, sources, Scope()).by_key)

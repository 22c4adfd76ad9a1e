"""Fill the index: documents of research commits, and the chains that research may land on."""

from __future__ import annotations

import os
import sqlite3
import sys
from array import array
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from itertools import islice

from labgate.fingerprints import postings
from labgate.fingerprints.decoding import PATCH_BYTES, with_texts
from labgate.fingerprints.documents import Document
from labgate.fingerprints.features import features_of
from labgate.fingerprints.index import Index
from labgate.fingerprints.noise import CODE, IGNORED, PINS, PROSE, sort_of
from labgate.fingerprints.patch_ids import patch_ids
from labgate.fingerprints.patches import (
    FILE_LINES,
    FilePatch,
    Patch,
    Run,
    commit_patches,
    tree_patches,
)
from labgate.fingerprints.postings import BLOB, CORE, EXACT, FORM
from labgate.fingerprints.swapped_parents import swapped_on
from labgate.fingerprints.text import normal_lines
from labgate.git.commits import rev_list
from labgate.git.missing import absent, lacking
from labgate.git.raw import blob_sizes
from labgate.git.repository import Repository
from labgate.values.errors import GitError

#: Reports progress: what is being done, how much is done, and how much there is in all.
Progress = Callable[[str, int, int], None]

#: The least and most documents of one task: a process holds all of it, and during the last one the other core is
#: idle. The least number of documents for which a second core is used.
_SMALL_TASK, _TASK, _SPREAD = 64, 256, 256
#: Features of one transaction, or a little more, of research and of a branch; a document without any takes the memory
#: of ``_EACH``. Each transaction rewrites what is there; until then its features are in memory, twice where documents
#: are stored whole, eight bytes each. A process that has so many megabytes already, as it knows thousands of branches,
#: takes a quarter of them.
_BATCH, _CHAIN_BATCH, _EACH, _LARGE_PROCESS = 1_200_000, 2_000_000, 100, 80
#: The documents between two reports of progress.
_TOLD = 64
#: The keys of documents that one process makes one after the other, and whether they are judged.
_Task = tuple[Sequence[str], bool]
#: Files whose lines do not count, or not as code.
_HIDDEN = (IGNORED, PROSE)


def make_document(repository: Repository, patch: Patch, *, judged: bool = False, by_hash: bool = False) -> Document:
    """Return the document of a patch; ``judged`` and ``by_hash`` as for ``features_of``."""
    patch = with_texts(repository, patch)
    shown = Patch(patch.key, [_shown(repository, file) for file in patch.files])
    found = features_of(shown, lambda file: code_cells(repository, file), judged=judged, by_hash=by_hash)
    ids = patch_ids(patch, judged=judged, by_hash=by_hash)
    contents = [*((BLOB, digest) for digest in ids.blobs), *((FORM, digest) for digest in ids.forms)]
    named = [(EXACT, ids.exact), (CORE, ids.core), *contents]
    names = {postings.packed_id(kind, digest) for kind, digest in named if digest is not None}
    paths = tuple(file.path for file in patch.files)
    packed = array("Q", sorted([*found.numbers, *names]))
    return Document(
        *(patch.key, ids.exact, ids.inverse, ids.core, ids.substance, found.lines, paths, packed),
        cut=found.cut,
        had=array("Q", sorted(found.had)) if found.had else (),
    )


def make_documents(
    repository: Repository, keys: Sequence[str], *, judged: bool = False, by_hash: bool = False
) -> Iterator[Document]:
    """Yield the document of each key, in order; without all objects it only says which are missing.

    Raises: ``GitError`` when git cannot read what is here.
    """
    lacks = lacking(repository, keys) if repository.partial else {}
    done = 0
    while done < len(keys):
        made = _plain_documents(
            repository, [key for key in keys[done:] if key not in lacks], judged=judged, by_hash=by_hash
        )
        try:
            for key in keys[done:]:
                yield gap(key, lacks[key]) if key in lacks else next(made)
                done += 1
        except GitError:
            # The error may be about a later one: git is ahead of the reader.
            found = lacking(repository, [key for key in keys[done:] if key not in lacks])
            if not found:
                raise
            lacks |= found


def gap(key: str, lacks: Sequence[str]) -> Document:
    """Return the document of a key whose objects this clone ``lacks``."""
    return Document(
        key,
        exact=None,
        inverse=None,
        core=None,
        substance=0,
        lines=0,
        paths=(),
        features=array("Q"),
        lacking=tuple(lacks),
    )


def _plain_documents(repository: Repository, keys: Sequence[str], *, judged: bool, by_hash: bool) -> Iterator[Document]:
    ranges = [(old, new) for old, between, new in (key.partition("..") for key in keys) if between]
    commits = [key for key in keys if ".." not in key]
    both = {False: commit_patches(repository, commits), True: tree_patches(repository, ranges)}
    for key in keys:
        yield make_document(repository, next(both[".." in key]), judged=judged, by_hash=by_hash)


def _shown(repository: Repository, file: FilePatch) -> FilePatch:
    """Return a file as its path says; one that is renamed from a path that does not count brings all its lines."""
    if file.status != "R" or sort_of(file.old_path) not in _HIDDEN or sort_of(file.path) not in (CODE, PINS):
        return file
    if blob_sizes(repository.objects, {file.new_blob})[file.new_blob] > PATCH_BYTES:
        return file.with_runs([], cut=True)
    lines = [line for raw in _blob(repository, file.new_blob).split(b"\n") for line in normal_lines(raw)]
    return file.with_runs([Run(b"", b"", added=lines[:FILE_LINES], start=1)], cut=len(lines) > FILE_LINES)


def _blob(repository: Repository, oid: str) -> bytes:
    return repository.objects.run("cat-file", "blob", oid) if oid.strip("0") else b""


def code_cells(repository: Repository, file: FilePatch) -> FilePatch:
    """Return a notebook with the runs of its code cells; of one that cannot be read, with the code in git's runs."""
    # Few commits have one, and json and difflib load slowly.
    from labgate.fingerprints.aligned import are_cut
    from labgate.fingerprints.notebooks import NOTEBOOK_BYTES, notebook_runs, unread_runs

    sides = {oid for oid in (file.old_blob, file.new_blob) if oid.strip("0")}
    if max(blob_sizes(repository.objects, sides).values(), default=0) > NOTEBOOK_BYTES:
        return file.with_runs(unread_runs(file.runs), cut=True)
    runs = notebook_runs(_blob(repository, file.old_blob), _blob(repository, file.new_blob))
    if runs is None:
        return file.with_runs(unread_runs(file.runs))
    return file.with_runs(runs, cut=are_cut(runs))


def ensure_documents(
    repository: Repository, index: Index, keys: Sequence[str], progress: Progress | None = None
) -> dict[str, int]:
    """Return the number of each document, and make those that are missing. A key is a commit, or ``OLD..NEW``."""
    _refuse_old_gaps(repository, index)
    known = index.document_ids()
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    if missing:
        known.clear()  # there are tens of thousands, and they are read anew
        with index.building():
            _add(repository, index, (), {}, missing, progress)
            known = index.document_ids()
    return dict(zip(keys, map(known.__getitem__, keys), strict=True))


def ensure_chain(repository: Repository, index: Index, chain: Sequence[str], progress: Progress | None = None) -> None:
    """Index a first-parent chain, oldest first, from its root or from a commit that is indexed already."""
    ensure_both(repository, index, chain, (), progress)


def ensure_both(
    repository: Repository,
    index: Index,
    chain: Sequence[str],
    keys: Sequence[str],
    progress: Progress | None = None,
) -> None:
    """Do as ``ensure_chain`` and ``ensure_documents``; research is read while what the chain had first is found."""
    _refuse_old_gaps(repository, index)
    missing = _unlinked(index, chain)
    if not missing and not keys:
        return
    swaps = swapped_on(repository, missing) if missing else {}
    for other in swaps.values():
        ensure_branch(repository, index, other)
    with index.building():
        _add(repository, index, chain, swaps, keys, progress)


def _add(
    repository: Repository,
    index: Index,
    chain: Sequence[str],
    swaps: Mapping[str, str],
    keys: Sequence[str],
    progress: Progress | None,
) -> None:
    """Add what is missing of a chain, with its ``swaps``, and of documents. The caller keeps others from building."""
    links = _unlinked(index, chain)
    known = index.document_ids() if keys else {}
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    known.clear()
    parent = chain[-len(links) - 1] if len(links) < len(chain) else None
    with closing(_made(repository, links, missing)) as made:
        for batch in _batches(made, len(links), _CHAIN_BATCH, "commits of the branch", progress):
            parent = index.extend(parent, batch, swaps)
        for batch in _batches(made, len(missing), _BATCH, "research commits", progress):
            index.add_documents([*batch])


def _refuse_old_gaps(repository: Repository, index: Index) -> None:
    """Raises: ``sqlite3.DatabaseError`` when objects are here by now that documents were made without.

    Later commits were compared with what was known then, so everything is rebuilt.
    """
    gaps = index.gaps()
    if not gaps or index.gaps_checked:
        return
    index.gaps_checked = True
    blobs = {oid for key, oids in gaps.items() for oid in oids if not key.endswith(oid)}
    # One key with a missing tree is checked again, for all of them.
    trees = [key for key, oids in gaps.items() if key.endswith(oids[0])][:1]
    if absent(repository, blobs) != blobs or len(lacking(repository, trees)) < len(trees):
        message = "objects have come here that the index was built without"
        raise sqlite3.DatabaseError(message)


def _unlinked(index: Index, chain: Sequence[str]) -> Sequence[str]:
    """Return the newest part of a chain that is not indexed."""
    start = len(chain)
    while start and index.link(chain[start - 1]) is None:
        start -= 1
    return chain[start:]


def _batches(
    made: Iterator[Document], count: int, most: int, what: str, progress: Progress | None
) -> Iterator[Iterator[Document]]:
    """Yield the next ``count`` documents, in groups of ``most`` features or a little more, in a large process fewer.

    A group is to be read before the next one is asked for. Progress is reported every ``_TOLD`` documents.
    """
    done, most = 0, most // 4 if count and _is_large() else most

    def group() -> Iterator[Document]:
        nonlocal done
        size = 0
        while done < count and size < most:
            item = next(made)
            done += 1
            size += len(item.features) + _EACH
            if progress is not None and (done % _TOLD == 0 or done == count):
                progress(what, done, count)
            yield item

    if progress is not None and count:
        progress(what, 0, count)
    while done < count:
        yield group()


@cache
def _is_large() -> bool:
    """Return whether this process needed much memory before its first batch."""
    from resource import RUSAGE_SELF, getrusage  # a push rarely has so much to read

    return getrusage(RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10) >= _LARGE_PROCESS


def _made(repository: Repository, chain: Sequence[str], keys: Sequence[str]) -> Generator[Document, None, None]:
    """Yield the documents of commits of a branch, oldest first, then those of research; many are made on two cores."""
    if len(chain) + len(keys) < _SPREAD or (os.cpu_count() or 1) < 2:
        yield from make_documents(repository, chain, judged=True)
        yield from make_documents(repository, keys)
        return
    from labgate.fingerprints.workers import spread  # a push rarely has so much to read

    # Make what the workers share before they are started.
    _ = repository.objects
    tasks = [*_tasks(chain, judged=True), *_tasks(keys, judged=False)]
    for made in spread(lambda mine: _work(repository, mine), tasks):
        yield from made


def _tasks(keys: Sequence[str], *, judged: bool) -> Iterator[_Task]:
    size = min(max(len(keys) // 8, _SMALL_TASK), _TASK)
    for start in range(0, len(keys), size):
        yield keys[start : start + size], judged


def _work(repository: Repository, tasks: Sequence[_Task]) -> Iterator[list[Document]]:
    """Yield the documents of each task, those of a kind all read by one git, whose cache serves them all.

    git stores the newest version of a file whole and older ones as deltas (git-pack-objects, "--depth"), so it reads
    the history of a branch faster in reverse.
    """
    for judged in (True, False):
        step = -1 if judged else 1
        mine = [keys for keys, kind in tasks if kind is judged]
        made = make_documents(repository, [key for keys in mine for key in keys[::step]], judged=judged)
        for keys in mine:
            yield list(islice(made, len(keys)))[::step]


def ensure_branch(repository: Repository, index: Index, tip: str, progress: Progress | None = None) -> None:
    """Index the first-parent chain of a branch; only missing history is read."""
    if index.link(tip) is not None:
        return
    count = 64
    while True:
        oids = rev_list(repository, [tip], (), "--first-parent", "-n", str(count))
        known = next((place for place, oid in enumerate(oids) if index.link(oid) is not None), None)
        if known is not None or len(oids) < count:
            ensure_chain(repository, index, oids[: len(oids) if known is None else known + 1][::-1], progress)
            return
        count *= 32

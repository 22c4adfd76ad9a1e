"""Commits whose pins were taken back: a record says so, and nobody pins them again without naming them."""

from __future__ import annotations

import os
from collections.abc import Iterable

from labgate.experiments.artifacts import RECORD
from labgate.experiments.records import MOST_BYTES, RecordError, parse_record
from labgate.git.blobs import read_blobs
from labgate.git.commits import present
from labgate.git.raw import blob_sizes
from labgate.git.repository import Repository
from labgate.values.errors import GitError

#: What every record of such a commit has.
_SIGN = b'"withdrawn"'


def withdrawn_commits(repository: Repository, tips: Iterable[str]) -> frozenset[str]:
    """Return the commits (full oids) that the records in the trees of some commits call withdrawn.

    Tips and records that are not in this clone say nothing. Raises: ``GitError``.
    """
    blobs = {oid for tip in present(repository, tips) for oid in _record_blobs(repository, tip)}
    sizes = blob_sizes(repository.objects, blobs & present(repository, blobs))
    found = set()
    for _, content in read_blobs(repository.objects, [oid for oid, size in sizes.items() if size <= MOST_BYTES]):
        if _SIGN in content:
            try:
                record = parse_record(content)
            except RecordError:
                continue
            if record.withdrawn is not None:
                found.add(record.commit)
    return frozenset(found)


def _record_blobs(repository: Repository, tip: str) -> list[str]:
    try:
        listing = os.fsdecode(repository.objects.run("ls-tree", "-r", "-z", "--full-tree", tip)).split("\0")[:-1]
    except GitError:
        return []  # a tree of a partial clone that is not here
    rows = (row.partition("\t") for row in listing)
    return [head.split(" ")[2] for head, _, path in rows if path.endswith(RECORD)]

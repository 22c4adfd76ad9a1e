"""The commits that made artifacts, by the history of branches: each needs a pin before the branch may go."""

from __future__ import annotations

from collections.abc import Sequence

from labgate.experiments.artifacts import RECORD, is_artifact
from labgate.experiments.records import MOST_BYTES, Record, RecordError, parse_record
from labgate.experiments.section import ExperimentHash
from labgate.git.blobs import read_blobs
from labgate.git.commits import parents_of
from labgate.git.diffs import changed_entries
from labgate.git.raw import blob_sizes
from labgate.git.repository import Repository
from labgate.values.value import Value

_FILES = ("100644", "100755")


class Recorded(Value):
    """What a history says of the code of artifacts.

    ``commits`` are full oids, each with its experiment, in no order. ``withdrawn`` are those whose pin was taken back,
    which are not among them. ``unreadable`` are the paths of records that cannot be used.
    """

    commits: tuple[tuple[str, str], ...]
    withdrawn: frozenset[str]
    unreadable: tuple[str, ...]


def recorded_commits(
    repository: Repository, settings: ExperimentHash, experiment: str, tips: Sequence[str], landed: Sequence[str]
) -> Recorded:
    """Return the commits that made the artifacts of an experiment, by the history that ``landed`` does not have.

    These are the commits that its records name, also such as were replaced or deleted later, and its own commits that
    add or change an artifact. Raises: ``MissingObjectError`` when a record is not in this clone.
    """
    parents = parents_of(repository, tips, landed)
    entries = changed_entries(repository, parents)
    found: dict[tuple[str, str], None] = {}
    paths: dict[str, str] = {}
    for oid, changed in entries.items():
        files = [entry for entry in changed if entry.new_mode in _FILES]
        paths |= {entry.new: entry.path for entry in files if entry.path.endswith(RECORD)}
        if len(parents[oid]) < 2 and any(is_artifact(settings, entry.path) for entry in files):
            found[oid, experiment] = None
    withdrawn: set[str] = set()
    read = _read(repository, list(paths))
    for record in read.values():
        if record is not None and record.withdrawn is not None:
            withdrawn.add(record.commit)
        elif record is not None:
            found[record.commit, record.experiment] = None
    return Recorded(
        tuple(item for item in found if item[0] not in withdrawn),
        frozenset(withdrawn),
        tuple(sorted({paths[oid] for oid, record in read.items() if record is None})),
    )


def _read(repository: Repository, blobs: Sequence[str]) -> dict[str, Record | None]:
    """Return the record that each blob (full oid) is, ``None`` if it is none that can be used."""
    sizes = blob_sizes(repository.objects, set(blobs))
    small = [oid for oid, size in sizes.items() if size <= MOST_BYTES]
    return dict.fromkeys(blobs) | {oid: _parsed(content) for oid, content in read_blobs(repository.objects, small)}


def _parsed(content: bytes) -> Record | None:
    try:
        return parse_record(content)
    except RecordError:
        return None

"""Compare records with the artifacts and the code that they name, in a tree or in the index: objects only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from labgate.checks.experiment_hash.check import Claim, Submodule
from labgate.checks.experiment_hash.files import Files
from labgate.experiments.artifacts import POINTER
from labgate.experiments.records import MOST_BYTES, Record, RecordError, parse_record, record_path, recorded_name
from labgate.experiments.states import lfs_oid, pointed_md5
from labgate.git.blobs import read_blobs
from labgate.git.raw import blob_sizes
from labgate.git.repository import Repository
from labgate.git.snapshots import Header, read_headers
from labgate.git.submodules import is_published, submodule_at
from labgate.values.phrases import short_oid, size
from labgate.values.refnames import is_oid
from labgate.values.value import Value

#: Largest artifact that is compared: git holds a file in memory.
MOST_COMPARED = 100 * 10**6
_SUBMODULE = "submodule:"


class Compared(Value):
    """The artifacts, each with what its record says, and lines about what was not compared."""

    claims: tuple[Claim, ...]
    unseen: tuple[str, ...]


def compare(repository: Repository, files: Files, paths: tuple[str, ...]) -> Compared:
    """Return what the records of some artifacts say of them."""
    records = dict(zip(paths, _records(repository, [files.get(record_path(path)) for path in paths]), strict=True))
    known = {path: record for path, record in records.items() if isinstance(record, Record)}
    digests = _Digests(repository, files, known)
    headers = read_headers(repository, [record.commit for record in known.values()])
    unseen = list(digests.unseen)
    claims = []
    for path, record in records.items():
        present = digests.present(path)
        if record is None:
            claims.append(Claim(path, present, recorded=False))
        elif isinstance(record, RecordError):
            problem = f"it cannot be used: {record.message}"
            claims.append(Claim(path, present, recorded=True, problem=problem))
        else:
            found, not_here = _unpushed(repository, record)
            unseen += [f"{name}, a submodule of the code of {path}, is not checked out here" for name in not_here]
            exact = record.exact or (not (found or not_here) and _only_submodules(record))
            header = headers.get(record.commit)
            claims.append(_claim(path, present, record, digests.problem(path), header, found, exact))
    return Compared(tuple(claims), tuple(unseen))


def _claim(
    path: str,
    present: bool,
    record: Record,
    problem: str | None,
    header: Header | None,
    submodules: tuple[Submodule, ...],
    exact: bool,
) -> Claim:
    if recorded_name(path) != record.name:
        problem = f"it is of a file with the name {record.name}"
    elif problem is None and header is not None and record.tree not in (None, header.tree):
        problem = f"the tree of {short_oid(record.commit)} is {header.tree}, and it says {record.tree}"
    return Claim(
        path,
        present,
        recorded=True,
        problem=problem,
        commit=record.commit,
        experiment=record.experiment,
        exact=exact,
        withdrawn=record.withdrawn,
        submodules=submodules,
    )


def _only_submodules(record: Record) -> bool:
    """Return whether a record says nothing else against its code than a submodule that was on no remote.

    All else is in its list of what was left out; the submodules are looked at now.
    """
    build = record.document["predicate"]["buildDefinition"]
    named = any(item["name"].startswith(_SUBMODULE) for item in build["resolvedDependencies"])
    return named and build["internalParameters"].get("left_out") == []


def _records(repository: Repository, blobs: list[str | None]) -> Iterator[Record | RecordError | None]:
    """Yield the record in each blob, why it cannot be used, or ``None`` for no blob."""
    sizes = blob_sizes(repository.objects, {oid for oid in blobs if oid is not None})
    contents = dict(read_blobs(repository.objects, (oid for oid, number in sizes.items() if number <= MOST_BYTES)))
    for oid in blobs:
        if oid is None:
            yield None
        elif oid not in contents:
            yield RecordError(f"it has more than {MOST_BYTES} bytes")
        else:
            try:
                yield parse_record(contents[oid])
            except RecordError as error:
                yield error


class _Digests:
    """Whether artifacts have the content that was recorded; ``unseen`` has a line for each that was not compared."""

    def __init__(self, repository: Repository, files: Files, records: Mapping[str, Record]) -> None:
        self._files = files
        self._records = records
        self._sha256: dict[str, str] = {}
        self._md5: dict[str, str | None] = {}
        self.unseen: list[str] = []
        self._read(repository)

    def present(self, path: str) -> bool:
        return path in self._files or path + POINTER in self._files

    def problem(self, path: str) -> str | None:
        """Return how an artifact differs from its record, ``None`` if it does not or cannot be compared."""
        record = self._records[path]
        if path in self._files:
            found = self._sha256.get(self._files[path])
            differs = found not in (None, record.digests["sha256"])
        else:
            pointed = self._md5.get(path)
            differs = pointed is not None and pointed != record.digests.get("md5", pointed)
        return "the content differs" if differs else None

    def _read(self, repository: Repository) -> None:
        direct = {path: self._files[path] for path in self._records if path in self._files}
        pointers = {
            path: self._files[path + POINTER]
            for path in self._records
            if path not in self._files and path + POINTER in self._files
        }
        sizes = blob_sizes(repository.objects, {*direct.values(), *pointers.values()})
        for path, oid in (direct | pointers).items():
            if sizes[oid] > MOST_COMPARED:
                self.unseen.append(f"{path} has {size(sizes[oid])} and was not compared with its record")
        small = [oid for oid, number in sizes.items() if number <= MOST_COMPARED]
        md5: dict[str, str | None] = {}
        wanted = set(pointers.values())
        for oid, content in read_blobs(repository.objects, small):
            self._sha256[oid] = lfs_oid(content) or hashlib.sha256(content).hexdigest()
            if oid in wanted:
                md5[oid] = pointed_md5(content)
        for path, oid in pointers.items():
            self._md5[path] = md5.get(oid)
            if "md5" not in self._records[path].digests or md5.get(oid) is None:
                self.unseen.append(f"{path}{POINTER} cannot be compared with the record, as there is no MD5 in both")


def _unpushed(repository: Repository, record: Record) -> tuple[tuple[Submodule, ...], tuple[str, ...]]:
    """Return the submodules of recorded code that are on no remote, and the paths of those that are not here."""
    found, absent = [], []
    build = record.document["predicate"]["buildDefinition"]
    for item in build["resolvedDependencies"]:
        commit = item.get("digest", {}).get("gitCommit") if isinstance(item.get("digest", {}), dict) else None
        path = item["name"].removeprefix(_SUBMODULE)
        if path == item["name"] or path.startswith("/") or not isinstance(commit, str) or not is_oid(commit):
            continue
        submodule = submodule_at(repository, path)
        if submodule is None:
            absent.append(path)
        elif not is_published(submodule, commit):
            found.append(Submodule(path, commit, submodule.usual_remote or "origin"))
    return tuple(found), tuple(absent)

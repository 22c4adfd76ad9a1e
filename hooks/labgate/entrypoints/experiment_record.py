"""``labgate experiment record``: write down which code made artifacts that other tools have made."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from labgate.entrypoints.experiment import Bench, find_bench
from labgate.entrypoints.run_basis import RunRequest, basis_without_repository, expected_commit, has_repository
from labgate.experiments.artifacts import is_record, may_be_artifact
from labgate.experiments.code import Code, code_at, code_of_moment
from labgate.experiments.digests import digests_of
from labgate.experiments.inputs import shown_path
from labgate.experiments.pins import pin_here
from labgate.experiments.records import STATED, artifact_path, record_path, recorded_name, why_unnamed, write_record
from labgate.experiments.run_folder import new_run_id
from labgate.experiments.statements import Origin, Run, Subject, statement
from labgate.experiments.states import content_digest
from labgate.experiments.submodules import submodule_dependencies
from labgate.experiments.variables import COMMIT, RUN
from labgate.git.repository import discover
from labgate.values.errors import GitError, UsageError
from labgate.values.phrases import quote
from labgate.values.value import Value

_DVC = ".dvc"


class Recorded(Value):
    """The code that is recorded, and the paths of the records: the new ones, and those that say the same already."""

    code: Code
    written: tuple[str, ...]
    kept: tuple[str, ...]


class _Stated(Value):
    """What all records of one call say, and the root of the work tree, absolute."""

    origin: Origin
    top: str


def record(
    artifacts: Sequence[str], revision: str | None, stated: str | None, environ: Mapping[str, str] = os.environ
) -> Recorded:
    """Write a record beside each artifact, and pin the code here.

    ``revision`` is its commit, ``None``: that of ``LABGATE_COMMIT``, else the code that is here now. Raises:
    ``LabgateError`` before anything is written, ``OSError``.
    """
    paths = [_artifact(_from_top(path, environ)) for path in artifacts]
    here = os.getcwd()
    found = _in_repository(revision, stated, environ) if has_repository(here, environ) else _told(stated, environ)
    directory = "." if os.path.realpath(here) == found.top else shown_path(os.path.realpath(here), found.top)
    run = Run(environ.get(RUN) or new_run_id(), (), directory)
    md5 = os.path.isdir(os.path.join(found.top, _DVC))
    documents = {}
    for path in dict.fromkeys(paths):
        digests = {**digests_of(path, md5=md5), "sha256": content_digest(path)}
        documents[record_path(path)] = statement([Subject(recorded_name(path), digests)], found.origin, run)
    written = {path: write_record(path, document) for path, document in documents.items()}
    return Recorded(
        found.origin.code,
        tuple(path for path, new in written.items() if new),
        tuple(path for path, new in written.items() if not new),
    )


def _from_top(path: str, environ: Mapping[str, str]) -> str:
    """Return a path as typed if it is there, else relative to the top of the work tree: findings name files so."""
    if os.path.lexists(artifact_path(path)) or os.path.isabs(path):
        return path
    with suppress(GitError):
        top = discover(environ).top
        if top is not None and os.path.lexists(os.path.join(top, artifact_path(path))):
            return os.path.relpath(os.path.join(top, path))
    return path


def _artifact(path: str) -> str:
    """Return the path of an artifact that somebody names. Raises: ``UsageError`` when it is no file."""
    artifact = artifact_path(path) if is_record(path) else path
    if os.path.isdir(artifact):
        message = f"{artifact} is a folder: a record is of a file"
        raise UsageError(message, f"labgate experiment record {quote(artifact.rstrip('/'))}/*")
    if not os.path.isfile(artifact):
        message = f"there is no file {artifact}"
        raise UsageError(message, "git status --ignored --short  # what is there")
    if not may_be_artifact(artifact):
        message = f"{artifact} is never an artifact, but a file of git"
        raise UsageError(message, "labgate experiment record ARTIFACT")
    reason = why_unnamed(artifact)
    if reason is not None:
        message = f"{artifact} cannot have a record: {reason}"
        raise UsageError(message, f"mv -- {_pattern(artifact)} NAME")
    return artifact


def _pattern(path: str) -> str:
    """Return a word of the shell that finds a path, with ``?`` for each character that no line can show."""
    return "?".join(part and quote(part) for part in re.split(r"[\x00-\x1f\x7f]", path))


def _in_repository(revision: str | None, stated: str | None, environ: Mapping[str, str]) -> _Stated:
    bench = find_bench(environ, stated)
    code = _code(bench, revision, environ)
    pin_here(bench.repository, bench.settings, bench.experiment, code.commit)
    dependencies = submodule_dependencies(bench.repository, code.commit, bench.uri)
    origin = Origin(code, bench.experiment, bench.branch, STATED, bench.uri, dependencies)
    return _Stated(origin, os.path.realpath(bench.repository.top or os.curdir))


def _code(bench: Bench, revision: str | None, environ: Mapping[str, str]) -> Code:
    named = revision or expected_commit(environ)
    if named is None:
        return code_of_moment(bench.repository, bench.settings, bench.experiment)
    try:
        return code_at(bench.repository, named)
    except UsageError as error:
        if revision is not None:
            raise
        message = f"{COMMIT} is {named}, which is not in this clone"
        raise UsageError(message, f"labgate experiment checkout {named}  # or: unset {COMMIT}") from error


def _told(stated: str | None, environ: Mapping[str, str]) -> _Stated:
    """Return what a variable says of the code, where there is no repository."""
    basis = basis_without_repository(RunRequest(("record",), stated=stated), environ, os.getcwd())
    return _Stated(
        Origin(basis.code, basis.experiment, basis.branch, basis.how, basis.uri), os.path.realpath(basis.top)
    )

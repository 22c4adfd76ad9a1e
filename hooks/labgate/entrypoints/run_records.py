"""The records of a run: beside each artifact, and of the whole run in its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from labgate.entrypoints.run_basis import Basis
from labgate.experiments.copies import clear_unfinished, copy_whole
from labgate.experiments.digests import digests_of
from labgate.experiments.inputs import shown_path
from labgate.experiments.records import (
    RecordError,
    format_record,
    record_path,
    recorded_name,
    why_unnamed,
    write_record,
)
from labgate.experiments.run_folder import LOG, RECORD, RunFolder
from labgate.experiments.statements import Origin, Run, Subject, statement
from labgate.experiments.supervise import Ending
from labgate.values.value import Value
from labgate.values.whole_files import write_whole

#: How often a file is read that changes while it is read.
_ATTEMPTS = 3


class Circumstances(Value):
    """What is known of a run beside its ending: what ran where, and from what.

    ``top`` is the root of the work tree in which it ran, absolute, and ``directory`` the folder in it. ``copies`` is
    the folder for copies of log and record, ``None`` without.
    """

    basis: Basis
    folder: RunFolder
    command: tuple[str, ...]
    directory: str
    top: str
    dependencies: tuple[Mapping[str, Any], ...]
    copies: str | None


class Outcome(Value):
    """How a command ended, when (seconds since 1970), the digest of its output, and why the log lacks some of it.

    ``alone``: no other run was active in the work tree, so what changed meanwhile is this one's.
    """

    ending: Ending
    started: float
    finished: float
    log_sha256: str
    log_problem: OSError | None
    alone: bool = True


class Kept(Value):
    """What was kept: the artifacts with a record, as paths for people; and one line for each thing that was not.

    ``unnamed`` are artifacts whose names cannot stand in a record, each with the reason; the run's own record has them.
    """

    artifacts: tuple[str, ...]
    problems: tuple[str, ...]
    unnamed: tuple[tuple[str, str], ...] = ()


def keep_records(circumstances: Circumstances, outcome: Outcome, paths: Sequence[str]) -> Kept:
    """Write a record beside each artifact (absolute paths where the command ran), and the record of the run.

    Artifacts of a worktree are copied into the caller's tree. What fails is said, and the others are done.
    """
    basis, problems, folders = circumstances.basis, list[str](), set[str]()
    unnamed: dict[str, str] = {}
    if outcome.log_problem is not None:
        problems.append(f"the output is not all in {circumstances.folder.log}: {outcome.log_problem.strerror}")
    subjects: dict[str, Mapping[str, str]] = {}
    origin, run = _origin(circumstances), _run(circumstances, outcome)
    for path in paths:
        name = shown_path(path, circumstances.top)
        try:
            digests = _stable_digests(path, md5=os.path.isdir(os.path.join(basis.top, ".dvc")))
            target = _brought(path, circumstances)
            reason = why_unnamed(target)
            if reason is None:
                subject = Subject(recorded_name(target), digests)
                write_record(record_path(target), statement([subject], origin, run))
                folders.add(os.path.dirname(target))
            else:
                unnamed[name] = reason
            subjects[name] = digests
        except FileNotFoundError:
            # Somebody has removed it since: a run at the same time, or a child of this one.
            continue
        except RecordError as error:
            problems.append(f"{name} has no record: {error.message}")
        except OSError as error:
            problems.append(f"{name} has no record: {error.strerror}")
    for folder in folders:
        clear_unfinished(folder)
    problems += _keep_run(circumstances, outcome, subjects, origin, run)
    recorded = tuple(name for name in subjects if name not in unnamed)
    return Kept(recorded, tuple(problems), tuple(unnamed.items()))


def _keep_run(
    circumstances: Circumstances,
    outcome: Outcome,
    subjects: Mapping[str, Mapping[str, str]],
    origin: Origin,
    run: Run,
) -> list[str]:
    """Write the record of the run, and copies of it and of the log. Return a line for each that cannot be written."""
    # A Statement has a subject; that of a run without artifacts is its output.
    named = subjects or {LOG: {"sha256": outcome.log_sha256}}
    whole = statement([Subject(name, digests) for name, digests in named.items()], origin, run)
    folder, copies, problems = circumstances.folder, circumstances.copies, list[str]()
    try:
        write_whole(folder.record, format_record(whole), durable=True)
    except OSError as error:
        problems.append(f"{folder.record}: {error.strerror}")
    if copies is not None:
        try:
            copy_whole(folder.log, os.path.join(copies, LOG))
            write_whole(os.path.join(copies, RECORD), format_record(whole), durable=True)
        except OSError as error:
            problems.append(f"{copies}: {error.strerror}")
    return problems


def _brought(path: str, circumstances: Circumstances) -> str:
    """Return where an artifact is for the caller; one in a worktree is copied there. Raises: ``OSError``."""
    top, target = circumstances.top, circumstances.basis.top
    if top == target or not path.startswith(top + os.sep):
        return path
    found = os.path.join(target, os.path.relpath(path, top))
    copy_whole(path, found)
    return found


def _stable_digests(path: str, *, md5: bool) -> dict[str, str]:
    """Return the digests of a file. Raises: ``OSError`` when it cannot be read, or does not keep still."""
    for _ in range(_ATTEMPTS):
        before = os.stat(path)
        digests = digests_of(path, md5=md5)
        after = os.stat(path)
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return digests
    from errno import EBUSY

    raise OSError(EBUSY, "it is still being written", path)


def _origin(circumstances: Circumstances) -> Origin:
    basis = circumstances.basis
    return Origin(basis.code, basis.experiment, basis.branch, basis.how, basis.uri, circumstances.dependencies)


def _run(circumstances: Circumstances, outcome: Outcome) -> Run:
    ending = outcome.ending
    directory = shown_path(circumstances.directory, circumstances.top)
    beside = {} if outcome.alone else {"concurrent": True}
    result = {"name": "result", "annotations": {"outcome": ending.outcome, "status": ending.status, **beside}}
    return Run(
        circumstances.folder.id,
        tuple(os.fsencode(word).decode("utf-8", "backslashreplace") for word in circumstances.command),
        "." if circumstances.directory == circumstances.top else directory,
        _time(outcome.started),
        _time(outcome.finished),
        ({"name": LOG, "digest": {"sha256": outcome.log_sha256}}, result),
    )


def _time(seconds: float) -> str:
    """Return a time as RFC 3339 has it, in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")

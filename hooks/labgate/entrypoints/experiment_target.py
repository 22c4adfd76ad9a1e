"""What an experiment command is about: an artifact, an experiment, one of its commits; and its commit, brought here."""

from __future__ import annotations

import os

from labgate.entrypoints.experiment import Bench
from labgate.experiments.artifacts import RECORD, is_record
from labgate.experiments.code import FIRST_COMMIT
from labgate.experiments.naming import stated_experiment
from labgate.experiments.pins import (
    DIGITS,
    Pin,
    listed,
    memory_ref,
    pin_of,
    pins_here,
    read_pins,
    remembered,
)
from labgate.experiments.records import Record, RecordError, artifact_path, read_record, record_path
from labgate.git.commits import present
from labgate.git.kept_refs import fetch_refs
from labgate.git.refs import resolve_commit
from labgate.git.snapshots import read_headers
from labgate.git.submodules import shallow_commits
from labgate.values.errors import LabgateError, UndecidedError, UsageError
from labgate.values.phrases import count, quote
from labgate.values.refnames import is_oid
from labgate.values.value import Value

_LEAST_DIGITS = 7
_HEX = frozenset("0123456789abcdef")


class NotKnownError(UsageError):
    """Raised when nothing here or on the remote has this name."""

    status = 3


class PinMissingError(LabgateError):
    """Raised when the remote answered, and neither has the pin of a commit nor gives the commit."""

    status = 4


class TreeDiffersError(LabgateError):
    """Raised when the tree of a commit is not the one in the record."""

    status = 5


class Target(Value):
    """What a command is about.

    ``commit`` is a full oid, which need not be here. ``experiment`` is ``None`` where nothing says it. ``artifact`` is
    an absolute path, ``None`` if it was not named by one; ``record`` is its record, ``None`` without one. ``notes`` are
    lines about a choice that was made.
    """

    commit: str
    experiment: str | None
    artifact: str | None = None
    record: Record | None = None
    notes: tuple[str, ...] = ()


def find_target(bench: Bench, what: str) -> Target:
    """Return what somebody names: an artifact or its record, ``SERVICE/HANDLE[@SHA]``, or an oid of 7 digits or more.

    Raises: ``NotKnownError``, ``PinMissingError``, ``UndecidedError`` when the remote has to be asked and cannot be,
    ``RecordError``.
    """
    path = os.path.abspath(artifact_path(what) if is_record(what) else what)
    # A folder may have the name of an experiment.
    if os.path.isfile(path) or os.path.islink(path) or os.path.lexists(record_path(path)):
        return _artifact(bench, path, what)
    if len(what) >= _LEAST_DIGITS and _HEX.issuperset(what):
        return _by_oid(bench, what)
    if "/" in what:
        name, at, sha = what.rpartition("@") if "@" in what else (what, "", "")
        experiment = stated_experiment(name)
        return _pinned(bench, experiment, sha) if at else _newest(bench, experiment)
    message = f"{what!r} names no artifact, experiment or commit"
    raise NotKnownError(message, "labgate experiment list")


def bring(bench: Bench, target: Target) -> None:
    """Fetch the target's commit if it is not here: by the name of its pin, then by its oid; and compare its tree.

    Raises: ``PinMissingError``, ``TreeDiffersError``, ``UndecidedError`` when the remote cannot be asked.
    """
    if not present(bench.repository, [target.commit]):
        _fetch(bench, target)
    tree = read_headers(bench.repository, [target.commit])[target.commit].tree
    if target.record is not None and target.record.tree not in (None, tree):
        message = f"the tree of {target.commit} is {tree}, and the record says {target.record.tree}"
        raise TreeDiffersError(message, f"git log --patch -1 -- {quote(target.record.name + RECORD)}  # who changed it")


def _fetch(bench: Bench, target: Target) -> None:
    if bench.remote is None:
        message = f"{target.commit} is not in this clone, and there is no remote"
        raise UndecidedError(message, "git remote add origin URL")
    names: dict[str, str | None] = {target.commit: None}
    if target.experiment is not None:
        pin = pin_of(bench.settings, target.experiment, target.commit)
        names = {pin.ref: memory_ref(bench.settings, bench.remote, target.experiment, target.commit), **names}
    for name, here in names.items():
        if fetch_refs(bench.repository, bench.remote, {name: here}) and present(bench.repository, [target.commit]):
            return
    message = f"{bench.remote} has neither the pin {next(iter(names))} nor gives {target.commit}"
    raise PinMissingError(message, _who_can(target))


def _who_can(target: Target) -> str:
    return f"labgate experiment publish {target.commit[:DIGITS]}  # in the clone that has it"


def _artifact(bench: Bench, path: str, what: str) -> Target:
    try:
        record = read_record(record_path(path))
    except FileNotFoundError:
        return _committed(bench, path, what)
    except RecordError as error:
        message = f"{record_path(what.removesuffix(RECORD))} is no record: {error.message}"
        raise RecordError(message, f"labgate experiment record {quote(what.removesuffix(RECORD))}") from None
    return Target(record.commit, record.experiment, path, record)


def _committed(bench: Bench, path: str, what: str) -> Target:
    """Return an artifact without a record: its code is the commit that brought its content."""
    repository = bench.repository
    if repository.git.status("rev-parse", "--quiet", "--verify", "HEAD", accept=(0, 1))[0]:
        message = f"{what} has no record, and there is no commit yet"
        raise NotKnownError(message, FIRST_COMMIT)
    name = os.path.relpath(os.path.realpath(os.path.dirname(path)), os.path.realpath(repository.top or "/"))
    inside = os.path.normpath(os.path.join(name, os.path.basename(path)))
    found = repository.git.run("log", "-1", "--format=%H", "HEAD", "--", inside).decode().strip()
    if not found or inside.startswith(".."):
        message = f"{what} has no record, and no commit has it"
        raise NotKnownError(message, f"labgate experiment record {quote(what)}")
    if found in shallow_commits(repository):
        message = f"{what} has no record, and this shallow clone does not say which commit brought it"
        raise NotKnownError(message, f"git fetch --unshallow {quote(bench.remote or 'origin')}")
    return Target(found, bench.experiment, path)


def _by_oid(bench: Bench, digits: str) -> Target:
    """Return the commit of an oid: here, else by the pins of the remote, else if the remote gives it."""
    repository, settings = bench.repository, bench.settings
    known = {pin.commit: pin.experiment for pin in pins_here(repository, settings)}
    try:
        commit = resolve_commit(repository, digits)
        return Target(commit, known.get(commit))
    except UsageError:
        pass
    if bench.remote is None:
        message = f"{digits} names no commit here, and there is no remote"
        raise NotKnownError(message, "labgate experiment list")
    fitting = [pin for pin in _on_remote(bench) if pin.commit.startswith(digits)]
    if len({pin.commit for pin in fitting}) > 1:
        message = f"{digits} is the beginning of several pins"
        raise NotKnownError(message, "labgate experiment list")
    if fitting:
        return Target(fitting[0].commit, fitting[0].experiment)
    if is_oid(digits) and fetch_refs(repository, bench.remote, {digits: None}):
        return Target(digits, None)
    message = f"{digits} names no commit here, and no pin of {bench.remote}"
    raise NotKnownError(message, "labgate experiment list")


def _on_remote(bench: Bench) -> tuple[Pin, ...]:
    if bench.remote is None:
        return ()
    return read_pins(bench.settings, listed(bench.repository, bench.settings, bench.remote))


def _there(bench: Bench, experiment: str) -> list[Pin]:
    return [pin for pin in _on_remote(bench) if pin.experiment == experiment]


def _pinned(bench: Bench, experiment: str, digits: str) -> Target:
    """Return a commit of an experiment by the beginning of its oid."""
    if not digits or not _HEX.issuperset(digits):
        message = f"{digits!r} is not the beginning of a commit's hash"
        raise NotKnownError(message, f"labgate experiment list {quote(experiment)}")
    here = [pin for pin in _known_here(bench, experiment) if pin.commit.startswith(digits)]
    found = here or [
        pin for pin in _on_remote(bench) if (pin.experiment, True) == (experiment, pin.commit.startswith(digits))
    ]
    if len({pin.commit for pin in found}) == 1:
        return Target(found[0].commit, experiment)
    if found:
        message = f"{digits} is the beginning of several pins of {experiment}"
        raise NotKnownError(message, f"labgate experiment list {quote(experiment)}")
    place = f"here, nor on {bench.remote}" if bench.remote is not None else "here"
    message = f"{experiment} has no pin {digits} {place}"
    raise PinMissingError(message, f"labgate experiment list {quote(experiment)}")


def _known_here(bench: Bench, experiment: str) -> list[Pin]:
    pins = list(pins_here(bench.repository, bench.settings, experiment))
    if bench.remote is not None:
        known = read_pins(bench.settings, remembered(bench.repository, bench.settings, bench.remote))
        pins += [pin for pin in known if pin.experiment == experiment]
    return pins


def _newest(bench: Bench, experiment: str) -> Target:
    """Return the newest pin of an experiment, here and on the remote; without the remote if it cannot be asked."""
    pins, notes = {pin.ref: pin for pin in _known_here(bench, experiment)}, []
    try:
        pins |= {pin.ref: pin for pin in _there(bench, experiment)}
    except UndecidedError as error:
        if not pins:
            raise
        notes.append(f"{error.message}; only the pins in this clone are known")
    if not pins:
        message = f"there is no pin of {experiment}"
        raise NotKnownError(message, "labgate experiment list")
    if len(pins) > 1:
        _fetch_missing(bench, list(pins.values()))
    newest, rivals = _ranked(bench, tuple(pins.values()))
    if rivals:
        notes.append(f"{count(rivals, 'other pin')} of {experiment} can be as new; to name one: {experiment}@SHA")
    return Target(newest.commit, experiment, notes=tuple(notes))


def _ranked(bench: Bench, pins: tuple[Pin, ...]) -> tuple[Pin, int]:
    """Return the newest pin by the date of its commit, and how many others have the same date.

    A snapshot has the date of the commit that it was made on, and is newer.
    """
    headers = read_headers(bench.repository, [pin.commit for pin in pins])
    bases = {header.snapshot_of for header in headers.values()}

    def rank(pin: Pin) -> tuple[int, bool]:
        header = headers.get(pin.commit)
        return (-1 if header is None else header.committed, pin.commit not in bases)

    newest = max(pins, key=lambda pin: (rank(pin), pin.ref))
    return newest, sum(rank(pin) == rank(newest) for pin in pins) - 1


def _fetch_missing(bench: Bench, pins: list[Pin]) -> None:
    """Fetch those pins that are not here, to see which one is the newest."""
    here = present(bench.repository, [pin.commit for pin in pins])
    wanted = {
        pin.ref: memory_ref(bench.settings, bench.remote or "", pin.experiment, pin.commit)
        for pin in pins
        if pin.commit not in here
    }
    if wanted and bench.remote is not None:
        fetch_refs(bench.repository, bench.remote, wanted)

"""``labgate experiment list`` and ``show``: the experiments of a repository, and what is known of one artifact."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from labgate import FOLDER
from labgate.entrypoints.experiment import Bench, find_bench
from labgate.entrypoints.experiment_target import NotKnownError, PinMissingError, Target, find_target
from labgate.experiments.closing import is_closed_ref, outcome_in
from labgate.experiments.naming import experiment_of, is_experiment
from labgate.experiments.pins import (
    Pin,
    forget_others,
    memory_prefix,
    memory_ref,
    pin_of,
    pins_here,
    read_pins,
    remembered,
)
from labgate.experiments.records import Record
from labgate.experiments.section import ExperimentHash
from labgate.experiments.states import ABSENT, artifact_state, committed_state
from labgate.git.commits import is_ancestor, peel, present
from labgate.git.kept_refs import fetch_refs, refs_below, remote_refs
from labgate.git.repository import Repository
from labgate.git.snapshots import read_headers, read_tags
from labgate.values.errors import LabgateError, UndecidedError
from labgate.values.files import stat_own
from labgate.values.refnames import HEADS
from labgate.values.value import Value


class Outcome(Value):
    """The newest outcome of an experiment, and the commit (full oid) of its branch that was closed."""

    said: str
    commit: str

    def holds(self, repository: Repository, tips: Iterable[str]) -> bool:
        """Return whether it is that of branches with these tips (oids): what was started again is open."""
        here = present(repository, tips)
        return all(tip in here and is_ancestor(repository, tip, self.commit) for tip in tips)


class ListedPin(Value):
    """A pin: whether its commit is a snapshot, and where it is. ``None`` is not known."""

    ref: str
    commit: str
    snapshot: bool | None
    here: bool
    remote: bool | None


class Listed(Value):
    """An experiment: whether its branch is here and on the remote (``None``: not known), its outcome, its pins."""

    experiment: str
    branch_here: bool
    branch_remote: bool | None
    outcome: str | None
    pins: tuple[ListedPin, ...]


class Listing(Value):
    """Experiments, sorted by name. ``problem`` is why the remote could not be asked, ``None`` if it was or is none."""

    experiments: tuple[Listed, ...]
    problem: UndecidedError | None


def list_experiments(only: str | None, environ: Mapping[str, str] = os.environ) -> Listing:
    """Return the experiments with pins or branches, of ``SERVICE``, ``SERVICE/HANDLE`` or all (``None``).

    The remote is asked once. Raises: ``GitError``, ``PolicyError``.
    """
    bench = find_bench(environ)
    local = refs_below(bench.repository)
    remote, problem = _ask(bench)
    pins = _pins(bench, local, remote)
    here, there = _branches(bench, local, remote)
    _fetch_closed(bench, remote or {})
    outcomes = outcomes_of(bench.repository, bench.settings, {**(remote or {}), **local})

    def outcome(name: str) -> str | None:
        places = ((here, local), (there or {}, remote or {}))
        tips = [refs[HEADS + branches[name]] for branches, refs in places if name in branches]
        found = outcomes.get(name)
        return None if found is None or not found.holds(bench.repository, tips) else found.said

    listed = tuple(
        Listed(name, name in here, None if there is None else name in there, outcome(name), pins.get(name, ()))
        for name in sorted({*pins, *outcomes, *_declared(bench, here), *_declared(bench, there or {})})
        if only is None or name == only or name.startswith(f"{only}/")
    )
    return Listing(listed, problem)


def _ask(bench: Bench) -> tuple[dict[str, str] | None, UndecidedError | None]:
    """Return the refs of the remote, ``None`` without one; where it cannot be asked, ``None`` and the reason."""
    if bench.remote is None:
        return None, None
    try:
        refs = remote_refs(bench.repository, bench.remote, ())
    except UndecidedError as error:
        return None, error
    forget_others(bench.repository, bench.settings, bench.remote, refs)
    return refs, None


def _fetch_closed(bench: Bench, remote: Mapping[str, str]) -> None:
    """Fetch the outcomes of experiments that others have closed, once; what cannot be fetched stays unknown."""
    closed = {ref: oid for ref, oid in remote.items() if is_closed_ref(bench.settings, ref)}
    here = present(bench.repository, closed.values())
    prefix = f"{bench.settings.pins}/"
    wanted = {
        ref: memory_prefix(bench.settings, bench.remote or "") + ref.removeprefix(prefix)
        for ref, oid in closed.items()
        if oid not in here
    }
    if wanted and bench.remote is not None:
        with suppress(UndecidedError):
            fetch_refs(bench.repository, bench.remote, wanted)


def _pins(bench: Bench, local: Mapping[str, str], remote: Mapping[str, str] | None) -> dict[str, tuple[ListedPin, ...]]:
    """Return the pins of each experiment, here and on the remote."""
    known: Mapping[str, str] = {}
    if remote is None and bench.remote is not None:
        known = remembered(bench.repository, bench.settings, bench.remote)
    pins = {pin.ref: pin for pin in read_pins(bench.settings, {**known, **(remote or {}), **local})}
    headers = read_headers(bench.repository, [pin.commit for pin in pins.values()])
    found: dict[str, list[ListedPin]] = {}
    for ref, pin in sorted(pins.items()):
        header = headers.get(pin.commit)
        snapshot = None if header is None else header.snapshot_of is not None
        there = ref in remote if remote is not None else ref in known or None
        found.setdefault(pin.experiment, []).append(ListedPin(ref, pin.commit, snapshot, ref in local, there))
    return {name: tuple(items) for name, items in found.items()}


def _branches(
    bench: Bench, local: Mapping[str, str], remote: Mapping[str, str] | None
) -> tuple[dict[str, str], dict[str, str] | None]:
    """Return a branch (short name) of each experiment here, and on the remote; ``None`` if it was not asked."""
    here = [ref.removeprefix(HEADS) for ref in local if ref.startswith(HEADS)]
    there = None if remote is None else [ref.removeprefix(HEADS) for ref in remote if ref.startswith(HEADS)]
    return _by_experiment(bench, here), None if there is None else _by_experiment(bench, there)


def _by_experiment(bench: Bench, branches: Iterable[str]) -> dict[str, str]:
    return {experiment_of(bench.policy, branch): branch for branch in branches}


def _declared(bench: Bench, branches: Mapping[str, str]) -> set[str]:
    """Return the experiments whose branch is one by its name: others are listed only for their pins."""
    return {name for name, branch in branches.items() if is_experiment(bench.policy, branch)}


def outcomes_of(repository: Repository, settings: ExperimentHash, refs: Mapping[str, str]) -> dict[str, Outcome]:
    """Return the newest outcome of each experiment that was closed, as far as the tags of them are here."""
    prefix = f"{settings.pins}/"
    closed = {ref: oid for ref, oid in refs.items() if is_closed_ref(settings, ref)}
    tags = read_tags(repository, closed.values())
    commits = peel(repository, tags)
    newest: dict[str, tuple[int, Outcome]] = {}
    for ref, oid in closed.items():
        date, message = tags.get(oid, (0, b""))
        said, commit = outcome_in(message), commits.get(oid)
        name = ref.removeprefix(prefix).rpartition("/")[0]
        if said is not None and commit is not None and (name not in newest or date >= newest[name][0]):
            newest[name] = (date, Outcome(said, commit))
    return {name: outcome for name, (_, outcome) in newest.items()}


class Shown(Value):
    """What is known of a target. ``digest`` is ``ok``, ``differs`` or ``absent``; ``exact`` ``None`` without a record.

    ``pin_remote``: whether the remote has the pin, ``None`` if there is no remote or it cannot be asked. ``log`` is the
    path of the run's output, ``None`` if it is not in this clone.
    """

    artifact: str | None
    commit: str
    experiment: str
    digest: str
    exact: bool | None
    pin: Pin
    pin_here: bool
    pin_remote: bool | None
    record: Record | None
    log: str | None
    notes: tuple[str, ...]


def show(what: str, environ: Mapping[str, str] = os.environ) -> Shown:
    """Return what is known of an artifact, an experiment or a commit. Raises: ``LabgateError`` where nothing is."""
    bench = find_bench(environ)
    try:
        target = find_target(bench, what)
    except (NotKnownError, PinMissingError) as error:
        # Their exit statuses are those of ``checkout``.
        raise LabgateError(error.message, error.help) from None
    experiment = target.experiment or bench.experiment
    pin = pin_of(bench.settings, experiment, target.commit)
    remote, notes = _remote_has(bench, pin)
    record = target.record
    return Shown(
        None if target.artifact is None else os.path.relpath(target.artifact),
        target.commit,
        experiment,
        _digest(bench, target),
        None if record is None else record.exact,
        pin,
        pin in pins_here(bench.repository, bench.settings, experiment),
        remote,
        record,
        _log(bench, record),
        (*target.notes, *notes),
    )


def _digest(bench: Bench, target: Target) -> str:
    if target.artifact is None:
        return ABSENT
    if target.record is None:
        return committed_state(bench.repository, target.artifact)
    return artifact_state(target.artifact, target.record)


def _remote_has(bench: Bench, pin: Pin) -> tuple[bool | None, tuple[str, ...]]:
    """Ask the remote for one pin, without a listing of all its refs."""
    if bench.remote is None:
        return None, ()
    here = memory_ref(bench.settings, bench.remote, pin.experiment, pin.commit)
    try:
        if not present(bench.repository, [pin.commit]) or not bench.repository.shallow:
            return fetch_refs(bench.repository, bench.remote, {pin.ref: here}), ()
        # In a shallow clone a fetch of what is here would cut its history.
        found = remote_refs(bench.repository, bench.remote, [pin.ref])
    except UndecidedError as error:
        return None, (error.message,)
    return found.get(pin.ref) == pin.commit, ()


def _log(bench: Bench, record: Record | None) -> str | None:
    """Return the path of the output of a record's run, if this clone has it."""
    if record is None or record.run is None:
        return None
    path = os.path.join(bench.repository.common_dir, FOLDER, "runs", record.run, "log")
    try:
        return None if stat_own(path) is None else path
    except OSError:
        return None

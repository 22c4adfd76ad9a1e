"""``labgate experiment verify``: whether records are true, by digest, tree and pin."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.entrypoints.experiment import Bench, find_bench
from labgate.experiments.artifacts import POINTER, is_record
from labgate.experiments.pins import DIGITS, listed, memory_ref, pin_of, pins_here, remembered
from labgate.experiments.records import Record, RecordError, artifact_path, read_record, record_path
from labgate.experiments.states import ABSENT, OK, artifact_state
from labgate.git.commits import present
from labgate.git.kept_refs import fetch_refs
from labgate.git.snapshots import Header, read_headers
from labgate.values.errors import UndecidedError, UsageError
from labgate.values.phrases import quote, short_oid
from labgate.values.value import Value

#: The results: as recorded; not as recorded; could not be found out.
TRUE, FALSE, UNKNOWN = "ok", "failed", "unknown"


class Problem(Value):
    """One thing about a record that is not as it must be, or that is not known; and the command that helps."""

    message: str
    help: str | None = None
    unknown: bool = False


class Verified(Value):
    """A record by its path (relative to the current folder), the commit that it names, and what is wrong.

    ``commit`` is ``None`` where the record cannot be read. ``notes`` are lines about what is no problem.
    """

    path: str
    commit: str | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()

    @property
    def result(self) -> str:
        """``TRUE``, ``FALSE`` or ``UNKNOWN``."""
        if not self.problems:
            return TRUE
        return UNKNOWN if all(problem.unknown for problem in self.problems) else FALSE


def verify(paths: Sequence[str], *, offline: bool, environ: Mapping[str, str] = os.environ) -> tuple[Verified, ...]:
    """Return what is true of records: those of some files and folders, or of the whole work tree for none.

    The remote is asked once, unless ``offline``. Raises: ``UsageError`` when a path has no record, ``GitError``.
    """
    bench = find_bench(environ)
    records = {path: _record_or_error(path) for path in _records(bench, paths)}
    known = _Known(bench, [record for record in records.values() if isinstance(record, Record)], offline=offline)
    return tuple(_verified(known, path, record) for path, record in records.items())


def _record_or_error(path: str) -> Record | RecordError:
    try:
        return read_record(path)
    except RecordError as error:
        return error


def _records(bench: Bench, paths: Sequence[str]) -> Iterator[str]:
    """Yield the paths of records, each once."""
    seen: set[str] = set()
    for path in paths or [bench.repository.top or os.curdir]:
        for record in _records_at(path):
            if os.path.realpath(record) not in seen:
                seen.add(os.path.realpath(record))
                yield record


def _records_at(path: str) -> Iterable[str]:
    if os.path.isdir(path):
        return _below(path)
    record = path if is_record(path) else record_path(path)
    if os.path.isfile(record):
        return (record,)
    message = f"{path} has no record" if os.path.lexists(path) else f"there is no {path}"
    artifact = artifact_path(path)
    if not os.path.isfile(artifact):
        raise UsageError(message, "labgate experiment verify  # every record here")
    raise UsageError(message, f"labgate experiment record {quote(artifact)}")


def _below(folder: str) -> Iterator[str]:
    """Yield the records below a folder, sorted; not those of a repository inside of it."""
    for place, folders, files in os.walk(folder):
        inside = place != folder and (".git" in folders or ".git" in files)
        folders[:] = [] if inside else sorted(name for name in folders if name != ".git")
        if not inside:
            yield from (os.path.join(place, name) for name in sorted(files) if is_record(name))


class _Known:
    """What is known of the commits of some records: their objects, and which of them the remote keeps."""

    def __init__(self, bench: Bench, records: Sequence[Record], *, offline: bool) -> None:
        self.bench = bench
        self.problem: UndecidedError | None = None
        self.pinned = frozenset(pin.commit for pin in pins_here(bench.repository, bench.settings))
        #: The commits that the remote keeps, ``None`` where nothing of this clone knows it.
        self.kept: frozenset[str] | None = None
        self.asked = False
        if bench.remote is not None:
            self._ask(bench.remote, records, offline=offline)
        self.headers: dict[str, Header] = read_headers(bench.repository, [record.commit for record in records])

    def _ask(self, remote: str, records: Sequence[Record], *, offline: bool) -> None:
        bench = self.bench
        self.kept = frozenset(remembered(bench.repository, bench.settings, remote).values())
        if offline:
            return
        try:
            there = listed(bench.repository, bench.settings, remote)
            self.kept, self.asked = frozenset(there.values()), True
            self._fetch(remote, records, there)
        except UndecidedError as error:
            self.problem = error

    def _fetch(self, remote: str, records: Sequence[Record], there: Mapping[str, str]) -> None:
        """Fetch the commits that the remote keeps and that are not here, all at once."""
        bench = self.bench
        here = present(bench.repository, [record.commit for record in records])
        wanted: dict[str, str | None] = {}
        for record in records:
            ref = pin_of(bench.settings, record.experiment, record.commit).ref
            if record.commit not in here and there.get(ref) == record.commit:
                wanted[ref] = memory_ref(bench.settings, remote, record.experiment, record.commit)
        if wanted:
            fetch_refs(bench.repository, remote, wanted)


def _verified(known: _Known, path: str, record: Record | RecordError) -> Verified:
    shown = os.path.relpath(path)
    artifact = artifact_path(shown)
    again = f"labgate experiment record {quote(artifact)}"
    if isinstance(record, RecordError):
        return Verified(shown, None, (Problem(f"the record cannot be used: {record.message}", again),))
    problems = [*_of_content(path, artifact, record, again), *_of_tree(known, shown, record)]
    missing = _of_pin(known, record)
    notes = []
    if missing is not None and record.withdrawn is not None:
        notes.append(f"its pin was taken back: {record.withdrawn}")
    elif missing is not None:
        problems.append(missing)
    return Verified(shown, record.commit, tuple(problems), tuple(notes))


def _of_content(path: str, artifact: str, record: Record, again: str) -> Iterator[Problem]:
    state = artifact_state(os.path.abspath(artifact_path(path)), record)
    if state == ABSENT:
        pointer = artifact + POINTER
        elsewhere = f"git restore -- {quote(artifact)} || labgate experiment checkout {quote(os.path.relpath(path))}"
        bring = f"dvc pull {quote(pointer)}" if os.path.isfile(os.path.abspath(pointer)) else elsewhere
        yield Problem(f"{artifact} is not here", bring, unknown=True)
    elif state != OK:
        yield Problem(f"{artifact} is not what was recorded", again)


def _of_tree(known: _Known, path: str, record: Record) -> Iterator[Problem]:
    header = known.headers.get(record.commit)
    if header is None:
        yield Problem(
            f"the commit {record.commit} is not here", f"labgate experiment checkout {quote(path)}", unknown=True
        )
    elif record.tree not in (None, header.tree):
        message = f"the tree of {record.commit} is {header.tree}, and the record says {record.tree}"
        yield Problem(message, f"git log --patch -1 -- {quote(path)}")


def _of_pin(known: _Known, record: Record) -> Problem | None:
    remote, short = known.bench.remote, short_oid(record.commit)
    publish = f"labgate experiment publish {record.commit[:DIGITS]}"
    if known.kept is None:
        if record.commit in known.pinned:
            return None
        return Problem(f"{short} is not pinned", f"labgate experiment pin {record.commit}")
    if record.commit in known.kept:
        return None
    if known.asked:
        return Problem(f"{short} is not pinned on {remote}", publish)
    reason = "" if known.problem is None else f": {known.problem.message}"
    help = "labgate experiment verify" if known.problem is None else known.problem.help
    return Problem(f"it is not known whether {short} is pinned on {remote}{reason}", help, unknown=True)

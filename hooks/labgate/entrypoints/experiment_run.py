"""``labgate experiment run``: pin the code, run a command, record what it made."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

from labgate.entrypoints.run_basis import Basis, RunRequest, basis_here, basis_without_repository, has_repository
from labgate.entrypoints.run_records import Circumstances, Kept, Outcome, keep_records
from labgate.experiments.inputs import digest_inputs
from labgate.experiments.log import Log
from labgate.experiments.made import Place, Seen, look, made, matching, policy_place, typed_place
from labgate.experiments.neighbours import Neighbours, among_neighbours
from labgate.experiments.pins import pin_here
from labgate.experiments.run_folder import LOG, RECORD, new_run_folder
from labgate.experiments.startable import require_startable
from labgate.experiments.submodules import submodule_dependencies
from labgate.experiments.supervise import Ending, Order, supervise
from labgate.experiments.variables import RUN, Described, Variables, variables
from labgate.git.worktrees import Worktree, detached_worktree
from labgate.values.errors import LabgateError, UsageError
from labgate.values.files import RefusedFileError
from labgate.values.phrases import quote
from labgate.values.value import Value

#: Variables of launchers with the number of a process among several that run one command.
_RANKS = ("RANK", "SLURM_PROCID")
#: Variables that would lead git in a worktree back to the caller's own.
_OF_PLACE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")


class Site(Value):
    """Where a command runs: in ``directory``, below ``top``, the root of the work tree; both are absolute.

    ``worktree`` is that of the code if it is not in the caller's tree, else ``None``. ``home`` is the caller's folder.
    """

    home: str
    directory: str
    top: str
    worktree: Worktree | None


class Ready(Value):
    """A run that can start. ``places`` are the globs of artifacts, ``typed`` those of them that somebody typed.

    ``unmatched`` are the globs of inputs without a match, ``warnings`` lines about inputs and variables.
    """

    request: RunRequest
    circumstances: Circumstances
    site: Site
    places: tuple[Place, ...]
    typed: tuple[Place, ...]
    unmatched: tuple[str, ...]
    warnings: tuple[str, ...]
    variables: Variables
    environ: Mapping[str, str]
    _hidden = ("environ", "variables")

    @property
    def basis(self) -> Basis:
        """The code, and what surrounds it."""
        return self.circumstances.basis


class Done(Value):
    """What came of a run: how the command ended, what was kept of it, and the typed globs that match no file.

    ``alone``: no other run was active in the work tree, so every artifact is this one's.
    """

    ending: Ending
    kept: Kept
    unmatched: tuple[str, ...]
    alone: bool


def is_inner(environ: Mapping[str, str]) -> bool:
    """Return whether the command is part of another run, or not the first of several processes that run it."""
    if environ.get(RUN):
        return True
    ranks = (environ.get(name, "").strip() for name in _RANKS)
    return any(rank.isdecimal() and int(rank) != 0 for rank in ranks)


@contextmanager
def ready_run(request: RunRequest, environ: Mapping[str, str]) -> Iterator[Ready]:
    """Give a run whose code is pinned here; a worktree for it is removed at the end.

    Raises: ``LabgateError``, ``OSError`` where the command cannot be started or its code cannot be had.
    """
    home = os.path.realpath(os.curdir)
    with ExitStack() as stack:
        if has_repository(home, environ):
            basis = basis_here(request, environ, home)
        else:
            basis = basis_without_repository(request, environ, home)
        site = Site(home, home, basis.top, None)
        if basis.elsewhere and basis.repository is not None:
            worktree = stack.enter_context(detached_worktree(basis.repository, basis.code.commit))
            site = _site_in(worktree, basis, home)
        require_startable(request.command, site.directory, environ)
        yield _ready(request, basis, site, environ)


def _site_in(worktree: Worktree, basis: Basis, home: str) -> Site:
    """Return the caller's folder in a worktree. Raises: ``UsageError`` when it has none."""
    inner = os.path.relpath(home, basis.top)
    directory = os.path.normpath(os.path.join(worktree.path, inner))
    if not os.path.isdir(directory):
        message = f"there is no folder {inner} in {basis.code.commit}"
        raise UsageError(message, f"cd {quote(basis.top)}")
    return Site(home, directory, worktree.path, worktree)


def _ready(request: RunRequest, basis: Basis, site: Site, environ: Mapping[str, str]) -> Ready:
    """Look at what is there, pin the code, and make the run's folder."""
    repository, commit = basis.repository, basis.code.commit
    typed = tuple(typed_place(text, site.directory, site.top) for text in request.artifacts)
    inputs = digest_inputs((typed_place(text, site.directory, site.top) for text in request.inputs), site.top)
    copies = None if request.copies is None else os.path.abspath(os.path.join(site.home, request.copies))
    if copies is not None:
        os.makedirs(copies, exist_ok=True)
    modules = () if repository is None else submodule_dependencies(repository, commit, basis.uri)
    if repository is not None:
        pin_here(repository, basis.settings, basis.experiment, commit)
    folder = new_run_folder(None if repository is None else repository.common_dir)
    found = variables(Described(basis.code, basis.experiment, basis.branch, basis.uri, folder.id), environ)
    dependencies = (*modules, *inputs.dependencies)
    return Ready(
        request,
        Circumstances(basis, folder, request.command, site.directory, site.top, dependencies, copies),
        site,
        (*(policy_place(glob, site.top) for glob in basis.settings.artifacts), *typed),
        typed,
        inputs.unmatched,
        (*inputs.warnings, *found.warnings),
        found,
        environ,
    )


def execute(ready: Ready) -> Done:
    """Run the command to its end and record what it made. Raises: ``LabgateError`` when it cannot be started."""
    folder = ready.circumstances.folder
    try:
        with _neighbours(ready) as neighbours:
            outcome, paths = _supervised(ready)
            alone = neighbours is None or not neighbours.were_there()
        kept = keep_records(ready.circumstances, outcome.changed(alone=alone), paths)
    except (LabgateError, RefusedFileError):
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    finally:
        if not folder.lasting:
            shutil.rmtree(folder.path, ignore_errors=True)
    found = set(matching(ready.typed))
    unmatched = tuple(place.text for place in ready.typed if not any(map(place.matches, found)))
    return Done(outcome.ending, kept, unmatched, alone)


def _supervised(ready: Ready) -> tuple[Outcome, list[str]]:
    """Return how the command ended, and the absolute paths of the artifacts that were made or changed meanwhile."""
    log = Log(ready.circumstances.folder.log)
    try:
        before = _look(ready)
        started = time.time()
        ending = supervise(_order(ready), log)
    finally:
        log.close()
    return Outcome(ending, started, time.time(), log.sha256, log.problem), made(before, _look(ready))


def _neighbours(ready: Ready) -> AbstractContextManager[Neighbours | None]:
    """Note this run in its work tree; one in a worktree of its own has no neighbours."""
    repository = ready.basis.repository
    if repository is None or ready.site.worktree is not None:
        return nullcontext()
    return among_neighbours(repository.git_dir, ready.circumstances.folder.id)


def _look(ready: Ready) -> dict[str, Seen]:
    copies = ready.circumstances.copies
    own = () if copies is None else (os.path.join(copies, LOG), os.path.join(copies, RECORD))
    return look(ready.places, time.time_ns(), frozenset(own))


def _order(ready: Ready) -> Order:
    request, environ = ready.request, dict(ready.environ)
    if ready.site.worktree is not None:
        for name in _OF_PLACE:
            environ.pop(name, None)
        environ["PWD"] = ready.site.directory
    return Order(
        request.command,
        environ | ready.variables.values,
        ready.site.directory,
        f"{RUN}={ready.circumstances.folder.id}",
        request.stall_timeout,
        request.timeout,
        request.grace,
        request.silence,
    )

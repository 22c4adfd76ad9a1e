"""What a run is based on: its code, checked against what ``LABGATE_COMMIT`` says, before anything is done."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from labgate.checks.registry import policy_reader
from labgate.entrypoints.experiment import NEW_REPOSITORY, find_bench
from labgate.experiments.code import Code, code_at, code_of_moment
from labgate.experiments.made import Place, typed_place
from labgate.experiments.naming import branch_by_ci, experiment_of, stated_experiment
from labgate.experiments.records import RAN, TOLD
from labgate.experiments.run_folder import LOG, RECORD
from labgate.experiments.section import ExperimentHash, without_policy
from labgate.experiments.variables import COMMIT, EXPERIMENT
from labgate.git.repository import Repository
from labgate.policy.model import FILES, Policy
from labgate.policy.reader import MAX_BYTES
from labgate.values.errors import GitError, LabgateError, UsageError
from labgate.values.files import read_start
from labgate.values.phrases import quote, short_oid
from labgate.values.refnames import is_oid
from labgate.values.value import Value

_MOST_NAMED = 3


class RunRequest(Value):
    """What somebody typed: the command as it is, globs, and time-outs in seconds.

    ``at`` is the revision to run, ``None`` for the code that is here. ``stall_timeout`` and ``timeout`` are ``None``
    where there is none. ``copies`` is the folder for copies of log and record, ``None`` without. ``stated`` is the
    experiment, ``None`` for that of the branch. ``options`` are the words before ``--``, for messages, and ``silence``
    is what to say at half of ``stall_timeout``.
    """

    command: tuple[str, ...]
    artifacts: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    at: str | None = None
    stall_timeout: float | None = None
    timeout: float | None = None
    grace: float = 10.0
    copies: str | None = None
    push: bool = False
    stated: str | None = None
    options: tuple[str, ...] = ()
    silence: str = ""


class Basis(Value):
    """The code of a run and its surroundings.

    ``repository`` is ``None`` where there is none and a variable told the commit. ``settings`` are those of the policy.
    ``top`` is the root of the work tree, absolute. ``elsewhere``: this code is not in the work tree. ``how`` is ``RAN``
    or ``TOLD``.
    """

    repository: Repository | None
    settings: ExperimentHash
    experiment: str
    branch: str | None
    uri: str | None
    remote: str | None
    top: str
    code: Code
    how: str
    elsewhere: bool


def has_repository(directory: str, environ: Mapping[str, str]) -> bool:
    """Return whether there may be a repository here, which git then judges."""
    if environ.get("GIT_DIR"):
        return True
    folder = os.path.realpath(directory)
    while not os.path.lexists(os.path.join(folder, ".git")):
        # A bare repository is a folder like any other.
        if os.path.isfile(os.path.join(folder, "HEAD")) and os.path.isdir(os.path.join(folder, "objects")):
            return True
        if folder == os.path.dirname(folder):
            return False
        folder = os.path.dirname(folder)
    return True


def expected_commit(environ: Mapping[str, str]) -> str | None:
    """Return the commit that the code must be, ``None`` if nothing says so. Raises: ``UsageError`` for no full oid."""
    text = environ.get(COMMIT)
    if not text:
        return None
    if not is_oid(text):
        message = f"{COMMIT} is {text!r}, which is not the full id of a commit"
        raise UsageError(message, f"export {COMMIT}=$(labgate experiment pin)  # or: unset {COMMIT}")
    return text


def basis_here(request: RunRequest, environ: Mapping[str, str], home: str) -> Basis:
    """Return the basis of a run in a repository, from the folder ``home``.

    Raises: ``LabgateError`` where there is no commit, where the code is not that of ``LABGATE_COMMIT``, or a revision
    is not known.
    """
    expected = expected_commit(environ)
    bench = find_bench(environ, request.stated)
    repository, top = bench.repository, os.path.realpath(bench.repository.top or home)
    globs = (place.glob_below(top) for place in _not_code(request, home, top))
    made = tuple(glob for glob in globs if glob is not None)
    settings = bench.settings
    if request.at is not None:
        # That code is committed, whatever is in the work tree.
        settings = settings.changed(dirty_allowed=True)
    now = code_of_moment(repository, settings, bench.experiment, made)
    code, elsewhere = now, False
    if request.at is not None:
        code = code_at(repository, request.at)
        _require(request, expected, code.commit)
        elsewhere = code.tree != now.tree or not now.exact
    elif expected is not None:
        code = _expected_code(repository, request, expected, now)
    return Basis(
        repository,
        bench.settings,
        bench.experiment,
        bench.branch,
        bench.uri,
        bench.remote,
        top,
        code,
        RAN,
        elsewhere,
    )


def _not_code(request: RunRequest, home: str, top: str) -> Iterator[Place]:
    """Yield what the run writes beside the policy's artifacts, or a run at the same time would find the tree dirty.

    A glob that says no more than "everything here" says nothing of what is code.
    """
    for text in request.artifacts:
        place = typed_place(text, home, top)
        if not (place.is_everything and f"{home}/".startswith(place.root.rstrip("/") + "/")):
            yield place
    if request.copies is not None:
        for name in (LOG, RECORD):
            yield typed_place(os.path.join(os.path.abspath(os.path.join(home, request.copies)), name), home, top)


def basis_without_repository(request: RunRequest, environ: Mapping[str, str], directory: str) -> Basis:
    """Return the basis of a run where only ``LABGATE_COMMIT`` says what the code is. Raises: ``UsageError`` without."""
    commit = expected_commit(environ)
    if commit is None:
        message = f"there is no repository here, and {COMMIT} does not say what the code is"
        raise UsageError(message, NEW_REPOSITORY)
    if request.at is not None:
        message = f"there is no repository here, so {request.at} cannot be had"
        raise UsageError(message, f"labgate experiment run -- {_shown(request.command)}  # without --at")
    policy, top = _policy_above(directory)
    branch = branch_by_ci(environ)
    stated = request.stated or environ.get(EXPERIMENT)
    return Basis(
        None,
        without_policy() if policy is None else policy.section(ExperimentHash),
        stated_experiment(stated) if stated else experiment_of(policy, branch),
        branch,
        None,
        None,
        top,
        Code(commit, "", commit, snapshot=False, exact=True, edited=0, untracked=0, left_out=()),
        TOLD,
        elsewhere=False,
    )


def _policy_above(directory: str) -> tuple[Policy | None, str]:
    """Return the policy of a tree without a repository, and the folder that it is in; else ``directory``."""
    folder = directory
    while True:
        texts = {}
        for name in FILES:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                texts[name] = read_start(path, MAX_BYTES + 1)  # one more than allowed, so that parsing refuses it
        found = policy_reader().find(texts)
        if found is not None:
            return found[0], folder
        if folder == os.path.dirname(folder):
            return None, directory
        folder = os.path.dirname(folder)


def _expected_code(repository: Repository, request: RunRequest, expected: str, now: Code) -> Code:
    """Return the code of ``LABGATE_COMMIT``, which must be here. Raises: ``LabgateError`` when it is not."""
    if now.commit == expected:
        return now
    try:
        code = code_at(repository, expected)
    except (UsageError, GitError):
        message = f"{COMMIT} is {expected}, which is not in this clone"
        raise UsageError(message, f"labgate experiment checkout {expected}  # or: unset {COMMIT}") from None
    if code.tree != now.tree:
        listing = repository.objects.run("diff-tree", "-r", "-z", "--name-only", code.tree, now.tree)
        paths = os.fsdecode(listing).split("\0")[:-1]
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        named = f"{', '.join(paths[:_MOST_NAMED])}{more}"
        message = f"the code here is not that of {COMMIT} ({short_oid(expected)}): {named}"
        raise LabgateError(message, f"{_with_at(request, expected)}  # or, for the code here: unset {COMMIT}")
    return code.changed(exact=now.exact, left_out=now.left_out, reasons=now.reasons)


def _require(request: RunRequest, expected: str | None, commit: str) -> None:
    if expected is not None and commit != expected:
        message = f"--at {request.at} is {short_oid(commit)}, and {COMMIT} is {short_oid(expected)}"
        without = request.changed(options=_without_at(request.options))
        raise UsageError(message, f"{_with_at(without, expected)}  # or, for {request.at}: unset {COMMIT}")


def _with_at(request: RunRequest, commit: str) -> str:
    words = ("labgate", "experiment", "run", "--at", commit, *request.options, "--")
    return f"{_shown(words)} {_shown(request.command)}"


def _without_at(options: tuple[str, ...]) -> tuple[str, ...]:
    kept, skip = [], False
    for word in options:
        if not skip and word != "--at" and not word.startswith("--at="):
            kept.append(word)
        skip = word == "--at"
    return tuple(kept)


def _shown(words: tuple[str, ...]) -> str:
    return " ".join(quote(word) for word in words)

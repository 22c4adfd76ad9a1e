"""Refs that keep commits alive: created here or on a remote, and never moved; and what a remote has of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from labgate.git.network import run_network
from labgate.git.repository import Repository
from labgate.git.runner import first_line
from labgate.values.errors import GitError, UndecidedError
from labgate.values.opened import remove_below
from labgate.values.phrases import quote
from labgate.values.refnames import is_oid
from labgate.values.value import Value

#: What a remote answered for a ref of a push.
CREATED, THERE, TAKEN, REFUSED = "created", "there", "taken", "refused"
#: git-push ("--porcelain"): the flag of a line, for refs that a push may only create.
_FLAGS = {"*": CREATED, "=": THERE, "!": REFUSED}
#: git's reason where the ref is there already, with another commit (``--force-with-lease``).
_STALE = "stale info"
_PUSH = ("push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")
_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-prune", "--refmap="),
    "--no-recurse-submodules",
)
#: git's messages where a remote answers, and has no such ref, or does not give such an oid.
_NOT_THERE = (b"find remote ref", b"not our ref", b"does not allow request for unadvertised object", b"no such ref")
#: Settings that would make a push of its own of this one.
_SETTINGS = (("push.useForceIfIncludes", "false"),)
#: Seconds after which no git that lives holds the lock of one ref.
_LOCKED = 2.0
#: Most refs in one push: an argument list has a limit (execve(2)).
_MOST = 2000


class Answer(Value):
    """What a remote answered for one ref: one of the states above, and its reason where it refused."""

    ref: str
    state: str
    reason: str = ""


def refs_below(repository: Repository, *prefixes: str) -> dict[str, str]:
    """Return the refs below prefixes (``refs/experiments/``) with what they point to, sorted by name."""
    listing = os.fsdecode(repository.git.run("for-each-ref", "--format=%(objectname) %(refname)", *prefixes))
    rows = (line.partition(" ") for line in listing.split("\n")[:-1])
    return {ref: oid for oid, _, ref in rows}


def create_ref(repository: Repository, ref: str, oid: str) -> str:
    """Create a ref here unless it exists, and return what it points to now, which may be another object.

    Raises: ``GitError`` when git cannot create it.
    """
    there = refs_below(repository, ref).get(ref)
    if there is not None:
        return there
    try:
        _update(repository, {ref: oid}, "create {ref}\0{oid}\0")
    except GitError as error:
        # Another process may have been faster.
        there = refs_below(repository, ref).get(ref)
        if there is None:
            raise GitError(error.message, _way_to_create(repository, ref) or error.help) from None
        return there
    return oid


def _update(repository: Repository, values: Mapping[str, str], form: str) -> None:
    """Run git-update-ref on refs of labgate's own, again without the locks that a killed git has left on them.

    Whoever else writes such a ref writes the same. Raises: ``GitError``.
    """
    lines = os.fsencode("".join(form.format(ref=ref, oid=oid) for ref, oid in values.items()))
    words = ("update-ref", "--no-deref", "-z", "--stdin")
    try:
        repository.git.run(*words, stdin=lines)
    except GitError:
        if not _unlocked(repository, values):
            raise
        repository.git.run(*words, stdin=lines)


def _unlocked(repository: Repository, refs: Iterable[str]) -> bool:
    """Remove the locks on refs once they are older than any git holds them; return whether there was one."""
    found = False
    for ref in refs:
        lock = os.path.join(repository.common_dir, f"{ref}.lock")
        with suppress(OSError):
            age = time.time() - os.lstat(lock).st_mtime
            found = True
            # A clock that was set back must not make anybody wait.
            time.sleep(max(0.0, min(_LOCKED - age, _LOCKED)))
            remove_below(repository.common_dir, f"{ref}.lock")
    return found


def _way_to_create(repository: Repository, ref: str) -> str | None:
    """Return the command that moves away another ref in the way of a new one, ``None`` if there is none."""
    parts = ref.split("/")
    above = ["/".join(parts[:end]) for end in range(3, len(parts))]
    taken = next((name for name, _ in refs_below(repository, *above).items() if name in above), None)
    if taken is None:
        return None
    kept = f"refs/kept/{taken.removeprefix('refs/')}"
    return f"git update-ref {quote(kept)} {quote(taken)} && git update-ref -d {quote(taken)}  # it is in the way"


def write_refs(repository: Repository, values: Mapping[str, str | None]) -> None:
    """Let refs point to these objects, ``None`` deletes one; all of them or none. Raises: ``GitError``."""
    if values:
        null = repository.null_oid
        _update(repository, {ref: oid or null for ref, oid in values.items()}, "update {ref}\0{oid}\0\0")


def push_new(repository: Repository, remote: str, refs: Mapping[str, str]) -> tuple[Answer, ...]:
    """Create refs on a remote, all in one push without hooks; one that is there is not moved.

    Raises: ``UndecidedError`` when the remote cannot be reached.
    """
    answers: list[Answer] = []
    names = list(refs)
    for start in range(0, len(names), _MOST):
        some = names[start : start + _MOST]
        answers += _settled(repository, remote, refs, _pushed(repository, remote, {ref: refs[ref] for ref in some}))
    return tuple(answers)


def _settled(repository: Repository, remote: str, refs: Mapping[str, str], answers: list[Answer]) -> list[Answer]:
    """Return answers to one push, where what was refused may be there all the same: another push was faster."""
    refused = [answer.ref for answer in answers if answer.state == REFUSED]
    if not refused:
        return answers
    try:
        there = remote_refs(repository, remote, refused)
    except UndecidedError:
        return answers

    def settled(answer: Answer) -> Answer:
        if answer.state != REFUSED or answer.ref not in there:
            return answer
        return answer.changed(state=THERE if there[answer.ref] == refs[answer.ref] else TAKEN)

    return [settled(answer) for answer in answers]


def _pushed(repository: Repository, remote: str, refs: Mapping[str, str]) -> list[Answer]:
    leases = [f"--force-with-lease={ref}:" for ref in refs]
    words = (*_PUSH, *leases, "--end-of-options", remote, *(f"{oid}:{ref}" for ref, oid in refs.items()))
    settings = (*_SETTINGS, (f"remote.{remote}.mirror", "false"))
    status, output, errors = run_network(repository, *words, settings=settings)
    answers = [answer for answer in map(_answer, os.fsdecode(output).split("\n")) if answer and answer.ref in refs]
    if status and len(answers) < len(refs):
        message = f"cannot push to {remote}: {first_line(errors)}"
        raise UndecidedError(message, f"git ls-remote {quote(remote)}")
    return answers


def _answer(line: str) -> Answer | None:
    fields = line.split("\t")
    if len(fields) != 3 or fields[0] not in _FLAGS:
        return None
    state, ref = _FLAGS[fields[0]], fields[1].partition(":")[2]
    reason = fields[2].partition("(")[2].rpartition(")")[0]
    return Answer(ref, TAKEN if state == REFUSED and reason == _STALE else state, reason)


def remote_refs(repository: Repository, remote: str, patterns: Sequence[str]) -> dict[str, str]:
    """Return the refs of a remote that match patterns, with their objects.

    The remote sends the names of all its refs for it. Raises: ``UndecidedError`` when it cannot be asked.
    """
    words = ("ls-remote", "--quiet", "--refs", "--end-of-options", remote, *patterns)
    status, output, errors = run_network(repository, *words)
    if status:
        message = f"cannot ask {remote}: {first_line(errors)}"
        raise UndecidedError(message, f"git ls-remote {quote(remote)}")
    rows = (line.partition("\t") for line in os.fsdecode(output).split("\n"))
    return {name: oid for oid, _, name in rows if is_oid(oid)}


def fetch_refs(repository: Repository, remote: str, refs: Mapping[str, str | None]) -> bool:
    """Fetch refs of a remote (full names, or full oids) to names here, ``None`` to none; return whether it has them.

    In a shallow clone only these commits, without what they are built on: none of them may be here already, or its own
    history would be cut. Raises: ``UndecidedError`` when the remote cannot be reached.
    """
    depth = ("--depth=1",) if repository.shallow else ()
    refspecs = [name if here is None else f"+{name}:{here}" for name, here in refs.items()]
    status, _, errors = run_network(repository, *_FETCH, *depth, "--end-of-options", remote, *refspecs)
    if status and not any(text in errors for text in _NOT_THERE):
        message = f"cannot fetch from {remote}: {first_line(errors)}"
        raise UndecidedError(message, f"git fetch {quote(remote)}")
    return status == 0


def remote_branches(repository: Repository, remote: str) -> dict[str, str]:
    """Return the branches and tags of a remote with their objects; it sends no pins for it.

    Raises: ``UndecidedError`` when it cannot be asked.
    """
    words = ("ls-remote", "--quiet", "--refs", "--heads", "--tags", "--end-of-options", remote)
    status, output, errors = run_network(repository, *words)
    if status:
        message = f"cannot ask {remote}: {first_line(errors)}"
        raise UndecidedError(message, f"git ls-remote {quote(remote)}")
    rows = (line.partition("\t") for line in os.fsdecode(output).split("\n"))
    return {name: oid for oid, _, name in rows if is_oid(oid)}

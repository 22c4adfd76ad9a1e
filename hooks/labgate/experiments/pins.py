"""Pins: refs that keep recorded commits alive, here and on the remote, and what this clone knows of the remote's.

A pin is ``<prefix>/<service>/<handle>/<first 12 digits of the commit>``: created, never moved. What a remote has is
remembered under ``refs/labgate/remotes/<remote>/``, for the default prefix in ``experiments/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labgate.experiments.published import reached
from labgate.experiments.section import ExperimentHash
from labgate.git.commits import present
from labgate.git.kept_refs import (
    CREATED,
    REFUSED,
    TAKEN,
    THERE,
    create_ref,
    push_new,
    refs_below,
    remote_refs,
    write_refs,
)
from labgate.git.repository import Repository
from labgate.values.errors import UsageError
from labgate.values.phrases import quote
from labgate.values.value import Value

#: The first digits of a commit in the name of its pin.
DIGITS = 12
_REMEMBERED = "refs/labgate/remotes/{remote}/{below}/"
_HEX = frozenset("0123456789abcdef")


class Pin(Value):
    """A pin: its full name, the same here and on a remote, its commit (full oid), and its experiment."""

    ref: str
    commit: str
    experiment: str


class PinTakenError(UsageError):
    """Raised when the name of a pin belongs to another commit."""


def pin_of(settings: ExperimentHash, experiment: str, commit: str) -> Pin:
    """Return the pin of a commit, which need not exist."""
    return Pin(f"{settings.pins}/{experiment}/{commit[:DIGITS]}", commit, experiment)


def read_pins(settings: ExperimentHash, refs: Mapping[str, str]) -> tuple[Pin, ...]:
    """Return the pins among refs, in their order; other refs below the prefix are not pins."""
    found = []
    for ref, oid in refs.items():
        experiment = _experiment(ref.removeprefix(f"{settings.pins}/"), oid)
        if experiment is not None and ref.startswith(f"{settings.pins}/"):
            found.append(Pin(ref, oid, experiment))
    return tuple(found)


def pins_here(repository: Repository, settings: ExperimentHash, experiment: str | None = None) -> tuple[Pin, ...]:
    """Return the pins in this clone, of one experiment or of all, sorted by name."""
    below = f"{settings.pins}/{experiment}/" if experiment else f"{settings.pins}/"
    return read_pins(settings, refs_below(repository, below))


def pin_here(repository: Repository, settings: ExperimentHash, experiment: str, commit: str) -> Pin:
    """Pin a commit in this clone; nothing happens if it is pinned. ``experiment`` is ``service/handle``.

    Raises: ``PinTakenError`` when another commit has the name, ``GitError``.
    """
    pin = pin_of(settings, experiment, commit)
    found = create_ref(repository, pin.ref, commit)
    if found != commit:
        message = f"{pin.ref} is {found}, so {commit} cannot be pinned; nothing was moved"
        raise PinTakenError(message, f"git log -1 {found}  # and pin the other one with --experiment S/H")
    return pin


def remembered(repository: Repository, settings: ExperimentHash, remote: str) -> dict[str, str]:
    """Return the pins that the remote had when this clone last saw them: commits by the name of the pin."""
    prefix = memory_prefix(settings, remote)
    found = refs_below(repository, prefix)
    return {f"{settings.pins}/{ref.removeprefix(prefix)}": oid for ref, oid in found.items()}


def remember(repository: Repository, settings: ExperimentHash, remote: str, pins: Mapping[str, str | None]) -> None:
    """Remember what a remote has under these names: a commit, or ``None`` for nothing.

    A commit that is not in this clone cannot be remembered. Raises: ``GitError``.
    """
    if all(known.name != remote for known in repository.remotes):
        return  # a URL, of which nothing is kept
    prefix, before = memory_prefix(settings, remote), remembered(repository, settings, remote)
    here = present(repository, (oid for oid in pins.values() if oid is not None))
    changed = {ref: oid for ref, oid in pins.items() if before.get(ref) != oid and (oid is None or oid in here)}
    write_refs(repository, {prefix + ref.removeprefix(f"{settings.pins}/"): oid for ref, oid in changed.items()})


def listed(repository: Repository, settings: ExperimentHash, remote: str) -> dict[str, str]:
    """Ask a remote for its pins; commits by name. Raises: ``UndecidedError`` when it cannot be asked."""
    found = remote_refs(repository, remote, [f"{settings.pins}/*"])
    forget_others(repository, settings, remote, found)
    return found


def forget_others(repository: Repository, settings: ExperimentHash, remote: str, found: Mapping[str, str]) -> None:
    """Forget the pins that a listing of the remote does not have. Raises: ``GitError``.

    Those that it has are not remembered: that would be a ref here for each of many pins of others.
    """
    gone = [ref for ref, oid in remembered(repository, settings, remote).items() if found.get(ref) != oid]
    remember(repository, settings, remote, dict.fromkeys(gone))


def memory_prefix(settings: ExperimentHash, remote: str) -> str:
    """Return the prefix, with its slash, of the refs here that remember what a remote has below the pins' prefix."""
    return _REMEMBERED.format(remote=remote, below=settings.pins.removeprefix("refs/"))


def memory_ref(settings: ExperimentHash, remote: str, experiment: str, commit: str) -> str:
    """Return the ref here that remembers a pin of a remote."""
    pin = pin_of(settings, experiment, commit)
    return memory_prefix(settings, remote) + pin.ref.removeprefix(f"{settings.pins}/")


def unpinned(repository: Repository, settings: ExperimentHash, remote: str, tips: Iterable[str]) -> tuple[Pin, ...]:
    """Return the pins here that a remote should have and is not known to: of commits that its branches reach.

    ``tips`` are those of its branches. A snapshot is none of them: only its author publishes it. Raises: ``GitError``.
    """
    known = remembered(repository, settings, remote)
    pins = [pin for pin in pins_here(repository, settings) if known.get(pin.ref) != pin.commit]
    there = reached(repository, [pin.commit for pin in pins], tips)
    return tuple(pin for pin in pins if pin.commit in there)


def taken_error(repository: Repository, remote: str, pin: Pin) -> PinTakenError:
    """Return the error for a pin whose name belongs to another commit on a remote.

    Raises: ``UndecidedError`` when the remote cannot be asked which one.
    """
    other = remote_refs(repository, remote, [pin.ref]).get(pin.ref, "another commit")
    message = f"{pin.ref} on {remote} is {other}, so {pin.commit} cannot be pinned; nothing was moved"
    return PinTakenError(message, f"git ls-remote {quote(remote)} {quote(pin.ref)}")


class Pushed(Value):
    """The result of pinning on a remote: what it has now, what it refused with its reason, what has another commit."""

    there: tuple[Pin, ...]
    created: tuple[Pin, ...]
    refused: tuple[tuple[Pin, str], ...]
    taken: tuple[Pin, ...]


def push_pins(repository: Repository, settings: ExperimentHash, remote: str, pins: Iterable[Pin]) -> Pushed:
    """Pin commits on a remote, all in one push, and remember those that it has; what it has is never moved.

    Nobody is asked: the caller has made sure that their content may be published. Raises: ``UndecidedError`` when the
    remote cannot be reached, ``GitError``.
    """
    wanted = {pin.ref: pin for pin in pins}
    if not wanted:
        return Pushed((), (), (), ())
    answers = push_new(repository, remote, {ref: pin.commit for ref, pin in wanted.items()})
    by_state: dict[str, list[Pin]] = {CREATED: [], THERE: [], TAKEN: [], REFUSED: []}
    refused = []
    for answer in answers:
        by_state[answer.state].append(wanted[answer.ref])
        if answer.state == REFUSED:
            refused.append((wanted[answer.ref], answer.reason))
    there = (*by_state[CREATED], *by_state[THERE])
    remember(repository, settings, remote, {pin.ref: pin.commit for pin in there})
    return Pushed(there, tuple(by_state[CREATED]), tuple(refused), tuple(by_state[TAKEN]))


def _experiment(rest: str, oid: str) -> str | None:
    """Return the experiment of a ref below the prefix, ``None`` if it is not the pin of this commit."""
    parts = rest.split("/")
    if len(parts) != 3 or not oid.startswith(parts[2]) or len(parts[2]) < DIGITS or not _HEX.issuperset(parts[2]):
        return None
    return f"{parts[0]}/{parts[1]}"

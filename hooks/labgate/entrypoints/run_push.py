"""``labgate experiment run --push``: pin the code of a run on the remote."""

from __future__ import annotations

from labgate.entrypoints.experiment import no_remote
from labgate.entrypoints.run_basis import Basis
from labgate.experiments.pins import pin_of, push_pins, remember, taken_error
from labgate.git.submodules import is_published
from labgate.git.user_push import push_with_hooks
from labgate.values.errors import LabgateError, UsageError
from labgate.values.phrases import short_oid


def push_code(basis: Basis) -> None:
    """Pin committed code on the remote. Raises: ``LabgateError`` with the reason why it is not pinned there."""
    repository, commit = basis.repository, basis.code.commit
    if repository is None:
        message = "there is no repository here"
        raise UsageError(message)
    publish = f"labgate experiment publish {short_oid(commit)}"
    if basis.code.snapshot:
        message = "the code is not committed, and a snapshot of it is only published by its name"
        raise UsageError(message, publish)
    if basis.remote is None:
        raise no_remote(repository, basis.branch)
    pin = pin_of(basis.settings, basis.experiment, commit)
    if not is_published(repository, commit):
        # What no remote has is published here as by any push: hooks have their say.
        push_with_hooks(repository, basis.remote, pin.ref, commit)
        remember(repository, basis.settings, basis.remote, {pin.ref: commit})
        return
    pushed = push_pins(repository, basis.settings, basis.remote, [pin])
    if pushed.taken:
        raise taken_error(repository, basis.remote, pin)
    if pushed.refused:
        message = f"{basis.remote} refuses {pin.ref}: {pushed.refused[0][1]}"
        raise LabgateError(message, publish)

"""Do a row of tasks on two cores, in order, so that whichever process dies, the others end."""

from __future__ import annotations

import fcntl
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from labgate.values.errors import GitError

_WORKERS = 2
#: What an unprivileged process may ask for at most, unless an administrator says otherwise (pipe(7)).
_PIPE_BYTES = 1 << 20
_T = TypeVar("_T")
_R = TypeVar("_R")


def spread(work: Callable[[Sequence[_T]], Iterator[_R]], tasks: Sequence[_T]) -> Iterator[_R]:
    """Yield what ``work`` makes of each task, in their order. Every worker is given every second task, all at once.

    No ``multiprocessing.Pool``: that one waits for ever for a task whose worker was killed, and its workers for ever
    for a parent that was. Here each has a pipe of its own, which either of them finds closed.

    Raised: ``GitError`` when a worker ends before its time, and whatever ``work`` raises.
    """
    fork = multiprocessing.get_context("fork")
    with ExitStack() as stack:
        pipes: list[Connection] = []
        for first in range(_WORKERS):
            receiving, sending = fork.Pipe(duplex=False)
            _widen(sending)
            mine = tasks[first::_WORKERS]
            worker = fork.Process(target=_worker, args=(work, mine, sending, (*pipes, receiving)), daemon=True)
            worker.start()
            sending.close()
            pipes.append(receiving)
            stack.callback(worker.join)
            stack.callback(worker.kill)
            stack.callback(receiving.close)
        for number in range(len(tasks)):
            yield _received(pipes[number % _WORKERS])


def _widen(sending: Connection) -> None:
    """Let a worker go on with its next tasks while the outcome of some waits to be read (fcntl(2), "F_SETPIPE_SZ").

    Linux alone knows this, and refuses it to who has many pipes already; then a worker waits.
    """
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(sending.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _received(pipe: Connection) -> Any:
    try:
        made, error = pipe.recv()
    except (EOFError, OSError):
        message = "a process that reads history was stopped"
        raise GitError(message, "run the command again") from None
    if error is not None:
        raise error
    return made


def _worker(
    work: Callable[[Sequence[_T]], Iterator[_R]], tasks: Sequence[_T], sending: Connection, others: Sequence[Connection]
) -> None:
    """Send what is made of each task. Ends when nobody reads it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses Ctrl-C means the parent, which ends this one
    for pipe in others:
        pipe.close()
    made: _R | None
    found = work(tasks)
    for _ in tasks:
        try:
            made, error = next(found), None
        except Exception as raised:  # noqa: BLE001  (handed to the parent, which raises it)
            made, error = None, raised
        try:
            sending.send((made, error))
        except OSError:
            return
        if error is not None:
            return

"""Run tasks on two cores, in order; if a process dies, the others end too."""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from threading import Condition, Thread
from typing import Any, TypeVar

from labgate.values.errors import GitError

_WORKERS = 2
#: The largest pipe of an unprivileged process by default (pipe(7)).
_PIPE_BYTES = 1 << 20
#: The bytes of results that a worker keeps until they are read: without them it would wait while the parent writes.
_AHEAD_BYTES = 8_000_000
_T = TypeVar("_T")
_R = TypeVar("_R")


def spread(work: Callable[[Sequence[_T]], Iterator[_R]], tasks: Sequence[_T]) -> Iterator[_R]:
    """Yield the results of ``work`` for each task, in their order. Each worker gets every second task, all at once.

    A ``multiprocessing.Pool`` waits for ever for a task whose worker was killed, and its workers for a killed parent.
    Here each worker has its own pipe, and either side notices when the other one is gone.

    Raises: ``GitError`` when a worker ends early, and what ``work`` raises.
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
    """Let a worker continue while its results wait to be read (fcntl(2), "F_SETPIPE_SZ").

    Only Linux has this, and refuses it to a user with many pipes; then the worker waits.
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
    """Send the results of each task. It ends when nobody reads them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    for pipe in others:
        pipe.close()
    # What is made has no cycles, and there is a lot of it to look through.
    gc.disable()
    made: _R | None
    found = work(tasks)
    sender = _Sender(sending)
    for _ in tasks:
        try:
            made, error = next(found), None
        except Exception as raised:  # noqa: BLE001  (handed to the parent, which raises it)
            made, error = None, raised
        sender.send((made, error))
        if error is not None:
            break
    sender.finish()


class _Sender:
    """Sends results in their order from a thread, so that the next ones are made meanwhile."""

    def __init__(self, sending: Connection) -> None:
        self._sending = sending
        self._left: deque[Any] = deque()
        self._bytes = 0
        self._changed = Condition()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, result: object) -> None:
        """Send a result some time; wait while there are too many before it."""
        data = ForkingPickler.dumps(result)
        with self._changed:
            self._changed.wait_for(lambda: self._bytes <= _AHEAD_BYTES)
            self._left.append(data)
            self._bytes += len(data)
            self._changed.notify_all()

    def finish(self) -> None:
        """Wait until everything is sent."""
        with self._changed:
            self._left.append(None)
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._left)
                data = self._left.popleft()
            if data is None:
                return
            try:
                self._sending.send_bytes(data)
            except OSError:
                os._exit(1)  # nobody reads what the other thread makes
            with self._changed:
                self._bytes -= len(data)
                self._changed.notify_all()

"""Start a command, pass its streams and signals through, keep its output, and stop it when it hangs.

The only place in ``experiments`` that starts a process. The command leads a session and a process group of its own.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess  # noqa: TID251  (the supervisor of a user's command; git is run by labgate.git)
import time
from contextlib import contextmanager, suppress

from labgate.experiments.family import Family
from labgate.experiments.streams import Sink, Source
from labgate.experiments.terminal import is_foreground, terminal_here
from labgate.values.errors import LabgateError
from labgate.values.phrases import quote
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import Any, NoReturn

    from labgate.experiments.log import Log
    from labgate.experiments.terminal import Terminal

ENDED, FAILED, STALLED, TIMED_OUT, KILLED = "ended", "failed", "stalled", "timed-out", "killed"
#: The exit status when a time-out stopped the command, as of timeout(1).
STOPPED = 124

#: Signals that reach the whole group, as a terminal sends them, and those that reach the command alone.
_FOR_GROUP = (signal.SIGINT, signal.SIGHUP)
_FOR_COMMAND = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
#: A child has ended; the window has another size.
_FOR_LABGATE = (signal.SIGCHLD, signal.SIGWINCH)
#: After these a command that does not end well was killed.
_ENDING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
#: How often to look whether children are left, and the longest sleep, in seconds.
_TURN, _LONGEST = 0.05, 60.0


class Order(Value):
    """What to start: ``command`` without a shell, in ``directory``, with ``environ`` as its whole environment.

    ``marker`` is a variable of it, as ``NAME=VALUE``, that only this run has. ``stall_timeout`` is how long the command
    may be without output and ``timeout`` how long it may run, ``None`` for as long as it likes; ``grace`` is the time
    from SIGTERM to SIGKILL. All are in seconds. ``silence`` is written to standard error at half of ``stall_timeout``.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str
    marker: str
    stall_timeout: float | None = None
    timeout: float | None = None
    grace: float = 10.0
    silence: str = ""
    _hidden = ("environ",)


class Ending(Value):
    """How a run ended: ``outcome``, the command's own ``status`` (128 + n by signal n) and that of labgate.

    ``unpassed`` is why output could not be passed on, ``None`` where all of it was, or its reader did not want it.
    """

    outcome: str
    status: int
    exit_status: int
    unpassed: OSError | None


def supervise(order: Order, log: Log) -> Ending:
    """Run a command to its end. Standard streams that are terminals become a pseudo-terminal for it.

    Raises: ``LabgateError`` when it cannot be started.
    """
    _fill_standard_streams()
    terminal = terminal_here()
    try:
        with _signals() as caught:
            process = _start(order, terminal)
            if terminal is not None:
                terminal.started()
            return _Supervision(order, log, process, terminal, caught).run()
    finally:
        if terminal is not None:
            terminal.close()


def replace_by(command: tuple[str, ...], environ: Mapping[str, str]) -> NoReturn:
    """Become a command: nothing is between it and the caller. Raises: ``LabgateError`` when it cannot be started."""
    # Python ignores them, and the command would inherit that.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environ)  # noqa: S606  (the user's command, as typed, without a shell)
    except (OSError, ValueError) as error:
        raise _cannot_start(command[0], error) from None


def _cannot_start(name: str, error: OSError | ValueError) -> LabgateError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return LabgateError(f"cannot start {name}: {reason}", f"command -v {quote(name)}")


def _fill_standard_streams() -> None:
    """Open what was closed of 0, 1 and 2: the next file would get its number, and the command's output."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)  # noqa: FBT003  (takes no keyword)
    os.close(descriptor)


def _start(order: Order, terminal: Terminal | None) -> subprocess.Popen[bytes]:
    on_it = frozenset() if terminal is None else terminal.streams
    slave = -1 if terminal is None else terminal.slave
    # A command in a session of its own could read a terminal that belongs to the shell by now.
    stdin = None if is_foreground() else subprocess.DEVNULL
    try:
        return subprocess.Popen(  # noqa: S603  (the user's command, as typed)
            order.command,
            bufsize=0,
            stdin=slave if 0 in on_it else stdin,
            stdout=slave if 1 in on_it else subprocess.PIPE,
            stderr=slave if 2 in on_it else subprocess.PIPE,
            cwd=order.directory,
            env=dict(order.environ),
            # Descriptors that the caller handed down, such as those of make's job server, are for the command too.
            close_fds=False,
            start_new_session=True,
            preexec_fn=None if terminal is None else terminal.adopt,  # noqa: PLW1509  (no thread is running)
        )
    except (OSError, ValueError) as error:
        raise _cannot_start(order.command[0], error) from None


class _Signals:
    """The signals that labgate was sent; ``wake`` is readable after one, and when a child has ended."""

    __slots__ = ("_early", "_target", "ending", "resized", "wake")

    def __init__(self, wake: int) -> None:
        self.wake = wake
        self.ending = False
        self.resized = False
        self._early: list[int] = []
        self._target: Callable[[int], None] | None = None

    def caught(self, number: int, _: FrameType | None) -> None:
        """Note a signal, and pass it on at once: also while a write waits for a slow reader."""
        if number == signal.SIGWINCH:
            self.resized = True
        elif number != signal.SIGCHLD:
            self.ending = self.ending or number in _ENDING
            if self._target is None:
                self._early.append(number)
            else:
                self._target(number)

    def pass_to(self, target: Callable[[int], None]) -> None:
        """Pass signals to ``target``, those first that came before the command was there."""
        self._target = target
        while self._early:
            target(self._early.pop(0))


@contextmanager
def _signals() -> Iterator[_Signals]:
    """Catch the signals that are for the command; those that are ignored stay ignored, as under nohup."""
    wake, woken = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    caught = _Signals(wake)
    before: dict[int, Any] = {}
    waker = signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    try:
        for number in (*_FOR_GROUP, *_FOR_COMMAND, *_FOR_LABGATE):
            if signal.getsignal(number) != signal.SIG_IGN or number == signal.SIGCHLD:
                before[number] = signal.signal(number, caught.caught)
        yield caught
    finally:
        for changed, handler in before.items():
            signal.signal(changed, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(waker)
        os.close(wake)
        os.close(woken)


class _Supervision:
    """A command that is running."""

    def __init__(
        self, order: Order, log: Log, process: subprocess.Popen[bytes], terminal: Terminal | None, caught: _Signals
    ) -> None:
        self._order, self._process, self._terminal, self._caught = order, process, terminal, caught
        self._family = Family(process.pid, order.marker)
        self._out, self._err = Sink(1), Sink(2)
        self._typed = None if terminal is None else Sink(terminal.master)
        self._keys: Source | None = None
        self._sources = self._connect(log)
        self._start = self._last = time.monotonic()
        self._warned = self._killed = False
        self._stopped_as: str | None = None
        self._kill_at: float | None = None
        self._status: int | None = None
        caught.pass_to(self._pass)

    def _connect(self, log: Log) -> list[Source]:
        sources = []
        for stream, sink in ((self._process.stdout, self._out), (self._process.stderr, self._err)):
            if stream is not None:
                sources.append(Source(os.dup(stream.fileno()), sink, log))
                stream.close()
        if self._terminal is not None:
            os.set_blocking(self._terminal.master, False)
            sink = self._out if self._terminal.output == 1 else self._err
            sources.append(Source(os.dup(self._terminal.master), sink, log))
            if self._terminal.reads and self._typed is not None:
                self._keys = Source(os.dup(0), self._typed, None)
        return sources

    def run(self) -> Ending:
        """Return how the command ended, once all that it wrote is passed on and kept."""
        try:
            while not self._is_over():
                self._turn()
        except BaseException:
            self._family.send_all(signal.SIGKILL)
            self._process.wait()
            raise
        finally:
            for source in (*self._sources, *([] if self._keys is None else [self._keys])):
                source.close()
        return self._ending()

    def _is_over(self) -> bool:
        self._reap()
        if self._status is None or any(source.is_open for source in self._sources):
            return False
        if self._killed:
            # Nor may a reader that takes no more hold what was stopped.
            return True
        if self._out.is_waiting or self._err.is_waiting:
            return False
        return self._kill_at is None or not self._family.is_left()

    def _reap(self) -> None:
        """Note that the command has ended."""
        if self._status is not None or self._process.poll() is None:
            return
        self._status = self._process.returncode
        now = time.monotonic()
        for source in self._sources:
            master = self._terminal is not None and source is self._sources[-1]
            source.command_ended(now, is_terminal=master)
        if self._caught.ending and self._status != 0 and self._kill_at is None:
            # The command was told to end; what it left behind is told now.
            self._stop()

    def _turn(self) -> None:
        """Wait for something to happen, and see to it."""
        if self._caught.resized and self._terminal is not None:
            self._caught.resized = False
            self._terminal.resize()
        self._flow(self._patience())
        now = time.monotonic()
        for source in self._sources:
            source.drop_if_done(now)
        self._judge(now)
        if self._kill_at is not None and now >= self._kill_at and not self._killed:
            self._killed = True
            self._family.send_all(signal.SIGKILL)

    def _flow(self, patience: float) -> None:
        """Move bytes, and note signs of life: output, somebody at the keyboard, a slow reader."""
        keys = [] if self._keys is None else [self._keys]
        sources = [source for source in (*self._sources, *keys) if source.is_open and not source.sink.is_full]
        sinks = [sink for sink in (self._out, self._err, self._typed) if sink is not None and sink.is_waiting]
        readable, writable, _ = select.select(
            [self._caught.wake, *(source.descriptor for source in sources)],
            [sink.descriptor for sink in sinks],
            [],
            patience,
        )
        if self._caught.wake in readable:
            with suppress(BlockingIOError):
                os.read(self._caught.wake, 512)
        for sink in sinks:
            if sink.descriptor in writable:
                sink.flow()
        now = time.monotonic()
        alive = [source.flow(now) for source in sources if source.descriptor in readable]
        for source in self._sources:
            if isinstance(source.sink.problem, BrokenPipeError):
                source.close()
        if any(alive) or self._out.is_waiting or self._err.is_waiting:
            self._last, self._warned = now, False

    def _patience(self) -> float:
        """Return how long nothing has to be done unless something happens, in seconds."""
        if self._status is not None or self._kill_at is not None:
            return _TURN
        now, order = time.monotonic(), self._order
        ends = [now + _LONGEST]
        if order.timeout is not None:
            ends.append(self._start + order.timeout)
        if order.stall_timeout is not None:
            ends.append(self._last + order.stall_timeout / (1 if self._warned else 2))
        return max(0.0, min(ends) - now)

    def _judge(self, now: float) -> None:
        """Stop a command that runs for too long or hangs; warn before."""
        order = self._order
        if self._status is not None or self._stopped_as is not None:
            return
        silent = now - self._last
        if order.timeout is not None and now - self._start >= order.timeout:
            self._stopped_as = TIMED_OUT
            self._stop()
        elif order.stall_timeout is not None and silent >= order.stall_timeout:
            self._stopped_as = STALLED
            self._stop()
        elif order.stall_timeout is not None and not self._warned and silent >= order.stall_timeout / 2:
            self._warned = True
            end = b"\n" if self._terminal is None else self._terminal.line_end()
            with suppress(OSError):
                os.write(2, os.fsencode(order.silence) + end)

    def _stop(self) -> None:
        self._kill_at = time.monotonic() + self._order.grace
        self._family.end()

    def _pass(self, number: int) -> None:
        if self._status is not None:
            # It has ended, and its pid may be another program's soon.
            return
        if number in _FOR_GROUP:
            self._family.send_group(number)
        else:
            self._family.send_leader(number)

    def _ending(self) -> Ending:
        own = 0 if self._status is None else self._status
        status = own if own >= 0 else 128 - own
        problems = [sink.problem for sink in (self._out, self._err) if sink.problem is not None]
        unpassed = next((problem for problem in problems if not isinstance(problem, BrokenPipeError)), None)
        if self._stopped_as is not None:
            return Ending(self._stopped_as, status, STOPPED, unpassed)
        outcome = ENDED if own == 0 else KILLED if own < 0 or self._caught.ending else FAILED
        return Ending(outcome, status, status, unpassed)

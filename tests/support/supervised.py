"""Commands under labgate's supervisor, in a process of their own as signals and terminals need one."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

#: How long anything may take on a machine that is busy, in seconds.
PATIENCE = 60.0

_DRIVER = """
import os, sys
from labgate.experiments.log import Log
from labgate.experiments.supervise import Order, supervise

path, stall, limit, grace, *command = sys.argv[1:]
marker = f"LABGATE_RUN={path}"
environ = {**os.environ, "LABGATE_RUN": path, "PYTHONUNBUFFERED": "1"}
log = Log(path)
order = Order(tuple(command), environ, ".", marker, float(stall) or None, float(limit) or None, float(grace), "silence")
ending = supervise(order, log)
with open(path + ".ending", "w") as stream:
    print(ending.outcome, ending.status, log.sha256, file=stream)
sys.exit(ending.exit_status)
"""


def supervising(path: Path, *command: str, stall: float = 0, limit: float = 0, grace: float = 10) -> list[str]:
    """Return the command line that supervises a command, with its log at ``path``; 0 is no time-out."""
    return [sys.executable, "-c", _DRIVER, str(path), str(stall), str(limit), str(grace), *command]


def script(text: str) -> tuple[str, ...]:
    """Return the command that runs this Python text."""
    return (sys.executable, "-c", text)


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait for something that happens soon."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, f"still waiting for {what}"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Return whether a process is alive; one that has ended and was not waited for is not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return False
    return state not in (b"Z", b"X")


class OnTerminal:
    """A program on a terminal of its own, with somebody at the keyboard."""

    def __init__(self, argv: Sequence[str], *, rows: int = 24, columns: int = 80, **given: object) -> None:
        self.master, self.slave = os.openpty()
        self.resize(rows, columns)
        self.shown = b""
        streams: dict[str, object] = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave} | given
        self.process = subprocess.Popen(  # type: ignore[call-overload]
            argv,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0),  # noqa: PLW1509  (no thread is running)
            **streams,
        )

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def modes(self) -> list[object]:
        return list(termios.tcgetattr(self.slave))

    def _read(self) -> None:
        while select.select([self.master], [], [], 0)[0]:
            self.shown += os.read(self.master, 1 << 16)

    def sees(self, text: str) -> None:
        """Wait until this was shown."""

        def shown() -> bool:
            self._read()
            return text.encode() in self.shown

        until(shown, f"{text!r} in {self.shown!r}")

    def ends(self) -> int:
        """Return the exit status."""

        def ended() -> bool:
            self._read()
            return self.process.poll() is not None

        until(ended, "the end")
        self._read()
        return int(self.process.returncode)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def environment(**more: str) -> Mapping[str, str]:
    """Return the environment of this process with more variables."""
    return {**os.environ, **more}

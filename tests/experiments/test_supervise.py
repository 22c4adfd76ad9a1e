"""The supervisor of a run: time-outs, signals, streams and terminals of real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from support.supervised import PATIENCE, OnTerminal, is_running, script, supervising, until

#: A script and its child, both deaf to SIGTERM; they write their pids to the file that is named.
_DEAF = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=NEW)
with open(sys.argv[1] + ".part", "w") as stream:
    print(os.getpid(), child.pid, file=stream)
os.replace(sys.argv[1] + ".part", sys.argv[1])
print("started", flush=True)
time.sleep(600)
"""
#: Says which signals it got, until it has had the last one.
_EARS = """
import signal, sys, time
got = []
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"):
    signal.signal(getattr(signal, name), lambda number, _: got.append(signal.Signals(number).name))
print("ready", flush=True)
while "SIGUSR2" not in got:
    time.sleep(0.01)
print(*got)
"""


def run(path: Path, *command: str, stdin: bytes = b"", **options: float) -> subprocess.CompletedProcess[bytes]:
    argv = supervising(path, *command, **options)
    return subprocess.run(argv, input=stdin, capture_output=True, check=False, timeout=PATIENCE)


def outcome(path: Path) -> str:
    """Return outcome and status, and hold the digest against the log."""
    found, status, digest = Path(f"{path}.ending").read_text().split()
    assert digest == sha256(path.read_bytes()).hexdigest()
    return f"{found} {status}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.mark.parametrize("new", [False, True], ids=["in the group", "in a session of its own"])
def test_a_command_that_hangs_is_stopped_with_its_children(log: Path, tmp_path: Path, new: bool) -> None:
    text = _DEAF.replace("NEW", str(new))
    start = time.monotonic()
    done = run(log, *script(text), str(tmp_path / "pids"), stall=2, grace=1)
    took = time.monotonic() - start
    assert done.returncode == 124
    assert outcome(log) == "stalled 137"
    assert done.stderr == b"silence\n"
    assert 3 <= took < PATIENCE / 4
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert not [pid for pid in pids if is_running(pid)]


def test_a_command_that_ends_in_its_grace_is_not_killed(log: Path) -> None:
    text = "import signal, sys, time\nsignal.signal(15, lambda *_: (print('saved'), sys.exit(0)))\ntime.sleep(600)"
    done = run(log, *script(text), limit=2, grace=PATIENCE)
    assert (done.returncode, done.stdout, outcome(log)) == (124, b"saved\n", "timed-out 0")


def test_output_is_a_sign_of_life(log: Path) -> None:
    text = "import time\nfor n in range(8):\n    print(n); time.sleep(0.5)"
    done = run(log, *script(text), stall=3)
    assert (done.returncode, outcome(log)) == (0, "ended 0")
    assert done.stdout == b"".join(b"%d\n" % number for number in range(8))


def test_a_time_out_stops_a_command_that_never_falls_silent(log: Path) -> None:
    done = run(log, "yes", limit=1, grace=1)
    assert (done.returncode, outcome(log)) == (124, "timed-out 143")


def test_a_child_that_keeps_the_pipe_does_not_hold_an_ended_run(log: Path) -> None:
    start = time.monotonic()
    done = run(log, "sh", "-c", f"sleep {PATIENCE / 2} & echo $!; echo hi >&2")
    assert time.monotonic() - start < PATIENCE / 4
    assert (done.returncode, done.stderr, outcome(log)) == (0, b"hi\n", "ended 0")
    child = int(done.stdout)
    assert is_running(child)
    os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    ("line", "status", "told"),
    [
        ("exit 7", 7, "failed 7"),
        ("exit 0", 0, "ended 0"),
        ("kill -9 $$", 137, "killed 137"),
        ("exit 200", 200, "failed 200"),
    ],
)
def test_the_exit_status_is_the_commands_own(log: Path, line: str, status: int, told: str) -> None:
    assert run(log, "sh", "-c", line).returncode == status
    assert outcome(log) == told


def test_standard_input_and_both_outputs_are_passed_through(log: Path) -> None:
    text = (
        "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data); sys.stderr.buffer.write(data[:9])"
    )
    given = bytes(range(256)) * 5000
    done = run(log, *script(text), stdin=given)
    assert (done.stdout, done.stderr) == (given, given[:9])
    assert len(log.read_bytes()) == len(given) + 9


def test_200_000_lines_are_whole(log: Path) -> None:
    done = run(log, *script("print(*('line %d' % n for n in range(200_000)), sep='\\n')"))
    assert done.stdout.count(b"\n") == 200_000
    assert log.read_bytes() == done.stdout


def test_a_slow_reader_loses_nothing(log: Path) -> None:
    argv = supervising(log, "head", "-c", "9000000", "/dev/zero")
    reader = "import sys, time\ntime.sleep(1)\nprint(len(sys.stdin.buffer.read()))"
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        counted = subprocess.run([*script(reader)], stdin=process.stdout, capture_output=True, check=True)
    assert (int(counted.stdout), process.returncode) == (9_000_000, 0)
    assert log.stat().st_size == 9_000_000


def test_a_reader_that_has_enough_ends_the_command_as_without_labgate(log: Path) -> None:
    with subprocess.Popen(supervising(log, "yes"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(2) == b"y\n"
        process.stdout.close()
        assert process.wait(PATIENCE) == 128 + signal.SIGPIPE


def test_descriptors_of_the_caller_are_the_commands_too(log: Path) -> None:
    reading, writing = os.pipe()
    argv = supervising(log, *script(f"import os; os.write({writing}, b'handed down\\n')"))
    subprocess.run(argv, pass_fds=[writing], check=True, timeout=PATIENCE)
    os.close(writing)
    with open(reading, "rb") as stream:
        assert stream.read() == b"handed down\n"


def test_closed_standard_streams_are_not_mistaken_for_others(log: Path) -> None:
    line = " ".join(f"'{word}'" for word in supervising(log, "sh", "-c", "echo out; echo err >&2")[3:])
    driver = supervising(log)[2]
    shell = f'exec {sys.executable} -c "$DRIVER" {line} 0<&- 1>&- 2>&-'
    done = subprocess.run(["sh", "-c", shell], env={**os.environ, "DRIVER": driver}, check=False, timeout=PATIENCE)
    assert done.returncode == 0
    assert sorted(log.read_text().split()) == ["err", "out"]


@pytest.fixture
def ears(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(supervising(log, *script(_EARS)), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process


def test_each_signal_reaches_the_command_once(ears: subprocess.Popen[bytes], log: Path) -> None:
    names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]
    for name in names:
        ears.send_signal(getattr(signal, name))
        time.sleep(0.2)
    assert ears.stdout is not None
    assert ears.stdout.read().decode().split() == names
    assert ears.wait(PATIENCE) == 0
    # It was told to end, and ended as it liked.
    assert outcome(log) == "ended 0"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
def test_a_signal_that_ends_the_command_is_the_exit_status(log: Path, name: str) -> None:
    number = getattr(signal, name)
    # No shell: dash goes on with its next command after a SIGINT that comes between two.
    waiting = script("import time; print('ready', flush=True); time.sleep(600)")
    with subprocess.Popen(supervising(log, *waiting), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 128 + number
    assert outcome(log) == f"killed {128 + number}"


def test_what_a_killed_command_leaves_behind_is_told_to_end_too(log: Path) -> None:
    argv = supervising(log, "sh", "-c", f"{sys.executable} -c 'import time; time.sleep(600)' & echo $!; wait", grace=1)
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.terminate()
        assert process.wait(PATIENCE) == 143
    until(lambda: not is_running(child), "the child's end")


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
def test_an_ignored_signal_stays_ignored(log: Path, name: str) -> None:
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_IGN)
    try:
        argv = supervising(log, *script(f"import signal; print(signal.getsignal({int(number)}).name)"))
        assert subprocess.run(argv, capture_output=True, check=True, text=True).stdout == "SIG_IGN\n"
    finally:
        signal.signal(number, before)


def test_a_full_disk_costs_the_log_and_not_the_output(tmp_path: Path) -> None:
    """``/dev/full`` refuses every write (full(4))."""
    log = tmp_path / "log"
    argv = supervising(log, "sh", "-c", "echo one; echo two")
    driver = argv[2].replace("log = Log(path)", "log = Log(path); os.dup2(os.open('/dev/full', 1), log._descriptor)")
    done = subprocess.run([argv[0], "-c", driver, *argv[3:]], capture_output=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout, log.read_bytes()) == (0, b"one\ntwo\n", b"")
    assert outcome(log) == "ended 0"


class TestOnATerminal:
    @pytest.fixture
    def started(self) -> Iterator[list[OnTerminal]]:
        made: list[OnTerminal] = []
        yield made
        for terminal in made:
            terminal.close()

    def test_the_command_sees_one_of_the_same_size(self, log: Path, started: list[OnTerminal]) -> None:
        text = (
            "import os, signal, sys, time\n"
            "def size(*_): print('size', *os.get_terminal_size(), *map(os.isatty, (0, 1, 2)))\n"
            "signal.signal(signal.SIGWINCH, size)\nsize()\n"
            "end = time.time() + 60\nwhile time.time() < end: time.sleep(0.05)"
        )
        started.append(terminal := OnTerminal(supervising(log, *script(text)), rows=31, columns=99))
        terminal.sees("size 99 31 True True True")
        terminal.resize(40, 123)
        terminal.sees("size 123 40 True True True")

    def test_ctrl_c_reaches_the_command_once_and_the_terminal_is_as_before(
        self, log: Path, started: list[OnTerminal]
    ) -> None:
        text = (
            "import time\nhits = 0\nend = time.time() + 60\nprint('ready')\n"
            "while time.time() < end and hits < 2:\n"
            "    try: time.sleep(0.05)\n    except KeyboardInterrupt: hits += 1; print('hit', hits)\n"
        )
        started.append(terminal := OnTerminal(supervising(log, *script(text))))
        before = terminal.modes()
        terminal.sees("ready")
        until(lambda: terminal.modes() != before, "the keys as they are typed")
        terminal.type("\x03")
        terminal.sees("hit 1")
        time.sleep(0.3)
        terminal.type("\x03")
        terminal.sees("hit 2")
        assert terminal.ends() == 0
        assert terminal.modes() == before
        assert log.read_bytes().replace(b"\r", b"").replace(b"^C", b"") == b"ready\nhit 1\nhit 2\n"

    def test_breakpoint_works(self, log: Path, started: list[OnTerminal]) -> None:
        started.append(terminal := OnTerminal(supervising(log, *script("value = 41\nbreakpoint()\nprint('went on')"))))
        terminal.sees("(Pdb)")
        terminal.type("value + 1\n")
        terminal.sees("42")
        terminal.type("continue\n")
        terminal.sees("went on")
        assert terminal.ends() == 0

    @pytest.mark.parametrize("how", ["killed", "stalled", "cannot start"])
    def test_it_is_set_as_it_was_however_the_run_ends(self, log: Path, started: list[OnTerminal], how: str) -> None:
        command = ("/nowhere/train",) if how == "cannot start" else script("import time; print('up'); time.sleep(600)")
        stall = 1 if how == "stalled" else 0
        started.append(terminal := OnTerminal(supervising(log, *command, stall=stall, grace=1)))
        before = terminal.modes()
        if how == "killed":
            terminal.sees("up")
            terminal.process.terminate()
        assert terminal.ends() == {"killed": 143, "stalled": 124, "cannot start": 1}[how]
        assert terminal.modes() == before

    def test_a_child_that_keeps_the_terminal_does_not_hold_the_run(self, log: Path, started: list[OnTerminal]) -> None:
        line = "(trap '' HUP; while sleep 0.05; do echo more; done) & echo pid $! end"
        started.append(terminal := OnTerminal(supervising(log, "sh", "-c", line)))
        assert terminal.ends() == 0
        terminal.sees(" end")
        os.kill(int(terminal.shown.split(b"pid ")[1].split()[0]), signal.SIGKILL)

    def test_output_to_a_file_is_none_and_standard_error_is_one(
        self, log: Path, tmp_path: Path, started: list[OnTerminal]
    ) -> None:
        with (tmp_path / "out").open("wb") as out:
            text = "import os, sys; print(*map(os.isatty, (0, 1, 2))); print('bar', file=sys.stderr)"
            started.append(terminal := OnTerminal(supervising(log, *script(text)), stdout=out))
        terminal.sees("bar")
        assert terminal.ends() == 0
        assert (tmp_path / "out").read_text() == "True False True\n"

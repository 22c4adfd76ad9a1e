"""What somebody else may have put in the place of labgate's own files, and the commands that then run."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labgate.fingerprints.index import index_path
from labgate.policy import cache
from support.repo import Repo, Result

#: Long enough for any command on a busy machine, and shorter than for ever.
PATIENCE = 120
#: Seconds of work that a command takes at most to its verdict, in all its processes; a busy machine only adds waiting.
MOST_WORK = 2.0

#: The policy's cache for this installation.
POLICY_CACHE = f"policy.{Path(cache.__file__).stat().st_ino:x}.cache"

#: Makes something at a path; the folder is outside the repository.
Obstacle = Callable[[Path, Path], None]


def _link(path: Path, outside: Path) -> None:
    target = outside / f"{path.name}-target"
    target.write_text("# mine\n")
    path.symlink_to(target)


def _dangling_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside / f"{path.name}-nowhere")


def _second_name(path: Path, outside: Path) -> None:
    target = outside / f"{path.name}-other-name"
    target.write_text("# mine\n")
    os.link(target, path)


def _pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, _: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def _folder(path: Path, _: Path) -> None:
    path.mkdir()
    (path / "inside").write_text("")


def _hole(path: Path, _: Path) -> None:
    """A file of a terabyte that takes no room."""
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), 2**40)


FILES: dict[str, Obstacle] = {
    "a link": _link,
    "a dangling link": _dangling_link,
    "a second name": _second_name,
    "a pipe": _pipe,
    "a socket": _socket,
    "a folder": _folder,
    "a terabyte": _hole,
}


def own_names(common_dir: Path) -> tuple[str, ...]:
    """Return the names of labgate's own files in its folder of a git directory."""
    index = Path(index_path(str(common_dir))).name
    beside = tuple(index + end for end in ("-journal", "-wal", "-shm", ".lock"))
    plain = ("ledger", "ledger-others", "unlanded", POLICY_CACHE, "experiment-branches", "native-hooks", "push-hook")
    return (*plain, "message-template", "policy.schema.json", index, *beside)


def block(common_dir: Path, obstacle: Obstacle, outside: Path) -> None:
    """Put an obstacle in the place of each of labgate's files."""
    folder = common_dir / "labgate"
    folder.mkdir(exist_ok=True)
    for name in own_names(common_dir):
        (folder / name).unlink(missing_ok=True)
        obstacle(folder / name, outside)


def content_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return everything in a folder: kind, time of the last change and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        text = path.read_bytes() if stat.S_ISREG(state.st_mode) and state.st_size < 2**20 else b""
        found[str(path.relative_to(folder))] = (stat.S_IFMT(state.st_mode), state.st_mtime_ns, text)
    return found


@contextmanager
def in_time(seconds: int = PATIENCE) -> Iterator[None]:
    """Raises: ``TimeoutError`` in what takes longer."""

    def stop(*_: object) -> None:
        message = f"not done after {seconds} seconds"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def work() -> float:
    """Return the processor time of this process and of those that it has waited for, in seconds."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(times.ru_utime + times.ru_stime for times in used)


@contextmanager
def bounded(what: object, most: float = MOST_WORK) -> Iterator[None]:
    """Fail if something does not end, or takes more work than ``most`` seconds."""
    with in_time():
        before = work()
        yield
        taken = work() - before
    assert taken <= most, f"{what}: {taken:.1f} s of work"


def run_in_time(repo: Repo, *args: str) -> Result:
    """Run the command ``labgate`` in this process; it must end, soon."""
    with bounded(args):
        return repo.labgate(*args)

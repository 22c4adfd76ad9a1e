"""Go on after a hook has ended: the ``git push`` above it, how it was called, and a process that outlives it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from labgate.git.runner import caller_env, spawn
from labgate.values.errors import GitError
from labgate.values.value import Value

_PROC = "/proc"
#: Longest way up from a hook to its git: frameworks start a hook by some processes.
_MOST_ABOVE = 20
_PUSH = "push"
#: Options of git-push whose value may be the next word. ``-o`` takes the rest of its word, or the next one.
_VALUED = ("--repo", "--receive-pack", "--exec", "--push-option")
_NEXT = "o"
#: Seconds between two looks at a process that cannot be waited for.
_PAUSE = 0.2


class PushAbove(Value):
    """The ``git push`` that started a hook: its process id and its command line."""

    pid: int
    words: tuple[str, ...]

    @property
    def is_dry(self) -> bool:
        """Whether it was called with ``--dry-run``, also shortened or among other letters (gitcli)."""
        dry = skip = False
        for word in self.words[self.words.index(_PUSH) + 1 :] if _PUSH in self.words else self.words[1:]:
            if skip:
                skip = False
            elif word == "--":
                break
            elif word.startswith("--"):
                dry = (dry or _shortens(word, "--dry-run", 4)) and not _shortens(word, "--no-dry-run", 7)
                skip = word in _VALUED
            elif word.startswith("-"):
                letters, valued, rest = word[1:].partition(_NEXT)
                dry = dry or "n" in letters
                skip = valued != "" and not rest
        return dry

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; return whether it has."""
        import select
        import time

        with suppress(AttributeError, OSError):
            handle = os.pidfd_open(self.pid)
            return bool(select.select([handle], [], [], seconds)[0])
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.words != _words(self.pid):
                return True
            time.sleep(_PAUSE)
        return False


def push_above() -> PushAbove | None:
    """Return the ``git push`` that has started this process, however indirectly; ``None`` if it is not known."""
    pid = os.getppid()
    for _ in range(_MOST_ABOVE):
        words = _words(pid)
        name = os.path.basename(words[0]) if words else ""
        if name == "git-push" or (name == "git" and _PUSH in words):
            return PushAbove(pid, words)
        pid = _parent(pid)
        if pid <= 1:
            break
    return None


def detach(work: Callable[[], None]) -> None:
    """Do some work in a process of its own, without a terminal, that nobody waits for; what it raises is dropped."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(null, stream)
            # Whoever reads the hook's output would else wait for this process.
            os.closerange(3, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 2**20 else 2**16)
            work()
    finally:
        os._exit(0)


def _shortens(word: str, option: str, least: int) -> bool:
    return len(word) >= least and option.startswith(word)


def _words(pid: int) -> tuple[str, ...]:
    """Return the command line of a process, empty if it has ended or cannot be read."""
    if os.path.isdir(f"{_PROC}/self"):
        with suppress(OSError), open(f"{_PROC}/{pid}/cmdline", "rb") as stream:
            return tuple(os.fsdecode(stream.read()).split("\0")[:-1])
        return ()
    return tuple(_asked("command=", pid))


def _parent(pid: int) -> int:
    if os.path.isdir(f"{_PROC}/self"):
        with suppress(OSError), open(f"{_PROC}/{pid}/stat", "rb") as stream:
            text = stream.read()
            # The program's name stands in parentheses and may contain anything.
            return int(text[text.rindex(b")") + 2 :].split()[1])
        return 0
    return next((int(word) for word in _asked("ppid=", pid) if word.isdecimal()), 0)


def _asked(column: str, pid: int) -> Iterator[str]:
    """Yield the words of a column of ps(1), where there is no ``/proc``."""
    argv: Sequence[str] = ("ps", "-o", column, "-p", str(pid))
    with suppress(GitError):
        yield from os.fsdecode(spawn(argv, caller_env(os.environ))[1]).split()

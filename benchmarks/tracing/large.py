"""Generated repositories of any size, made by git fast-import: main, research branches, and a push of 50 commits."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import POLICY

from tracing.clone import clean_environment

#: The commits of each research branch, and those of the push.
EACH, PUSHED = 3, 50
#: Changes whenever the repository does: one of another recipe is thrown away.
_RECIPE = "2"
_FILES, _LINES = 400, 40
_START = 1_500_000_000
_MINUTE = 60
_BRANCH = "refs/heads/feature/push"
_VERBS = ("load", "rank", "merge", "score", "split", "trim", "count", "store", "parse", "check", "sort", "draw")
_NOUNS = (
    "price",
    "house",
    "street",
    "model",
    "batch",
    "token",
    "weight",
    "record",
    "label",
    "sample",
    "graph",
    "cache",
)


@dataclass(frozen=True)
class Size:
    """The number of main's commits, of research branches, which start evenly along main, and of entries in the ledger.

    Without ``ledger`` it has what the runs of the benchmark write.
    """

    commits: int
    branches: int
    ledger: int = 0


#: The contract's repository, and those that are larger in one way.
CONTRACT, BRANCHES, COMMITS = Size(50_000, 1_000), Size(50_000, 10_000), Size(200_000, 1_000)
LEDGER = Size(50_000, 1_000, 100_000)
#: Seconds from the first entry of a ledger to the last: four years.
_REMEMBERED = 4 * 365 * 86_400


@dataclass(frozen=True)
class Large:
    """The clone, its bare remote, and the push: a branch whose tip is ``new``, to main, which is at ``old``."""

    path: Path
    remote: Path
    branch: str
    old: str
    new: str


def repository(cache: Path, size: Size) -> Large:
    """Return the repository of a size in a folder of them, made if it is not there or of another recipe."""
    folder = cache / f"large-{size.commits}-{size.branches}-{size.ledger}"
    path, remote, mark = folder / "work", folder / "remote.git", folder / "recipe"
    if not mark.is_file() or mark.read_text(encoding="ascii") != _RECIPE:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
        _import(remote, _history(size))
        _git(folder, "clone", "--quiet", str(remote), str(path))
        _import(path, _push(size))
        _git(path, "commit-graph", "write", "--reachable")
        if size.ledger:
            (path / ".git" / "labgate").mkdir()
            with open(path / ".git" / "labgate" / "ledger", "w", encoding="ascii") as ledger:
                ledger.writelines(_entries(size.ledger))
        mark.write_text(_RECIPE, encoding="ascii")
    old, new = _git(path, "rev-parse", "refs/remotes/origin/main", _BRANCH).split()
    return Large(path, remote, _BRANCH, old, new)


def _git(folder: Path, *args: str) -> str:
    done = subprocess.run(("git", *args), cwd=folder, env=clean_environment(), check=True, capture_output=True)
    return done.stdout.decode()


def _import(folder: Path, stream: Iterator[bytes]) -> None:
    command = ("git", "fast-import", "--quiet", "--force")
    with subprocess.Popen(command, cwd=folder, env=clean_environment(), stdin=subprocess.PIPE) as process:
        assert process.stdin is not None  # noqa: S101  (for the type checker: a pipe was asked for)
        process.stdin.writelines(stream)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


class _Writer:
    """Writes lines of a program: no two runs of them are the same, as in real code."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311  (a history that repeats)

    def line(self) -> str:
        pick = self.chance.choice
        number = self.chance.randrange(10_000)
        return f"    {pick(_NOUNS)}_{number} = {pick(_VERBS)}_{pick(_NOUNS)}({pick(_NOUNS)}, {pick(_VERBS)}={number})"

    def edited(self, lines: Sequence[str]) -> list[str]:
        """Return lines with one to five new ones in place of some old ones."""
        at = self.chance.randrange(len(lines) - 3)
        new = [self.line() for _ in range(self.chance.randint(1, 5))]
        return [*lines[:at], *new, *lines[at + self.chance.randint(0, 3) :]][:_LINES]


def _commit(ref: str, when: int, start: str, path: str, lines: Sequence[str]) -> bytes:
    text = ("\n".join(lines) + "\n").encode()
    person = f"Grace <grace@example.org> {when} +0000"
    head = f"commit {ref}\nauthor {person}\ncommitter {person}\ndata 5\nWork\n{start}M 100644 inline {path}\n"
    return head.encode() + b"data %d\n%s\n" % (len(text), text)


def _history(size: Size) -> Iterator[bytes]:
    """Yield main and the research branches, in the format of git-fast-import."""
    writer = _Writer("main")
    files = {f"package{n % 20}/module{n}.py": [writer.line() for _ in range(_LINES)] for n in range(_FILES)}
    paths = list(files)
    step = size.commits // size.branches
    forks = set(range(step, size.commits + 1, step))
    yield _commit("refs/heads/main", _START, "", "labgate.toml", POLICY.splitlines())
    for path, lines in files.items():
        text = "\n".join(lines) + "\n"
        yield f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode()
    branch = 0
    for number in range(1, size.commits):
        path = writer.chance.choice(paths)
        files[path] = writer.edited(files[path])
        yield _commit("refs/heads/main", _START + number * _MINUTE, "", path, files[path])
        if number + 1 in forks:
            branch += 1
            yield from _research(branch, _START + number * _MINUTE, writer.chance.choice(paths), files)


def _research(branch: int, when: int, path: str, files: dict[str, list[str]]) -> Iterator[bytes]:
    writer, ref = _Writer(f"research {branch}"), f"refs/heads/research/idea-{branch}"
    lines, start = files[path], "from refs/heads/main\n"
    for number in range(EACH):
        lines = [*writer.edited(lines), *(writer.line() for _ in range(6))]
        yield _commit(ref, when + number + 1, start, path, lines)
        start = ""


def _entries(count: int) -> Iterator[str]:
    """Yield a ledger of branches that came and went: two entries and three commits each, none of them is here now."""
    yield "labgate-ledger 1\n"
    begun = int(time.time()) - _REMEMBERED
    for number in range(count // 2):
        at = begun + number * _REMEMBERED // (count // 2)
        tip, *below = (hashlib.sha1(f"{number} {step}".encode()).hexdigest() for step in range(EACH))  # noqa: S324
        ref = f"refs/remotes/origin/research/gone-{number}"
        yield f"new {at} {ref} {' '.join((tip, *below))} .\n"
        yield f"gone {at + 86_400} {ref} {tip} .\n"


def _push(size: Size) -> Iterator[bytes]:
    """Yield the commits that are pushed: work that no research branch has."""
    writer, start = _Writer("push"), "from refs/remotes/origin/main\n"
    lines = [writer.line() for _ in range(_LINES)]
    for number in range(PUSHED):
        lines = writer.edited([*lines, writer.line()])
        path = f"package{number % 20}/pushed{number % 5}.py"
        yield _commit(_BRANCH, _START + (size.commits + number) * _MINUTE, start, path, lines)
        start = ""

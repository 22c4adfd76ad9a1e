"""What the benchmarks share: an interleaved timer of whole processes, a table of ratios, and a virtual environment."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: The environment of the benchmarks' own git: nobody's configuration, fixed names.
GIT_ENV = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Grace",
    "GIT_AUTHOR_EMAIL": "grace@example.org",
    "GIT_COMMITTER_NAME": "Grace",
    "GIT_COMMITTER_EMAIL": "grace@example.org",
    "GIT_EDITOR": "true",
}


@dataclass(frozen=True)
class Case:
    """One command to time. ``expected`` is the exit status that it must have; ``bar`` its highest ratio, if any.

    ``before`` runs ahead of each round, untimed. ``beside`` is what its ratios are to, ``None``: the table's own base.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = os.devnull
    cwd: Path | None = None
    expected: int = 0
    bar: float | None = None
    before: Callable[[], object] | None = None
    beside: Case | None = None


@dataclass(frozen=True)
class Taken:
    """What one run took, its child processes included: seconds on the clock, and seconds of processor time."""

    wall: float
    cpu: float


class Timings:
    """What each case took, once a round."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        self.taken: dict[str, list[Taken]] = {case.name: [] for case in cases}

    def run(self, rounds: int, env: Mapping[str, str]) -> None:
        """Time every case once a round, in an order that differs from round to round: drift then hits all alike."""
        shuffle = random.Random(0).shuffle  # noqa: S311  (an order that repeats, nothing secret)
        for number in range(rounds + 1):
            order = list(self.cases)
            shuffle(order)
            for case in order:
                taken = _timed(case, env)
                if number:  # the first round only warms caches
                    self.taken[case.name].append(taken)

    def ratio(self, case: Case, base: Case) -> float:
        """Return how many times as long as ``base`` a case takes: the median of the rounds' own ratios."""
        pairs = zip(self.taken[case.name], self.taken[base.name], strict=True)
        return statistics.median(own.wall / other.wall for own, other in pairs)

    def cpu_ratio(self, case: Case, base: Case) -> float:
        """Return how many times the processor time of ``base`` a case takes; a busy machine changes little of it."""
        pairs = zip(self.taken[case.name], self.taken[base.name], strict=True)
        return statistics.median(own.cpu / other.cpu for own, other in pairs)

    def table(self, base: Case) -> str:
        """Return the table: median, spread (10th to 90th percentile), ratios to a base, and whether a bar is kept."""
        width = max(len(case.name) for case in self.cases)
        lines = [f"{'':{width}}  {'median':>9}  {'10 % to 90 %':>20}  {'ratio':>6}  {'cpu':>6}  bar"]
        for case in self.cases:
            values = sorted(taken.wall for taken in self.taken[case.name])
            low, high = values[len(values) // 10], values[-1 - len(values) // 10]
            spread = f"{low * 1e3:.1f} to {high * 1e3:.1f} ms"
            ratio, cpu = self.ratio(case, case.beside or base), self.cpu_ratio(case, case.beside or base)
            bar = "" if case.bar is None else f"<= {case.bar:g}: {'kept' if ratio <= case.bar else 'MISSED'}"
            median = f"{statistics.median(values) * 1e3:.1f} ms"
            lines.append(f"{case.name:{width}}  {median:>9}  {spread:>20}  {ratio:6.2f}  {cpu:6.2f}  {bar}".rstrip())
        return "\n".join(lines)

    def missed(self, base: Case) -> list[str]:
        """Return the names of the cases that miss their bar."""
        barred = ((case, case.bar) for case in self.cases if case.bar is not None)
        return [case.name for case, bar in barred if self.ratio(case, case.beside or base) > bar]


def _timed(case: Case, env: Mapping[str, str]) -> Taken:
    if case.before is not None:
        case.before()
    with open(case.stdin, "rb") as stdin, tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            case.argv, cwd=case.cwd, env={**env, **case.env}, stdin=stdin, stdout=output, stderr=output
        )
        # Not process.wait(): only wait4(2) says what this one process and its children have used.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != case.expected:
            output.seek(0)
            text = output.read().decode(errors="replace")
            sys.exit(f"{case.name}: exit status {process.returncode}, not {case.expected}\n{text}")
    return Taken(seconds, usage.ru_utime + usage.ru_stime)


def environment(folder: Path, *requirements: str) -> Path:
    """Return the ``bin`` folder of a virtual environment with this labgate, as pip installs it, and with other tools.

    The environment is kept in ``folder`` and brought up to date; only its first making needs the network.
    """
    programs = folder / "bin"
    if not (programs / "python").exists():
        venv.create(folder, with_pip=True)
    pip = [str(programs / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    # A recent pip writes console scripts that do not import re.
    subprocess.run([*pip, "--upgrade", "pip", *requirements], check=True)
    subprocess.run([*pip, "--force-reinstall", "--no-deps", str(ROOT)], check=True)
    subprocess.run([*pip, str(ROOT)], check=True)
    return programs


class Repository:
    """A throw-away repository for a benchmark."""

    def __init__(self, path: Path, env: Mapping[str, str]) -> None:
        self.path = path
        self.env = env
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ("git", *args), cwd=self.path, env=dict(self.env), check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, message: str, files: Mapping[str, str]) -> None:
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "-m", message)


def cache_folder() -> Path:
    """Return where environments are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labgate-benchmarks"


#: Every kind of branch, limits in lines and in bytes: the passing hook has all of its work to do.
POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = ["main", "release/{version}", "refs/tags/v*"]
[kinds.bot]
names = ["dependabot/**", "renovate/**"]
[kinds.research]
names = ["research/{topic}"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
fields = { service = ["housing", "ranker"], handle = "[a-z0-9-]+" }
[kinds.topic]
names = ["{type}/{slug}", "{issue}-{slug}"]
fields = { type = ["feature", "fix", "docs"] }

[commit-size]
ignore = ["*.lock", "vendor/**"]
[commit-size.limits.protected]
lines = 400
files = 20
file-bytes = "500kB"
bytes = "2MB"
[commit-size.limits.topic]
lines = 800
"""

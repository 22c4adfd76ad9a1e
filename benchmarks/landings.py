"""Judge the whole history of instructlab/sdg, landing by landing: verdicts, time and memory of `labgate check`.

Usage: python benchmarks/landings.py [--every N]

Each landing is judged by a process of its own, with `origin/main` where it stood before. Exit status 1 when one could
not be judged, when research was found where none landed, or when a process took more memory than the bar.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.landings import Landing, Landings
from support.memory import peak_memory

#: Peak resident memory of labgate and of any git that it starts (docs: quality bars), in megabytes.
MEMORY_BAR = 150


@dataclass(frozen=True)
class Run:
    """What one process did: exit status, report (``None`` without one), wall-clock seconds, peak memory in MB."""

    landing: Landing
    status: int
    report: dict[str, Any] | None
    seconds: float
    megabytes: float

    @property
    def rules(self) -> list[str]:
        return [] if self.report is None else [finding["rule"] for finding in self.report["findings"]]


def main() -> int:
    """Judge, print, and return the exit status."""
    parser = argparse.ArgumentParser(description="Judge the history of instructlab/sdg, landing by landing.")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="judge every Nth landing only")
    every = parser.parse_args().every
    with tempfile.TemporaryDirectory() as folder:
        landings = Landings(Path(folder))
        runs = [judge(landings, landing) for landing in landings.all[::every]]
    bad = [run for run in runs if run.status not in (0, 1) or "LG201" in run.rules]
    for run in bad:
        print(f"landing {run.landing.number} ({run.landing.after[:12]}): exit {run.status}, {run.rules}")
    seconds = [run.seconds for run in runs]
    peak = max(run.megabytes for run in runs)
    print(f"{len(runs)} of {len(landings.all)} landings, research/pr-72 present from number {landings.cut + 1} on")
    print(f"exit status: {dict(sorted(Counter(run.status for run in runs).items()))}")
    print(f"findings:    {dict(sorted(Counter(rule for run in runs for rule in run.rules).items()))}")
    print(
        f"time:        {sum(seconds):.1f} s; a landing {statistics.median(seconds) * 1000:.0f} ms, at most "
        f"{max(seconds) * 1000:.0f} ms (landing {max(runs, key=lambda run: run.seconds).landing.number})"
    )
    print(f"peak memory: {peak:.0f} MB (bar: {MEMORY_BAR} MB)")
    return 1 if bad or peak > MEMORY_BAR else 0


def judge(landings: Landings, landing: Landing) -> Run:
    """Run `labgate check` on one landing as a process of its own."""
    arguments = landings.stand_before(landing)
    output = landings.repo.path.parent / "report.json"
    output.unlink(missing_ok=True)
    start = time.perf_counter()
    status, megabytes = peak_memory(
        landings.repo, [sys.executable, "-m", "labgate", *arguments, "--output", str(output)]
    )
    seconds = time.perf_counter() - start
    report = json.loads(output.read_text(encoding="utf-8")) if output.exists() else None
    return Run(landing, status, report, seconds, megabytes)


if __name__ == "__main__":
    sys.exit(main())

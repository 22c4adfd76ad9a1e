"""How long ``git rebase`` of 20 commits takes with labgate's native hooks: ``python benchmarks/rebase.py``.

A rebase runs prepare-commit-msg once a commit. Off an experiment branch that must not be felt; on one every commit gets
its trailer, and the table says what that costs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import GIT_ENV, POLICY, Case, Repository, Timings, cache_folder, environment

COMMITS = 20
#: The contract's bar off an experiment branch, as a multiple of the same rebase without labgate.
BAR = 1.5
TOPIC, EXPERIMENT = "feature/many", "experiment--housing--ada"


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds that count, after one to warm up (default 15)")
    parser.add_argument("--strict", action="store_true", help="exit 1 when the bar is missed")
    asked = parser.parse_args()
    programs = environment(cache_folder() / "hooks")
    with tempfile.TemporaryDirectory(prefix="labgate-bench-") as scratch:
        env = {**GIT_ENV, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": scratch}
        repository = build(Path(scratch) / "work", env)
        subprocess.run([programs / "labgate", "install"], cwd=repository.path, env=env, check=True, capture_output=True)
        learn_policy(repository, env, programs)
        without = case(repository, "without labgate", TOPIC, "-c", f"core.hooksPath={os.devnull}")
        cases = [
            without,
            case(repository, "with labgate, off an experiment branch", TOPIC, bar=BAR),
            case(repository, "with labgate, on an experiment branch", EXPERIMENT),
        ]
        timings = Timings(cases)
        timings.run(asked.rounds, env)
    print(f"git rebase of {COMMITS} commits, {asked.rounds} rounds in changing order; ratios to the first row\n")
    print(timings.table(without))
    missed = timings.missed(without)
    return 1 if missed and asked.strict else 0


def build(path: Path, env: dict[str, str]) -> Repository:
    """Make two branches of 20 commits each, and a trunk that moved on."""
    repository = Repository(path, env)
    repository.commit("Start", {"labgate.toml": POLICY, "a.py": "a = 1\n"})
    for branch in (TOPIC, EXPERIMENT):
        repository.git("checkout", "--quiet", "-b", branch, "main")
        for number in range(COMMITS):
            repository.commit(f"Step {number}", {f"step{number}.py": f"step = {number}\n"})
        repository.git("tag", f"tip/{branch}")
    repository.git("checkout", "--quiet", "main")
    repository.commit("Move on", {"b.py": "b = 1\n"})
    return repository


def learn_policy(repository: Repository, env: dict[str, str], programs: Path) -> None:
    """Let a hook read the policy once, as the first commit of a day does, when it is old enough to be trusted."""
    time.sleep(2.5)
    hook = (programs / "labgate-hook", "pre-commit", "branch-name", "--native")
    index = {"GIT_INDEX_FILE": str(repository.path / ".git" / "index")}
    subprocess.run(hook, cwd=repository.path, env={**env, **index}, check=True)


def case(repository: Repository, name: str, branch: str, *options: str, bar: float | None = None) -> Case:
    """Return the rebase of a branch, which stands at its old tip again before each round."""

    def reset() -> None:
        repository.git("-c", f"core.hooksPath={os.devnull}", "checkout", "--quiet", "-B", branch, f"tip/{branch}")

    return Case(name, ("git", *options, "rebase", "--quiet", "main"), cwd=repository.path, bar=bar, before=reset)


if __name__ == "__main__":
    sys.exit(main())

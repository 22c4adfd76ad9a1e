"""How long every hook of labgate takes as a whole process, beside its peers: ``python benchmarks/hook_startup.py``.

The yardstick is B: ``python -c pass`` and ``git rev-parse HEAD``, in the same round. Peers do their own job on the same
repository and with the same message, so the table says what a user pays, not who does the same work faster.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import GIT_ENV, POLICY, Case, Repository, Timings, cache_folder, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PEERS = (
    "commit-check",
    "gitlint-core[trusted-deps]",
    "conventional-pre-commit",
    "pre-commit-hooks",
    "pre-commit",
    "prek",
)
MESSAGE = "fix: read the file only once\n\nThe second read came from an older version of the format.\n"
#: The contract's bar for a commit hook, as a multiple of B, and the one for a policy that switches everything on.
BAR, BAR_OF_ALL = 2.0, 1.5
#: The bars for `labgate experiment pin` in 10,000 files, clean and with ten changed, to B and `git status` together.
FILES, BAR_OF_CLEAN, BAR_OF_CHANGED = 10_000, 5.0, 10.0
#: What ``POLICY`` leaves out: artifacts, every section, limits of tests with exceptions, and limits of a series.
ARTIFACTS = """
[experiment-hash]
artifacts = ["experiments/**", "*.ckpt"]
"""
EVERYTHING = f"""{ARTIFACTS}
[mixed-components]
shared = ["*.md", "docs/**"]
[mixed-components.components]
one = ["package1/**", "package2/**"]
two = ["package3/**", "package4/**"]
[commit-hygiene]
lands = "commits"
ci-authors = ["ci@example.org"]
short-lived = ["**/*.dvc"]
[branch-drift.limits.research]
commits = 200
days = 30
[branch-drift.limits.topic]
commits = 100
[[remote-policy.remotes]]
match = "example.org/team/*"
kinds = ["protected", "topic"]
canonical = true
[reviews.people.ada]
emails = ["ada@example.org"]
"""
LIMITS = (
    ("[commit-size]\n", '[commit-size]\ntests = ["tests/**", "docs/**"]\nexceptions = ["ada"]\n'),
    ("lines = 800\n", "lines = 800\ntest-lines = 1600\n"),
    ("lines = 400\n", "lines = 400\ntest-lines = 800\n"),
)
SERIES = ("test-lines = 800\n", "test-lines = 800\nseries-lines = 4000\nseries-commits = 20\n")
FRAMEWORKS = ("pre-commit", "prek")


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25, help="rounds that count, after one to warm up (default 25)")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    parser.add_argument("--without-frameworks", action="store_true", help="leave out the runs by pre-commit and prek")
    asked = parser.parse_args()
    if asked.rounds < 15:
        parser.error("fewer than 15 rounds say too little")
    programs = environment(cache_folder() / "hooks", *PEERS)
    with tempfile.TemporaryDirectory(prefix="labgate-bench-") as scratch:
        env = {**GIT_ENV, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": scratch}
        scene = Scene(Path(scratch), programs, env)
        yardstick = scene.yardstick()
        cases = [yardstick, *scene.own(), *scene.switched_on(), *scene.pins(), *scene.peers()]
        if not asked.without_frameworks:
            cases += scene.through_frameworks()
        timings = Timings(cases)
        timings.run(asked.rounds, env)
    print(f"{asked.rounds} rounds, each command once a round in changing order; ratios to B\n")
    print(timings.table(yardstick))
    missed = timings.missed(yardstick)
    return 1 if missed and asked.strict else 0


def modules(count: int) -> dict[str, str]:
    """Return so many small files by their paths."""
    return {f"package{n % 10}/module{n}.py": f"value = {n}\n" * 20 for n in range(count)}


class Scene:
    """A repository with 200 files and something small staged, and the commands to time in it."""

    def __init__(self, folder: Path, programs: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.programs = programs
        self.env = env
        self.message = folder / "message"
        self.message.write_text(MESSAGE)
        self.push_line = folder / "push-line"
        self.repository = self._build(folder / "work", POLICY)
        head = self.repository.git("rev-parse", "HEAD")
        self.push_line.write_text(f"refs/heads/feature/once {head} refs/heads/feature/once {'0' * 40}\n")
        self.merging = self._merging(folder / "merging")

    def _build(self, path: Path, policy: str) -> Repository:
        repository = Repository(path, self.env)
        repository.commit("Start", {"labgate.toml": policy, **modules(200)})
        remote = path.with_suffix(".git")
        repository.git("init", "--quiet", "--bare", "--initial-branch=main", str(remote))
        repository.git("remote", "add", "origin", str(remote))
        repository.git("push", "--quiet", "origin", "main")
        repository.git("checkout", "--quiet", "-b", "feature/once")
        repository.commit("Something", {"package1/module1.py": "value = 1\n"})
        repository.write({"package1/module1.py": "value = 2\n", "package1/new.py": "new = True\n" * 30})
        repository.git("add", "--all")
        return repository

    def _merging(self, path: Path) -> Path:
        """Return a work tree in which a clean merge waits for its commit."""
        git = self.repository.git
        git("worktree", "add", "--quiet", "-b", "feature/merging", str(path), "main")
        (path / "package2" / "module2.py").write_text("value = 2\n")
        git("-C", str(path), "commit", "--quiet", "--no-verify", "-am", "Mine")
        git("-C", str(path), "merge", "--quiet", "--no-commit", "--no-ff", "feature/once")
        # So young a policy is not trusted to be the one that was read (labgate.policy.cache).
        time.sleep(2.5)
        return path

    def _program(self, name: str) -> str:
        return str(self.programs / name)

    def yardstick(self) -> Case:
        """Return B."""
        command = f"{self._program('python')} -c pass; git rev-parse HEAD"
        return Case("B: python -c pass; git rev-parse HEAD", ("sh", "-c", command), cwd=self.repository.path)

    def own(self) -> list[Case]:
        """Return labgate's hooks: as a manifest starts them, and as git does."""
        hook, message, here = self._program("labgate-hook"), str(self.message), self.repository.path
        index = {"GIT_INDEX_FILE": str(here / ".git" / "index")}
        by_name = (self._program("python"), "-I", "-m", "labgate.hook")
        by_call = (self._program("python"), "-I", "-c", "from labgate.hook import main; main()")
        merge = {"GIT_DIR": str(here / ".git/worktrees/merging")}
        merge["GIT_INDEX_FILE"] = str(here / ".git/worktrees/merging/index")
        push = (hook, "pre-push", "--native", "origin", "work.git")
        return [
            Case("labgate-hook pre-commit", (hook, "pre-commit"), index, cwd=here, bar=BAR),
            Case("  by python -I -m labgate.hook", (*by_name, "pre-commit", "--native"), index, cwd=here, bar=BAR),
            Case("  by python -I -c", (*by_call, "pre-commit", "--native"), index, cwd=here, bar=BAR),
            Case("  branch-name alone", (hook, "pre-commit", "branch-name"), index, cwd=here, bar=BAR),
            Case("labgate-hook pre-merge-commit", (hook, "pre-merge-commit"), merge, cwd=self.merging, bar=BAR),
            Case("labgate-hook prepare-commit-msg", (hook, "prepare-commit-msg", message), index, cwd=here, bar=BAR),
            Case("labgate-hook commit-msg", (hook, "commit-msg", message), index, cwd=here, bar=BAR),
            Case("labgate-hook pre-push", push, stdin=str(self.push_line), cwd=here),
        ]

    def switched_on(self) -> list[Case]:
        """Return the commit hook where no artifact is staged, and where the policy has every section."""
        everything = POLICY + EVERYTHING
        for old, new in LIMITS:
            everything = everything.replace(old, new)
        policies = {
            "artifacts": (POLICY + ARTIFACTS, BAR),
            "every section": (everything, BAR_OF_ALL),
            "every section and a series, after a commit": (everything.replace(*SERIES), BAR_OF_ALL),
            "every section and a series, counted anew": (everything.replace(*SERIES), BAR),
        }
        argv = (self._program("python"), "-I", "-c", "from labgate.hook import main; main()", "pre-commit", "--native")
        cases = []
        for number, (name, (policy, bar)) in enumerate(policies.items()):
            repository = self._build(self.folder / f"policy{number}", policy)
            path = repository.path
            noted = path / ".git/labgate/series-budget"
            index = {"GIT_INDEX_FILE": str(path / ".git/index")}
            before: Callable[[], object] = partial(noted.unlink, missing_ok=True)
            if name.endswith("after a commit"):
                self._commit_by_hook(repository, argv)
                before = partial(noted.write_bytes, noted.read_bytes())
            cases.append(Case(f"  by python -I -c: {name}", argv, index, cwd=path, bar=bar, before=before))
        time.sleep(2.5)
        return cases

    @staticmethod
    def _commit_by_hook(repository: Repository, argv: Sequence[str]) -> None:
        """Make the commit that is staged, as somebody with this hook does, and stage another one."""
        hook = repository.path / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {shlex.join(argv)}\n")
        hook.chmod(0o755)
        repository.git("commit", "--quiet", "--message", "Something else")
        hook.unlink()
        repository.write({"package1/module1.py": "value = 3\n", "package1/other.py": "other = True\n" * 30})
        repository.git("add", "--all")
        repository.git("write-tree")  # git commit, too, writes the tree into the index before it starts the hook

    def pins(self) -> list[Case]:
        """Return a pin in 10,000 files, clean and with ten changed, each beside B and `git status`."""
        cases = []
        for name, changed, bar in (("clean", 0, BAR_OF_CLEAN), ("ten changed", 10, BAR_OF_CHANGED)):
            repository = Repository(self.folder / f"pin{changed}", self.env)
            repository.commit("Start", {"labgate.toml": POLICY + ARTIFACTS, **modules(FILES)})
            repository.git("checkout", "--quiet", "-b", "experiment--ranker--wide")
            time.sleep(1.5)
            repository.git("status")
            command = f"{self._program('python')} -c pass; git rev-parse HEAD; git status"
            beside = Case(f"B and git status, {name}", ("sh", "-c", command), cwd=repository.path)
            argv = (self._program("labgate"), "experiment", "pin")
            edit = partial(self._edit, repository, changed)
            pin = Case(f"experiment pin, {name}", argv, cwd=repository.path, bar=bar, before=edit, beside=beside)
            cases += [beside, pin]
        return cases

    @staticmethod
    def _edit(repository: Repository, changed: int) -> None:
        """Give files a content that they never had: each pin is of a new snapshot."""
        repository.write({name: f"value = {time.time_ns()}\n" for name in list(modules(FILES))[:changed]})

    def _peer_jobs(self) -> dict[str, tuple[str, ...]]:
        message = str(self.message)
        return {
            "commit-check --branch": (self._program("commit-check"), "--branch"),
            "commit-check --message": (self._program("commit-check"), "--message", message),
            "gitlint": (self._program("gitlint"), "--msg-filename", message),
            "conventional-pre-commit": (self._program("conventional-pre-commit"), message),
            "no-commit-to-branch": (self._program("no-commit-to-branch"), "--branch", "main"),
        }

    def peers(self) -> list[Case]:
        return [Case(name, argv, cwd=self.repository.path) for name, argv in self._peer_jobs().items()]

    def through_frameworks(self) -> list[Case]:
        """Return the same jobs as hooks of pre-commit and prek; ``true`` shows what the frameworks take themselves."""
        index = str(self.repository.path / ".git" / "index")
        jobs = {
            "true": ("true",),
            "labgate-hook pre-commit": ("env", f"GIT_INDEX_FILE={index}", self._program("labgate-hook"), "pre-commit"),
            **self._peer_jobs(),
        }
        cases = []
        for framework in FRAMEWORKS:
            for number, (name, argv) in enumerate(jobs.items()):
                config = self.message.parent / f"config{number}.yaml"
                config.write_text(
                    "repos:\n- repo: local\n  hooks:\n"
                    f"  - {{id: job, name: job, entry: '{' '.join(argv)}', language: system, always_run: true,"
                    " pass_filenames: false}\n"
                )
                run = (self._program(framework), "run", "--config", str(config), "job")
                cases.append(Case(f"{framework}: {name}", run, cwd=self.repository.path))
        return cases


if __name__ == "__main__":
    sys.exit(main())

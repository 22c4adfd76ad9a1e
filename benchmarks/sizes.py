"""How many landings of real projects the size limits of labgate's presets refuse, and how large landings are.

Usage: python benchmarks/sizes.py [--project NAME ...]

Each landing is a commit on the first-parent chain of the trunk: a merge brings the commits that only its second parent
reaches, any other is one commit. Files that the presets ignore do not count. Exit status 1 where more than the bar is
refused in one project: then the limits are no defaults.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from labgate.checks.commit_size.check import Facts, check
from labgate.checks.registry import policy_reader
from labgate.git.diffs import commit_files
from labgate.git.repository import discover
from labgate.setup.presets import fill
from labgate.setup.survey import take_survey
from labgate.values.batch import Batch, FileChange
from support.data import bundle
from support.env import hermetic
from support.repo import Repo

PROJECTS = ("black", "distributed", "pytest", "sdg")
#: Largest part of the landings of a project that may be refused.
BAR = 0.02
PERCENTILES = (50, 90, 95, 98, 99)
#: Commits that git is asked for at once.
_CHUNK = 2000


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description="Measure real landings by the size limits of the presets.")
    parser.add_argument("--project", action="append", choices=PROJECTS)
    failed = False
    print(f"{'project':12} {'landings':>8} {'refused':>8}   lines of a landing at p{', p'.join(map(str, PERCENTILES))}")
    for name in parser.parse_args().project or PROJECTS:
        with tempfile.TemporaryDirectory() as folder:
            landings = list(_landings(Path(folder), name))
        policy = policy_reader().parse(_preset(), "labgate.toml")
        refused = sum(any(check(Facts(batches, "protected", series=True), policy)) for batches in landings)
        lines = sorted(sum(file.added + file.deleted for batch in each for file in batch.files) for each in landings)
        shown = " ".join(f"{lines[len(lines) * at // 100]:>6}" for at in PERCENTILES)
        failed = failed or refused > BAR * len(landings)
        print(f"{name:12} {len(landings):>8} {refused / len(landings):>8.1%}   {shown}")
    return 1 if failed else 0


def _preset() -> str:
    """Return a preset; the limits are the same in each."""
    with tempfile.TemporaryDirectory() as folder:
        repo = Repo.init(Path(folder) / "anywhere")
        repo.commit("Start")
        return fill("research-branch", take_survey(discover(repo.env, str(repo.path)))).text


def _landings(folder: Path, name: str) -> Iterator[tuple[Batch, ...]]:
    """Yield what each landing brings: a batch a commit, merges left out."""
    repo = Repo.init(folder / name, "--bare")
    repo.git("fetch", "--quiet", "--no-tags", str(bundle(f"{name}.bundle")), "+refs/heads/main:refs/heads/main")
    repository = discover(hermetic(folder), str(repo.path))
    listing = repo.git("rev-list", "--first-parent", "--parents", "--reverse", "main").splitlines()
    parents = [line.split() for line in listing[1:]]
    brought = [[oid] if not rest else _merged(repo, first, rest[0]) for oid, first, *rest in parents]
    commits = [oid for each in brought for oid in each]
    files: dict[str, tuple[FileChange, ...]] = {}
    for at in range(0, len(commits), _CHUNK):
        files |= commit_files(repository, commits[at : at + _CHUNK])
    for each in brought:
        yield tuple(Batch(oid, "", files[oid]) for oid in each)


def _merged(repo: Repo, first: str, second: str) -> list[str]:
    return repo.git("rev-list", "--no-merges", "--reverse", second, f"^{first}").split()


if __name__ == "__main__":
    sys.exit(main())

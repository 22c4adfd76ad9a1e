"""The synthetic project as a team would have it: pull request 72 is ``research/pr-72``, a policy is on ``main``."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.env import hermetic
from support.repo import Repo
from support.synthetic import BUNDLE, base_of

#: Where pull request 72 was cut from.
BASE = base_of(72)

#: The contract's example, with two reviewers and the branch names of the project.
POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = ["main", "release/{version}", "refs/tags/v*"]
[kinds.bot]
names = ["dependabot/**", "mergify/**"]
[kinds.research]
names = ["research/{topic}"]
base = ["protected"]
targets = ["research", "protected"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
fields = { service = ["housing", "ranker"], handle = "[a-z0-9-]+" }
base = ["protected"]
[kinds.topic]
names = ["{type}/{slug}", "{issue}-{slug}"]
fields = { type = ["feature", "fix", "docs"] }

[reviews]
machines = ["noreply@github.com"]
[reviews.people.ada]
emails = ["ada@example.org", "ada@example.com"]
[reviews.people.lin]
emails = ["lin@example.org"]
"""

LIMITS = """
[commit-size]
ignore = ["*.lock", "vendor/**"]
[commit-size.limits.protected]
lines = 400
files = 20
file-bytes = "500kB"
bytes = "2MB"
series-lines = 2000
series-commits = 20
"""


def build(folder: Path) -> None:
    """Make the bare remote ``sdg-origin.git`` and the clone ``sdg`` below a folder."""
    repo = Repo.init(folder / "sdg")
    repo.with_remote()
    refspecs = ("+refs/pull/72/head:refs/heads/research/pr-72", f"+{BASE}:refs/scratch/base")
    repo.git("fetch", "--quiet", str(BUNDLE), *refspecs)
    repo.git("update-ref", "refs/heads/main", BASE)
    repo.git("update-ref", "-d", "refs/scratch/base")
    repo.git("reset", "--quiet", "--hard")
    repo.commit("Add a policy for labgate", {"labgate.toml": POLICY})
    repo.push("main", "research/pr-72")


def copy(template: Path, folder: Path) -> Repo:
    """Return a private copy of what ``build`` made."""
    shutil.copytree(template, folder, dirs_exist_ok=True, symlinks=True)
    repo = Repo(folder / "sdg", hermetic(folder / "sdg-home"))
    repo.git("remote", "set-url", "origin", str(folder / "sdg-origin.git"))
    repo.clock += 60
    return repo

"""A team's project whose CI runs labgate: the recorded jobs of every system, for real commits of a real remote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.env import hermetic
from support.jobs import recorded
from support.people import by
from support.repo import Repo, Result

POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = ["main", "release/{version}"]
[kinds.bot]
names = ["gh-readonly-queue/**"]
[kinds.research]
names = ["research/{topic}"]
targets = ["research", "protected"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
targets = ["experiment"]
[kinds.topic]
names = ["feature/{slug}"]

[research-gate]
source-repositories = ["*/grace/*"]

[reviews.people.ada]
emails = ["ada@example.org"]

[commit-size.limits.protected]
lines = 10
"""
#: A policy by which everything may land anywhere.
LAX = POLICY.replace('sources = ["', 'x = ["').replace("[research-gate]\n", "[research-gate]\nsources = []\n")
LAX = LAX.replace("lines = 10", "lines = 9999")
#: What the recordings call the host's own merge of a change, and a base that has gone stale.
MERGED, STALE = "b13610fd7aceeac39d94a25429f1e3e517a7f6ed", "d7c1470e4edc58a078cde1fe643ba90f9a524c39"
#: Where hosts keep the head of change 7.
KEPT = ("refs/pull/7/head", "refs/merge-requests/7/head")
ZERO = "0" * 40


def code(name: str) -> str:
    """Return a function that nobody else has."""
    return f"def {name}(batch, window):\n    {name}_size = len(batch) * window\n    return {name}_size + {len(name)}\n"


@dataclass
class Pipeline:
    """``repo`` is somebody's clone, ``remote`` what jobs clone."""

    repo: Repo
    remote: Repo
    jobs: int = field(default=0)

    @classmethod
    def build(cls, folder: Path) -> Pipeline:
        """Make ``main``, ``release/2``, ``feature/x`` (3 commits) and ``research/bigger-batches`` (3 commits)."""
        repo = Repo.init(folder / "models")
        remote = repo.with_remote()
        repo.commit("Start", {"labgate.toml": POLICY, "models.py": code("start")})
        repo.branch("release/2").commit("Release", {"version": "2\n"})
        for branch in ("research/bigger-batches", "feature/x"):
            kind = branch.partition("/")[0]
            repo.branch(branch, "main")
            for number in (1, 2, 3):
                name = f"{kind}_{number}"
                repo.commit(f"Try {name}", {f"{name}.py": code(name)}, **by("lin"))
        repo.checkout("main").commit("Go on", {"models.py": code("start") + code("further")})
        repo.push("main", "release/2", "research/bigger-batches", "feature/x")
        return cls(repo, remote)

    @classmethod
    def copy(cls, template: Path, folder: Path) -> Pipeline:
        shutil.copytree(template, folder, dirs_exist_ok=True, symlinks=True)
        repo = Repo(folder / "models", hermetic(folder / "models-home"))
        remote = Repo(folder / "models-origin.git", hermetic(folder / "models-home"))
        repo.git("remote", "set-url", "origin", str(remote.path))
        repo.clock += 3600
        return cls(repo, remote)

    def propose(self, revision: str) -> str:
        """Make a revision the head of change 7 on the host, and return it."""
        head = self.repo.head(revision)
        self.repo.git("push", "--quiet", "--force", "--no-verify", "origin", *(f"{head}:{ref}" for ref in KEPT))
        return head

    def clone(self, *options: str) -> Repo:
        self.jobs += 1
        path = self.repo.path.parent / f"job-{self.jobs}"
        self.repo.git("clone", "--quiet", "--no-tags", *options, f"file://{self.remote.path}", str(path))
        return Repo(path, dict(self.repo.env))

    def environ(self, name: str, head: str, base: str, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables of a recorded job, with the texts of ``changes`` replaced in them and in its event."""
        self.jobs += 1
        folder = self.repo.path.parent / f"events-{self.jobs}"
        folder.mkdir()
        environ = recorded(name, folder, head, base)
        for known, real in (changes or {}).items():
            environ = {key: value.replace(known, real) for key, value in environ.items()}
            for event in folder.iterdir():
                event.write_text(event.read_text(encoding="utf-8").replace(known, real), encoding="utf-8")
        return environ

    def job(
        self,
        name: str,
        head: str,
        base: str | None = None,
        *args: str,
        changes: Mapping[str, str] | None = None,
        options: tuple[str, ...] = ("--depth=1",),
        clone: Repo | None = None,
    ) -> Result:
        """Run ``labgate ci`` in a new clone. ``base`` is what the job is told of the target's tip: by default that."""
        environ = self.environ(name, head, base or self.remote.head("main"), changes)
        where = self.clone(*options) if clone is None else clone
        return where.labgate("ci", *(args or ("--format", "json")), status=None, **environ)

    def pushed(self, before: str, branch: str = "main", **options: Any) -> Result:
        """Run the job of a push to a branch, which stood at ``before`` until then."""
        changes = {"refs/heads/main": f"refs/heads/{branch}", **options.pop("changes", {})}
        return self.job("github-push", self.remote.head(branch), before, changes=changes, **options)


def rules(result: Result, level: str = "error") -> list[str]:
    """Return the rules of a JSON report's findings of a level."""
    return [finding["rule"] for finding in json.loads(result.out)["findings"] if finding["level"] == level]


def commits(result: Result, rule: str) -> list[str]:
    """Return the commits that a rule is about in a JSON report."""
    found = [finding["commits"] for finding in json.loads(result.out)["findings"] if finding["rule"] == rule]
    return [oid for oids in found for oid in oids]

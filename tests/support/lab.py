"""A generated machine-learning project: two research branches on its remote, and ``main`` has moved on since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support import edits
from support.codewriter import Codewriter
from support.env import hermetic
from support.people import by
from support.repo import Repo, Result
from support.sdg import POLICY
from support.verdicts import schema

BRANCH, OTHER = "research/mixture", "research/baseline"
SOURCE = f"refs/remotes/origin/{BRANCH}"
PACKAGE = "src/forecast"
MODULES = ("loader", "features", "windows", "losses", "trainer", "metrics", "schedule", "export")
#: What the research adds, and what it edits in several places each.
NEW = f"{PACKAGE}/mixture.py"
FEATURES, TRAINER = f"{PACKAGE}/features.py", f"{PACKAGE}/trainer.py"
CONFIG, NEW_CONFIG, NEW_TEST = "configs/base.yaml", "configs/mixture.yaml", "tests/test_mixture.py"
#: How the project formats its code; research does not care.
STYLE = ("--line-length", "88")

PYPROJECT = """\
[project]
name = "forecast"
version = "1.2.0"
dependencies = ["numpy>=1.24", "torch==2.1.0", "pyyaml>=6.0"]

[tool.ruff]
line-length = 88
"""
REQUIREMENTS = "numpy==1.24.4\npyyaml==6.0.1\ntorch==2.1.0\ntqdm==4.66.1\n"
LOCK = "".join(
    f'[[package]]\nname = "{name}"\nversion = "{version}"\nhash = "sha256:{name[::-1]}{version}"\n\n'
    for name, version in (line.split("==") for line in REQUIREMENTS.splitlines())
)
ATTRIBUTES = "*_pb2.py linguist-generated\n*.lock linguist-generated\n"


@dataclass(frozen=True)
class Lab:
    """The project in a clone that has no local research branch. ``research`` are oids, the oldest first."""

    repo: Repo
    research: tuple[str, ...]

    def copy(self, folder: Path) -> Lab:
        """Return a private copy with a remote of its own."""
        shutil.copytree(self.repo.path.parent, folder, dirs_exist_ok=True, symlinks=True)
        repo = Repo(folder / "lab", hermetic(folder / "lab-home"))
        repo.git("remote", "set-url", "origin", str(folder / "lab-origin.git"))
        repo.clock = self.repo.clock
        return replace(self, repo=repo)

    def open(self) -> Repo:
        """Start a branch at the remote's ``main``; its first commit is somebody's honest work."""
        self.repo.branch("feature/landing", "origin/main")
        self.neighbour("before")
        return self.repo

    def neighbour(self, seed: str) -> str:
        """Commit work of our own in the files that the research edits, at other places."""
        author = Codewriter(f"neighbour {seed}")
        place = {"before": 3, "after": 4}[seed]
        for path in (FEATURES, TRAINER):
            text = self.read(path)
            name = edits.functions(text)[place]
            self.repo.write({path: edits.insert(text, name, 2, author.statements(4))})
        windows = f"{PACKAGE}/windows.py"
        self.repo.write({windows: edits.append(self.read(windows), author.function())})
        self.format(FEATURES, TRAINER, windows)
        return self.repo.commit(f"{seed.title()}: use the horizon in windows", None, **by("kim"))

    def read(self, path: str, revision: str | None = None) -> str:
        """Return a file of the work tree, or of a revision."""
        if revision is not None:
            return self.repo.git("show", f"{revision}:{path}") + "\n"
        return (self.repo.path / path).read_text(encoding="utf-8")

    def format(self, *paths: str, style: tuple[str, ...] = STYLE) -> None:
        """Let ruff format files."""
        self.repo.run("ruff", "format", "--quiet", "--isolated", "--no-cache", *style, *paths)

    def span(self) -> list[str]:
        """Return what would land, the oldest first."""
        return self.repo.git("rev-list", "--reverse", "HEAD", "--not", "origin/main").split()

    def publish(self, branch: str) -> list[str]:
        """Push a branch and forget it here; return its commits beyond the remote's ``main``, the oldest first."""
        oids = self.repo.git("rev-list", "--reverse", branch, "--not", "origin/main").split()
        self.repo.push(branch)
        self.repo.checkout("main").git("branch", "--quiet", "-D", branch)
        return oids

    def check(self, *args: str) -> dict[str, Any]:
        """Judge the landing of HEAD on ``main``; the report must fit the schema and the exit status its findings."""
        said = self.repo.labgate("check", "--target", "main", "--format", "json", *args)
        return document(said)

    def trace(self, *oids: str) -> dict[str, dict[str, Any]]:
        """Return what ``labgate trace`` says of each commit."""
        said = self.repo.labgate("trace", "--format", "jsonl", *oids, status=0)
        rows = [json.loads(line) for line in said.out.splitlines()]
        assert [row["commit"] for row in rows] == list(oids)
        return {row["commit"]: row for row in rows}


def document(said: Result) -> dict[str, Any]:
    """Return a JSON report that fits the schema, and whose findings fit the exit status."""
    assert said.status in (0, 1), said.text
    report: dict[str, Any] = json.loads(said.out)
    schema().validate(report)
    assert said.status == any(finding["level"] == "error" for finding in report["findings"])
    return report


def build(folder: Path) -> Lab:
    """Make the project: 19 commits on ``main``, research cut from it, and 5 more."""
    lab = Lab(Repo.init(folder / "lab"), ())
    lab.repo.with_remote()
    _write_main(lab)
    lab.repo.push("main")
    _write_baseline(lab)
    lab.publish(OTHER)
    _write_mixture(lab)
    research = lab.publish(BRANCH)
    _move_on(lab)
    lab.repo.push("main")
    for place in (lab.repo.path, folder / "lab-origin.git"):
        lab.repo.git("-C", str(place), "gc", "--quiet")
    return replace(lab, research=tuple(research))


def _write_main(lab: Lab) -> None:
    author = Codewriter("main")
    config = "\n".join(author.settings(6) for _ in range(4))
    files = {"labgate.toml": POLICY, "pyproject.toml": PYPROJECT, "requirements.txt": REQUIREMENTS, "uv.lock": LOCK}
    files |= {".gitattributes": ATTRIBUTES, CONFIG: config, "README.md": f"# forecast\n\n{author.prose(6)}"}
    lab.repo.commit("Start the project", {**files, f"{PACKAGE}/__init__.py": '"""Forecasts from windows."""\n'})
    for name in MODULES:
        _commit(lab, f"Add {name}", {f"{PACKAGE}/{name}.py": Codewriter(name).module(5)})
    for number in range(9):
        author = Codewriter(f"main {number}")
        path = f"{PACKAGE}/{MODULES[number * 3 % len(MODULES)]}.py"
        text = lab.read(path)
        text = edits.insert(text, edits.functions(text)[number % 5], 3, author.statements(2))
        more = {f"tests/test_{number}.py": author.function()} if number % 2 else {}
        _commit(lab, f"Handle {author.topic[0]}s", {path: edits.append(text, author.function()), **more})


def _write_baseline(lab: Lab) -> None:
    """The other research: nobody takes anything from it."""
    author = Codewriter(OTHER)
    lab.repo.branch(OTHER).commit("Try a baseline", {f"{PACKAGE}/baseline.py": author.module(4)}, **by("lin"))
    text = lab.read(FEATURES)
    text = edits.insert(text, edits.functions(text)[4], 2, author.statements(4))
    lab.repo.commit("Use it", {FEATURES: text}, **by("lin"))


def _write_mixture(lab: Lab) -> None:
    """Four commits: a new module, two edited ones, and settings with a last touch to the module."""
    author = Codewriter(BRANCH)
    lab.repo.branch(BRANCH).commit("Try a mixture", {NEW: author.module(6)}, **by("ada"))
    text = lab.read(FEATURES)
    names = edits.functions(text)
    text = edits.insert(text, names[0], 1, author.statements(4))
    text = edits.replace(text, names[2], 2, author.statements(3))
    text = edits.append(text, author.function())
    lab.repo.commit("Feed it", {FEATURES: text}, **by("ada"))
    text = lab.read(TRAINER)
    names = edits.functions(text)
    for place, code in ((0, author.statements(3)), (1, author.statements(4)), (2, author.statements(3))):
        text = edits.insert(text, names[place], 1, code)
    lab.repo.commit("Train it", {TRAINER: text, NEW_TEST: author.module(3)}, **by("ada"))
    config = lab.read(CONFIG).replace("\n\n", f"\n  {author.topic[0]}_share: 0.35\n\n", 1) + "\n" + author.settings(4)
    new = lab.read(NEW)
    new = edits.insert(new, edits.functions(new)[1], 2, author.statements(3))
    files = {CONFIG: config, NEW_CONFIG: author.settings(7) + author.settings(5), NEW: new}
    lab.repo.commit("Tune it", files, **by("ada"))


def _move_on(lab: Lab) -> None:
    """Five commits that shift, and partly surround, what the research edited."""
    for number, path in enumerate((FEATURES, TRAINER, FEATURES, TRAINER)):
        author = Codewriter(f"later {number}")
        text = lab.read(path)
        first = text.index("\nlogger")
        text = f"{text[:first]}\n{author.topic[0].upper()}_{number} = 0.{number}5\n{text[first:]}"
        for place, after in ((0, 0), (2, 3)) if number < 2 else ((1, 2), (4, 3)):
            text = edits.insert(text, edits.functions(text)[place], after, author.statements(2))
        _commit(lab, f"Watch {author.topic[1]}s", {path: text})
    author = Codewriter("later settings")
    head, gap, tail = lab.read(CONFIG).rpartition("\n\n")
    lab.repo.commit("Set more", {CONFIG: head + f"\n  {author.topic[0]}_limit: 12{gap}{tail}"}, **by("kim"))


def _commit(lab: Lab, message: str, files: Mapping[str, str]) -> str:
    lab.repo.write(files)
    lab.format(*_python(files))
    return lab.repo.commit(message, None, **by("kim"))


def _python(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if path.endswith(".py")]

"""Hooks that write down that they ran: as labgate's interpreter, as a framework's local hook, as somebody's own."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from labgate.native.install import install
from labgate.native.shim import Runtime
from labgate.native.state import STAGES
from support.repo import Repo

FRAMEWORKS = ("pre-commit", "prek")

_RECORDER = """\
#!/bin/sh
log={log}
count=$(ls "$log" | wc -l)
{{
  for word in "$@"; do printf '%s\\n' "$word"; done
  printf -- '-- stdin\\n'
  cat
}} >"$log/$(printf %04d "$count").{name}"
exit {status}
"""


@dataclass(frozen=True)
class Event:
    """One run of a recorder: its name, its arguments, all of its standard input."""

    name: str
    arguments: tuple[str, ...]
    stdin: str


class Scene:
    """A repository with a remote, in which every hook writes down that it ran.

    labgate's real shims start a recorder in the place of Python. ``labgate`` is its status, as if it judged so.
    """

    def __init__(self, repo: Repo, folder: Path, *, status: int = 0) -> None:
        self.repo = repo
        self.folder = folder
        self.log = folder / "log"
        self.log.mkdir()
        self.remote = repo.with_remote()
        self.runtime = Runtime(str(self.recorder(folder / "it's python", "labgate", status)), str(folder / "module.py"))
        Path(self.runtime.module).touch()
        # So that it is no template's: git init of some machines brings hooks along.
        for sample in (repo.path / ".git" / "hooks").glob("*"):
            sample.unlink()

    @property
    def hooks(self) -> Path:
        return self.repo.path / ".git" / "hooks"

    def recorder(self, path: Path, name: str, status: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_RECORDER.format(log=shlex.quote(str(self.log)), name=name, status=status))
        path.chmod(0o755)
        return path

    def foreign(self, stage: str = "pre-push", name: str = "foreign", status: int = 0) -> Path:
        return self.recorder(self.hooks / stage, name, status)

    def framework_hooks(self, *stages: str, ids: str = "") -> None:
        """Commit a configuration with a local hook at each stage, for pre-commit and prek alike."""
        entry = self.recorder(self.folder / "framework", "framework")
        lines = ["repos:", "- repo: local", "  hooks:"]
        for stage in stages:
            keys = f"id: {stage}, name: {stage}, language: system, always_run: true, pass_filenames: false"
            lines.append(f"  - {{{keys}, stages: [{stage}], entry: {shlex.quote(str(entry))} {stage}}}")
        self.repo.commit("Configure", {".pre-commit-config.yaml": "\n".join(lines) + f"\n{ids}"})

    def framework(self, name: str, *args: str, stages: tuple[str, ...] = ("pre-push",)) -> None:
        types = [word for stage in stages for word in ("-t", stage)]
        self.repo.run(name, *args, *types)

    def install(self) -> None:
        install(str(self.repo.path), self.repo.env, self.runtime)

    def events(self) -> list[Event]:
        """Return what ran since the last call, in order."""
        found = []
        for path in sorted(self.log.iterdir()):
            head, _, stdin = path.read_text().partition("-- stdin\n")
            found.append(Event(path.suffix[1:], tuple(head.splitlines()), stdin))
            path.unlink()
        return found

    def names(self) -> list[str]:
        return [event.name for event in self.events()]

    def push(self, *refspecs: str, status: int | None = 0) -> str:
        """Push and return what git said."""
        return self.repo.run("git", "push", "origin", *refspecs, status=status).text

    def files(self) -> dict[str, bytes]:
        """Return every hook with its content."""
        return {path.name: path.read_bytes() for path in sorted(self.hooks.iterdir())}

    def native(self, *stages: str) -> None:
        """Assert that exactly these stages have a native hook in their place, and nothing else is in the folder."""
        assert sorted(self.files()) == sorted(stages or STAGES)

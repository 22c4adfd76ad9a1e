"""Throw-away repositories as a small language: ``repo.branch("research/x").commit("a thing", {"a.py": "1"})``."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from support.env import START, hermetic


@dataclass(frozen=True)
class Result:
    """What a command did: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


class Repo:
    """A repository with a work tree (or bare), driven by real git in a hermetic environment."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = env
        self.clock = START

    @classmethod
    def init(cls, path: Path, *options: str, branch: str = "main") -> Repo:
        path.mkdir(parents=True, exist_ok=True)
        home = path.parent / f"{path.name}-home"
        home.mkdir(exist_ok=True)
        repo = cls(path, hermetic(home))
        repo.git("init", "--quiet", f"--initial-branch={branch}", *options)
        return repo

    def run(self, *argv: str, status: int | None = 0, stdin: str | None = None, **env: str) -> Result:
        """Run a program here. ``status`` is the exit status to insist on, ``None`` for any."""
        return self._run(argv, status, stdin, env)

    def _run(self, argv: Sequence[str], status: int | None, stdin: str | None, env: Mapping[str, str]) -> Result:
        now = f"{self.clock} +0000"
        done = subprocess.run(
            argv,
            cwd=self.path,
            env={**self.env, "GIT_AUTHOR_DATE": now, "GIT_COMMITTER_DATE": now, **env},
            input=None if stdin is None else os.fsencode(stdin),
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
        )
        result = Result(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))
        assert status is None or result.status == status, f"{argv}: exit {result.status}\n{result.text}"
        return result

    def git(self, *args: str, stdin: str | None = None, **env: str) -> str:
        """Run git, which must succeed; return its standard output without the last newline."""
        return self._run(("git", *args), 0, stdin, env).out.removesuffix("\n")

    def write(self, files: Mapping[str, str | bytes]) -> Repo:
        for name, content in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def commit(self, message: str, files: Mapping[str, str | bytes] | None = None, *options: str, **env: str) -> str:
        """Commit these files (an empty commit without any), a minute after the last one; return the oid."""
        self.clock += 60
        self.write(files or {})
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", message, *options, **env)
        return self._tip() or self.head()

    def branch(self, name: str, start: str = "HEAD") -> Repo:
        self.git("checkout", "--quiet", "--no-track", "-b", name, start)
        return self

    def checkout(self, name: str) -> Repo:
        self.git("checkout", "--quiet", name)
        return self

    def merge(self, name: str, message: str, *options: str, **env: str) -> str:
        self.clock += 60
        self.git("merge", "--quiet", "--no-ff", "--no-verify", "-m", message, *options, name, **env)
        return self._tip() or self.head()

    def head(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", "--verify", f"{revision}^{{commit}}")

    def _tip(self) -> str:
        """Return the commit of HEAD as git wrote it just now; empty where it is not in a file of the branch's own."""
        head = self.path / ".git" / "HEAD"
        if "GIT_DIR" in self.env or not head.is_file():
            return ""
        branch = os.fsdecode(head.read_bytes()).rstrip("\n").removeprefix("ref: ")
        file = self.path / ".git" / branch
        oid = file.read_text(encoding="ascii").strip() if file.is_file() else ""
        return oid if len(oid) in {40, 64} else ""

    def with_remote(self, name: str = "origin", *options: str) -> Repo:
        """Add a bare repository as a remote and return it."""
        remote = Repo.init(self.path.parent / f"{self.path.name}-{name}.git", "--bare", *options)
        self.git("remote", "add", name, str(remote.path))
        return remote

    def push(self, *refspecs: str, remote: str = "origin") -> None:
        self.git("push", "--quiet", "--no-verify", remote, *refspecs)

    def labgate(self, *args: str, status: int | None = None, **env: str) -> Result:
        """Run the command ``labgate`` in this process, in this repository and its environment."""
        from labgate.cli.main import main

        out, err = io.StringIO(), io.StringIO()
        before, saved = Path.cwd(), dict(os.environ)
        os.chdir(self.path)
        os.environ.clear()
        os.environ.update(self.env | env)
        code: int | str | None = 0
        try:
            with redirect_stdout(out), redirect_stderr(err):
                main(list(args))
        except SystemExit as stop:
            code = stop.code
        finally:
            os.environ.clear()
            os.environ.update(saved)
            os.chdir(before)
        result = Result(code if isinstance(code, int) else 1 if code else 0, out.getvalue(), err.getvalue())
        assert status is None or result.status == status, f"labgate {args}: exit {result.status}\n{result.text}"
        return result

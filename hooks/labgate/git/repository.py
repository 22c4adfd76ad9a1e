"""Find the repository once, with the user's own configuration, and say what kind of clone it is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from labgate.errors import GitError, UndecidedError
from labgate.git.runner import LOCATION, QUARANTINE, Git, caller_env, first_line, spawn


@dataclass(frozen=True)
class Remote:
    """A configured remote: its first URL (``None`` if it has none) and its fetch refspecs."""

    name: str
    url: str | None
    fetch: tuple[str, ...]


@dataclass(frozen=True)
class Repository:
    """A repository as discovery found it. Paths are absolute; ``top`` is ``None`` in a bare repository."""

    git_dir: str
    common_dir: str
    top: str | None
    object_format: str
    shallow: bool
    environ: Mapping[str, str] = field(repr=False)

    @cached_property
    def git(self) -> Git:
        """The hardened runner for everything that a verdict rests on."""
        kept = {name: self.environ[name] for name in QUARANTINE if name in self.environ}
        return Git(self.git_dir, self.environ, extra=kept)

    @property
    def null_oid(self) -> str:
        """The all-zero object id, which says that a ref does not exist."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    @cached_property
    def config(self) -> Mapping[str, tuple[str, ...]]:
        """Every configured value by key, in order, as the user's own git sees it; keys are lower case."""
        env = caller_env(self.environ)
        argv = ("git", f"--git-dir={self.git_dir}", "config", "--list", "-z")
        status, output, errors = spawn(argv, env)
        if status:
            message = f"git config: {first_line(errors)}"
            raise GitError(message)
        values: dict[str, list[str]] = {}
        for entry in output.decode("utf-8", "surrogateescape").split("\0"):
            key, _, value = entry.partition("\n")
            if key:
                values.setdefault(key, []).append(value)
        return {key: tuple(entries) for key, entries in values.items()}

    def setting(self, key: str) -> str | None:
        """Return the value of a configuration key that takes one value, or ``None``."""
        return self.config.get(key, (None,))[-1]

    @cached_property
    def remotes(self) -> tuple[Remote, ...]:
        """The configured remotes, in the order of the configuration."""
        names: dict[str, None] = {}
        for key in self.config:
            if key.startswith("remote.") and key.endswith((".url", ".fetch")):
                names.setdefault(key.removeprefix("remote.").rpartition(".")[0])
        return tuple(
            Remote(name, self.config.get(f"remote.{name}.url", (None,))[0], self.config.get(f"remote.{name}.fetch", ()))
            for name in names
        )

    def require_history(self) -> None:
        """Raised: ``UndecidedError`` in a shallow clone, where a range or a merge base may be cut short unseen."""
        if self.shallow:
            remote = self.remotes[0].name if self.remotes else "origin"
            message = "this clone is shallow: history that decides is missing"
            raise UndecidedError(message, f"git fetch --unshallow {remote}")


def discover(environ: Mapping[str, str], directory: str | None = None) -> Repository:
    """Return the repository that git itself would use here.

    The user's configuration holds for this one step, so that ``safe.directory`` keeps its meaning; ``GIT_DIR`` and its
    kin are honoured here and nowhere else. Raised: ``GitError`` where there is none, or it must not be used.
    """
    argv = ["git", *(("-C", directory) if directory else ()), "rev-parse", "--path-format=absolute"]
    argv += ["--absolute-git-dir", "--git-common-dir", "--show-object-format"]
    argv += ["--is-shallow-repository", "--is-bare-repository"]
    git_dir, common_dir, object_format, shallow, bare = _rev_parse(argv, environ)
    top = None
    if bare == "true":
        _refuse_embedded(git_dir, environ)
    else:
        top = _top(directory, environ)
    return Repository(git_dir, common_dir, top, object_format, shallow == "true", environ)


def _rev_parse(argv: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    status, output, errors = spawn(argv, caller_env(environ, LOCATION))
    if status:
        complaint = first_line(errors)
        help = "run labgate inside a git repository" if "not a git repository" in complaint else None
        raise GitError(complaint, help)
    return os.fsdecode(output).rstrip("\n").split("\n")


def _top(directory: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the work tree's root; ``None`` from inside a ``.git`` directory, where git knows of none."""
    argv = ["git", *(("-C", directory) if directory else ()), "rev-parse", "--show-toplevel"]
    status, output, _ = spawn(argv, caller_env(environ, LOCATION))
    return None if status else os.fsdecode(output).rstrip("\n")


def _refuse_embedded(git_dir: str, environ: Mapping[str, str]) -> None:
    """Raised: ``GitError`` when a bare repository lies in another one's work tree and nobody named it.

    Such a folder arrives by a clone and brings its own configuration (git: ``safe.bareRepository``).
    """
    if "GIT_DIR" in environ:
        return
    parent = os.path.dirname(git_dir)
    argv = ["git", "-C", parent, "rev-parse", "--is-inside-work-tree"]
    status, output, _ = spawn(argv, caller_env(environ))
    if status == 0 and output.strip() == b"true":
        message = f"{git_dir} is a bare repository inside another repository's work tree"
        raise GitError(message, "to use it all the same: set GIT_DIR to it")

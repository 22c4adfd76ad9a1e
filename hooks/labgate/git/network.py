"""Access to a remote: with the credentials of the user or the job, without programs of the repository's own.

If ``git fetch`` works in a job, labgate must work too. So git gets the caller's variables (a credential helper may read
any of them), and the settings of the command line, the system and the user. The repository's own configuration, which
may come with a copied folder, must not name a program for credentials or for the other end; an
``http.<url>.extraHeader`` is not a program, and is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from labgate.git.repository import Repository
from labgate.git.runner import FIXED, command_scope, first_line, spawn
from labgate.values.errors import GitError

#: git's own variables for the access to a remote (git, "ENVIRONMENT VARIABLES"); all others are dropped.
_KEPT = ("GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
_KEPT_TOO = ("GIT_CONFIG_NOSYSTEM", "GIT_ALLOW_PROTOCOL", "GIT_PROTOCOL_FROM_USER")
_KEPT_PREFIXES = ("GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_SSL_", "GIT_LFS_")
#: No transport that runs a program, even with ``protocol.ext.allow``.
_PROTOCOLS = "file:git:http:https:ssh"
#: Settings of the command line that count for a fetch: credentials, and the connection to a host.
_OF_COMMAND = ("credential.", "http.", "url.", "core.sshcommand", "core.askpass", "ssh.", "safe.directory")
_HELPER = "helper"
#: The program at the other end of a connection; ``upload-pack`` for all other commands.
_OTHER_END = {"push": "receive-pack"}


def run_network(
    repository: Repository, *words: str, stdin: bytes | None = None, settings: Sequence[tuple[str, str]] = ()
) -> tuple[int, bytes, bytes]:
    """Run a git command that reaches a remote, with extra settings.

    Return its exit status, standard output and standard error.
    """
    env = _inherited(repository.environ)
    entries = _entries(repository, env)
    argv = ["git", "-C", _start(repository), f"--git-dir={repository.git_dir}"]
    argv += ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", *words[:1]]
    program = _OTHER_END.get(words[0], "upload-pack")
    setting = f".{program.replace('-', '')}"
    if any(_is_own(scope) and key.startswith("remote.") and key.endswith(setting) for scope, key, _ in entries):
        argv.append(f"--{program}=git-{program}")
    return spawn((*argv, *words[1:]), env | _as_variables((*_settings(entries), *settings)), stdin)


def _start(repository: Repository) -> str:
    """Return the folder in which git begins: a URL may be a path, which is relative to the top of the work tree."""
    if repository.top is not None:
        return repository.top
    parent, name = os.path.split(repository.git_dir)
    return parent if name == ".git" else repository.git_dir


def local_helper(repository: Repository) -> tuple[str, str] | None:
    """Return the key and value of a credential helper in the repository's own configuration, which is not started."""
    entries = _entries(repository, _inherited(repository.environ))
    found = ((key, value) for scope, key, value in entries if _is_own(scope) and _names_helper(key) and value)
    return next(found, None)


def _as_variables(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return settings as variables. Not as arguments, which every user of the machine can read."""
    env = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_CONFIG_PARAMETERS": ""}
    for number, (key, value) in enumerate(settings):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env


def _inherited(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    kept |= {name: environ[name] for name in (*_KEPT, *_KEPT_TOO) if name in environ}
    kept |= {name: value for name, value in environ.items() if name.startswith(_KEPT_PREFIXES)}
    return {"GIT_ALLOW_PROTOCOL": _PROTOCOLS} | kept | command_scope(environ) | FIXED


def _settings(entries: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Yield settings that override all configuration files: the command line's, and those that undo the repository's.

    An empty helper resets the list of helpers (gitcredentials, "helper").
    """
    own = {key for scope, key, _ in entries if _is_own(scope)}
    if any(_names_helper(key) for key in own):
        yield "credential.helper", ""
        yield from (
            (key, value) for scope, key, value in entries if scope in ("system", "global") and _names_helper(key)
        )
    if "core.askpass" in own:
        asking = [value for scope, key, value in entries if key == "core.askpass" and not _is_own(scope)]
        yield "core.askpass", asking[-1] if asking else ""
    for scope, key, value in entries:
        if scope == "command" and key.startswith(_OF_COMMAND):
            yield key, value


def _entries(repository: Repository, env: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return scope, key and value of every setting, in the order in which git reads them.

    Raises: ``GitError`` when git cannot read its configuration.
    """
    argv = ("git", f"--git-dir={repository.git_dir}", "config", "--list", "--show-scope", "-z")
    status, output, errors = spawn(argv, env)
    if status:
        message = f"git config: {first_line(errors)}"
        raise GitError(message, "git config --list --show-origin")
    fields = os.fsdecode(output).split("\0")
    entries = []
    for scope, entry in zip(fields[0::2], fields[1::2], strict=False):
        key, valued, value = entry.partition("\n")
        # A key without a value is true (git-config, "CONFIGURATION FILE").
        entries.append((scope, key, value if valued else "true"))
    return entries


def _is_own(scope: str) -> bool:
    return scope in ("local", "worktree")


def _names_helper(key: str) -> bool:
    return key.startswith("credential.") and key.endswith(f".{_HELPER}")

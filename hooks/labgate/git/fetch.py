"""The one read that uses the network: bring branches of a remote to where remote-tracking refs stand."""

from __future__ import annotations

import os
from shlex import quote

from labgate.errors import UndecidedError
from labgate.git.repository import Repository
from labgate.git.runner import INHERITED, caller_env, first_line, spawn

#: What reaching a remote may need from the caller, and nothing that names a program or another repository.
_NETWORK = ("SSH_AGENT_PID", "GIT_SSL_CAINFO", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_NETWORK_ANY_CASE = (*_NETWORK, *(name.lower() for name in _NETWORK))


def fetch_branches(repository: Repository, remote: str) -> None:
    """Fetch every branch of a remote, as the user's own git reaches it, and run no hook and no maintenance.

    Not just research: a topic branch that lives on is what exempts its commits. Raised: ``UndecidedError`` when the
    remote cannot be reached.
    """
    argv = ["git", f"--git-dir={repository.git_dir}"]
    argv += ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false"]
    argv += ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-prune"]
    argv += ["--no-recurse-submodules", "--end-of-options", remote, f"+refs/heads/*:refs/remotes/{remote}/*"]
    env = caller_env(repository.environ, (*INHERITED, *_NETWORK_ANY_CASE))
    status, _, errors = spawn(argv, env)
    if status:
        message = f"cannot fetch from {remote}: {first_line(errors)}"
        raise UndecidedError(message, f"git fetch {quote(remote)}")

"""The reads that use the network: bring branches and commits of a remote here, and ask for its default branch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from shlex import quote

from labgate.git.commits import has_commit
from labgate.git.repository import Repository
from labgate.git.runner import INHERITED, caller_env, first_line, spawn
from labgate.values.errors import UndecidedError
from labgate.values.refnames import HEADS, REMOTES, is_oid

#: What reaching a remote may need from the caller, and nothing that names a program or another repository.
_NETWORK: tuple[str, ...] = ("SSH_AGENT_PID", "GIT_SSL_CAINFO", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_NETWORK_ANY_CASE = (*_NETWORK, *(name.lower() for name in _NETWORK))
_QUIET = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-prune")
#: Configured refspecs would move refs beside what is asked for: local branches, in a mirror (git-fetch, "--refmap").
_FETCH = (*_QUIET, "--refmap=", "--no-recurse-submodules")
_SYMREF = "ref: "


def fetch_branches(repository: Repository, remote: str, *options: str) -> None:
    """Fetch every branch of a remote, as the user's own git reaches it, and run no hook and no maintenance.

    Not just research: a topic branch that lives on is what exempts its commits. Raised: ``UndecidedError`` when the
    remote cannot be reached.
    """
    refspec = f"+{HEADS}*:{REMOTES}{remote}/*"
    status, _, errors = _run(repository, *_FETCH, *options, "--end-of-options", remote, refspec)
    if status:
        message = f"cannot fetch from {remote}: {first_line(errors)}"
        # An old `research` may stand in the way of `research/x`.
        mend = "remote prune" if b"exists; cannot create" in errors else "fetch"
        raise UndecidedError(message, f"git {mend} {quote(remote)}")


def fetch_history(repository: Repository, remote: str) -> None:
    """Fetch every branch of a remote and, in a shallow clone, all of their history. Raised: ``UndecidedError``."""
    fetch_branches(repository, remote, *(("--unshallow",) if repository.shallow else ()))


def fetch_commit(repository: Repository, remote: str, oid: str, refs: Sequence[str] = ()) -> bool:
    """Bring a commit here that no branch of the remote may reach, and say whether it is here then.

    ``refs`` are full names on the remote that may lead to it; a host need not give what is only named by its oid
    (git-config, "uploadpack.allowAnySHA1InWant").
    """
    if not is_oid(oid):
        return False  # what a code host sends may be a refspec, which moves branches
    for name in (oid, *refs):
        if has_commit(repository, oid):
            return True
        _run(repository, *_FETCH, "--end-of-options", remote, name)
    return has_commit(repository, oid)


def remote_tips(repository: Repository, remote: str, patterns: Sequence[str]) -> dict[str, str]:
    """Return the refs of a remote that fit a pattern, with what they lead to; none where it does not answer."""
    status, output, _ = _run(repository, "ls-remote", "--quiet", "--refs", "--end-of-options", remote, *patterns)
    if status:
        return {}
    rows = (line.partition("\t") for line in output.decode("utf-8", "surrogateescape").split("\n"))
    return {name: oid for oid, _, name in rows if is_oid(oid)}


def default_branch(repository: Repository, remote: str) -> str | None:
    """Return the short name of the branch that a remote itself calls its default one, ``None`` where it names none.

    Raised: ``UndecidedError`` when the remote cannot be reached.
    """
    status, output, errors = _run(repository, "ls-remote", "--symref", "--quiet", "--end-of-options", remote, "HEAD")
    if status:
        message = f"cannot ask {remote} for its default branch: {first_line(errors)}"
        raise UndecidedError(message, f"git ls-remote {quote(remote)}")
    for line in output.decode("utf-8", "surrogateescape").split("\n"):
        target, _, name = line.removeprefix(_SYMREF).partition("\t")
        if line.startswith(_SYMREF) and name == "HEAD" and target.startswith(HEADS):
            return target.removeprefix(HEADS)
    return None


def _run(repository: Repository, *words: str) -> tuple[int, bytes, bytes]:
    argv = ["git", f"--git-dir={repository.git_dir}"]
    argv += ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", *words]
    return spawn(argv, caller_env(repository.environ, (*INHERITED, *_NETWORK_ANY_CASE)))

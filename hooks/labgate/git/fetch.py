"""The reads that use the network: fetch branches and commits of a remote, and ask for its default branch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from labgate.git.commits import has_commit
from labgate.git.missing import absent
from labgate.git.network import local_helper, run_network
from labgate.git.repository import Repository
from labgate.git.runner import first_line
from labgate.values.errors import UndecidedError
from labgate.values.phrases import quote
from labgate.values.refnames import HEADS, REMOTES, is_oid

_QUIET = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-prune")
#: Configured refspecs would move other refs too: local branches, in a mirror (git-fetch, "--refmap").
_FETCH = (*_QUIET, "--refmap=", "--no-recurse-submodules")
_SYMREF = "ref: "
#: Messages of git, ssh and code hosts without valid credentials; a host may say that there is no repository.
_REFUSED = (
    *(b"could not read Username", b"could not read Password", b"Authentication failed", b"terminal prompts disabled"),
    *(b"Permission denied", b"Repository not found", b"error: 401", b"error: 403"),
)


def fetch_branches(repository: Repository, remote: str, *options: str) -> None:
    """Fetch every branch of a remote, with the user's access, and run no hook and no maintenance.

    Not only research: a live topic branch exempts its commits. Raises: ``UndecidedError`` when the remote cannot be
    reached.
    """
    refspec = f"+{HEADS}*:{REMOTES}{remote}/*"
    status, _, errors = run_network(repository, *_FETCH, *options, "--end-of-options", remote, refspec)
    if status:
        message = f"cannot fetch from {remote}: {first_line(errors)}"
        raise UndecidedError(message, f"{_way_out(repository, remote)}{_lacking(errors)}")


def fetch_some(repository: Repository, remote: str, branches: Sequence[str]) -> None:
    """Fetch some branches (short names) of a remote, which has them, to their remote-tracking refs.

    A shallow clone stays one. Raises: ``UndecidedError`` when the remote cannot be reached or lacks one of them.
    """
    refspecs = [f"+{HEADS}{branch}:{REMOTES}{remote}/{branch}" for branch in branches]
    if not refspecs:
        return
    status, _, errors = run_network(repository, *_FETCH, "--end-of-options", remote, *refspecs)
    if status:
        message = f"cannot fetch from {remote}: {first_line(errors)}"
        raise UndecidedError(message, f"{_way_out(repository, remote)}{_lacking(errors)}")


def _lacking(errors: bytes) -> str:
    """Return a hint for a job without credentials, for the end of the command: the checkout often drops them.

    The messages of git and ssh only decide about this hint.
    """
    if not any(word in errors for word in _REFUSED):
        return ""
    return (
        "  # in a job: let the checkout keep its credentials (persist-credentials, persistCredentials, an SSH agent),"
        " or set http.URL.extraHeader"
    )


def fetch_history(repository: Repository, remote: str) -> None:
    """Fetch every branch of a remote and, in a shallow clone, all of their history. Raises: ``UndecidedError``."""
    fetch_branches(repository, remote, *(("--unshallow",) if repository.shallow else ()))


def fetch_commit(repository: Repository, remote: str, oid: str, refs: Sequence[str] = ()) -> bool:
    """Fetch a commit that perhaps no branch of the remote reaches, and return whether it is here then.

    ``refs`` are full names on the remote that may lead to it; a host may refuse a request by oid (git-config,
    "uploadpack.allowAnySHA1InWant").
    """
    if not is_oid(oid):
        return False  # a code host could send a refspec, which moves branches
    for name in (oid, *refs):
        if has_commit(repository, oid):
            return True
        run_network(repository, *_FETCH, "--end-of-options", remote, name)
    return has_commit(repository, oid)


def remote_tips(repository: Repository, remote: str, patterns: Sequence[str]) -> dict[str, str]:
    """Return the refs of a remote that match a pattern, with their oids; empty if it does not answer."""
    words = ("ls-remote", "--quiet", "--refs", "--end-of-options", remote, *patterns)
    status, output, _ = run_network(repository, *words)
    if status:
        return {}
    rows = (line.partition("\t") for line in output.decode("utf-8", "surrogateescape").split("\n"))
    return {name: oid for oid, _, name in rows if is_oid(oid)}


def bring(repository: Repository, oids: Iterable[str]) -> None:
    """Fetch those of some objects that a partial clone lacks, all at once, if the network is allowed.

    Objects that the remote does not give stay missing: their users report it.
    """
    promisor = repository.promisor
    if promisor is None or not repository.online:
        return
    missing = absent(repository, oids)
    if not missing:
        return
    # As git itself does (git: promisor-remote.c). It names no commit that is here, as the remote would then leave out
    # everything that such a commit has.
    words = (*_FETCH, "--filter=blob:none", "--stdin", "--end-of-options", promisor)
    wanted = "".join(f"{oid}\n" for oid in sorted(missing)).encode()
    run_network(repository, *words, stdin=wanted, settings=[("fetch.negotiationAlgorithm", "noop")])


def default_branch(repository: Repository, remote: str) -> str | None:
    """Return the short name of a remote's default branch, as the remote gives it, ``None`` if it gives none.

    Raises: ``UndecidedError`` when the remote cannot be reached.
    """
    status, output, errors = run_network(
        repository, "ls-remote", "--symref", "--quiet", "--end-of-options", remote, "HEAD"
    )
    if status:
        message = f"cannot ask {remote} for its default branch: {first_line(errors)}"
        raise UndecidedError(message, _sharing_helper(repository) or f"git ls-remote {quote(remote)}")
    for line in output.decode("utf-8", "surrogateescape").split("\n"):
        target, _, name = line.removeprefix(_SYMREF).partition("\t")
        if line.startswith(_SYMREF) and name == "HEAD" and target.startswith(HEADS):
            return target.removeprefix(HEADS)
    return None


def _way_out(repository: Repository, remote: str) -> str:
    """Return the command after which a failed fetch may work, by the refs here and there, not by git's message."""
    status, output, _ = run_network(repository, "ls-remote", "--heads", "--quiet", "--end-of-options", remote)
    if status:
        return _sharing_helper(repository) or f"git fetch {quote(remote)}"
    there = {line.partition("\t")[2].removeprefix(HEADS) for line in os.fsdecode(output).split("\n")[:-1]}
    listing = repository.git.run("for-each-ref", "--format=%(refname)", f"{REMOTES}{remote}/")
    here = {ref.removeprefix(f"{REMOTES}{remote}/") for ref in os.fsdecode(listing).split("\n")[:-1]}
    if any(_in_the_way(old, new) for old in here - there for new in there - here):
        return f"git remote prune {quote(remote)}"
    return f"git fetch {quote(remote)}"


def _sharing_helper(repository: Repository) -> str | None:
    """Return the command that copies the repository's own credential helper to the user's, ``None`` without one."""
    helper = local_helper(repository)
    if helper is None:
        return None
    key, value = helper
    return f"git config --global {quote(key)} {quote(value)}  # labgate starts no helper of the repository's own"


def _in_the_way(old: str, new: str) -> bool:
    """Return whether git cannot have both branches, as it cannot have ``research`` beside ``research/x``."""
    return new.startswith(f"{old}/") or old.startswith(f"{new}/")

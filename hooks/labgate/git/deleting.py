"""Delete a branch on a remote or here, only if it still is at the commit that was seen."""

from __future__ import annotations

import os

from labgate.git.kept_refs import remote_refs
from labgate.git.network import run_network
from labgate.git.repository import Repository
from labgate.git.runner import first_line
from labgate.values.errors import GitError, LabgateError
from labgate.values.phrases import quote, short_oid
from labgate.values.refnames import HEADS

_PUSH = ("push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")
_REFUSED = "!"


class MovedError(LabgateError):
    """Raised when a branch is at another commit than the one that was seen; it was not deleted."""


def delete_there(repository: Repository, remote: str, branch: str, oid: str) -> None:
    """Delete a branch (short name) of a remote if it is at a commit (full oid); no hook runs here.

    Raises: ``MovedError``, ``UndecidedError`` when the remote cannot be reached, ``GitError`` when it refuses.
    """
    ref = HEADS + branch
    words = (*_PUSH, f"--force-with-lease={ref}:{oid}", "--end-of-options", remote, f":{ref}")
    settings = (("push.useForceIfIncludes", "false"), (f"remote.{remote}.mirror", "false"))
    status, output, errors = run_network(repository, *words, settings=settings)
    if status == 0:
        return
    now = remote_refs(repository, remote, [ref]).get(ref)
    if now is None:
        return
    if now != oid:
        message = f"{branch} on {remote} has moved to {short_oid(now)} meanwhile; it was not deleted"
        raise MovedError(message)
    message = f"{remote} does not delete {branch}: {_reason(output) or first_line(errors)}"
    raise GitError(message, f"git push {quote(remote)} --delete {quote(branch)}")


def delete_here(repository: Repository, branch: str, oid: str) -> None:
    """Delete a branch (short name) and its settings here if it is at a commit (full oid). Raises: ``GitError``."""
    repository.git.run("update-ref", "--no-deref", "-d", HEADS + branch, oid)
    # It fails where there are no settings.
    repository.git.status("config", "--remove-section", f"branch.{branch}", accept=(0, 1, 3, 4, 5, 128))


def worktree_of(repository: Repository, branch: str) -> str | None:
    """Return the path of the work tree in which a branch (short name) is checked out, ``None`` if it is in none."""
    found = os.fsdecode(repository.git.run("for-each-ref", "--format=%(worktreepath)", HEADS + branch))
    return found.partition("\n")[0] or None


def _reason(output: bytes) -> str:
    """Return the reason in the answer of git-push ("--porcelain") for the ref that was refused."""
    lines = (line.split("\t") for line in os.fsdecode(output).split("\n") if line.startswith(_REFUSED))
    return next((fields[2].partition("(")[2].rpartition(")")[0] for fields in lines if len(fields) == 3), "")

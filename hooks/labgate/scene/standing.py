"""Where the commits of a change stand in a person's clone, and the command that goes there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from labgate.git.refs import symbolic_ref
from labgate.git.repository import Repository
from labgate.values.phrases import quote, short_oid
from labgate.values.refnames import HEADS
from labgate.values.value import Value

#: What git keeps in its directory while a rebase has stopped; HEAD is then detached.
_REBASING = ("rebase-merge", "rebase-apply")


class Standing(Value):
    """The place of an update's commits in a person's clone.

    ``branch`` is the short name of the local branch with them, ``None`` if none is meant; ``oid`` is the commit.
    ``here``: HEAD is that branch or, detached, that commit. ``first`` is the command that ends a rebase which has
    stopped here, to start a command line with; empty if none has.
    """

    branch: str | None
    oid: str
    here: bool
    first: str = ""

    @property
    def way(self) -> str:
        """The command that goes there, to start a command line with; empty if HEAD is there."""
        if self.here:
            return self.first
        to = f"--detach {short_oid(self.oid)}" if self.branch is None else quote(self.branch)
        return f"{self.first}git switch {to} && "

    @property
    def word(self) -> str:
        """Its name in a command."""
        return ("HEAD" if self.here else short_oid(self.oid)) if self.branch is None else quote(self.branch)


def standing_of(repository: Repository, refs: Mapping[str, str], oid: str, source: str | None) -> Standing:
    """Return the place of a commit, which ``source`` (short name) may be the branch of."""
    local = None if source is None else HEADS + source
    branch = source if local is not None and refs.get(local) == oid else None
    at = symbolic_ref(repository, "HEAD")
    if at is not None:
        return Standing(branch, oid, here=branch is not None and at == local)
    tip = repository.git.run("rev-parse", "--verify", "--quiet", "HEAD").decode().strip()
    rebasing = any(os.path.isdir(os.path.join(repository.git_dir, name)) for name in _REBASING)
    first = "git rebase --continue && " if rebasing else ""
    return Standing(branch, oid, here=branch is None and tip == oid, first=first)

"""The trunk from which experiments start, and on which they land."""

from __future__ import annotations

from labgate.checks.registry import policy_reader
from labgate.entrypoints.experiment import Bench
from labgate.experiments.code import FIRST_COMMIT
from labgate.git.fetch import default_branch
from labgate.git.refs import read_refs
from labgate.scene.governing_policy import trunk_by
from labgate.scene.trunk import trunk_name
from labgate.values.errors import UsageError
from labgate.values.phrases import quote
from labgate.values.refnames import HEADS

#: Without a policy and without a remote.
_USUAL = ("main", "master")


def trunk_of(bench: Bench) -> str:
    """Return the short name of the trunk: of the remote, else of this clone.

    Raises: ``UndecidedError`` when it is not known, ``UsageError`` when there is none, ``PolicyError``.
    """
    repository, remote, policy = bench.repository, bench.remote, bench.policy
    refs = read_refs(repository)
    if remote is None:
        names = _USUAL if policy is None else policy.trunks
        found = next((name for name in names if HEADS + name in refs), None)
    elif policy is None:
        found = trunk_name(repository, refs, remote, None, policy_reader())
    else:
        agreed = trunk_by(policy, repository, refs, remote, policy_reader())
        found = None if agreed is None else agreed.trunk
    if found is None and remote is not None:
        found = default_branch(repository, remote)
    if found is None:
        message = f"{'this repository' if remote is None else remote} has no trunk yet"
        name = quote("main" if policy is None else policy.trunk)
        brings = f"git branch {name}" if remote is None else f"git push {quote(remote)} HEAD:{name}"
        started = any(ref.startswith(HEADS) for ref in refs)
        raise UsageError(message, brings if started else FIRST_COMMIT)
    return found

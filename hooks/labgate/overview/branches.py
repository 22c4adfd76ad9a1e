"""The branches of research and of experiments on every remote, and here if no remote has them as they are."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.git.refs import tracking_refs
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.source_refs import SourceRef, classify_refs
from labgate.values.refnames import HEADS
from labgate.values.value import Value

_EXPERIMENT = "experiment"


class ListedBranch(Value):
    """A branch: its full name here and on its remote, its tip, and its kind; ``None`` is a fork's branch of no kind."""

    ref: str
    branch: str
    tip: str
    kind: str | None


def listed(policy: Policy, repository: Repository, refs: Mapping[str, str]) -> tuple[ListedBranch, ...]:
    """Return the branches that ``[research-gate] sources`` names, and those of experiments, each once."""
    tracking = tracking_refs(dict(refs), repository.remotes)
    classes = classify_refs(policy, refs, tracking, repository.remotes)
    known = {source.ref for source in classes.sources}
    mine = [(ref, ref, oid, None) for ref, oid in refs.items() if ref.startswith(HEADS)]
    theirs = [(item.ref, item.remote_ref, item.oid, item.remote) for item in tracking]
    beside = [SourceRef(*row) for row in (*theirs, *mine) if row[0] not in known and _is_experiment(policy, row[1])]
    found: list[ListedBranch] = []
    there: set[tuple[str, str]] = set()
    for source in sorted((*classes.sources, *beside), key=lambda one: (one.remote is None, one.ref)):
        if source.remote is None and (source.branch, source.oid) in there:
            continue
        there.add((source.branch, source.oid))
        found.append(ListedBranch(source.ref, source.branch, source.oid, policy.classify(source.branch).name))
    return tuple(found)


def _is_experiment(policy: Policy, branch: str) -> bool:
    kind = policy.classify(branch)
    return kind.name == _EXPERIMENT or {"service", "handle"} <= (kind.fields or {}).keys()

"""Classify the refs of this clone: research sources, protected tips, and live branches of every other kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labgate.git.refs import TrackingRef, tracking_refs
from labgate.git.repository import Remote
from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.values.finding import LIVE
from labgate.values.refnames import HEADS, REMOTES
from labgate.values.repository_name import repository_name
from labgate.values.value import Value


class SourceRef(Value):
    """A ref that holds research. ``branch`` is its full refname on its remote (or here, if local).

    ``state`` is one of ``values.finding.STATES``: a tip from which the ref was moved away, or that of a deleted ref, is
    a separate source.
    """

    ref: str
    branch: str
    oid: str
    remote: str | None
    state: str = LIVE

    @property
    def key(self) -> str:
        """Its unique key: its name, with the tip if it is not the ref's current one."""
        return self.ref if self.state == LIVE else f"{self.ref} {self.oid}"


class RefClasses(Value):
    """The refs of this clone by their class in research-gate.

    Local branches are never ``protected``: anybody can move their own ``main``. ``others`` are remote-tracking branches
    of every other kind.
    """

    sources: tuple[SourceRef, ...]
    protected: tuple[TrackingRef, ...]
    others: tuple[TrackingRef, ...]


def classify_refs(
    policy: Policy, refs: Mapping[str, str], tracking: Sequence[TrackingRef], remotes: Sequence[Remote]
) -> RefClasses:
    """Classify every local and remote-tracking branch by the policy."""
    gate = policy.section(ResearchGate)
    foreign = {remote.name for remote in remotes if is_source_repository(policy, remote)}
    sources = [
        SourceRef(ref, ref, oid, None)
        for ref, oid in refs.items()
        if ref.startswith(HEADS) and policy.classify(ref).name in gate.sources
    ]
    names = [remote.name for remote in remotes]
    nested = any(name.startswith(f"{other}/") for name in names for other in names)
    protected, others = [], []
    for ref in tracking:
        # Where a remote is named like branches of another one, a ref may be a branch of either.
        branches = _readings(ref, names) if nested else (ref.remote_ref,)
        kinds = {branch: policy.classify(branch).name for branch in branches}
        research = next((branch for branch, kind in kinds.items() if kind in gate.sources), None)
        if ref.remote in foreign or research is not None:
            sources.append(SourceRef(ref.ref, research or ref.remote_ref, ref.oid, ref.remote))
        elif kinds[ref.remote_ref] == "protected":
            protected.append(ref)
        else:
            others.append(ref)
    # The remote-tracking name comes first: a teammate can find it.
    sources.sort(key=lambda source: (source.remote is None, source.ref))
    return RefClasses(tuple(sources), tuple(protected), tuple(others))


def _readings(ref: TrackingRef, remotes: Sequence[str]) -> tuple[str, ...]:
    """Return the full names that a remote-tracking ref may have on one of some remotes, its own remote's first."""
    rest = ref.ref.removeprefix(REMOTES)
    found = (HEADS + rest.removeprefix(f"{name}/") for name in remotes if rest.startswith(f"{name}/"))
    return tuple(dict.fromkeys((ref.remote_ref, *found)))


def past_source(policy: Policy, ref: str, oid: str, state: str, remotes: tuple[Remote, ...]) -> SourceRef | None:
    """Return the source for a tip that a ref (full name) had, ``None`` if it is not a source in the policy.

    A branch of a remote that is not configured any more stays what it was.
    """
    tracked = tracking_refs({ref: oid}, remotes)
    if ref.startswith(REMOTES) and not tracked:
        return SourceRef(ref, ref, oid, None, state)
    found = classify_refs(policy, {} if tracked else {ref: oid}, tracked, remotes).sources
    return found[0].changed(state=state) if found else None


def is_source_repository(policy: Policy, remote: Remote) -> bool:
    """Return whether a remote is one of the policy's ``source-repositories``."""
    gate = policy.section(ResearchGate)
    return any(gate.is_source_repository(repository_name(url)) for url in (remote.url, remote.rewritten))


def source_patterns(policy: Policy) -> tuple[str, ...]:
    """Return ref patterns, one ``*`` at the end, that cover every branch of the source kinds."""
    found: dict[str, None] = {}
    for name in policy.section(ResearchGate).sources:
        kind = policy.kind(name)
        for template in () if kind is None else kind.templates:
            prefix = template.beginning or template.literal_prefix
            if prefix.startswith(HEADS):
                found[prefix if template.is_literal else f"{prefix}*"] = None
    return tuple(found)

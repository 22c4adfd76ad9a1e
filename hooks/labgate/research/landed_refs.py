"""The refs that show what has landed: the trunk of one remote, and the branches in ``[research-gate] landed`` there."""

from __future__ import annotations

from labgate.git.refs import TrackingRef
from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.research.source_refs import RefClasses
from labgate.values.refnames import HEADS
from labgate.values.value import Value


class LandedOn(Value):
    """Where code counts as landed: on ``trunk`` (short name) of a remote, and on the branches that the policy names.

    Other protected refs do not count, as anybody can create ``release/x``, and neither do other remotes, such as a
    fork. ``trunk`` ``None``: it is the first of the policy's trunks that the remote has.
    ``remote`` ``None``: any one.
    """

    policy: Policy
    remote: str | None
    trunk: str | None = None

    def apart(self, classes: RefClasses) -> RefClasses:
        """Return the refs with those of ``protected`` that show what has landed; the rest of it joins ``others``."""
        there = {ref.remote_ref for ref in classes.protected if self._is_there(ref)}
        first = next((name for name in self.policy.trunks if HEADS + name in there), None)
        trunk = HEADS + (self.trunk or first or self.policy.trunk)
        landed = tuple(ref for ref in classes.protected if self._counts(ref, trunk))
        rest = tuple(ref for ref in classes.protected if ref not in landed)
        return classes.changed(protected=landed, others=(*classes.others, *rest))

    def _counts(self, ref: TrackingRef, trunk: str) -> bool:
        named = ref.remote_ref == trunk or self.policy.section(ResearchGate).has_landed(ref.remote_ref)
        return named and self._is_there(ref)

    def _is_there(self, ref: TrackingRef) -> bool:
        return self.remote in {None, ref.remote}

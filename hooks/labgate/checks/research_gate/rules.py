"""The rules of research-gate, in the order of their codes."""

from __future__ import annotations

from labgate.checks.research_gate.policy_change import PolicyChange
from labgate.checks.research_gate.protected_refs import ProtectedRefRewritten, WrongTarget
from labgate.checks.research_gate.research import SuspectedResearch, UnreviewedResearch
from labgate.checks.research_gate.reviews import QuorumNotMet, SelfReview, StaleReview, StandingObjection

FINDINGS = (
    UnreviewedResearch,
    SuspectedResearch,
    StaleReview,
    SelfReview,
    QuorumNotMet,
    StandingObjection,
    PolicyChange,
    ProtectedRefRewritten,
    WrongTarget,
)

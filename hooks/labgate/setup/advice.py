"""What a policy leaves open, and probably should not: it judges as it says, so none of this is a mistake."""

from __future__ import annotations

from labgate.policy.model import OWN_FILE, Policy
from labgate.policy.shape import Path, Problems, shown
from labgate.research.section import ResearchGate, ungated
from labgate.reviews.reach import out_of_reach
from labgate.reviews.section import Reviews


def advice(policy: Policy, file: str = OWN_FILE, table: Path = ()) -> tuple[str, ...]:
    """Return one line for each gap of a policy, in the form of ``PolicyError.problems``."""
    problems = Problems(file, table)
    for name in ungated(policy):
        message = f"[kinds.{name}] is not in it, so its code needs no review; if it should, add {shown(name)}"
        problems.add((ResearchGate.NAME, "sources"), message)
    for key, message in out_of_reach(policy):
        problems.add((Reviews.NAME, key), message)
    return problems.lines

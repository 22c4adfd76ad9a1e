"""Put the policy's ``[levels]`` on findings."""

from __future__ import annotations

from labgate.values.finding import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.model import Policy
    from labgate.values.finding import Finding


def levelled(finding: Finding, policy: Policy, kind: str | None) -> Finding | None:
    """Put the policy's level on a finding; ``None`` when the policy turns its rule off.

    A check may lower a rule's own level for its context (a note on a branch that exists already); the policy's level
    then only counts where it is lower still.
    """
    wanted = policy.level(finding.rule.code, kind)
    if wanted == "off":
        return None
    if wanted is None:
        return finding
    if finding.level != finding.rule.level:
        wanted = min(wanted, finding.level, key=LEVELS.index)
    return finding.at_level(wanted)

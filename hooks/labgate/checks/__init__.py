"""The checks. Each is a pure function from facts and policy to findings; the order here is the order of output.

Importing this package loads no check: a commit hook loads only those of its stage, by ``load``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    from labgate.policy.model import Policy
    from labgate.values.finding import Finding, Rule

    class Check(Protocol):
        """What a module of this package offers. Its ``Facts`` are its own, so here they are ``Any``."""

        NAME: str
        RULES: tuple[Rule, ...]

        def check(self, facts: Any, policy: Policy) -> Iterator[Finding]:
            """Yield one finding for each breach."""


#: The names of all checks. The same name is the hook id, the policy section and, with ``_``, the module.
CHECKS = ("branch-name", "research-gate", "experiment-hash", "commit-size")


def load(name: str) -> Check:
    """Import and return the check of this name. Raised: ``UsageError`` when there is no such check.

    The imports are spelled out, so that a type checker holds every module against ``Check``.
    """
    if name == "branch-name":
        from labgate.checks.branch_name import check as branch_name

        return branch_name
    if name == "research-gate":
        from labgate.checks.research_gate import check as research_gate

        return research_gate
    if name == "experiment-hash":
        from labgate.checks.experiment_hash import check as experiment_hash

        return experiment_hash
    if name == "commit-size":
        from labgate.checks.commit_size import check as commit_size

        return commit_size
    from labgate.values.errors import UsageError

    message = f"there is no check {name}"
    raise UsageError(message, help=f"choose one of: {', '.join(CHECKS)}")


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of every check, in the order of output. Imports them all: for documents and SARIF only."""
    return tuple(rule for name in CHECKS for rule in load(name).RULES)

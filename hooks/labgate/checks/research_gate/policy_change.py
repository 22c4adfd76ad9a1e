"""LG210: a policy that could not judge must not land on the trunk."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.checks.research_gate.update import Facts


class PolicyChange(Finding):
    """A proposed policy that cannot judge.

    ``problems`` say why, one sentence each. ``restoring`` is the command that restores the policy that judges now,
    ``None`` if there is none. ``source`` is the branch that the change comes from, ``None`` if unknown.
    """

    rule = Rule(
        "LG210",
        "policy-change",
        "error",
        "the change puts a policy on the trunk that cannot judge",
        "The policy on the trunk judges every later push and pull request. If it cannot be read, is in two files, or "
        "names another branch as the trunk, none of them gets a verdict.",
        "Repair the policy, and check it with `labgate policy check`, or restore the one on the trunk.",
    )

    ref: str
    source: str | None
    problems: tuple[str, ...]
    restoring: str | None

    def message(self) -> str:
        first, *more = self.problems
        rest = f" (and {count(len(more), 'more mistake')})" if more else ""
        return f"the proposed policy cannot judge: {first}{rest}"

    def help(self) -> str:
        """Return the command that reverts the change of the policy, on the branch that it comes from."""
        if self.restoring is None:
            return "keep it in one file, and repair it until this finds nothing: labgate policy check"
        switch = "" if self.source is None else f"git checkout {quote(self.source)} && "
        return f"{switch}{self.restoring} && git commit -m 'Keep the policy of labgate'"


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a proposed policy that could not judge later changes."""
    proposed = facts.policy
    if proposed is not None and proposed.problems:
        yield PolicyChange(ref=facts.ref, source=facts.source, problems=proposed.problems, restoring=proposed.restoring)

"""What people read: the message and the ``help:`` line of a finding, composed from its data at the very edge.

Foreign text (refs, paths, subjects) goes into a message as it is; renderers escape it. In a command it is quoted for
the shell, because a command is there to be copied.
"""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labgate.values.finding import Finding

    Composer = Callable[[Finding], tuple[str, str | None]]


class Words(Value):
    """One line that says what is wrong, and the command or step that mends it (``None`` where there is none)."""

    message: str
    help: str | None


#: The check that rules belong to, by the first letters of their codes: codes are given out in hundreds.
CHECKS = {"LG1": "branch-name", "LG2": "research-gate", "LG3": "experiment-hash", "LG4": "commit-size"}


def check_of(code: str) -> str:
    """Return the name of the check that a rule belongs to. Raised: ``KeyError`` for a code that none has."""
    return CHECKS[code[:3]]


def words(finding: Finding) -> Words:
    """Compose the words of a finding. Raised: ``KeyError`` for a rule without wording, which is a mistake of ours."""
    code = finding.rule.code
    return Words(*composers(code)[code](finding))


def composers(code: str) -> Mapping[str, Composer]:
    """Return the composers, by code, of the check that a rule belongs to: codes are given out in hundreds."""
    check = code[:3]
    if check == "LG1":
        from labgate.checks.branch_name import words as branch_name

        return branch_name.WORDS
    if check == "LG2":
        from labgate.checks.research_gate import words as research_gate

        return research_gate.WORDS
    if check == "LG3":
        from labgate.checks.experiment_hash import words as experiment_hash

        return experiment_hash.WORDS
    if check == "LG4":
        from labgate.checks.commit_size import words as commit_size

        return commit_size.WORDS
    raise KeyError(code)

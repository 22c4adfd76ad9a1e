"""``[branch-drift]``: how far a branch may fall behind its base."""

from __future__ import annotations

from labgate.policy.schema import NAME, SectionSchema
from labgate.policy.shape import Choice, Key, Problems, Record, TableOf, Whole
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.policy.model import Table


class Limits(Value):
    """``[branch-drift.limits.KIND]``: commits of the base that a branch lacks, and days; ``None``: no limit.

    ``refuse_push``: what is over a limit is an error.
    """

    commits: int | None
    days: int | None
    refuse_push: bool


class BranchDrift(Value):
    """``[branch-drift]``. ``limits`` are by kind of branch; a kind without them is not judged."""

    NAME = "branch-drift"

    limits: Mapping[str | None, Limits]

    def __init__(self, table: Table) -> None:
        super().__init__(
            limits={
                kind: Limits(each["commits"], each["days"], each["refuse-push"])
                for kind, each in table["limits"].items()
            }
        )


def schema() -> SectionSchema:
    """Return the schema of ``[branch-drift]``."""
    limits = Record(
        (
            Key("commits", Whole(1), "Most commits of the trunk that a branch lacks."),
            Key("days", Whole(1), "Most days from the newest commit that branch and trunk share to the trunk's tip."),
            Key(
                "refuse-push",
                Choice((False, True)),
                "Refuse a branch that is over a limit.",
                default=False,
            ),
        ),
        "a table of limits",
    )
    shape = Record(
        (Key("limits", TableOf(limits, "a table of kinds", NAME), "Limits by kind; others are not judged.", {}),)
    )
    return SectionSchema(Key(BranchDrift.NAME, shape, "How far a branch may fall behind the trunk.", {}), check=_check)


def _check(table: Table, problems: Problems) -> None:
    from labgate.policy.lint import known_kinds

    for kind in table[BranchDrift.NAME]["limits"]:
        known_kinds((kind,), table, (BranchDrift.NAME, "limits", kind), problems)

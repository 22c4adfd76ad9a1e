"""The collected facts of a check, or why there are none."""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from labgate.values.errors import LabgateError


#: When the reason why a check does not apply is shown: never, with findings, always.
NEVER, BESIDE_FINDINGS, ALWAYS = 0, 1, 2

#: Why a merge is not measured (see ``git.raw.clean_merge``).
UNMEASURED = "git cannot make the clean merge to compare with (git below 2.38)"


class Collected(Value):
    """The facts that one check judges about one update.

    ``facts`` has one item for each subject (a check may judge two branch names). ``skipped`` is why the check does not
    apply, ``None`` if it does. ``undecided`` is why the check cannot pass even without findings. ``undecidable`` are
    the commits (full oids) that the check could not compare. ``notice`` says when ``skipped`` is shown.
    ``unseen`` has a line for each thing that the check does not look into, though it judges the rest.
    ``said`` are lines for the person who commits, findings or not.
    """

    facts: tuple[Any, ...] = ()
    skipped: str | None = None
    undecided: LabgateError | None = None
    undecidable: tuple[str, ...] = ()
    notice: int = NEVER
    unseen: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

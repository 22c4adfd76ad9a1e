"""What an account on a code host says of a change."""

from __future__ import annotations

from labgate.values.value import Value

#: What it comes to, the same for every kind of code host. Comments are none of these.
APPROVED, CHANGES_REQUESTED, DISMISSED = "approved", "changes-requested", "dismissed"


class Approval(Value):
    """One account's standing word on a change: the last that was not a mere comment.

    ``state`` is ``APPROVED``, ``CHANGES_REQUESTED`` or ``DISMISSED`` (taken back by its giver or by somebody who may,
    or by the host itself after a push). ``commit`` is the full oid of the head that was looked at, ``None`` where the
    host names none, so that nothing is bound. ``time`` is ISO 8601 as the host has it, ``None`` where it does not say.
    """

    login: str
    state: str
    commit: str | None
    time: str | None = None

"""The review of a change by an account on a code host."""

from __future__ import annotations

from labgate.values.value import Value

#: States of a review, the same for every kind of code host. A comment has no state.
APPROVED, CHANGES_REQUESTED, DISMISSED = "approved", "changes-requested", "dismissed"


class Approval(Value):
    """An account's last review of a change that was not only a comment.

    ``state`` is ``APPROVED``, ``CHANGES_REQUESTED`` or ``DISMISSED`` (taken back by the reviewer, by somebody who has
    the right to, or by the host after a push). ``commit`` is the full oid of the reviewed head, ``None`` if the host
    names none. ``time`` is ISO 8601 as the host gives it, ``None`` if it gives none. ``base`` is the commit (full oid)
    from which the reviewed difference started, ``None`` if that is still so, or the host does not say.
    ``retargeted``: the change got another target since.
    """

    login: str
    state: str
    commit: str | None
    time: str | None = None
    base: str | None = None
    retargeted: bool = False

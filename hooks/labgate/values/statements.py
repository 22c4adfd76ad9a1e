"""Statements in commit messages: lines ``KEY: VALUE`` for which a check makes an exception."""

from __future__ import annotations

#: What help and manuals write where a person is to write the reason, and what may stand around it.
_PLACEHOLDER = "reason"
_MARKS = " .:<>[](){}*_`\"'"
#: The beginning of a command line that asks for a reason and has it in ``REASON_ASKED`` (POSIX, "read").
ASK_REASON = "printf 'Reason: ' && read -r reason && "
REASON_ASKED = "$reason"


def stated(message: str, key: str) -> list[str]:
    """Return the values of a message's lines ``KEY: VALUE``; the key, in lower case here, compares without case.

    Any line counts: after a squash git's trailer block is another paragraph.
    """
    lines = (line.partition(":") for line in message.split("\n"))
    return [value.strip() for name, _, value in lines if name.strip().lower() == key and value.strip()]


def reasons(message: str, key: str) -> list[str]:
    """Return the values of a message's lines ``KEY: REASON``, as ``stated`` does, without the word REASON itself."""
    return [reason for reason in stated(message, key) if reason.strip(_MARKS).lower() != _PLACEHOLDER]

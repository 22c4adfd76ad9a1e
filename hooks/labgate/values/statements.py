"""Statements in commit messages: lines ``KEY: VALUE`` for which a check makes an exception."""

from __future__ import annotations


def stated(message: str, key: str) -> list[str]:
    """Return the values of a message's lines ``KEY: VALUE``; the key, in lower case here, compares without case.

    Any line counts: after a squash git's trailer block is another paragraph.
    """
    lines = (line.partition(":") for line in message.split("\n"))
    return [value.strip() for name, _, value in lines if name.strip().lower() == key and value.strip()]

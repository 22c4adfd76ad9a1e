"""Phrases that several messages share: counts, sizes, lists, short oids, quoted shell words.

On the commit hook's path; imports nothing heavy.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: What needs no quotes in a shell (``shlex.quote``, which is slow to import).
_PLAIN = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_./@%+=:,")
_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def short_oid(oid: str) -> str:
    """Return the first 12 digits of an oid: enough for git in any repository, and short enough for a line."""
    return oid[:12]


def count(number: int, noun: str) -> str:
    """Return ``1 line``, ``1,200 lines``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: int) -> str:
    """Return bytes in the decimal units of the policy, with at most one digit after the point."""
    if number < 1000:
        return count(number, "byte")
    unit, scale = next((unit, scale) for unit, scale in _UNITS if number >= scale)
    return f"{number / scale:.1f}".removesuffix(".0") + f" {unit}"


def alternatives(items: Sequence[str], most: int = 8) -> str:
    """Return ``a``, ``a or b``, ``a, b or c``; of a long list only the first ``most`` and how many there are."""
    if len(items) > most:
        return f"one of {', '.join(items[:most])}, ... ({len(items)} in all)"
    return " or ".join(part for part in (", ".join(items[:-1]), items[-1]) if part) if items else ""


def quote(text: str) -> str:
    """Return a text as one word of a POSIX shell, as ``shlex.quote`` does."""
    if text and _PLAIN.issuperset(text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"

"""Make foreign text safe to print: one visible line that cannot control a terminal or a CI log."""

from __future__ import annotations

import unicodedata

from labgate.values.regexes import regex

#: Characters that a terminal interprets or does not show: controls, formats (bidi, zero width, tags), line and
#: paragraph separators, surrogates (bytes that were not UTF-8), private use, unassigned.
_ESCAPED_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})

#: Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt) in other categories: drawn as nothing at all.
_IGNORABLE = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # hangul fillers
    (0x17B4, 0x17B5),  # khmer inherent vowels
    (0x180B, 0x180F),  # mongolian variation selectors
    (0x3164, 0x3164),  # hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # halfwidth hangul filler
    (0xE0000, 0xE0FFF),  # tags and variation selectors supplement
)

#: Azure (``##vso[``), old GitHub (``##[``) and TeamCity runners obey these anywhere in a line of the log.
_LOG_COMMAND = regex(r"#(?=#\w*\[)")

ELLIPSIS = "…"

#: Characters of one shown text, enough for a long subject and far from filling a terminal.
DEFAULT_LIMIT = 500


def safe(text: str, limit: int | None = DEFAULT_LIMIT) -> str:
    """Return ``text`` as one printable line of at most ``limit`` characters; ``None`` means any length.

    A character that is not visible becomes ``\\x1b``, ``\\u202e`` or ``\\U000e0001`` (T66 of the threat table),
    newlines included. A text that is too long ends in an ellipsis, and no escape is cut in half. Every foreign string
    (author, subject, path, ref, file text, an error of git) goes through here before it reaches a terminal.
    """
    if limit is None:
        return "".join(_shown_parts(text))
    # One character more than fits shows that the text is too long, without reading a megabyte of it.
    parts = _shown_parts(text[: limit + 1])
    if sum(map(len, parts)) <= limit:
        return "".join(parts)
    return "".join(_fitting(parts, limit - len(ELLIPSIS))) + ELLIPSIS


def _shown_parts(text: str) -> list[str]:
    log_commands = {match.start() for match in _LOG_COMMAND.finditer(text)}
    return ["\\x23" if at in log_commands else _shown(char) for at, char in enumerate(text)]


def _shown(char: str) -> str:
    if char.isascii() and char.isprintable():
        return char
    code = ord(char)
    ignorable = any(first <= code <= last for first, last in _IGNORABLE)
    if unicodedata.category(char) not in _ESCAPED_CATEGORIES and not ignorable:
        return char
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _fitting(parts: list[str], room: int) -> list[str]:
    fitting: list[str] = []
    for part in parts:
        room -= len(part)
        if room < 0:
            break
        fitting.append(part)
    return fitting

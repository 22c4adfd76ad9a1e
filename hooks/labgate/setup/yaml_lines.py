"""The lines of a YAML file by what they are: enough to insert some of our own and to keep every other byte.

A YAML library would write the file anew, without its comments. So the lines are only classed here: which are structure,
and which continue a quoted text, a bracket or a block scalar and therefore say nothing of their own (YAML 1.2.2,
chapters 7 and 8). What is not understood for sure is left to people: ``read_lines`` returns ``None``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BLANK, COMMENT, CONTENT, INSIDE = "blank", "comment", "content", "inside"

_BLOCK_SCALAR = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?")
_PLAIN_END = re.compile(r":(?=[ \t]|$)|[ \t]#")
_PROPERTY = re.compile(r"[&!]\S*[ \t]*")


class Line(NamedTuple):
    """One line: what it is, the column of its first character, and its text without the line's end."""

    role: str
    indent: int
    text: str


def read_lines(text: str) -> list[Line] | None:
    """Return the lines of one YAML document; ``None`` where they cannot be told apart for sure."""
    scanner = _Scanner()
    lines = [scanner.line(raw.rstrip("\r")) for raw in text.removeprefix("\ufeff").split("\n")]
    return None if scanner.quote or scanner.depth or scanner.lost else lines


class _Scanner:
    """What is still open at the end of a line: a quote, brackets (their depth), or a block scalar.

    ``block`` is the column of the structure that a block scalar belongs to; its lines stand further right.
    """

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.block: int | None = None
        self.lost = False

    def line(self, text: str) -> Line:
        bare = text.lstrip(" ")
        indent = len(text) - len(bare)
        if self.quote or self.depth:
            self._rest(text, 0)
            return Line(INSIDE if bare else BLANK, indent, text)
        if not bare.strip():
            return Line(BLANK, indent, text)
        if self.block is not None and indent > self.block:
            return Line(INSIDE, indent, text)
        self.block = None
        if bare.startswith("#"):
            return Line(COMMENT, indent, text)
        # Tabs never indent, and "? " starts a key of several lines that no configuration of hooks has.
        self.lost |= bare.startswith(("\t", "? "))
        self._structure(text, indent)
        return Line(CONTENT, indent, text)

    def _structure(self, text: str, start: int) -> None:
        """Read what stands after the indentation: dashes, then a key and its value, or a value."""
        column = start
        while text.startswith("-", start) and text[start + 1 : start + 2] in ("", " ", "\t"):
            column = start
            start = _skip_blanks(text, start + 1)
        if not _BLOCK_SCALAR.fullmatch(text, start):
            column = start  # `- key: |` belongs to the key's column, `- |` to the dash's
        self._value(text, start, column)

    def _value(self, text: str, at: int, column: int) -> None:
        """Read values from a place where one may begin; keys are values that a colon follows."""
        while at < len(text):
            properties = _PROPERTY.match(text, at)
            at = properties.end() if properties else at
            if at >= len(text) or text[at] == "#":
                return
            if _BLOCK_SCALAR.fullmatch(text, at):
                self.block = column
                return
            if text[at] in "\"'[{":
                at = self._rest(text, at)
                if self.quote or self.depth:
                    return
            end = _PLAIN_END.search(text, at)
            if end is None or end.group() != ":":
                return
            at = _skip_blanks(text, end.end())

    def _rest(self, text: str, at: int) -> int:
        """Read on in what is open, or opens here, until it closes; return the place behind it."""
        while at < len(text):
            if self.quote:
                at = self._quoted(text, at)
            elif text[at] in "\"'" and (self.depth == 0 or text[:at].rstrip()[-1:] in ("", *"[{,:")):
                self.quote = text[at]
                at += 1
            elif text[at] == "#" and text[at - 1 : at] in ("", " ", "\t"):
                return len(text)
            else:
                self.depth += (text[at] in "[{") - (text[at] in "]}")
                at += 1
            if not self.quote and self.depth == 0:
                return at
        return at

    def _quoted(self, text: str, at: int) -> int:
        """Read on in a quoted text; return the place behind its end, or behind the line."""
        while at < len(text):
            escape = text.startswith("''", at) if self.quote == "'" else text[at] == "\\"
            if escape:
                at += 2
            elif text[at] == self.quote:
                self.quote = ""
                return at + 1
            else:
                at += 1
        return at


def _skip_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return at

"""Licence headers: the short comment at the top of a file, as the file's language has comments."""

from __future__ import annotations

import re

from labgate.fingerprints.content import is_code

_LEGAL = re.compile(rb"(?i)copyright|\blicen[cs]e|spdx-|all rights reserved|\(c\) ?\d{4}")
#: The longest header: a BSD licence of several holders takes 40 lines.
_HEADER_LINES = 60
_SLASHES = ((b"//",), {b"/*": b"*/"})
#: The comments of languages by suffix: the marks of a line, and those of a block with its end.
_COMMENTS: tuple[tuple[re.Pattern[str], tuple[bytes, ...], dict[bytes, bytes]], ...] = (
    (re.compile(r"\.(?:c|cc|cpp|cxx|h|hh|hpp|cuh?|cs|java|kts?|scala|groovy|go|rs|zig|swift|dart)$"), *_SLASHES),
    (re.compile(r"\.(?:[cm]?jsx?|[cm]?tsx?|css|scss|php|proto|gradle|svh?|v)$"), *_SLASHES),
    (re.compile(r"\.(?:html?|xml|vue|svelte|md|markdown)$"), (), {b"<!--": b"-->"}),
    (re.compile(r"\.rst$"), (b"..",), {}),
    (re.compile(r"\.(?:sql|vhdl?|ada)$"), (b"--",), {b"/*": b"*/"}),
    # Of Lua's brackets of any level (Lua 5.4 manual, 3.1) those with "=" end a header.
    (re.compile(r"\.lua$"), (b"--",), {b"--[[": b"]]", b"--[=": b"]="}),
    (re.compile(r"\.(?:hs|elm)$"), (b"--",), {b"{-": b"-}"}),
    (re.compile(r"\.(?:lisp|el|scm|clj[cs]?|asm|s)$"), (b";",), {b"#|": b"|#", b"/*": b"*/"}),
    (re.compile(r"\.(?:tex|sty|cls|erl|hrl|m)$"), (b"%",), {}),
    (re.compile(r"\.jl$"), (b"#",), {b"#=": b"=#"}),
    (re.compile(r"\.nim$"), (b"#",), {b"#[": b"]#"}),
    (re.compile(r"\.(?:ini|cfg|conf|properties)$"), (b"#", b";", b"!"), {}),
)
#: What surrounds the text in the lines of a comment; in front also brackets that hold nothing.
_BEHIND = b"#/*-;%.! \t"
_BEFORE = _BEHIND + b"=|[]{}"
_OTHER_STARTS, _OTHER_BLOCKS = (b"#",), dict[bytes, bytes]()


def legal_lines(lines: list[bytes], path: str) -> int:
    """Return the number of lines in the licence header at the top of a file: a comment about a licence.

    Code in a comment is no licence, nor is code behind one on the same line.
    """
    starts, blocks = _comments(path)
    marks = sorted((*starts, *blocks), key=len, reverse=True)
    size, legal, closing = 0, False, b""
    for line in lines[:_HEADER_LINES]:
        opened = b"" if closing else next((mark for mark in marks if line.startswith(mark)), b"")
        if line and not opened and not closing:
            break
        closing = closing or blocks.get(opened, b"")
        text, ended, behind = line[len(opened) :].partition(closing) if closing else (line[len(opened) :], b"", b"")
        if behind.strip() or is_code(text.lstrip(_BEFORE).rstrip(_BEHIND)):
            break
        closing = b"" if ended else closing
        size, legal = size + 1, legal or _LEGAL.search(text) is not None
    return size if legal else 0


def _comments(path: str) -> tuple[tuple[bytes, ...], dict[bytes, bytes]]:
    for names, starts, blocks in _COMMENTS:
        if names.search(path):
            return starts, blocks
    return _OTHER_STARTS, _OTHER_BLOCKS

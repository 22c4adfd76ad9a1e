"""Licence headers: the short comment at the top of a file, as the file's language has comments."""

from __future__ import annotations

from labgate.fingerprints.content import is_code
from labgate.values.regexes import regex

_LEGAL = regex(rb"(?i)copyright|\blicen[cs]e|spdx-|all rights reserved|\(c\) ?\d{4}")
#: The longest header: a BSD licence of several holders takes 40 lines.
_HEADER_LINES = 60
_SLASHES = ((b"//",), {b"/*": b"*/"})
#: The comments of languages by the suffixes of their files: the marks of a line, and those of a block with its end.
_LANGUAGES: tuple[tuple[str, tuple[bytes, ...], dict[bytes, bytes]], ...] = (
    ("c cc cpp cxx h hh hpp cu cuh cs java kt kts scala groovy go rs zig swift dart", *_SLASHES),
    ("js cjs mjs jsx cjsx mjsx ts cts mts tsx ctsx mtsx css scss php proto gradle sv svh v", *_SLASHES),
    ("htm html xml vue svelte md markdown", (), {b"<!--": b"-->"}),
    ("rst", (b"..",), {}),
    ("sql vhd vhdl ada", (b"--",), {b"/*": b"*/"}),
    # Of Lua's brackets of any level (Lua 5.4 manual, 3.1) those with "=" end a header.
    ("lua", (b"--",), {b"--[[": b"]]", b"--[=": b"]="}),
    ("hs elm", (b"--",), {b"{-": b"-}"}),
    ("lisp el scm clj cljc cljs asm s", (b";",), {b"#|": b"|#", b"/*": b"*/"}),
    ("tex sty cls erl hrl m", (b"%",), {}),
    ("jl", (b"#",), {b"#=": b"=#"}),
    ("nim", (b"#",), {b"#[": b"]#"}),
    ("ini cfg conf properties", (b"#", b";", b"!"), {}),
)
_COMMENTS = {suffix: (starts, blocks) for names, starts, blocks in _LANGUAGES for suffix in names.split()}
#: What surrounds the text in the lines of a comment; in front also brackets that hold nothing.
_BEHIND = b"#/*-;%.! \t"
_BEFORE = _BEHIND + b"=|[]{}"
_OTHER: tuple[tuple[bytes, ...], dict[bytes, bytes]] = ((b"#",), {})


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
    _, dot, suffix = path.rpartition(".")
    return _COMMENTS.get(suffix, _OTHER) if dot else _OTHER

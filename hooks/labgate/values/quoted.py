"""Paths as git quotes them in its output (git-config, "core.quotePath")."""

from __future__ import annotations

_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


def unquoted(text: bytes) -> str:
    """Return a path without git's C-style quotes."""
    if not text.startswith(b'"'):
        return text.decode("utf-8", "surrogateescape")
    out = bytearray()
    rest = text[1:-1]
    at = 0
    while at < len(rest):
        if rest[at : at + 1] != b"\\":
            out.append(rest[at])
            at += 1
        elif rest[at + 1 : at + 2] in _ESCAPES:
            out.append(_ESCAPES[rest[at + 1 : at + 2]])
            at += 2
        else:
            out.append(int(rest[at + 1 : at + 4], 8))
            at += 4
    return out.decode("utf-8", "surrogateescape")

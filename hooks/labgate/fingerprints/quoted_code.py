"""Code in the texts of data: JSON has it in one text with ``\\\\n`` in it, or in a list of texts, one for each line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from labgate.fingerprints.content import passages
from labgate.fingerprints.noise import NOTEBOOK, is_mechanical, is_program, is_vendored, sort_of
from labgate.fingerprints.text import normal_lines

#: What a text has for the end of a line.
_END = b"\\n"
#: What stands for a backslash and for a quote while a line is split (RFC 8259, section 7).
_BACKSLASH, _QUOTE = b"\0", b"\1"
#: The end of a line in a text that is in another one.
_NESTED = _BACKSLASH + b"n"
_ESCAPES = ((b"\\r", b""), (b"\\t", b"\t"), (b"\\/", b"/"), (_QUOTE, b'"'), (_BACKSLASH, b"\\"))


#: In which lines of a file people may keep code in a text: in none, in those that are cut, or in any.
NO_LINES, LONG_LINES, ALL_LINES = range(3)


@lru_cache(maxsize=1 << 16)
def quoting_lines(path: str) -> int:
    """Return the lines of a file of this name in which texts are looked for.

    A program has its texts in short lines, too: these are compared as code.
    """
    if is_vendored(path) or is_mechanical(path) or sort_of(path) == NOTEBOOK:
        return NO_LINES
    return LONG_LINES if is_program(path) else ALL_LINES


def is_quoting(line: bytes) -> bool:
    """Return whether a line with a quote has a text of several lines, or is one text of a list, and nothing else."""
    return _END in line or (line[:1] == b'"' and line.endswith((b'"', b'",')))


def quoted_code(lines: Iterable[bytes]) -> list[bytes]:
    """Return the passages of code in the texts of some lines (``is_quoting``), line by line."""
    texts = [text for line in lines for text in _texts(line)]
    return [line for first, last in passages(texts) for line in texts[first:last]]


def _texts(line: bytes) -> Iterator[bytes]:
    """Yield the lines of the texts in a line; of one without the end of a line only if nothing else is there."""
    parts = line.replace(b"\\\\", _BACKSLASH).replace(b'\\"', _QUOTE).split(b'"')
    alone = parts[0] == b"" and parts[2:] in ([b""], [b","])
    for text, behind in zip(parts[1::2], [*parts[2::2], b""], strict=False):
        if (alone or _END in text or _NESTED in text) and not behind.lstrip().startswith(b":"):
            for raw in _unescaped(text):
                yield from normal_lines(raw)
                if b'"' in raw and _END in raw:
                    yield from _texts(raw)


def _unescaped(text: bytes) -> list[bytes]:
    """Return a text line by line, without its escapes."""
    if b"\\u" in text:
        # Few have these, and json loads slowly.
        import re

        text = re.sub(rb"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), text)
    lines = text.split(_END)
    for escape, plain in _ESCAPES:
        lines = [line.replace(escape, plain) for line in lines]
    return lines

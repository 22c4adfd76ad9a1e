"""Text as a reader sees it, whatever its encoding: equal lines compare equal, and code with a NUL in it is text."""

from __future__ import annotations

import codecs
import re

from labgate.fingerprints.content import CODE_LINES, is_code
from labgate.git.runner import LONGEST_LINE
from labgate.values.regexes import regex

#: Longer lines are compared by their beginning: they are minified code or data.
LINE_BYTES = 400
#: Of a longer line the rest is not even searched for line ends.
SEARCHED_BYTES = LONGEST_LINE
#: The share of a file without blanks and NULs that must be in lines of text; else only its lines of code count.
_TEXT_SHARE = 0.5

#: What a line rarely has: controls, line ends other than LF, and what is not ASCII.
_ODD = regex(rb"[\x00-\x08\x0a-\x1f\x7f-\xff]")
_ENDS = regex(r"[\r\n\x0c\x85\u2028\u2029]")
_HIGH = bytes(range(0x80, 0x100))
_CONTROL = regex(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class _Plain(dict[int, "int | str | None"]):
    """What each character is compared as: blanks of any width as a blank, invisible characters not at all."""

    def __missing__(self, point: int) -> int | str | None:
        from unicodedata import category  # few lines have such characters

        sort = category(chr(point))
        selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF
        kept = " " if sort == "Zs" else None if sort in ("Cf", "Cc") or selector else point
        self[point] = kept
        return kept


_PLAIN = _Plain({ord(char): ord(char) for char in "\t\n\r\x0c\x85"})


def normal_lines(raw: bytes) -> list[bytes]:
    """Return a line of a file as patches have it: stripped, cut to ``LINE_BYTES``, in Unicode's form NFKC.

    Characters that nobody sees are left out (zero width, marks of direction, controls). It is several lines if it has
    other line ends than LF.
    """
    text = raw.strip()
    if (text.isascii() and text.decode().isprintable()) or _ODD.search(text) is None:
        return [text[:LINE_BYTES]]
    from unicodedata import normalize

    # Bytes that are no UTF-8 stay as they are.
    known = normalize("NFKC", text.decode("utf-8", "surrogateescape")).translate(_PLAIN)
    lines = [part.strip().encode("utf-8", "surrogateescape") for part in _ENDS.split(known)]
    if len(raw) >= SEARCHED_BYTES:
        # So that a patch id knows that there is more.
        lines.append(text[:LINE_BYTES])
    return [line[:LINE_BYTES] for line in lines]


def decoded(content: bytes) -> bytes | None:
    """Return what git takes for binary as text in UTF-8, ``None`` if it is none.

    UTF-16 and UTF-32 have a mark, or are ASCII after every NUL is left out. In a file that is mostly something else
    only the lines of code are text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            content = content[len(mark) :].decode(encoding, "replace").encode("utf-8", "replace")
            break
    content = content.replace(b"\0", b"")
    lines = re.split(rb"\r\n|[\r\n]", content)
    text = [line for line in lines if _CONTROL.search(line) is None]
    size = sum(map(len, text))
    if size and size >= _TEXT_SHARE * sum(map(len, lines)) and _reads(text):
        return b"\n".join(text)
    code = [line for line in text if is_code(line.strip()[:LINE_BYTES])]
    return b"\n".join(code) if len(code) >= CODE_LINES else None


def _reads(lines: list[bytes]) -> bool:
    """Return whether lines without controls are text: nearly all of it is ASCII, or it is UTF-8."""
    whole = b"\n".join(lines)
    try:
        whole.decode()
    except UnicodeDecodeError:
        return len(whole.translate(None, _HIGH)) >= 0.9 * len(whole)
    return True

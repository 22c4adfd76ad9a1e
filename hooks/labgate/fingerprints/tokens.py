"""The tokens of lines, and their hashes, computed once: a change, its copies and its context repeat the same lines."""

from __future__ import annotations

from labgate.fingerprints.kinds import KIND_BITS, I, V
from labgate.values.digest import blake2b
from labgate.values.regexes import regex

#: Shorter words are loop variables and keywords: they do not count in I, and are part of the shape in S.
NAME_LENGTH = 4
#: Numbers of pull requests and issues: they differ between a change and its copy, and would reveal the source.
_NUMBERS = regex(rb"(?:#|\bGH-|/pull/|/issues/)\d+")
#: A word (with any letters beyond ASCII), or one other visible character; formatters add and drop the others.
_TOKEN = regex(rb"[A-Za-z_0-9\x80-\xff]+|[^\sA-Za-z_0-9\x80-\xff\"'\\`,;()]")
_WEIGHTLESS = bytes(code for code in range(128) if not (chr(code).isalnum() or code == ord("_")))

#: A token's hashes for the three places in a sequence, which add up to a V, and the feature of its name (0: it is no
#: name).
_Token = tuple[int, int, int, int]


class Line:
    """A line, independent of its place: its tokens in one text, its weight, a hash of its tokens."""

    __slots__ = ("number", "plain", "weight")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self.weight = weight(plain)
        self.number = hash_of(plain)


def tokens(text: bytes) -> list[bytes]:
    """Return the tokens of a text, without quotes, commas, parentheses and other things that formatters change."""
    if b"#" in text or b"GH-" in text or b"/pull/" in text or b"/issues/" in text:
        text = _NUMBERS.sub(b"#", text)
    return _TOKEN.findall(text)


def weight(text: bytes) -> int:
    """Return the number of letters, digits and underscores in a text."""
    return len(text.translate(None, _WEIGHTLESS))


class _Tokens(dict[bytes, _Token]):
    """The hashes of each token, computed once."""

    def __missing__(self, text: bytes) -> _Token:
        if len(self) >= 1 << 16:
            self.clear()
        value = blake2b(text, digest_size=24).digest()
        first, second, third = (int.from_bytes(value[at - 5 : at], "big") << KIND_BITS for at in (8, 16, 24))
        is_name = len(text) >= NAME_LENGTH and not text[:1].isdigit()
        token = self[text] = (first, second, third | V, first | I if is_name else 0)
        return token


class _Lines(dict[bytes, Line]):
    """The values of each line, computed once: a change, its copies and its context repeat the same lines."""

    def __missing__(self, text: bytes) -> Line:
        if len(self) >= 1 << 16:
            self.clear()
        line = self[text] = Line(b" ".join(tokens(text)))
        return line


TOKENS = _Tokens()
LINES = _Lines()


def hash_of(text: bytes) -> int:
    """Return a hash in the bits of a feature's hash, with the bits of the kind free."""
    return int.from_bytes(blake2b(text, digest_size=8).digest()[3:], "big") << KIND_BITS

"""Text edits that hide where lines came from: quotes, wrapping, renaming, comments. Lines in, lines out."""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

Lines = Sequence[str]

PYTHON = (".py", ".pyi", ".pyx")
PROSE = (".md", ".rst", ".txt")
_HASH_COMMENTS = (*PYTHON, ".toml", ".yml", ".yaml", ".cfg", ".ini", ".sh")
_TRIPLE = ('"""', "'''")
_TOKEN = re.compile(
    r"""
    (?P<string>[rbufRBUF]{0,2}(?:
        \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
      | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'))
  | (?P<comment>\#[^\n]*)
  | (?P<word>\w+(?:\.\d\w*)?)
  | (?P<line>\n)
  | (?P<joint>\\\n)
  | (?P<blank>[^\S\n]+)
  | (?P<sign>\*\*=?|//=?|>>=?|<<=?|:=|[-+*/%&|^@=<>!]=|->|\.\.\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING = re.compile(r"([rbufRBUF]{0,2})(\"{3}|'{3}|\"|')(.*)\2", re.DOTALL)
_BULLET = re.compile(r"\s*([-*+]|\d+\.)\s")
#: What identifiers are renamed to: words that a program seldom has.
_NAMES = ("harbour", "lantern", "meadow", "walnut", "copper", "ribbon", "thimble", "glacier", "saffron", "pebble")
_KEPT_NAMES = {*keyword.kwlist, *dir(builtins), "self", "cls", "args", "kwargs", "annotations"}


@dataclass(frozen=True)
class Token:
    """A token of program text; ``kind`` is a group's name in ``_TOKEN``."""

    kind: str
    text: str


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of program text; together they are the text."""
    for found in _TOKEN.finditer(text):
        yield Token(found.lastgroup or "", found.group())


def is_code(path: str) -> bool:
    """Return whether a file holds program text, as far as its name tells."""
    return PurePosixPath(path).suffix not in PROSE


def swap_quotes(path: str, lines: Lines) -> list[str]:
    """Turn double quotes into single ones and the other way round, and drop commas before a closing bracket's line."""
    if not path.endswith(PYTHON):
        return list(lines)
    text = "".join(_swapped(token) for token in tokens("\n".join(lines)))
    return _without_last_commas(text.split("\n"))


def _swapped(token: Token) -> str:
    found = _STRING.fullmatch(token.text) if token.kind == "string" else None
    if found is None:
        return token.text
    start, quote, body = found.groups()
    if not body or any(mark in body for mark in "\"'\\"):
        return token.text
    other = quote.translate(str.maketrans("\"'", "'\""))
    return f"{start}{other}{body}{other}"


def _without_last_commas(lines: Lines) -> list[str]:
    """Drop the comma before a closing bracket's line; where no other element has one before, it may make a tuple."""
    kept = list(lines)
    for place in range(1, len(lines) - 1):
        if lines[place + 1].lstrip().startswith((")", "]", "}")) and lines[place - 1].endswith(","):
            kept[place] = lines[place].removesuffix(",")
    return kept


def without_comments(path: str, lines: Lines) -> list[str]:
    """Drop comments, and the lines that hold nothing else."""
    if not path.endswith(_HASH_COMMENTS):
        return list(lines)
    kept = "".join("\0" if token.kind == "comment" else token.text for token in tokens("\n".join(lines)))
    stripped = (line.replace("\0", "").rstrip() if "\0" in line else line for line in kept.split("\n"))
    return [new for old, new in zip(kept.split("\n"), stripped, strict=True) if new or "\0" not in old]


def names(files: Iterable[tuple[str, Lines]], count: int) -> dict[str, str]:
    """Return new names for the ``count`` identifiers that program text uses most, by falling frequency."""
    used: Counter[str] = Counter()
    for path, lines in files:
        if is_code(path):
            found = (token.text for token in tokens("\n".join(lines)) if token.kind == "word")
            used.update(word for word in found if word.isidentifier() and len(word) >= 3 and word not in _KEPT_NAMES)
    ranked = sorted(used, key=lambda word: (-used[word], word))[:count]
    return {word: _like(word, _NAMES[place % len(_NAMES)]) for place, word in enumerate(ranked)}


def _like(word: str, new: str) -> str:
    """Return a new name in the style of the old one: a constant, a class, or anything else."""
    if word.isupper():
        return new.upper()
    return new.capitalize() if word[0].isupper() else new


def rename(path: str, lines: Lines, new: Mapping[str, str]) -> list[str]:
    """Put new names for old ones, in comments and strings too."""
    if not is_code(path) or not new:
        return list(lines)
    old = re.compile(rf"\b({'|'.join(map(re.escape, new))})\b")
    return [old.sub(lambda found: new[found.group()], line) for line in lines]


def rewrap(path: str, lines: Lines, width: int = 48) -> list[str]:
    """Fill lines anew, to ``width`` columns where that is possible: statements of Python, paragraphs of prose."""
    if path.endswith(PYTHON):
        return _Statements(width).fill("\n".join(lines))
    return _fill_prose(lines, width) if not is_code(path) else list(lines)


def _fill_prose(lines: Lines, width: int) -> list[str]:
    filled: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if paragraph and (not line.strip() or _BULLET.match(line)):
            filled += _fill(paragraph, width)
            paragraph = []
        if line.strip():
            paragraph.append(line)
        else:
            filled.append(line)
    return filled[:-1]


def _fill(paragraph: Lines, width: int, lead: str | None = None) -> list[str]:
    """Fill one paragraph; ``lead`` (default: the blanks of its first line) stands before each of its lines."""
    first = paragraph[0]
    start = first[: len(first) - len(first.lstrip())] if lead is None else lead
    further = f"{start}  " if lead is None and _BULLET.match(first) else start
    text = " ".join(line.strip() for line in paragraph)
    return textwrap.wrap(
        text, width, initial_indent=start, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


class _Statements:
    """Fills Python's logical lines anew, and leaves their syntax as it is."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.filled: list[str] = []

    def fill(self, text: str) -> list[str]:
        statement: list[Token] = []
        depth = 0
        for token in [*tokens(text), Token("line", "\n")]:
            depth = max(0, depth + _step(token))
            if token.kind == "line" and not depth:
                self._add(statement)
                statement = []
            else:
                statement.append(token)
        if statement:  # a bracket that these lines leave open
            self._add(statement[:-1])
        return self.filled

    def _add(self, statement: Sequence[Token]) -> None:
        """Add a logical line."""
        text = "".join(token.text for token in statement)
        indent = text[: len(text) - len(text.lstrip())]
        told = [token for token in statement if token.kind not in ("blank", "line", "joint")]
        if not told:
            self.filled.append("")
        elif len(told) == 1 and told[0].kind == "comment":
            self.filled += _fill([told[0].text[1:]], self.width, f"{indent}# ") or [text]
        elif len(told) == 1 and told[0].text.lstrip("rR").startswith(_TRIPLE):
            self.filled += _fill_prose(text.split("\n"), self.width)
        elif any("\n" in token.text for token in told):
            self.filled += text.split("\n")  # a text of several lines is a value: its blanks count
        else:
            self._break(indent, tuple(_pieces(statement)))

    def _break(self, indent: str, pieces: Sequence[Piece]) -> None:
        line, held, comment = indent, False, False
        for piece in pieces:
            wanted = f" {piece.text}" if held and piece.apart else piece.text
            too_long = len(line) + len(wanted) > self.width and (piece.depth > 0 or piece.apart)
            if held and (comment or too_long):
                within = piece.depth > 0
                # A comment ends its line, so what follows a statement needs no sign that the statement goes on.
                self.filled.append(line if within or piece.comment else f"{line} \\")
                line, wanted = indent + ("    " if within or not piece.comment else ""), piece.text
            line += wanted
            held, comment = True, piece.comment
        self.filled.append(line)


@dataclass(frozen=True)
class Piece:
    """What stays on one line. ``apart``: a blank stands before it. ``depth``: how many brackets are open there."""

    text: str
    apart: bool
    depth: int
    comment: bool


def _pieces(statement: Sequence[Token]) -> Iterator[Piece]:
    """Yield a logical line in pieces: it may be broken at blanks, and after opening brackets and commas."""
    text, apart, depth, outside = "", False, 0, 0
    blank = comment = False
    for token in statement:
        if token.kind in ("blank", "line", "joint"):
            blank = True
            continue
        opened = text.endswith(("(", "[", "{"))
        if text and (blank or comment or opened or text.endswith(",") or token.kind == "comment"):
            yield Piece(text, apart, outside, comment)
            text, outside = "", depth
            apart = token.kind == "comment" or (blank and not opened and token.text not in {")", "]", "}"})
        text += token.text
        depth = max(0, depth + _step(token))
        blank, comment = False, token.kind == "comment"
    if text:
        yield Piece(text, apart, outside, comment)


def _step(token: Token) -> int:
    if token.kind != "sign":
        return 0
    return (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))

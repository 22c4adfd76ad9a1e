"""The grammar of branch names: fields with their legal values, and name templates such as ``research/{topic}``."""

from __future__ import annotations

from labgate.values.refnames import HEADS, REMOTES, TAGS
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labgate.policy.pattern import Pattern

#: The default of a field: words joined by single hyphens, no ``--``, no ``/``.
DEFAULT_PATTERN = "[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*"
#: The default of a field named ``issue``.
ISSUE_PATTERN = "[0-9]+"

#: Longest template, in characters; git's own limit for a segment of a name is a file name's, mostly 255 bytes.
MAX_TEXT = 250

#: Longest refname, in characters, that is split by the legal values of its fields: that takes quadratic time.
MAX_LEGAL_CUT = 300

#: A character that is in no refname and no template, so that only a hole matches it.
ANY = "\x01"

_NAME_START = frozenset("abcdefghijklmnopqrstuvwxyz")
_NAME = _NAME_START | frozenset("0123456789_-")

#: The stars of a template: (part of) a segment; any number of segments, each with its ``/``; one or more at the end.
STAR, FOLDERS, REST = 1, 2, 3

#: The text before the names of all refs, or of all of one kind: a name that only begins so says nothing.
_PREFIXES = frozenset(("", "refs/", HEADS, TAGS, REMOTES))


class TemplateError(ValueError):
    """Raised when a name template is not understood; ``position`` counts characters from 0."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"character {position + 1}: {reason}")


class Field(Value):
    """A named part of a branch name and its legal values.

    ``words`` are the only legal values, or ``None`` if ``pattern_text`` says what is legal, which is ``None`` beside
    words. A pattern is compiled at its first use, which raises ``PatternError`` for a bad one; ``policy.reader``
    accepts no bad ones.
    """

    name: str
    words: tuple[str, ...] | None
    pattern_text: str | None

    def __init__(self, name: str, rule: Sequence[str] | None = None) -> None:
        if rule is None:
            rule = ISSUE_PATTERN if name == "issue" else DEFAULT_PATTERN
        words, text = (None, rule) if isinstance(rule, str) else (tuple(rule), None)
        super().__init__(name=name, words=words, pattern_text=text)

    def allows(self, value: str) -> bool:
        """Return whether a value is legal; the empty one is not."""
        if self.words is not None:
            return value != "" and value in self.words
        return value != "" and self._pattern().fullmatch(value)

    def ends(self, text: str, start: int, stop: int) -> Iterable[int]:
        """Return, ascending, every ``end <= stop`` for which ``text[start:end]`` is a legal value."""
        if self.words is None:
            return self._pattern().ends(text, start, stop)
        lengths = {len(word) for word in self.words if word and text.startswith(word, start)}
        return sorted(start + length for length in lengths if start + length <= stop)

    @property
    def spans(self) -> bool:
        """Whether a value may contain ``/``: some word does, or the pattern names it."""
        if self.words is not None:
            return any("/" in word for word in self.words)
        return self._pattern().admits("/")

    def _pattern(self) -> Pattern | _Words:
        text = self.pattern_text or ""
        found = _patterns.get(text)
        if found is None:
            from labgate.policy.pattern import Pattern  # a commit on most branches compiles none

            found = _patterns[text] = Pattern(text)
        return found


class _Words:
    """What the defaults of a field match, as a ``Pattern`` of them does: to compile one delays every commit.

    Characters of ``rest``, of which the first is one of ``first``, with a ``hyphen`` between two of them, if that is
    not empty.
    """

    __slots__ = ("_first", "_hyphen", "_rest", "_whole")

    def __init__(self, first: frozenset[str], rest: frozenset[str], hyphen: str) -> None:
        self._first = first
        self._rest = rest
        self._hyphen = hyphen
        self._whole = rest | frozenset(hyphen)

    def fullmatch(self, value: str) -> bool:
        """Return whether it matches a whole value. A push asks for the names of thousands of branches."""
        if value[:1] not in self._first or not self._whole.issuperset(value):
            return False
        hyphen = self._hyphen
        return not hyphen or (value[-1:] != hyphen and hyphen + hyphen not in value)

    def ends(self, text: str, start: int, stop: int) -> Iterator[int]:
        """Yield, ascending, every ``end <= stop`` for which ``text[start:end]`` matches."""
        allowed, joined = self._first, True
        for at in range(start, stop):
            if text[at] in allowed:
                joined = False
                yield at + 1
            elif joined or text[at] != self._hyphen:
                return
            else:
                joined = True
            allowed = self._rest

    def admits(self, character: str) -> bool:
        """Return whether a value may contain a character."""
        return character in self._rest or character == self._hyphen


_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") | _DIGITS
_patterns: dict[str, Pattern | _Words] = {
    DEFAULT_PATTERN: _Words(_LETTERS, _LETTERS | {".", "_"}, "-"),
    ISSUE_PATTERN: _Words(_DIGITS, _DIGITS, ""),
}


class Template:
    """A name with holes: ``{field}``, ``*`` for (a part of) one segment, ``**`` for any number of segments.

    A ``text`` that starts with ``refs/`` is a full refname, any other a branch. ``**`` fills whole segments; at the end
    it fills at least one, because git cannot hold ``a`` beside ``a/b``. ``fields`` are this template's own, in order of
    appearance; one that the given mapping lacks gets the default ``Field``. ``literal_prefix`` is the text of the full
    refname before the first hole, ``beginning`` that text up to and with its last separator, which is anything but a
    letter or a digit: all of it if there is no hole, and empty if it has no separator of its own. ``tokens`` are the
    pieces of the full refname: literal texts, never two in a row, fields and stars. Raises ``TemplateError``.
    """

    __slots__ = ("_cuts", "_is_simple", "_spans", "_suffix", "beginning", "fields", "literal_prefix", "text", "tokens")

    def __init__(self, text: str, fields: Mapping[str, Field]) -> None:
        tokens = _tokens(text, fields)
        self.text = text
        self.fields: dict[str, Field] = {token.name: token for token in tokens if isinstance(token, Field)}
        self.literal_prefix = tokens[0] if isinstance(tokens[0], str) else ""
        self.tokens = tokens
        self.beginning = _beginning(self.literal_prefix, whole=self.is_literal)
        self._suffix = tokens[-1] if isinstance(tokens[-1], str) and len(tokens) > 1 else ""
        self._spans: frozenset[str] | None = None
        self._is_simple = len(tokens) == 2 and bool(self.literal_prefix) and isinstance(tokens[1], Field)
        self._cuts = sum(not isinstance(token, str) for token in tokens) > 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Template):
            return NotImplemented
        return self.text == other.text and self.fields == other.fields

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def is_literal(self) -> bool:
        """Whether the template has no holes: it matches one name only."""
        return self.tokens == (self.literal_prefix,)

    def fits(self, ref: str) -> dict[str, str] | None:
        """Return the fields' raw values if the literal text matches a full refname, else ``None``.

        A value is not empty and contains ``/`` only if its field ``spans``. Of several ways to split a name, one with
        only legal values wins, else the one whose first values are shortest. A name of more than ``MAX_LEGAL_CUT``
        characters is only split the second way, in linear time.
        """
        if not ref.startswith(self.literal_prefix) or not ref.endswith(self._suffix):
            return None
        raw = self._cut(ref, legal=False)
        if raw is None or not self._cuts or len(ref) > MAX_LEGAL_CUT or self.bad_field(raw) is None:
            return raw
        return self._cut(ref, legal=True) or raw

    def begins(self, ref: str) -> bool:
        """Return whether a full refname has the ``beginning``, in any case; without holes that is all of the name.

        A folder begins a name also without its slash: git cannot hold ``research`` beside ``research/x``.
        """
        if not self.beginning:
            return False
        name, begins = ref.casefold(), self.beginning.casefold()
        if self.is_literal:
            return name == begins
        return name.startswith(begins) or f"{name}/" == begins

    def sample(self, segments: Sequence[str]) -> str:
        """Return a full refname with these segments in each hole that may contain ``/``, and the first in any other."""
        pieces = []
        for token in self.tokens:
            if isinstance(token, str):
                pieces.append(token)
            elif token == FOLDERS:
                pieces += [f"{segment}/" for segment in segments]
            else:
                spans = token == REST or (isinstance(token, Field) and token.spans)
                pieces.append("/".join(segments) if spans else segments[0])
        return "".join(pieces)

    def bad_field(self, values: Mapping[str, str]) -> str | None:
        """Return the name of the first field whose value is not legal, or ``None`` if all are."""
        for name, field in self.fields.items():
            if not field.allows(values[name]):
                return name
        return None

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the name with these values: a branch, or a full refname if ``text`` is one.

        Values are not checked; ``bad_field`` does that. Raises: ``KeyError`` when a value is missing, ``ValueError``
        when the template has stars, which no value fills.
        """
        if any(isinstance(token, int) for token in self.tokens):
            message = f"{self.text} has a star, so it does not make a name"
            raise ValueError(message)
        pieces = (values[token.name] if isinstance(token, Field) else str(token) for token in self.tokens)
        ref = "".join(pieces)
        return ref if self.text.startswith("refs/") else ref.removeprefix(HEADS)

    def _cut(self, ref: str, *, legal: bool) -> dict[str, str] | None:
        if self._spans is None:
            self._spans = frozenset(name for name, field in self.fields.items() if field.spans)
        if self._is_simple:
            # Most names are a literal text and a field, and there are thousands.
            value = ref[len(self.literal_prefix) :]
            (name,) = self.fields
            return {name: value} if value and ("/" not in value or name in self._spans) else None
        values = _Search(self.tokens, self._spans, ref, legal).run(0, 0)
        return None if values is None else {name: values[name] for name in self.fields}


def _beginning(literal: str, *, whole: bool) -> str:
    """Return the literal text of a template up to its last separator; empty if that is only the refs' own prefix."""
    if whole:
        return literal
    end = len(literal)
    while end and literal[end - 1].isalnum():
        end -= 1
    return "" if literal[:end] in _PREFIXES else literal[:end]


class _Search:
    """One attempt to split a name by a template's tokens."""

    __slots__ = ("dead", "legal", "ref", "spans", "tokens")

    def __init__(self, tokens: Sequence[str | Field | int], spans: frozenset[str], ref: str, legal: bool) -> None:
        self.tokens = tokens
        self.spans = spans
        self.ref = ref
        self.legal = legal
        self.dead: dict[tuple[int, int], int] = {}

    def run(self, index: int, start: int) -> dict[str, str] | None:
        """Return the values of the fields from token ``index`` on, or ``None`` if the rest of the name does not fit."""
        tokens, ref = self.tokens, self.ref
        if index < len(tokens):
            token = tokens[index]
            if isinstance(token, str):
                if not ref.startswith(token, start):
                    return None
                start += len(token)
                index += 1
        if index == len(tokens):
            return {} if start == len(ref) else None
        hole = tokens[index]
        stop = self._stop(hole, start)
        # If values are free, a hole can reach the same places from any earlier start in the same segment: one failure
        # decides all later starts. If they must be legal, each start is a separate case.
        case = (index, start if self.legal else stop)
        if self.dead.get(case, start + 1) <= start:
            return None
        for end in self._ends(index, start, stop):
            values = self.run(index + 1, end)
            if values is not None:
                if isinstance(hole, Field):
                    values[hole.name] = ref[start:end]
                return values
        self.dead[case] = start
        return None

    def _stop(self, hole: str | Field | int, start: int) -> int:
        """Return the furthest end of a hole that starts here."""
        if hole in (FOLDERS, REST) or (isinstance(hole, Field) and hole.name in self.spans):
            return len(self.ref)
        slash = self.ref.find("/", start)
        return len(self.ref) if slash < 0 else slash

    def _ends(self, index: int, start: int, stop: int) -> Iterable[int]:
        hole = self.tokens[index]
        if hole == FOLDERS:
            return self._folders(start)
        if isinstance(hole, Field) and self.legal:
            return hole.ends(self.ref, start, stop)
        first = start if hole == STAR else start + 1
        if index + 1 == len(self.tokens):
            return (stop,) if first <= stop == len(self.ref) else ()
        following = self.tokens[index + 1]
        return self._finds(following, first, stop) if isinstance(following, str) else range(first, stop + 1)

    def _finds(self, literal: str, first: int, stop: int) -> Iterator[int]:
        end = self.ref.find(literal, first, stop + len(literal))
        while end >= 0:
            yield end
            end = self.ref.find(literal, end + 1, stop + len(literal))

    def _folders(self, start: int) -> Iterator[int]:
        yield start
        slash = self.ref.find("/", start)
        while slash >= 0:
            yield slash + 1
            slash = self.ref.find("/", slash + 1)


def _tokens(text: str, fields: Mapping[str, Field]) -> tuple[str | Field | int, ...]:
    if len(text) > MAX_TEXT:
        raise TemplateError(MAX_TEXT, f"a name has at most {MAX_TEXT} characters")
    prefix = "" if text.startswith("refs/") else HEADS
    tokens: list[str | Field | int] = [prefix] if prefix else []
    position = 0
    while position < len(text):
        token, length = _next_token(text, position, fields)
        if isinstance(token, Field) and any(isinstance(seen, Field) and seen.name == token.name for seen in tokens):
            raise TemplateError(position, f"{{{token.name}}} is used a second time")
        position += length
        if isinstance(token, str) and tokens and isinstance(tokens[-1], str):
            tokens[-1] += token
        elif token != FOLDERS or tokens[-1:] != [FOLDERS]:
            tokens.append(token)
    return tuple(tokens) or ("",)


def _next_token(text: str, position: int, fields: Mapping[str, Field]) -> tuple[str | Field | int, int]:
    """Return the token at a position and how many characters it takes."""
    character = text[position]
    if character == "{":
        end = text.find("}", position)
        if end < 0:
            raise TemplateError(position, "this { is never closed")
        name = text[position + 1 : end]
        if name[:1] not in _NAME_START or not _NAME.issuperset(name):
            raise TemplateError(position, "a field is {name}: a-z first, then a-z, 0-9, - and _")
        return fields.get(name) or Field(name), len(name) + 2
    if character == "}":
        raise TemplateError(position, "this } closes nothing")
    if not text.startswith("**", position):
        return (STAR if character == "*" else character), 1
    starts = position == 0 or text[position - 1] == "/"
    if starts and text.startswith("**/", position):
        return FOLDERS, 3
    if starts and position + 2 == len(text):
        return REST, 2
    raise TemplateError(position, "** matches whole segments, so it must be alone between slashes")

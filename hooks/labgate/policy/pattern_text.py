"""The text of a pattern, read into a tree: the common part of all dialects of regular expressions, or an error."""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.pattern import Automaton

#: Longest pattern, in characters; deepest nesting of its groups; most states once its repetitions are written out.
MAX_TEXT = 500
MAX_DEPTH = 40
MAX_STATES = 1000

#: Characters as ranges of code points, both ends included.
Ranges = tuple[tuple[int, int], ...]
#: The properties of a piece of a pattern: whether it may be empty, its first states, its last states.
Fragment = tuple[bool, int, int]

_LAST_CODE = 0x10FFFF
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")
_NOTHING: Fragment = (True, 0, 0)

_GROUPS = (
    ("(?=", "lookahead"),
    ("(?!", "lookahead"),
    ("(?<=", "lookbehind"),
    ("(?<!", "lookbehind"),
    ("(?P=", "a backreference"),
    ("(?P<", "a named group"),
    ("(?<", "a named group"),
    ("(?>", "an atomic group"),
    ("(?#", "a comment"),
    ("(?(", "a condition"),
    ("(?", "a flag"),
)


def _complement(ranges: Ranges) -> Ranges:
    gaps = []
    free = 0
    for low, high in sorted(ranges):
        if low > free:
            gaps.append((free, low - 1))
        free = max(free, high + 1)
    if free <= _LAST_CODE:
        gaps.append((free, _LAST_CODE))
    return tuple(gaps)


_DIGIT: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 13), (32, 32))
_ANY = _complement(((10, 10),))
_CLASSES = {
    "d": _DIGIT,
    "D": _complement(_DIGIT),
    "w": _WORD,
    "W": _complement(_WORD),
    "s": _SPACE,
    "S": _complement(_SPACE),
}


class PatternError(ValueError):
    """Raised when a pattern is not understood; ``position`` counts characters from 0."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"character {position + 1}: {reason}")


class Symbol(Value):
    """One character out of ``ranges``."""

    ranges: Ranges

    def cost(self) -> int:
        return 1

    def build(self, automaton: Automaton) -> Fragment:
        return automaton.symbol(self.ranges)


class Sequence(Value):
    """Pieces one after the other; none at all is the empty text."""

    items: list[Tree]

    def cost(self) -> int:
        return max(1, sum(item.cost() for item in self.items))

    def build(self, automaton: Automaton) -> Fragment:
        # From the right, so that each piece is linked once however long the sequence is.
        whole = _NOTHING
        for item in reversed(self.items):
            whole = automaton.join(item.build(automaton), whole)
        return whole


class Choice(Value):
    """One of several branches."""

    branches: list[Tree]

    def cost(self) -> int:
        return sum(branch.cost() for branch in self.branches)

    def build(self, automaton: Automaton) -> Fragment:
        empty, first, last = False, 0, 0
        for branch in self.branches:
            built = branch.build(automaton)
            empty, first, last = empty or built[0], first | built[1], last | built[2]
        return empty, first, last


class Repeat(Value):
    """A piece ``low`` to ``high`` times; ``None`` means without end."""

    item: Tree
    low: int
    high: int | None

    def cost(self) -> int:
        return self.item.cost() * max(1, self.low if self.high is None else self.high)

    def build(self, automaton: Automaton) -> Fragment:
        low = self.low
        whole = _NOTHING
        if self.high is None:
            empty, first, last = automaton.loop(self.item.build(automaton))
            whole = (empty or low == 0, first, last)
            low = max(0, low - 1)
        else:
            for _ in range(self.high - low):
                _, first, last = automaton.join(self.item.build(automaton), whole)
                whole = (True, first, last)
        for _ in range(low):
            whole = automaton.join(self.item.build(automaton), whole)
        return whole


Tree = Symbol | Sequence | Choice | Repeat


def parse(text: str) -> Tree:
    """Return the tree of a pattern. Raises: ``PatternError``."""
    if len(text) > MAX_TEXT:
        raise PatternError(MAX_TEXT, f"a pattern has at most {MAX_TEXT} characters")
    tree = _Parser(text).pattern()
    if tree.cost() > MAX_STATES:
        raise PatternError(0, f"the repetitions multiply to more than {MAX_STATES} states")
    return tree


class _Parser:
    """Reads one pattern from left to right; ``at`` is the next character's position."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def fail(self, position: int, reason: str) -> PatternError:
        return PatternError(position, reason)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, expected: str) -> bool:
        if not self.text.startswith(expected, self.at):
            return False
        self.at += len(expected)
        return True

    def pattern(self) -> Tree:
        self.take("^")
        tree = self.choice()
        if self.at < len(self.text):
            raise self.fail(self.at, "this ) closes nothing; a literal one is \\)")
        return tree

    def choice(self) -> Tree:
        branches: list[Tree] = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else Choice(branches)

    def sequence(self) -> Tree:
        items: list[Tree] = []
        while self.at < len(self.text) and self.peek() not in "|)":
            if self.peek() == "$" and self.at == len(self.text) - 1:
                self.at += 1
                break
            items.append(self.repeated(self.atom()))
        return items[0] if len(items) == 1 else Sequence(items)

    def atom(self) -> Tree:
        start = self.at
        character = self.text[start]
        if character == "(":
            return self.group()
        self.at += 1
        if character == "[":
            return Symbol(self.character_class(start))
        if character == "\\":
            return Symbol(self.escape(start))
        if character == ".":
            return Symbol(_ANY)
        if character in "*+?":
            raise self.fail(start, f"there is nothing before this {character}; a literal one is \\{character}")
        if character == "{":
            raise self.fail(start, "there is nothing to repeat before this {; a literal one is \\{")
        if character in "^$":
            where = "start" if character == "^" else "end"
            raise self.fail(start, f"{character} is only supported at the {where}; a literal one is \\{character}")
        return Symbol(_single(character))

    def group(self) -> Tree:
        start = self.at
        if not self.take("(?:"):
            for opening, what in _GROUPS:
                if self.take(opening):
                    raise self.fail(start, f"{what}, {opening}, is not supported")
            self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(start, f"groups nest at most {MAX_DEPTH} deep")
        tree = self.choice()
        self.depth -= 1
        if not self.take(")"):
            raise self.fail(start, "this ( is never closed; a literal one is \\(")
        return tree

    def repeated(self, item: Tree) -> Tree:
        start = self.at
        bounds = self.bounds()
        if bounds is None:
            return item
        # A lazy quantifier prefers another way to match, which is the same when the whole value has to.
        self.take("?")
        following = self.peek()
        if following == "+":
            raise self.fail(self.at, "a possessive quantifier is not supported")
        if following and following in "*?{":
            raise self.fail(self.at, "two quantifiers in a row are not supported; put the first one in a group")
        low, high = bounds
        if high is not None and high < low:
            raise self.fail(start, f"{{{low},{high}}} ends below its start")
        return Repeat(item, low, high)

    def bounds(self) -> tuple[int, int | None] | None:
        """Return the lowest and highest count of the quantifier at this place, or ``None`` without one."""
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        character = self.peek()
        if character in simple:
            self.at += 1
            return simple[character]
        if character != "{":
            return None
        start = self.at
        self.at += 1
        low = self.number()
        high = self.number() if self.take(",") else low
        if low is None or not self.take("}"):
            raise self.fail(start, "a repetition is {m}, {m,} or {m,n}; a literal brace is \\{")
        return low, high

    def number(self) -> int | None:
        start = self.at
        while self.peek() in _DIGITS:
            self.at += 1
        return int(self.text[start : self.at]) if self.at > start else None

    def escape(self, start: int) -> Ranges:
        """Return the meaning of the escape whose backslash is at ``start``."""
        character = self.peek()
        if not character:
            raise self.fail(start, "nothing comes after this \\; a literal one is \\\\")
        self.at += 1
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _DIGITS and character != "0":
            raise self.fail(start, f"a backreference, \\{character}, is not supported")
        if character in _LETTERS or character in _DIGITS:
            raise self.fail(start, f"the escape \\{character} is not supported")
        return _single(character)

    def character_class(self, start: int) -> Ranges:
        """Return the characters of the class whose bracket is at ``start``."""
        negated = self.take("^")
        ranges: Ranges = ()
        first = True
        while first or self.peek() != "]":
            first = False
            at = self.at
            low = self.class_item(start)
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.at += 1
                low = self.span(at, low, self.class_item(start))
            ranges += low
        self.at += 1
        return _complement(ranges) if negated else tuple(sorted(ranges))

    def class_item(self, start: int) -> Ranges:
        at = self.at
        character = self.peek()
        if not character:
            raise self.fail(start, "this [ is never closed; a literal one is \\[")
        if self.text.startswith("[:", at):
            raise self.fail(at, "a POSIX class, [:, is not supported; use \\w, \\d, \\s or a range")
        self.at += 1
        return self.escape(at) if character == "\\" else _single(character)

    def span(self, at: int, low: Ranges, high: Ranges) -> Ranges:
        ends = (low[0][0], low[-1][1], high[0][0], high[-1][1])
        if ends[0] != ends[1] or ends[2] != ends[3] or ends[2] < ends[0]:
            raise self.fail(at, f"{self.text[at : self.at]} is no range of characters")
        return ((ends[0], ends[2]),)


def _single(character: str) -> Ranges:
    return ((ord(character), ord(character)),)

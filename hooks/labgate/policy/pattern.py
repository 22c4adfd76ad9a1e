"""Regular expressions that cannot hang: a policy's own patterns, matched in time linear in the value.

A pattern becomes Glushkov's position automaton (V. M. Glushkov, "The abstract theory of automata", 1961): one state for
each character that the pattern names, sets of states as bits of an integer, no backtracking. A value of n characters
takes n steps, each bounded by the number of states, whatever the pattern. ``re`` gives no such bound, and importing it
takes longer than the rest of a commit hook.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.policy.pattern_syntax import Ranges, Tree

#: Longest value, in characters, that can match; what is longer is no sensible part of a name.
MAX_VALUE = 1000
#: Most transitions remembered for one pattern before its memory is emptied.
MAX_MOVES = 2000

#: What a piece of a pattern is to its neighbours: may it be empty, its first states, its last states.
Fragment = tuple[bool, int, int]


class PatternError(ValueError):
    """Raised when a pattern is not understood; ``position`` counts characters from 0, ``reason`` says what is wrong."""

    def __init__(self, text: str, position: int, reason: str) -> None:
        super().__init__(f"character {position + 1}: {reason}")
        self.text = text
        self.position = position
        self.reason = reason


class Automaton:
    """The states of a pattern while it is being built. State 0 is the start; ``follow[i]`` are the states after i."""

    __slots__ = ("follow", "symbols")

    def __init__(self) -> None:
        self.follow = [0]
        self.symbols: dict[Ranges, int] = {}

    def symbol(self, ranges: Ranges) -> Fragment:
        """Add one state that is entered by reading a character of ``ranges``."""
        bit = 1 << len(self.follow)
        self.follow.append(0)
        self.symbols[ranges] = self.symbols.get(ranges, 0) | bit
        return False, bit, bit

    def join(self, left: Fragment, right: Fragment) -> Fragment:
        """Let ``right`` come after ``left``."""
        self._link(left[2], right[1])
        first = left[1] | right[1] if left[0] else left[1]
        last = left[2] | right[2] if right[0] else right[2]
        return left[0] and right[0], first, last

    def loop(self, item: Fragment) -> Fragment:
        """Let ``item`` come once or more."""
        self._link(item[2], item[1])
        return item

    def _link(self, sources: int, targets: int) -> None:
        for state in _bits(sources):
            self.follow[state] |= targets


class Pattern:
    """A compiled pattern. ``text`` is the pattern as written; two patterns are equal when their texts are.

    The syntax is the common part of all dialects: literals, ``.``, classes, groups, ``|``, ``* + ? {m} {m,} {m,n}``,
    and ``^`` and ``$`` at the ends, which change nothing. ``\\d \\w \\s`` mean ASCII, as with ``re.ASCII``.
    Raises ``PatternError`` for everything else.
    """

    __slots__ = ("_follow", "_last", "_moves", "_symbols", "_tree", "text")

    def __init__(self, text: str) -> None:
        # The parser is only needed where a branch name meets a pattern, so a commit on the trunk does without.
        from labgate.policy.pattern_syntax import parse

        self.text = text
        self._tree: Tree | None = parse(text)
        self._follow: tuple[int, ...] = ()
        self._last = 0
        self._symbols: tuple[tuple[Ranges, int], ...] = ()
        self._moves: dict[tuple[int, str], int] = {}

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Pattern) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def fullmatch(self, value: str) -> bool:
        """Say whether the whole value matches; a value longer than ``MAX_VALUE`` characters never does."""
        if len(value) > MAX_VALUE:
            return False
        self._build()
        states = 1
        known = self._moves
        for character in value:
            # Looked up here first: a call for each character would take most of the time.
            after = known.get((states, character))
            states = self._step(states, character) if after is None else after
            if not states:
                return False
        return states & self._last != 0

    def ends(self, text: str, start: int, stop: int) -> Iterator[int]:
        """Yield, ascending, every ``end`` in ``start < end <= stop`` for which ``text[start:end]`` matches."""
        self._build()
        states = 1
        for position in range(start, min(stop, start + MAX_VALUE)):
            states = self._step(states, text[position])
            if not states:
                return
            if states & self._last:
                yield position + 1

    def admits(self, character: str) -> bool:
        """Say whether the pattern names this character anywhere."""
        self._build()
        return self._readers(character) != 0

    def _build(self) -> None:
        """Make the states, when first asked for: a file of many patterns is checked without."""
        if self._tree is None:
            return
        automaton = Automaton()
        empty, first, last = self._tree.build(automaton)
        automaton.follow[0] = first
        self._follow = tuple(automaton.follow)
        self._last = last | 1 if empty else last
        self._symbols = tuple(automaton.symbols.items())
        self._tree = None

    def _step(self, states: int, character: str) -> int:
        key = (states, character)
        after = self._moves.get(key)
        if after is None:
            reachable = 0
            for state in _bits(states):
                reachable |= self._follow[state]
            after = reachable & self._readers(character)
            if len(self._moves) >= MAX_MOVES:
                self._moves.clear()
            self._moves[key] = after
        return after

    def _readers(self, character: str) -> int:
        code = ord(character)
        readers = 0
        for ranges, states in self._symbols:
            for low, high in ranges:
                if low <= code <= high:
                    readers |= states
                    break
        return readers


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest

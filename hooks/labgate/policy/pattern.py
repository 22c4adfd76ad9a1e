"""Regular expressions that cannot hang: a policy's own patterns, matched in time linear in the value.

A pattern becomes Glushkov's position automaton (V. M. Glushkov, "The abstract theory of automata", 1961): one state for
each character that the pattern names, sets of states as bits of an integer, no backtracking. A value of n characters
takes n steps, each bounded by the number of states, whatever the pattern. ``re`` gives no such bound, and importing it
takes longer than the rest of a commit hook.
"""

from __future__ import annotations

from labgate.policy.pattern_text import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.policy.pattern_text import Fragment, Ranges, Tree

#: Longest value, in characters, that can match; a longer one is not a sensible part of a name.
MAX_VALUE = 1000
#: Most transitions cached for one pattern before the cache is cleared.
MAX_MOVES = 2000


class Pattern:
    """A compiled pattern. ``text`` is the pattern as written.

    The syntax is the common part of all dialects: literals, ``.``, classes, groups, ``|``, ``* + ? {m} {m,} {m,n}``,
    and ``^`` and ``$`` at the ends, which change nothing. ``\\d \\w \\s`` mean ASCII, as with ``re.ASCII``.
    Raises ``PatternError`` for everything else.
    """

    __slots__ = ("_follow", "_last", "_moves", "_symbols", "_tree", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree: Tree | None = parse(text)
        self._follow: tuple[int, ...] = ()
        self._last = 0
        self._symbols: tuple[tuple[Ranges, int], ...] = ()
        self._moves: dict[tuple[int, str], int] = {}

    def fullmatch(self, value: str) -> bool:
        """Return whether the whole value matches; a value longer than ``MAX_VALUE`` characters does not."""
        if len(value) > MAX_VALUE:
            return False
        self._build()
        states = 1
        known = self._moves
        for character in value:
            # The cache is read here: a call for each character would take most of the time.
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
        """Return whether the pattern names this character anywhere."""
        self._build()
        return self._readers(character) != 0

    def _build(self) -> None:
        """Build the states at the first use: a file of many patterns is checked without them."""
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


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest

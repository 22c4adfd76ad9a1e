"""Known words that are close in spelling to an unknown one."""

from __future__ import annotations

from difflib import SequenceMatcher
from operator import eq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: The least similarity of two words that can be a misspelling of each other (difflib's ratio).
NEAR = 0.6


def nearest(word: str, known: Iterable[str], most: int = 1, least: float = NEAR) -> list[str]:
    """Return at most ``most`` known words that are close in spelling, in any case; the closest first."""
    wanted = word.casefold()
    matcher = SequenceMatcher(b=wanted)
    found = []
    for name in known:
        given = name.casefold()
        matcher.set_seq1(given)
        # The first two are cheap upper bounds: there may be thousands of words.
        if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least and matcher.ratio() >= least:
            # Of equally close words the one with more letters in the same places wins: LG2O1 is LG201, not LG212.
            found.append((matcher.ratio(), sum(map(eq, wanted, given)), name))
    found.sort(key=lambda near: near[:2], reverse=True)
    return [name for _, _, name in found[:most]]

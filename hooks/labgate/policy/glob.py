"""Globs over paths and repository names: ``*`` and ``?`` within a segment, ``**`` for any number of segments.

The common part with gitignore(5) has the same meaning: a glob without ``/`` is matched with the last segment, at any
depth; with a ``/`` it is matched with the whole path, and a leading ``/`` only states that (``/setup.py``). No other
characters are special: ``[`` and ``{`` match themselves. Time is at most the product of both lengths.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Glob:
    """A glob; ``text`` is its source, and two globs are equal when their texts are."""

    __slots__ = ("_name", "_segments", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._name = None if "/" in text else text
        # "**" before a glob without a slash means "at any depth", so that both follow one rule.
        self._segments = tuple((text.removeprefix("/") if "/" in text else "**/" + text).split("/"))

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Glob) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Glob({self.text!r})"

    def matches(self, path: str) -> bool:
        """Return whether a path (or a repository's ``host/owner/name``), with ``/`` between segments, matches."""
        if self._name is not None and self._name != "**":
            return _segment_fits(self._name, path.rpartition("/")[2])
        return _align(self._segments, path.split("/"), "**", _segment_fits)

    def overlaps(self, other: Glob) -> bool:
        """Return whether some path may match both globs."""
        return _meet(self._segments, other._segments, "**", lambda one, two: _meet(one, two, "*", _characters_meet))


def _segment_fits(glob: str, name: str) -> bool:
    if "*" not in glob and "?" not in glob:
        return glob == name
    if glob[0] == "*" and "*" not in glob[1:] and "?" not in glob:
        return name.endswith(glob[1:])
    return _align(glob, name, "*", _character_fits)


def _character_fits(glob: str, character: str) -> bool:
    return glob in ("?", character)


def _align(glob: Sequence[str], items: Sequence[str], star: str, fits: Callable[[str, str], bool]) -> bool:
    """Match the pieces of a glob with ``items``; the piece ``star`` matches any number of them.

    Only the latest star is extended: an earlier one could at best reach the same place later.
    """
    at = position = 0
    resume: tuple[int, int] | None = None
    while position < len(items):
        if at < len(glob) and glob[at] == star:
            at += 1
            resume = (at, position)
        elif at < len(glob) and fits(glob[at], items[position]):
            at += 1
            position += 1
        elif resume is not None:
            at, position = resume[0], resume[1] + 1
            resume = (at, position)
        else:
            return False
    return all(piece == star for piece in glob[at:])


def _characters_meet(one: str, other: str) -> bool:
    return one == other or "?" in (one, other)


def _meet(one: Sequence[str], other: Sequence[str], star: str, meets: Callable[[str, str], bool]) -> bool:
    """Return whether two patterns have something in common, in time of the product of their lengths."""
    reached = {(0, 0)}
    waiting = [(0, 0)]
    while waiting:
        here, there = waiting.pop()
        if (here, there) == (len(one), len(other)):
            return True
        mine = one[here] if here < len(one) else None
        theirs = other[there] if there < len(other) else None
        steps = []
        if mine == star:
            steps += [(here + 1, there)] + [(here, there + 1)] * (theirs is not None)
        if theirs == star:
            steps += [(here, there + 1)] + [(here + 1, there)] * (mine is not None)
        if mine is not None and theirs is not None and star not in (mine, theirs) and meets(mine, theirs):
            steps.append((here + 1, there + 1))
        waiting += [step for step in steps if step not in reached]
        reached.update(steps)
    return False

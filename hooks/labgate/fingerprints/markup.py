"""Pages of text in which only the markup changes: the same words in another syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from labgate.fingerprints.content import passages
from labgate.fingerprints.patches import FilePatch, Run
from labgate.values.regexes import regex

_PAGES = (".md", ".markdown", ".rst", ".adoc")
_WORD = regex(rb"[A-Za-z0-9\x80-\xff]+")
#: A line that only opens a block, or sets an option of one (MyST and reStructuredText, "Directives").
_OPENS = regex(rb"(?:(?:`{3,}|~{3,}|:{3,})[{\w-]*\}?|\.\.\s[\w:-]+::|:[\w-]+:)(?:\s\w+)?$")
#: A page is converted if it loses and gets so many lines, and at most these shares of them have other words, and are
#: only moved: people edit the markup of single sentences, and move sections, and that is their work.
CONVERTED_LINES, OTHER_SHARE, MOVED_SHARE = 10, 0.25, 0.5
#: So many words may have others between them.
_LINK_WORDS = 4


def page_words(files: Iterable[FilePatch]) -> dict[str, PageWords]:
    """Return by path the words that change in each page; those of a page and of one with another suffix are one's."""
    pages = [(file, file.path.rpartition(".")[0]) for file in files if file.path.lower().endswith(_PAGES)]
    runs: dict[str, list[Run]] = {}
    for file, name in pages:
        runs.setdefault(name, []).extend(file.runs)
    words = {name: PageWords(changed) for name, changed in runs.items()}
    return {file.path: words[name] for file, name in pages}


class PageWords:
    """The words that the changes of a page delete and add; in few changes all lines are other ones."""

    def __init__(self, runs: Sequence[Run]) -> None:
        sides = ([line for run in runs for line in run.deleted], [line for run in runs for line in run.added])
        self._lines = tuple(map(frozenset, sides))
        self._words = tuple(frozenset(_words(b" ".join(side))) for side in sides)
        self._pairs = tuple(frozenset(pairwise(_words(b" ".join(side)))) for side in sides)
        self._converts = min(map(len, sides)) >= CONVERTED_LINES and self._keeps_words(*sides)

    def _keeps_words(self, deleted: Sequence[bytes], added: Sequence[bytes]) -> bool:
        """Return whether few of all changed lines have other words, and few are the same in another place."""
        size = len(deleted) + len(added)
        others = len(self._others(deleted, 1)) + len(self._others(added, 0))
        moved = sum(line in self._lines[1] for line in deleted) + sum(line in self._lines[0] for line in added)
        return others <= OTHER_SHARE * size and moved <= MOVED_SHARE * size

    def others(self, deleted: Sequence[bytes], added: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
        """Return those lines of a run that have other words than the other side, and do not only open a block.

        Where a line of text ends does not matter, nor where it moves in the page. In passages of code all signs count,
        and only whole lines are the same.
        """
        if not self._converts:
            return list(deleted), list(added)
        return self._others(deleted, 1), self._others(added, 0)

    def _others(self, lines: Sequence[bytes], side: int) -> list[bytes]:
        code = {at for first, last in passages(lines) for at in range(first, last)}
        known = self._lines[side]
        return [
            line
            for at, line in enumerate(lines)
            if line not in known and not _OPENS.match(line) and (at in code or not self._has(side, _words(line)))
        ]

    def _has(self, side: int, words: Sequence[bytes]) -> bool:
        """Return whether a side has some words in their order; between some, the target of a link may stand."""
        if not self._words[side].issuperset(words):
            return False
        new = sum(pair not in self._pairs[side] for pair in pairwise(words))
        return new <= (len(words) >= _LINK_WORDS)


def _words(text: bytes) -> list[bytes]:
    return _WORD.findall(text)

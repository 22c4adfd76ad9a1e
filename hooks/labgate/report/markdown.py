"""Makes foreign text safe inside GitHub-flavoured Markdown: nothing in it is structure, a link, HTML or a mention."""

from __future__ import annotations

import re

from labgate.report.escape import DEFAULT_LIMIT, safe

#: All that Markdown, HTML and mathematics give a meaning. A character reference never stands for structure (CommonMark
#: 0.31, 2.5), nor do GFM's autolinks (6.9) see the ``:`` of a scheme or the dot of ``www.`` in one. An address of mail
#: may still become a link to itself in code.
_SPECIAL = re.compile(r"[&<>\[\]|`*_~#@\\${}]|:(?=\S)|(?<=www)\.", re.IGNORECASE)

#: What hosts turn into mentions and references after Markdown, in the text that was shown: ``@ada``, ``#7``, ``!7``,
#: ``GH-7``. Nothing but a character between can stop that; in code they leave it alone.
_REFERENCE = re.compile(r"(?<=[@#!])(?=\w)|(?<=GH-)(?=\d)", re.IGNORECASE)
_ZERO_WIDTH_SPACE = "&#8203;"


def text(foreign: str, limit: int | None = DEFAULT_LIMIT) -> str:
    """Return foreign text as one line of inline Markdown that reads as the text and is nothing else.

    ``limit`` is in characters of what is read, as in ``safe``. Put it after something of ours: what opens a block at
    the start of a line (``1.``) is only text behind another.
    """
    shown = safe(foreign, limit)
    return _ZERO_WIDTH_SPACE.join(_referenced(part) for part in _REFERENCE.split(shown))


def code(foreign: str, limit: int | None = DEFAULT_LIMIT) -> str:
    """Return foreign text as inline code that can be copied as it is.

    An element and no backticks: in a table a pipe ends the cell also between backticks, and nothing can be escaped
    there.
    """
    return f"<code>{_referenced(safe(foreign, limit))}</code>"


def _referenced(shown: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", shown)


def row(*cells: str) -> str:
    """Return one line of a table; the cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


def table(*heads: str) -> list[str]:
    """Return the two lines that start a table."""
    return [row(*heads), row(*["---"] * len(heads))]

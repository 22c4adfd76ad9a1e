"""A reader of GitHub-flavoured Markdown, to see what a page becomes."""

from __future__ import annotations

from markdown_it import MarkdownIt


def _reader() -> MarkdownIt:
    reader = MarkdownIt("gfm-like", {"html": True})
    assert reader.linkify is not None
    # GitHub takes no name with a dot for a link, as long as neither a scheme nor `www.` stands before it.
    reader.linkify.set({"fuzzy_link": False})
    return reader


#: GitHub's dialect: tables, strike-through, bare links, raw HTML.
GFM = _reader()

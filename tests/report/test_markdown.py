"""Foreign text in Markdown: it reads as it is, and is nothing but text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from markdown_it.token import Token

from labgate.report import summary as markdown
from labgate.report.escape import safe
from support import hostile
from support.gfm import GFM


def inline(written: str) -> list[Token]:
    """Return the inline tokens of one paragraph that starts with text of ours."""
    tokens = GFM.parse(f"x {written} x")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return tokens[1].children or []


def shown(written: str) -> str:
    """Return what a reader sees of a text that is only text."""
    tokens = inline(written)
    assert {token.type for token in tokens} <= {"text", "text_special"}
    return "".join(token.content for token in tokens).replace("\u200b", "")


def squeezed(value: str) -> str:
    """Return a text as HTML shows it, with blanks as one (a paragraph keeps neither many nor those at its end)."""
    return " ".join(value.split())


@hostile.each
def test_a_hostile_text_reads_as_it_is(text: str) -> None:
    assert squeezed(shown(markdown.text(text))) == squeezed(f"x {safe(text)} x")


@settings(deadline=None)
@given(hostile.ANYTHING)
def test_any_text_reads_as_it_is(foreign: str) -> None:
    assert squeezed(shown(markdown.text(foreign))) == squeezed(f"x {safe(foreign)} x")


@settings(deadline=None)
@given(hostile.ANYTHING)
def test_code_is_one_element_with_the_text(foreign: str) -> None:
    _, opening, *within, closing, _ = inline(markdown.code(foreign))
    assert (opening.content, closing.content) == ("<code>", "</code>")
    assert {token.type for token in within} <= {"text", "text_special"}
    assert squeezed("".join(token.content for token in within)) == squeezed(safe(foreign))


@pytest.mark.parametrize("foreign", ["@ada", "a@b", "#7", "!7", "owner/repo#7", "GH-7", "gh-7"])
def test_a_mention_or_reference_is_broken_up(foreign: str) -> None:
    seen = html.unescape(markdown.text(foreign))
    assert seen.replace("\u200b", "") == foreign
    assert not re.search(r"[@#!]\w|GH-\d", seen, re.IGNORECASE)


@pytest.mark.parametrize("foreign", ["https://evil.org", "www.evil.org", "WWW.evil.org", "mailto:a@evil.org"])
def test_no_address_stands_in_the_source(foreign: str) -> None:
    for written in (markdown.text(foreign), markdown.code(foreign)):
        assert not re.search(r"https?:|www\.|mailto:|@", written, re.IGNORECASE)


def test_what_has_no_meaning_stays_readable() -> None:
    plain = "main: 2 commits (by squash, 12 lines), 'a' and \"b\"; 100%"
    assert markdown.text(plain) == plain


def test_code_can_be_copied() -> None:
    command = "git push origin 'HEAD:refs/heads/a b' # @ada"
    assert html.unescape(markdown.code(command)) == f"<code>{command}</code>"

"""T66: nothing in foreign text steers a terminal or a CI log, and what cannot be seen is shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labgate.report.escape import DEFAULT_LIMIT, ELLIPSIS, safe

#: Hypothesis leaves surrogates out of ``text()`` unless asked; paths that are not UTF-8 have them.
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        pytest.param("\x1b]0;x\x07", r"\x1b]0;x\x07", id="a-window-title-sequence"),
        pytest.param("\x9b31m", r"\x9b31m", id="an-eight-bit-control-sequence"),
        pytest.param("a\nb\r\tc", r"a\x0ab\x0d\x09c", id="newline-return-and-tab-stay-on-one-line"),
        pytest.param("\x7f\x00", r"\x7f\x00", id="delete-and-nul"),
        pytest.param("user\u202egnp.exe", r"user\u202egnp.exe", id="right-to-left-override"),
        pytest.param("a\u2066b\u2069", r"a\u2066b\u2069", id="bidi-isolates"),
        pytest.param("ma\u200bin", r"ma\u200bin", id="zero-width-space"),
        pytest.param("\ufeffmain", r"\ufeffmain", id="byte-order-mark"),
        pytest.param("so\u00adft", r"so\xadft", id="soft-hyphen"),
        pytest.param("a\u2028b\u2029c", r"a\u2028b\u2029c", id="line-and-paragraph-separator"),
        pytest.param("caf\udce9", r"caf\udce9", id="a-byte-that-is-not-utf-8"),
        pytest.param("\ue000\U000f0000", r"\ue000\U000f0000", id="private-use"),
        pytest.param("\u0378\U0010ffff", r"\u0378\U0010ffff", id="unassigned-and-noncharacter"),
        pytest.param("x\U000e0041\U000e0001", r"x\U000e0041\U000e0001", id="tag-characters"),
        pytest.param("a\u3164b\u115f\u1160\uffa0", r"a\u3164b\u115f\u1160\uffa0", id="hangul-fillers"),
        pytest.param("a\u034f\ufe0f\U000e0100", r"a\u034f\ufe0f\U000e0100", id="joiner-and-variation-selectors"),
        pytest.param("\u17b4\u180b\u180e\u180f", r"\u17b4\u180b\u180e\u180f", id="khmer-and-mongolian-ignorables"),
        pytest.param("##vso[task.setvariable]x", r"\x23#vso[task.setvariable]x", id="an-azure-command"),
        pytest.param("see ##[error]x", r"see \x23#[error]x", id="an-old-github-command-inside-a-line"),
        pytest.param("####[x", r"##\x23#[x", id="more-number-signs-than-needed"),
        pytest.param("## heading [link]", "## heading [link]", id="markdown-is-no-command"),
        pytest.param("Zoë Ångström 数据 🧪 ñ", "Zoë Ångström 数据 🧪 ñ", id="letters-of-any-script-stay"),
        pytest.param("e\u0301", "e\u0301", id="a-visible-combining-mark-stays"),
        pytest.param(r"C:\x1b", r"C:\x1b", id="a-backslash-stays-as-it-is"),
    ],
)
def test_shows_what_a_terminal_would_obey_or_hide(foreign: str, shown: str) -> None:
    assert safe(foreign) == shown


@given(ANYTHING)
@example("\x1b[2J\u202e\U000e0001\udcff")
def test_no_control_or_invisible_character_survives(text: str) -> None:
    for char in safe(text, limit=None):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
        assert char.isprintable() or unicodedata.category(char) == "Zs"


@given(ANYTHING)
@example("##vso[##[####teamcity[")
def test_no_ci_command_survives(text: str) -> None:
    shown = safe(text, limit=None)
    assert not any(command in shown for command in ("##[", "##vso[", "##teamcity["))


@given(ANYTHING, st.integers(1, 50))
def test_the_result_is_never_longer_than_the_limit(text: str, limit: int) -> None:
    shown = safe(text, limit)
    whole = safe(text, limit=None)
    assert len(shown) <= limit
    assert shown == whole or (len(whole) > limit and shown.endswith(ELLIPSIS) and whole.startswith(shown[:-1]))


@given(ANYTHING)
def test_what_was_made_safe_stays_as_it_is(text: str) -> None:
    once = safe(text, limit=None)
    assert safe(once, limit=None) == once


def test_an_escape_is_never_cut_in_half() -> None:
    assert safe("ab\x1b", 6) == r"ab\x1b"
    assert safe("abc\x1b", 6) == "abc…"
    assert safe("ab\x1bc", 6) == "ab…"


def test_a_text_of_exactly_the_limit_is_whole() -> None:
    assert safe("x" * DEFAULT_LIMIT) == "x" * DEFAULT_LIMIT
    assert safe("x" * (DEFAULT_LIMIT + 1)) == "x" * (DEFAULT_LIMIT - 1) + "…"


def test_of_a_megabyte_only_what_fits_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def shown(char: str) -> str:
        seen.append(char)
        return char

    monkeypatch.setattr("labgate.report.escape._shown", shown)
    assert safe("x" * 2**20).endswith("x…")
    assert len(seen) == DEFAULT_LIMIT + 1

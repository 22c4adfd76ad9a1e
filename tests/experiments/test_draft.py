"""What of a message file is text, and which messages git refuses."""

from __future__ import annotations

import pytest

from labgate.experiments.draft import CUT_LINE, comment_string, cut_at, is_empty, is_unedited

HINT = b"\n# Please enter the commit message for your changes.\n#\n# On branch x\n#\n"
SCISSORS = b"# " + CUT_LINE + b"\n# Do not modify or remove the line above.\ndiff --git a/a b/a\n"


def hint(comment: bytes) -> bytes:
    return HINT.replace(b"#", comment)


@pytest.mark.parametrize(
    ("message", "configured", "expected"),
    [
        pytest.param(b"One\n" + HINT, (), b"#", id="git's own"),
        pytest.param(b"One\n", (b";",), b";", id="the configured one"),
        pytest.param(b"One\n" + hint(b"#"), (b"auto",), b"#", id="auto, and git chose its own"),
        pytest.param(b"# One\n" + hint(b";"), (b"auto",), b";", id="auto, and git chose another"),
        pytest.param(b"One\n\n; two\n", (b"auto",), b"#", id="auto, and git left nothing below the text"),
        pytest.param(
            b"One\n" + SCISSORS.replace(b"#", b";"), (b"AUTO",), b";", id="auto, and a diff stands below the scissors"
        ),
        pytest.param(b"One\n" + hint(b"//"), (b"//", b";"), b"//", id="both keys, and git knows the newer one"),
        pytest.param(b"One\n" + hint(b";"), (b"//", b";"), b";", id="both keys, and git knows only the older one"),
    ],
)
def test_what_starts_a_comment(message: bytes, configured: tuple[bytes, ...], expected: bytes) -> None:
    assert comment_string(message, configured) == expected


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        pytest.param(b"One\n" + SCISSORS, b"One\n", id="below the text"),
        pytest.param(SCISSORS, b"", id="at the start"),
        pytest.param(b"One\n  " + SCISSORS, b"One\n  " + SCISSORS, id="not in the middle of a line"),
        pytest.param(b"One\n", b"One\n", id="none"),
    ],
)
def test_scissors_cut(message: bytes, kept: bytes) -> None:
    assert message[: cut_at(message, b"#")] == kept


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n \n\t\r\n", id="blanks"),
        pytest.param(HINT, id="comments"),
        pytest.param(b"\n\nSigned-off-by: A <a@b.c>\n" + HINT, id="a sign-off"),
        pytest.param(b"amend! One\n\n" + HINT, id="an amend! without the new message"),
    ],
)
def test_what_git_refuses_as_empty(message: bytes) -> None:
    assert is_empty(message, b"#")


@pytest.mark.parametrize("message", [b"One\n", b"#12\n\nOne", b"Signed-off-by\n", b"fixup! One\n", b"amend! a\n\nb\n"])
def test_what_git_does_not_take_for_empty(message: bytes) -> None:
    assert not is_empty(message, b"#")


def test_a_line_may_be_left_out_of_account() -> None:
    assert is_empty(b"A: b\n" + HINT, b"#", besides=b"A: b")
    assert not is_empty(b"A: c\n" + HINT, b"#", besides=b"A: b")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(b"Why:  \n\n\n\nHow:\n" + HINT, True, id="but for blanks and comments"),
        pytest.param(b"Why:\n\nHow:\n\nSigned-off-by: A\n", True, id="but for a sign-off"),
        pytest.param(b"Why:\n\nHow:\nso\n", False, id="more"),
        pytest.param(b"Why:\n", False, id="less"),
        pytest.param(b"One\n\nWhy:\n\nHow:\n", False, id="more above"),
    ],
)
def test_an_unedited_template_is_known(message: bytes, expected: bool) -> None:
    assert is_unedited(message, b"\nWhy:\n\n# say\nHow:\n", b"#") is expected


def test_a_template_without_text_says_nothing_about_a_message() -> None:
    assert not is_unedited(b"One\n", b"# say why\n", b"#")

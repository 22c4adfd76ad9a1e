"""What a run that could not judge says."""

from __future__ import annotations

import io

import pytest

from labgate.report.parts import render_bug, render_failure
from labgate.values.errors import GitError, LabgateError, PolicyError


def rendered(error: LabgateError, *, colour: bool = False) -> str:
    stream = io.StringIO()
    render_failure(error, stream, colour=colour)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        pytest.param(GitError("bad object"), "error: bad object\n", id="no-help-known"),
        pytest.param(
            GitError("shallow", "git fetch --unshallow"),
            "error: shallow\n  help: git fetch --unshallow\n",
            id="help-below-the-message",
        ),
        pytest.param(
            PolicyError(("one", "two"), "labgate policy check"),
            "error: one\nerror: two\n  help: labgate policy check\n",
            id="each-mistake-of-a-policy-on-a-line",
        ),
        pytest.param(GitError("fatal: \x1b[31m\nx"), "error: fatal: \\x1b[31m\\x0ax\n", id="words-of-git-are-escaped"),
    ],
)
def test_a_failure_is_one_line_a_problem_and_one_for_help(error: LabgateError, lines: str) -> None:
    assert rendered(error) == lines


def test_only_the_word_error_is_coloured() -> None:
    assert rendered(GitError("x", "y"), colour=True) == "\x1b[1;31merror:\x1b[0m x\n  help: y\n"


def test_a_command_is_never_cut() -> None:
    fits, too_long = "git " + "x" * 3996, "git " + "x" * 3997
    assert rendered(GitError("x", fits)) == f"error: x\n  help: {fits}\n"
    assert rendered(GitError("x", too_long)).endswith("help: the command is too long to show; --format json has it\n")


def test_a_bug_is_named_as_one_and_says_how_to_report_it() -> None:
    stream = io.StringIO()
    render_bug(KeyError("LG\x1b999"), stream)
    assert stream.getvalue() == (
        "labgate: internal error: KeyError: 'LG\\x1b999'; this is a bug\n"
        "  help: run it again with LABGATE_TRACEBACK=1 and report what it prints to labgate's issue tracker\n"
    )

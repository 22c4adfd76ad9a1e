"""The stamp against git-interpret-trailers: what git takes for the trailer block is where the line stands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labgate.experiments.draft import is_empty
from labgate.experiments.stamp import stamp, trailer, without_earlier
from support.env import hermetic

ME = b"housing/ada"
LINE = trailer(ME) + b"\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("One\n", "One\n\n@", id="a subject gets a paragraph below it"),
        pytest.param("feat: one\n", "feat: one\n\n@", id="a subject is no trailer"),
        pytest.param("feat: one\nmore: two\n", "feat: one\nmore: two\n\n@", id="nor is a subject of two lines"),
        pytest.param("\n\nfeat: one\n", "\n\nfeat: one\n\n@", id="nor is one below blank lines"),
        pytest.param("# note\n\nfeat: one\n", "# note\n\nfeat: one\n\n@", id="nor is one below a comment"),
        pytest.param("One\n\nProse.\n", "One\n\nProse.\n\n@", id="prose is no block"),
        pytest.param("One\n\nA: b\n", "One\n\n@A: b\n", id="a block is joined at its head"),
        pytest.param("One\n\nA: b\n\nC: d\n", "One\n\nA: b\n\n@C: d\n", id="only the last paragraph is the block"),
        pytest.param("One\n\nA: b\n  c\n", "One\n\n@A: b\n  c\n", id="a folded line belongs to its trailer"),
        pytest.param(
            "One\n\n(cherry picked from commit 1)\n",
            "One\n\n@(cherry picked from commit 1)\n",
            id="where it was picked from is a trailer",
        ),
        pytest.param(
            "One\n\nprose\nand prose\nSigned-off-by: A\n",
            "One\n\nprose\nand prose\n@Signed-off-by: A\n",
            id="some prose is allowed beside a sign-off",
        ),
        pytest.param(
            "One\n\na\nb\nc\nd\nSigned-off-by: A\n",
            "One\n\na\nb\nc\nd\nSigned-off-by: A\n\n@",
            id="but not four lines of it",
        ),
        pytest.param("One\n\nprose\nA: b\n", "One\n\nprose\nA: b\n\n@", id="and none beside other trailers"),
        pytest.param(
            "One\n\nExperiment: a/b\nC: d\n", "One\n\nExperiment: a/b\n@C: d\n", id="after another experiment"
        ),
        pytest.param("One\n\nExperiment: a/\n b\n", "One\n\nExperiment: a/\n b\n@", id="after its folded lines"),
        pytest.param("One\n\n@\nProse.\n", "One\n\n@\nProse.\n\n@", id="a line higher up does not count"),
        pytest.param("One\n\n@\nA: b\n", "One\n\n@\n@A: b\n", id="not even in a block higher up"),
        pytest.param("One\n\n    @", "One\n\n    @\n@", id="nor one that is indented"),
        pytest.param("One\n\n# c\n# d\n", "One\n\n@\n# c\n# d\n", id="above comments"),
        pytest.param("One\n# c\n", "One\n\n@# c\n", id="above comments without a blank line"),
        pytest.param("One\n\nA: b\n# c\nC: d\n\n# e\n", "One\n\n@A: b\n# c\nC: d\n\n# e\n", id="comments in a block"),
        pytest.param("One\n\n# c\nA: b\n", "One\n\n# c\n@A: b\n", id="a comment that starts a block"),
        pytest.param("One\n\nConflicts:\n\ta\n", "One\n\n@\nConflicts:\n\ta\n", id="above an old list of conflicts"),
        pytest.param("Conflicts:\n\ta\n", "Conflicts:\n\ta\n\n@", id="unless that list is all"),
        pytest.param("One\n\n\n\n", "One\n\n@\n\n\n", id="blank lines at the end stay at the end"),
        pytest.param("amend! x\n\nfeat: x\n", "amend! x\n\nfeat: x\n\n@", id="the subject in an amend! is none either"),
        pytest.param("amend! x\n\ny\n\nA: b\n", "amend! x\n\ny\n\n@A: b\n", id="but a trailer in it is"),
        pytest.param("fixup! feat: x\n", "fixup! feat: x\n\n@", id="a fixup!"),
    ],
)
def test_the_line_goes_where_git_sees_it(message: str, expected: str) -> None:
    before, after = (text.replace("@", LINE.decode()).encode() for text in (message, expected))
    assert stamp(before, ME, b"#") == after
    assert stamp(after, ME, b"#") is after


@pytest.mark.parametrize(
    "message",
    [
        "One\n\n@",
        "One\n\n@A: b\n",
        "One\n\nA: b\n@\n# c\n",
        "One\n\nexperiment :housing/ada\n",
        "One\n\nEXPERIMENT: \t housing/ada \r\n",
        "One\n\n(cherry picked from commit 1)\n@",
    ],
)
def test_a_line_that_stands_is_left_as_it_is(message: str) -> None:
    text = message.replace("@", LINE.decode()).encode()
    assert stamp(text, ME, b"#") is text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(b"One", b"One\n\n" + LINE[:-1], id="no newline"),
        pytest.param(b"One\n\nA: b", b"One\n\n" + LINE + b"A: b", id="a trailer without newline"),
        pytest.param(b"One\n\nExperiment: x/y", b"One\n\nExperiment: x/y\n" + LINE[:-1], id="another without newline"),
        pytest.param(b"One\r\n", b"One\r\n\r\n" + LINE[:-1] + b"\r\n", id="line ends of Windows"),
        pytest.param(b"One\r\n\r\nA: b\r\n", b"One\r\n\r\n" + LINE[:-1] + b"\r\nA: b\r\n", id="and a block of them"),
        pytest.param(b"\xff\xfe\n", b"\xff\xfe\n\n" + LINE, id="any bytes"),
    ],
)
def test_line_ends_are_the_messages_own(message: bytes, expected: bytes) -> None:
    assert stamp(message, ME, b"#") == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("One\n\n@\nTwo\n\n@", "One\n\nTwo\n\n@", id="a paragraph of its own"),
        pytest.param("One\n\n@A: b\n\nTwo\n\n@", "One\n\nA: b\n\nTwo\n\n@", id="beside another trailer"),
        pytest.param("One\n\n@\nTwo\n\n@\nThree\n", "One\n\nTwo\n\nThree\n", id="what text follows goes"),
        pytest.param("# 1\n\nOne\n\n@\n# 2\n\nTwo\n\n@", "# 1\n\nOne\n\n# 2\n\nTwo\n\n@", id="between comments"),
        pytest.param("One\n\nprose\n@\nTwo\n\n@", "One\n\nprose\n@\nTwo\n\n@", id="in prose it is prose"),
        pytest.param("@\nTwo\n\n@", "@\nTwo\n\n@", id="a title is none"),
        pytest.param("One\n\n@", "One\n\n@", id="one alone"),
    ],
)
def test_of_messages_put_together_the_last_line_is_left(message: str, expected: str) -> None:
    before, after = (text.replace("@", LINE.decode()).encode() for text in (message, expected))
    assert without_earlier(before, ME, b"#") == after


def test_without_comments_a_hash_is_text() -> None:
    assert stamp(b"#12 is fixed\n", ME, b"") == b"#12 is fixed\n\n" + LINE
    assert stamp(b"One\n\n#12\n", ME, b"") == b"One\n\n#12\n\n" + LINE


def test_a_comment_string_may_be_long() -> None:
    assert stamp(b"One\n\n// c\n", ME, b"//") == b"One\n\n" + LINE + b"\n// c\n"


WORDS = st.sampled_from(
    [
        *("One", "feat: one", "Some prose", "A: b", "Signed-off-by: A <a@b.c>", "(cherry picked from commit 1)"),
        *(
            "Experiment: housing/ada",
            "Experiment: ranker/wide",
            "experiment:housing/ada",
            "  folded",
            "\tfolded",
            "",
            "",
        ),
        *(
            "",
            " ",
            "# comment",
            "#",
            "https://example.org/",
            "Conflicts:",
            "fixup! x",
            "amend! x",
            ":",
            "a b: c",
            "é",
            "-",
        ),
    ]
)
MESSAGES = st.builds(
    lambda lines, newline, end: newline.join(lines).encode("latin-1") + (newline.encode() if end else b""),
    st.lists(WORDS, min_size=1, max_size=12),
    st.sampled_from(["\n", "\n", "\n", "\r\n"]),
    st.booleans(),
)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return hermetic(tmp_path_factory.mktemp("home"))


def trailers(message: bytes, folder: Path, env: dict[str, str]) -> list[bytes]:
    """Return git's own reading of the trailer block. A line ``---`` ends no commit message, only a patch."""
    argv = ["git", "interpret-trailers", "--parse", "--no-divider"]
    return subprocess.run(argv, cwd=folder, env=env, input=message, capture_output=True, check=True).stdout.splitlines()


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(message=MESSAGES, comment=st.sampled_from([b"#", b"#", b""]))
def test_one_line_is_added_and_git_sees_it(message: bytes, comment: bytes, tmp_path: Path, env: dict[str, str]) -> None:
    """With at most one blank line above it; all other bytes stay, and a second stamp adds nothing."""
    if is_empty(message, comment):
        return
    stamped = stamp(message, ME, comment)
    assert stamp(stamped, ME, comment) is stamped
    if stamped is not message:
        assert is_one_line_more(message, stamped)
    if not message.lstrip().startswith(b"Conflicts:"):
        # Where such a list comes first, git loses count of what it skips.
        assert [line for line in trailers(stamped, tmp_path, env) if line.lower() == LINE[:-1].lower()], stamped


def is_one_line_more(message: bytes, stamped: bytes) -> bool:
    """Say whether the bytes were only put between others, and are the line and at most one blank line."""
    added = len(stamped) - len(message)
    in_one_piece = any(stamped[:at] + stamped[at + added :] == message for at in range(len(message) + 1))
    before, after = ([line.rstrip(b"\r") for line in text.split(b"\n")] for text in (message, stamped))
    places = [at for at, line in enumerate(after) if line == LINE[:-1]]
    without = [
        after[: at - blank] + after[at + 1 :] for at in places for blank in (0, 1) if not any(after[at - blank : at])
    ]
    return in_one_piece and before in without

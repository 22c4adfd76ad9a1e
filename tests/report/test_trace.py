"""What is said of traced commits: blocks of lines for people, records for machines."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from labgate.report.palette import palette
from labgate.report.trace import LINES_SHOWN, TextView, render_json, render_jsonl, render_text, side_by_side
from labgate.values.finding import ALARM, Evidence
from labgate.values.traced import SharedLine, Traced

ONE, TWO, THREE = "1a" * 20, "2b" * 20, "3c" * 20
SHIV = "refs/remotes/origin/research/shiv"
_SGR = re.compile(r"\x1b\[[0-9;]*m")


class Commit(Traced):
    commit: str = ONE
    evidence: tuple[Evidence, ...] = ()
    undecidable: bool = False


def pair(
    text: str = "return heads",
    source_text: str = "return heads",
    path: str = "model.py",
    *,
    number: int = 7,
    source_commit: str = TWO,
    source_path: str = "try/model.py",
) -> SharedLine:
    return SharedLine(path, number, text, source_commit, source_path, 12, source_text)


@dataclass
class Asked:
    """Gives the same lines for every question, and keeps the questions."""

    lines: tuple[SharedLine, ...]
    questions: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def __call__(self, commit: str, sources: Sequence[str]) -> Sequence[SharedLine]:
        self.questions.append((commit, tuple(sources)))
        return self.lines


def exact(method: str = "patch-id", source_ref: str | None = SHIV, **changes: Any) -> Evidence:
    settings: dict[str, Any] = {"matched_lines": 12, "paths": ("a.py", "b.py")} | changes
    return Evidence(method, True, source_ref, (ONE,), settings.pop("source_commits", (TWO,)), **settings)


def similar(score: float = 7.25, **changes: Any) -> Evidence:
    settings: dict[str, Any] = {
        "matched_lines": 9,
        "paths": ("a.py",),
        "terms": (("T", 4.25), ("X", 3.0), ("V", 0.0)),
        "shared": ("return heads",),
    }
    hint = None if score >= ALARM else "below-alarm"
    return Evidence("similarity", score >= ALARM, SHIV, (ONE,), (TWO, THREE), score, hint=hint, **settings | changes)


def text(*commits: Commit, subject: str = "Add shiv support", **view: Any) -> str:
    stream = io.StringIO()
    settings: dict[str, Any] = {"sources": 12, "subject": lambda _: subject} | view
    render_text(commits, stream, TextView(**settings))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("commit", "shown"),
    [
        pytest.param(
            Commit(evidence=(exact(),)),
            "1a1a1a1a1a1a Add shiv support  derived from origin/research/shiv\n"
            "    patch-id    origin/research/shiv 2b2b2b2b2b2b; 12 lines in a.py, b.py\n",
            id="a-copy",
        ),
        pytest.param(
            Commit(evidence=(exact("ancestry", source_commits=(ONE,), matched_lines=None, paths=()),)),
            "1a1a1a1a1a1a Add shiv support  derived from origin/research/shiv\n"
            "    ancestry    origin/research/shiv has this commit\n",
            id="the-commit-itself",
        ),
        pytest.param(
            Commit(evidence=(exact("trailer", None, matched_lines=None, paths=()),)),
            "1a1a1a1a1a1a Add shiv support  derived from a deleted branch\n"
            "    trailer     a deleted branch 2b2b2b2b2b2b\n",
            id="a-branch-that-is-gone",
        ),
        pytest.param(
            Commit(evidence=(exact("squash", source_commits=(TWO, THREE, ONE, "4d" * 20, "5e" * 20)),)),
            "1a1a1a1a1a1a Add shiv support  derived from origin/research/shiv\n"
            "    squash      origin/research/shiv 2b2b2b2b2b2b, 3c3c3c3c3c3c, 1a1a1a1a1a1a\n"
            "                and 2 more; 12 lines in a.py, b.py\n",
            id="many-commits-are-counted",
        ),
        pytest.param(
            Commit(evidence=(similar(),)),
            "1a1a1a1a1a1a Add shiv support  derived from origin/research/shiv\n"
            "    similarity  origin/research/shiv 2b2b2b2b2b2b, 3c3c3c3c3c3c; 9 lines in a.py\n"
            "                similarity 7.2 (warns from 6): same lines, same places\n",
            id="an-alarm-with-its-terms",
        ),
        pytest.param(
            Commit(evidence=(similar(4.5),)),
            "1a1a1a1a1a1a Add shiv support  perhaps from origin/research/shiv\n"
            "    similarity  origin/research/shiv 2b2b2b2b2b2b, 3c3c3c3c3c3c; 9 lines in a.py\n"
            "                similarity 4.5 (warns from 6): same lines, same places\n"
            "                only a hint: below the threshold of 6\n",
            id="a-suspicion",
        ),
        pytest.param(
            Commit(evidence=(Evidence("blob", False, SHIV, (ONE,), (TWO,), hint="because\n"),)),
            "1a1a1a1a1a1a Add shiv support  perhaps from origin/research/shiv\n"
            "    blob        origin/research/shiv 2b2b2b2b2b2b\n"
            "                only a hint: because\\x0a\n",
            id="a-reason-without-words-of-its-own",
        ),
        pytest.param(
            Commit(evidence=(exact(), exact(source_ref="refs/heads/research/y"), similar(4.5))),
            "1a1a1a1a1a1a Add shiv support  derived from origin/research/shiv and 1 more\n",
            id="several-branches",
        ),
        pytest.param(
            Commit(undecidable=True), "1a1a1a1a1a1a Add shiv support  too small to judge by its text\n", id="too-small"
        ),
        pytest.param(
            Commit(evidence=(similar(4.5),), undecidable=True),
            "1a1a1a1a1a1a Add shiv support  too small to judge by its text\n    similarity  ",
            id="too-small-with-a-hint",
        ),
        pytest.param(
            Commit(evidence=(exact(),), undecidable=True),
            "1a1a1a1a1a1a Add shiv support  derived from origin/research/shiv\n",
            id="too-small-for-its-text-but-known-otherwise",
        ),
        pytest.param(Commit(), "1a1a1a1a1a1a Add shiv support  nothing shared with 12 source branches\n", id="clean"),
    ],
)
def test_a_block_says_what_came_out(commit: Commit, shown: str) -> None:
    assert text(commit).startswith(shown)


@pytest.mark.parametrize(
    ("view", "verdict"),
    [
        pytest.param({"sources": 1}, "nothing shared with 1 source branch\n", id="one-source"),
        pytest.param({"sources": 0}, "nothing shared with 0 source branches\n", id="no-source"),
        pytest.param(
            {"methods": ("patch-id", "blob")},
            "nothing shared with 12 source branches by patch-id, blob\n",
            id="not-by-all-methods",
        ),
    ],
)
def test_nothing_shared_says_with_what_it_was_compared(view: dict[str, Any], verdict: str) -> None:
    assert text(Commit(), **view).endswith(verdict)


def test_a_commit_that_is_not_all_here_is_not_called_too_small() -> None:
    gone = Commit(undecidable=True, lacking=True)
    assert text(gone).endswith("not compared: this clone lacks some of it\n")
    assert text(gone, Commit()).endswith("2 commits: 1 not compared, 1 with nothing shared\n")


def test_of_several_commits_the_last_line_says_how_many_came_out_how() -> None:
    shown = text(
        Commit(evidence=(exact(),)), Commit(), Commit(undecidable=True), Commit(), Commit(evidence=(similar(4),))
    )
    assert shown.splitlines()[-1] == (
        "5 commits: 1 derived, 1 perhaps derived, 1 too small to judge, 2 with nothing shared"
    )


def test_nothing_at_all_is_nothing() -> None:
    assert text() == ""


def hostile() -> Commit:
    nasty = Evidence(
        "similarity",
        True,
        "refs/heads/research/\x1b[31m\u202e" + "r" * 300,
        (ONE,),
        (TWO,),
        9.0,
        1,
        ("p\x1b]0;x\x07\n.py" * 40, "\udcff"),
        (("T\x1b", 9.0),),
        ("s\x1b",),
        "\x1bhint",
    )
    return Commit(evidence=(nasty, exact()))


@pytest.mark.parametrize("colour", [False, True])
def test_nothing_foreign_reaches_the_terminal(colour: bool) -> None:
    asked = Asked((pair("\x1b[2J\rtext", "##vso[task]\u2028", "\x1bpath", source_path="\x07"),))
    shown = text(hostile(), subject="\x1b[31mred\n\u202e", colour=colour, shared=asked)
    plain = _SGR.sub("", shown) if colour else shown
    assert not set(plain) & {"\x1b", "\x07", "\r", "\u202e", "\u2028", "\udcff"}
    assert "##vso[" not in plain
    assert "\\x1b[2J\\x0dtext" in plain


@pytest.mark.parametrize("width", [40, 80, 132])
def test_a_block_keeps_to_the_width_where_names_let_it(width: int) -> None:
    asked = Asked(tuple(pair("x" * 200, "y" * 200, "some/long/folder/" * 9 + "model.py") for _ in range(3)))
    commit = Commit(evidence=(exact(), similar(), similar(4.5)))
    lines = text(commit, subject="A subject that is long " * 9, width=width, shared=asked).splitlines()
    head, rest = lines[0], lines[1:]
    assert len(head) <= max(width, 80)
    assert max(map(len, rest)) <= width


def test_colours_are_all_that_colour_adds() -> None:
    commits = (
        Commit(evidence=(exact(), similar(4.5))),
        Commit(),
        Commit(undecidable=True),
        Commit(evidence=(similar(5),)),
    )
    asked = Asked((pair(),))
    plain, coloured = (text(*commits, colour=colour, shared=asked) for colour in (False, True))
    assert _SGR.sub("", coloured) == plain != coloured


def test_shared_lines_stand_below_each_evidence_but_that_a_branch_has_the_commit_itself() -> None:
    asked = Asked((pair(),))
    itself = exact("ancestry", source_commits=(ONE,))
    shown = text(Commit(evidence=(itself, exact(), similar(4.5))), shared=asked)
    assert asked.questions == [(ONE, (TWO,)), (ONE, (TWO, THREE))]
    assert shown.count("model.py") == 2 * 2
    assert shown.splitlines()[1:6] == [
        "    ancestry    origin/research/shiv has this commit",
        "    patch-id    origin/research/shiv 2b2b2b2b2b2b; 12 lines in a.py, b.py",
        "                2b2b2b2b2b2b Add shiv support",
        "      model.py                            | 2b2b2b2b2b2b:try/model.py",
        "       7 return heads                     | 12 return heads",
    ]


def test_without_lines_to_show_that_is_said() -> None:
    assert text(Commit(evidence=(exact(),)), shared=Asked(())).endswith("                (no lines to show)\n")


def columns(lines: Iterable[SharedLine], width: int = 80) -> list[str]:
    return list(side_by_side(tuple(lines), width, palette(colour=False)))


def test_lines_are_below_the_files_they_are_from() -> None:
    pairs = [pair(number=1), pair(number=2), pair(path="b.py"), pair(path="b.py", source_commit=THREE)]
    heads = [line.split(" | ") for line in columns(pairs) if ":" in line]
    assert [(left.strip(), right) for left, right in heads] == [
        ("model.py", "2b2b2b2b2b2b:try/model.py"),
        ("b.py", "2b2b2b2b2b2b:try/model.py"),
        ("b.py", "3c3c3c3c3c3c:try/model.py"),
    ]
    assert len(columns(pairs)) == 4 + 3


def test_what_all_lines_are_indented_by_is_left_out_and_the_rest_kept() -> None:
    pairs = [pair("\tif x:", "        if x:"), pair("\t\treturn x", "            return x"), pair("", "  ")]
    shown = [line.split(" | ") for line in columns(pairs)[1:]]
    assert [(left.strip(), *right) for left, *right in shown[:2]] == [
        ("7 if x:", "12     if x:"),
        ("7     return x", "12         return x"),
    ]


def test_a_line_that_both_delete_begins_with_a_minus() -> None:
    left, right = columns([pair().changed(deleted=True)])[1].split(" | ")
    assert (left.strip(), right) == ("7 - return heads", "12 - return heads")


@pytest.mark.parametrize("number", [LINES_SHOWN, LINES_SHOWN + 1, 1234])
def test_of_many_lines_the_first_are_shown_and_the_others_counted(number: int) -> None:
    shown = columns(pair(number=at + 1) for at in range(number))
    assert sum("return heads" in line for line in shown) == LINES_SHOWN
    more = {LINES_SHOWN: [], LINES_SHOWN + 1: ["      ... and 1 more"], 1234: ["      ... and 1,214 more"]}
    assert [line for line in shown if "..." in line] == more[number]


def records(*commits: Commit) -> list[dict[str, Any]]:
    stream = io.StringIO()
    render_jsonl(commits, stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_has_the_keys_of_the_contract() -> None:
    (record,) = records(Commit(evidence=(similar(4.5), exact(source_ref=None, matched_lines=None))))
    assert list(record) == ["commit", "derived", "undecidable", "evidence"]
    assert (record["commit"], record["derived"], record["undecidable"]) == (ONE, True, False)
    assert record["evidence"] == [
        {
            "method": "similarity",
            "decisive": False,
            "source_ref": SHIV,
            "source_commits": [TWO, THREE],
            "score": 4.5,
            "matched_lines": 9,
            "paths": ["a.py"],
            "terms": {"T": 4.25, "X": 3.0, "V": 0.0},
            "shared": ["return heads"],
            "hint": "below-alarm",
            "source_state": "live",
            "other_ref": None,
        },
        {
            "method": "patch-id",
            "decisive": True,
            "source_ref": None,
            "source_commits": [TWO],
            "score": 1.0,
            "matched_lines": None,
            "paths": ["a.py", "b.py"],
            "terms": {},
            "shared": [],
            "hint": None,
            "source_state": "live",
            "other_ref": None,
        },
    ]


def test_a_record_is_one_line_of_ascii_that_every_reader_takes() -> None:
    stream = io.StringIO()
    render_jsonl([hostile()], stream)
    assert stream.getvalue().isascii()
    assert stream.getvalue().count("\n") == 1
    assert "\x7f" not in stream.getvalue()
    (record,) = [json.loads(stream.getvalue())]
    # A byte that is no UTF-8 is written out: strict readers refuse a lone surrogate.
    assert record["evidence"][0]["paths"][1] == "\\udcff"


def test_a_line_is_out_before_the_next_commit_is_asked_for() -> None:
    stream = io.StringIO()

    def commits() -> Iterator[Commit]:
        for number in range(3):
            assert stream.getvalue().count("\n") == number
            yield Commit()

    render_jsonl(commits(), stream)
    assert stream.getvalue().count("\n") == 3


def test_json_is_one_array_of_the_same_records() -> None:
    commits = (Commit(evidence=(similar(),)), Commit(undecidable=True))
    stream = io.StringIO()
    render_json(commits, stream)
    assert json.loads(stream.getvalue()) == records(*commits)
    empty = io.StringIO()
    render_json([], empty)
    assert empty.getvalue() == "[]\n"


def test_half_an_array_is_never_written() -> None:
    def failing() -> Iterator[Commit]:
        yield Commit()
        raise OSError(5, "broken")

    stream = io.StringIO()
    with pytest.raises(OSError, match="broken"):
        render_json(failing(), stream)
    assert stream.getvalue() == ""

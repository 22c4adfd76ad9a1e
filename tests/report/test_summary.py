"""The summary of a CI step: what it says, that foreign text changes nothing of it, and that it fits."""

from __future__ import annotations

import html
import io
import re
from collections import Counter

import pytest
from hypothesis import given, settings

from labgate.report import renderer
from labgate.report.summary import LIMIT, render
from labgate.values.errors import GitError, PolicyError
from labgate.values.ref_update import View
from labgate.values.report import PolicyOrigin, Report, ReviewState
from support import hostile, reports
from support.gfm import GFM

#: All HTML of ours.
TAGS = {"<code>", "</code>", "<br>"}


def page(report: Report) -> str:
    stream = io.StringIO()
    render(report, stream)
    return stream.getvalue()


def seen(report: Report) -> list[str]:
    """Return the lines of the page with what is escaped as the reader sees it."""
    return html.unescape(page(report)).replace("\u200b", "").splitlines()


def structure(markdown: str) -> Counter[str]:
    """Count the elements of a page; every tag is one of ours."""
    found: Counter[str] = Counter()
    for token in GFM.parse(markdown):
        inner = token.children or []
        assert {item.content for item in inner if item.type == "html_inline"} <= TAGS
        found.update(item.type for item in (token, *inner) if item.type not in ("text", "text_special"))
    return found


def test_a_refusal_says_all_that_a_reviewer_needs() -> None:
    lines = seen(reports.refused())
    assert lines[:3] == ["## ❌ labgate: failed", "", "1 error, 1 note, 1 undecided"]
    for line in (
        "- note: partial view: 2 of 3 refs seen; run `labgate install`",
        "### <code>main</code>, a ref of kind protected, from <code>research/attention</code>",
        "Judged: <code>0a0a0a0a0a0a</code> to <code>1b1b1b1b1b1b</code>",
        "| branch-name | ✅ passed |  |",
        "| research-gate | ❌ failed | LG201, LG212 |",
        "| commit-size | ⏭️ skipped | no size limits for protected |",
        "| experiment-hash | ❔ undecided | this clone is shallow<br><code>help: git fetch --unshallow origin</code> |",
        "**Review**: required assurance: trailer; reached: none.",
        "- ❌ <code>ada</code> does not count: self-review",
        "- ❌ somebody who is not listed does not count: stranger",
        "- still missing: the group <code>core</code>; <code>ada</code> can review",
        "  - commits: <code>222222222222</code> <code>333333333333</code>",
    ):
        assert line in lines
    (finding,) = (line for line in lines if "**LG201" in line)
    assert finding.startswith(
        "- ❌ **LG201 unreviewed-research** (error): 2 unreviewed commits from origin/research/attention "
    )
    assert any(line.startswith("  - help: <code>labgate review approve ") for line in lines)
    (evidence,) = (line for line in lines if line.startswith("| squash |"))
    assert evidence.startswith("| squash | <code>origin/research/attention</code> | <code>222222222222</code> ")
    assert evidence.endswith(" | 1.0 | 120 | <code>model.py</code> |")


def test_a_table_has_as_many_cells_in_each_row_as_it_has_columns() -> None:
    found = structure(page(reports.refused()))
    assert found["table_open"] == 3
    assert found["td_open"] == 4 * 3 + 1 * 6 + 3 * 3


def test_those_who_counted_are_named_and_what_is_missing_is_in_words() -> None:
    review = ReviewState("forge", "forge", ("lin", "grace"), (), ("total", "affiliations"))
    lines = seen(reports.report(reports.judged(review=review)))
    assert "- ✅ <code>lin</code> counts" in lines
    assert "- ✅ <code>grace</code> counts" in lines
    assert "- still missing: more reviewers, reviewers of more affiliations" in lines


def test_success_says_what_was_looked_at() -> None:
    lines = seen(reports.passed())
    assert lines[0] == "## ✅ labgate: passed"
    assert "2 checks passed, 1 skipped on 1 ref; 12 research refs known here" in lines


def test_what_stopped_the_run_is_listed_with_what_mends_it() -> None:
    problems = (GitError("shallow", "git fetch"), PolicyError(("one", "two")))
    lines = seen(reports.report(view=View(1, None, 0, False), problems=problems))
    assert lines == [
        "## ❔ labgate: undecided",
        "",
        "- ❌ could not judge: shallow",
        "  - help: <code>git fetch</code>",
        "- ❌ could not judge: one",
        "- ❌ could not judge: two",
        "",
    ]


def test_a_run_that_was_skipped_says_why() -> None:
    report = reports.report(view=View(0, None, 0, False), policy=PolicyOrigin("none"), skipped="no policy")
    assert seen(report)[:3] == ["## ⏭️ labgate: skipped", "", "- skipped: no policy"]


def test_errors_come_first_and_long_lists_are_cut() -> None:
    many = reports.squashed(reports.COMMITS * 4)
    lines = seen(reports.report(reports.judged(reports.mistargeted(), many)))
    codes = [found[1] for line in lines if (found := re.match(r"- \S+ \*\*(LG\d+)", line))]
    assert codes == ["LG201", "LG212"]
    assert any(line.startswith("  - commits: ") and line.endswith(" and 8 more") for line in lines)


def test_commits_too_small_to_compare_are_said() -> None:
    lines = seen(reports.report(reports.judged(undecidable=reports.COMMITS[:1])))
    assert any(line.startswith("Note: research-gate: 1 commit is too small ") for line in lines)


@hostile.each
@pytest.mark.parametrize("problems", [False, True], ids=["judged", "stopped"])
def test_hostile_text_changes_nothing_of_the_page(text: str, problems: bool) -> None:
    written = page(hostile.report(text, problems=problems))
    assert structure(written) == structure(page(hostile.report("harmless", problems=problems)))
    assert hostile.commands(written) == []
    assert hostile.visible(written.replace("\ufe0f", ""))
    assert written.count("\n") == page(hostile.report("harmless", problems=problems)).count("\n")


@settings(deadline=None)
@given(hostile.ANYTHING.filter(bool))
def test_any_text_changes_nothing_of_the_page(text: str) -> None:
    assert structure(page(hostile.report(text))) == structure(page(hostile.report("harmless")))


def test_it_is_no_format_of_the_command_line_but_a_renderer_like_them() -> None:
    stream = io.StringIO()
    renderer("summary")(reports.refused(), stream)
    assert stream.getvalue() == page(reports.refused())


def test_a_rule_is_linked_where_its_page_is_known() -> None:
    stream = io.StringIO()
    renderer("summary", site=reports.SITE)(reports.refused(), stream)
    assert f"- ❌ **[LG201 unreviewed-research]({reports.SITE.page('LG201')})** (error): " in stream.getvalue()
    assert "- ❌ **LG201 unreviewed-research** (error): " in page(reports.refused())


def large(findings: int) -> Report:
    return reports.report(reports.judged(*[reports.mistargeted()] * findings))


def test_a_page_that_is_too_large_is_cut_after_a_whole_line_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    one = len(page(large(2)).encode()) - len(page(large(1)).encode())
    whole = page(large(100))
    assert "was cut" not in whole
    cut = page(large(2 * LIMIT // one))
    assert LIMIT - 2 * one < len(cut.encode()) <= LIMIT
    body, last = cut.removesuffix("\n").rsplit("\n", 1)
    assert last.startswith("*This summary was cut: ")
    monkeypatch.setattr("labgate.report.summary.LIMIT", 4 * LIMIT)
    uncut = page(large(2 * LIMIT // one))
    assert "was cut" not in uncut
    assert uncut.startswith(body)


@pytest.mark.parametrize("spare", [0, 1, 50, 150])
def test_a_page_that_just_fits_is_whole_and_one_byte_more_is_cut(spare: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = page(large(50))
    monkeypatch.setattr("labgate.report.summary.LIMIT", len(whole.encode()) + spare)
    assert page(large(50)) == whole
    monkeypatch.setattr("labgate.report.summary.LIMIT", len(whole.encode()) - 1 - spare)
    cut = page(large(50))
    assert "was cut" in cut
    assert len(cut.encode()) <= len(whole.encode()) - 1 - spare

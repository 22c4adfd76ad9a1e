"""The text report, line by line, as people see it."""

from __future__ import annotations

import io
from textwrap import dedent

import pytest

from labgate.checks.experiment_hash.rules import MissingTrailer, Unstamped
from labgate.report import renderer
from labgate.values.errors import GitError, PolicyError
from labgate.values.finding import PASSED, UNDECIDED, Evidence
from labgate.values.ref_update import RefUpdate, View
from labgate.values.report import CheckResult, Judged, PolicyOrigin, Report
from support import reports

REVIEW = "labgate review approve research/attention --by ada  # once ada has reviewed it"
SQUASH = "222222222222 and 1 more: squash of 222222222222 and 6 more, 120 lines"
NAMED = ": 222222222222 Try 0 heads, 333333333333 Try 1 heads"
REFUSED = f"""\
labgate: partial view: 2 of 3 refs seen; run `labgate install`
labgate: labgate's native hook is of another version
main: LG201 error: 2 unreviewed commits from origin/research/attention ({SQUASH}){NAMED}
    help: {REVIEW}
main: LG212 note: research/attention is a research branch and lands on research, not on main
    help: send it to a branch of kind research, or change [kinds.research] targets
main: experiment-hash undecided: this clone is shallow
    help: git fetch --unshallow origin
1 error, 1 note, 1 undecided
"""


def rendered(report: Report, *, colour: bool = False, verbose: bool = False) -> str:
    stream = io.StringIO()
    renderer("text", colour=colour, verbose=verbose)(report, stream)
    assert verbose or report.is_silent == (stream.getvalue() == "")
    return stream.getvalue()


def test_success_is_silent() -> None:
    assert rendered(reports.passed()) == ""


def test_whatever_is_said_makes_a_report_not_silent() -> None:
    passed, partial = reports.passed(), View(1, 2, source_refs=0, sources_complete=True)
    loud = {
        "partial": passed.changed(view=partial),
        "skipped": passed.changed(skipped=""),
        "notice": passed.changed(notices=("",)),
        "problem": passed.changed(problems=(GitError("git failed"),)),
        "undecided": passed.changed(judged=(reports.judged().changed(checks=(CheckResult("x", UNDECIDED),)),)),
    }
    assert [name for name, report in loud.items() if not rendered(report)] == []
    assert rendered(passed.changed(view=partial.changed(said=True))) == ""


def test_success_is_said_on_request_with_what_was_skipped() -> None:
    assert rendered(reports.passed(), verbose=True) == dedent("""\
        main: commit-size skipped: no size limits for protected
        labgate: 2 checks passed, 1 skipped on 1 ref; 12 research refs known here
        """)


def test_success_with_unknown_research_refs_says_so() -> None:
    view = View(refs_seen=1, refs_total=1, source_refs=1, sources_complete=False)
    assert rendered(reports.report(reports.judged(), view=view), verbose=True).endswith(
        "; 1 research ref known here, perhaps not all\n"
    )


def test_a_refusal_shows_what_was_found_what_is_undecided_and_what_mends_it() -> None:
    assert rendered(reports.refused()) == REFUSED


def test_a_refusal_on_request_lists_commits_evidence_and_what_was_skipped() -> None:
    assert rendered(reports.refused(), verbose=True) == (
        REFUSED.replace(
            "main: LG212",
            "    evidence squash from origin/research/attention:"
            " 222222222222 333333333333 444444444444 555555555555 666666666666 and 2 more\n"
            "main: LG212",
        )
        .replace("main: experiment", "main: commit-size skipped: no size limits for protected\nmain: experiment")
        .replace("1 error,", "research/attention: commit-size skipped: no size limits for protected\n1 error,")
    )


def test_colour_marks_levels_and_codes_and_nothing_else() -> None:
    bold, red, cyan, magenta, end = "\x1b[1m", "\x1b[1;31m", "\x1b[1;36m", "\x1b[1;35m", "\x1b[0m"
    coloured = (
        REFUSED.replace("LG201 error:", f"{bold}LG201{end} {red}error:{end}")
        .replace("LG212 note:", f"{bold}LG212{end} {cyan}note:{end}")
        .replace("undecided: ", f"{magenta}undecided:{end} ")
        .replace("1 error, 1 note, 1 undecided", f"{red}1 error{end}, {cyan}1 note{end}, {magenta}1 undecided{end}")
    )
    assert rendered(reports.refused(), colour=True) == coloured


def test_a_long_list_of_commits_is_cut_and_says_how_many_are_left() -> None:
    report = reports.report(reports.judged(reports.squashed(reports.COMMITS)))
    shown = rendered(report, verbose=True)
    assert "    commit 666666666666 Try 4 heads\n    and 2 more commits\n" in shown
    assert [shown.count(f"Try {number} heads") for number in range(5)] == [1] * 5


def test_quiet_shows_errors_and_what_is_undecided() -> None:
    def quiet(report: Report) -> str:
        stream = io.StringIO()
        renderer("text", quiet=True)(report, stream)
        return stream.getvalue()

    shown = quiet(reports.refused())
    assert [line for line in REFUSED.splitlines() if "LG212" in line or line.startswith("1 error")]
    assert shown.splitlines() == [line for line in REFUSED.splitlines() if _is_needed(line)]
    assert quiet(reports.passed()) == ""


def _is_needed(line: str) -> bool:
    return not any(word in line for word in ("LG212", "[kinds.research]", "1 error,")) and line[:8] != "labgate:"


def test_a_deleted_branch_has_no_name() -> None:
    finding = reports.squashed()
    blob = Evidence("blob", True, None, finding.oids, ())
    finding = finding.changed(evidence=(blob,))
    shown = rendered(reports.report(reports.judged(finding)), verbose=True)
    assert "    evidence blob from a deleted branch\n" in shown


def test_a_suspicion_shows_what_its_score_stands_on() -> None:
    shown = rendered(reports.report(reports.judged(reports.suspected())))
    assert shown == (
        "main: LG202 warning: 1 commit looks like origin/research/attention:"
        " 222222222222 like 777777777777, 9 lines shared, similarity 11.2 (warns from 6)\n"
        f"    help: {REVIEW}\n"
        "    details: labgate trace --show 222222222222\n"
        "    | heads = split(query, window)\n"
        "    | return softmax(heads)\n"
        "1 warning\n"
    )


def test_a_suspicion_on_request_shows_it_for_each_evidence() -> None:
    hint = Evidence("patch-id", False, None, reports.COMMITS[:1], (), shared=("import torch",), hint="landed-first")
    finding = reports.suspected(reports.SIMILAR, hint)
    assert rendered(reports.report(reports.judged(finding)), verbose=True).partition("Try 0 heads\n")[2] == (
        "    evidence similarity from origin/research/attention: 777777777777\n"
        "      similarity 11.2 (warns from 6): same lines, same places, same names\n"
        "      | heads = split(query, window)\n"
        "      | return softmax(heads)\n"
        "    evidence patch-id from a deleted branch (landed-first)\n"
        "      | import torch\n"
        "main: commit-size skipped: no size limits for protected\n"
        "1 warning\n"
    )


def test_what_is_proven_lists_no_lines_unless_asked() -> None:
    proof = Evidence("blob", True, None, reports.COMMITS[:1], (), shared=("import torch",))
    finding = reports.squashed(proof.commits, evidence=(proof,))
    report = reports.report(reports.judged(finding))
    assert "| import torch" not in rendered(report)
    assert "      | import torch\n" in rendered(report, verbose=True)


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, "1 commit is too small to compare with research by its text"),
        (2, "2 commits are too small to compare with research by their text"),
    ],
)
def test_commits_too_small_to_compare_are_said_beside_findings_and_on_request(number: int, line: str) -> None:
    line = f"main: research-gate: {line} (exact comparison found nothing)\n"
    small = reports.COMMITS[:number]
    clean = reports.report(reports.judged(undecidable=small))
    assert rendered(clean) == ""
    listed = " ".join(oid[:12] for oid in small)
    assert rendered(clean, verbose=True).startswith(f"{line}    {listed}\nmain: commit-size skipped")
    assert (clean.outcome, clean.exit_status) == ("passed", 0)
    noted = reports.report(reports.judged(reports.mistargeted(), undecidable=small))
    assert rendered(noted).endswith(f"\n{line}1 note\n")


def test_without_such_commits_nothing_is_said_of_their_size() -> None:
    assert "too small" not in rendered(reports.refused(), verbose=True)


@pytest.mark.parametrize(
    ("view", "line"),
    [
        pytest.param(View(1, None, 0, True), "1 ref seen", id="total-unknown"),
        pytest.param(View(2, None, 0, True), "2 refs seen", id="two-seen-total-unknown"),
        pytest.param(View(1, 3, 0, True), "1 of 3 refs seen", id="one-of-three"),
    ],
)
def test_a_partial_view_is_said_even_when_all_passed(view: View, line: str) -> None:
    shown = rendered(reports.report(reports.judged(), view=view))
    assert shown == f"labgate: partial view: {line}; run `labgate install`\n"


def test_a_partial_view_that_was_said_today_is_not_said_again() -> None:
    assert rendered(reports.report(reports.judged(), view=View(1, None, 0, True, said=True))) == ""


def test_a_skipped_run_is_one_line() -> None:
    nothing_seen = View(0, None, 0, False)
    shown = rendered(reports.report(view=nothing_seen, policy=PolicyOrigin("none"), skipped="there is no policy here"))
    assert shown == "labgate: skipped: there is no policy here\n"


def test_what_stopped_the_run_is_shown_with_what_mends_it() -> None:
    problems = (
        GitError("this clone is shallow", "git fetch --unshallow origin"),
        PolicyError(("labgate.toml: version: expected 1, found 2", "labgate.toml: trunk: expected a name")),
    )
    assert rendered(reports.report(view=View(1, None, 0, False), problems=problems)) == dedent("""\
        error: this clone is shallow
          help: git fetch --unshallow origin
        error: labgate.toml: version: expected 1, found 2
        error: labgate.toml: trunk: expected a name
        """)


def test_a_finding_without_a_ref_of_its_own_stands_at_its_update() -> None:
    finding = reports.squashed()
    finding = finding.changed(ref=None)
    update = RefUpdate("refs/tags/v1", None, reports.NEW)
    assert rendered(reports.report(reports.judged(finding, update=update))).startswith("v1: LG201 error: ")


def test_a_finding_in_a_file_stands_at_its_path() -> None:
    finding = reports.squashed()
    finding = finding.changed(path="models/a b.bin")
    assert rendered(reports.report(reports.judged(finding))).startswith("models/a b.bin: LG201 error: ")


@pytest.mark.parametrize("path", ["::error::x", " ::add-mask::x", "\u3000::stop-commands::x"])
def test_no_line_starts_with_a_github_command(path: str) -> None:
    finding = reports.squashed()
    finding = finding.changed(ref=None, path=path)
    shown = rendered(reports.report(reports.judged(finding)))
    assert shown.startswith(f"./{path}: LG201")
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())


HOSTILE = "\x1b]0;x\x07\u202e\n::error::y"


def test_every_foreign_string_is_escaped() -> None:
    finding = reports.squashed(
        reports.COMMITS[:1],
        source=f"refs/heads/{HOSTILE}",
        subjects=(HOSTILE,),
        path=HOSTILE,
        evidence=(Evidence("blob", True, f"refs/heads/{HOSTILE}", (), ()),),
    )
    checks = (CheckResult("commit-size", "undecided", HOSTILE, HOSTILE), CheckResult("branch-name", PASSED))
    item = Judged(RefUpdate(f"refs/heads/{HOSTILE}", None, None), None, checks, (finding,))
    whole = rendered(
        reports.report(item, notices=(HOSTILE,), skipped=HOSTILE, problems=(GitError(HOSTILE, HOSTILE),)), verbose=True
    )
    assert not any(char in whole for char in ("\x1b", "\x07", "\u202e"))
    assert not any(line.lstrip().startswith("::") for line in whole.splitlines())
    assert whole.count(r"\x1b]0;x\x07\u202e\x0a::error::y") >= 9


@pytest.mark.parametrize("verbose", [False, True], ids=["in short", "on request"])
def test_a_shared_line_is_escaped_cut_and_starts_no_line(verbose: bool) -> None:
    shared = (HOSTILE, "::error::z", "##vso[task.complete]", "x" * 1000)
    evidence = Evidence("similarity", True, None, reports.COMMITS[:1], (), 7.0, terms=((HOSTILE, 7.0),), shared=shared)
    whole = rendered(reports.report(reports.judged(reports.suspected(evidence))), verbose=verbose)
    assert not any(char in whole for char in ("\x1b", "\x07", "\u202e"))
    assert not any(line.lstrip().startswith("::") for line in whole.splitlines())
    assert r"| \x1b]0;x\x07\u202e\x0a::error::y" in whole
    assert r"| \x23#vso[task.complete]" in whole
    assert max(len(line) for line in whole.splitlines() if "| xxx" in line) < 110


def test_more_than_five_shared_lines_are_never_shown() -> None:
    evidence = Evidence("similarity", True, None, reports.COMMITS[:1], (), 7.0, shared=tuple("abcdefg"))
    shown = rendered(reports.report(reports.judged(reports.suspected(evidence))))
    assert [line for line in shown.splitlines() if line.startswith("    | ")] == [f"    | {line}" for line in "abcde"]


def test_a_message_of_any_length_stays_readable() -> None:
    name = "x" * 10_000
    long = reports.squashed(reports.COMMITS[:1], source=f"refs/heads/{name}", branch=name)
    first, second, *_ = rendered(reports.report(reports.judged(long))).splitlines()
    assert len(first) < 600
    assert first.endswith("…")
    assert second == "    help: the command is too long to show; --format json has it"


def test_a_command_on_several_lines_is_shown_whole_or_not_at_all() -> None:
    def missing(number: int) -> str:
        commits = tuple(Unstamped(f"{at:012x}" + "0" * 28, "try") for at in range(number))
        finding = MissingTrailer(
            "a", "b", "a/b", "experiment--a--b", commits, "f" * 40, False, None, "", oids=reports.COMMITS[:1]
        )
        return rendered(reports.report(reports.judged(finding)))

    shown = missing(100)
    assert all(f"{at:012x}*" in shown for at in range(100))
    assert "    help: LINE='Experiment: a/b' \\\n" in shown
    assert "…" not in shown
    assert "help: the command is too long to show; --format json has it\n" in missing(400)


def test_the_same_help_of_several_checks_is_shown_once() -> None:
    def undecided(name: str, help: str) -> CheckResult:
        return CheckResult(name, "undecided", "this clone is shallow", help)

    judged = reports.judged()
    judged = judged.changed(
        checks=(undecided("research-gate", "git a"), undecided("commit-size", "git a"), undecided("x", "git b"))
    )
    # An audit judges each landing on main.
    assert rendered(reports.report(judged, judged)) == rendered(reports.report(judged))
    assert rendered(reports.report(judged)) == (
        "main: research-gate undecided: this clone is shallow\n"
        "    help: git a\n"
        "main: commit-size undecided: this clone is shallow\n"
        "main: x undecided: this clone is shallow\n"
        "    help: git b\n"
    )

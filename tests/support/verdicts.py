"""One ``labgate check`` as people and as tools see it, and a short summary of its report for inline snapshots."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from textwrap import fill, shorten
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import labgate.report
from labgate.cli.reporting import Reporting
from labgate.values.report import Report
from support.repo import Repo, Result

#: Longest line of a summary. What is escaped in a string literal still fits into a line of source.
WIDTH = 108


@dataclass(frozen=True)
class Verdict:
    """The text of one run (both streams), its JSON report, and the summary of that which snapshots hold."""

    text: str
    report: dict[str, Any]
    summary: str

    @property
    def rules(self) -> list[str]:
        """The code of every finding, in order."""
        return [finding["rule"] for finding in self.report["findings"]]

    def finding(self, code: str) -> dict[str, Any]:
        """Return the one finding of a rule."""
        (found,) = (finding for finding in self.report["findings"] if finding["rule"] == code)
        assert isinstance(found, dict)
        return found

    @property
    def review(self) -> dict[str, Any] | None:
        """What the report says of the review of its one update; ``None`` where nothing needed one."""
        (update,) = self.report["updates"]
        review: dict[str, Any] | None = update["review"]
        return review

    @property
    def counted(self) -> list[str]:
        """Every person whose review counted."""
        return [] if self.review is None else list(self.review["counted"])

    @property
    def not_counted(self) -> list[tuple[str | None, str]]:
        """Person and reason of every marker that did not count."""
        return [] if self.review is None else [(item["person"], item["reason"]) for item in self.review["not_counted"]]

    def outcome(self, check: str = "research-gate") -> str:
        """Return the outcome of one check on the one update."""
        (update,) = self.report["updates"]
        (outcome,) = (item["outcome"] for item in update["checks"] if item["name"] == check)
        assert isinstance(outcome, str)
        return outcome


def judge(repo: Repo, *args: str, status: int, **env: str) -> Verdict:
    """Run ``labgate check`` as text and as JSON. Both must exit with this status, and the JSON must fit the schema."""
    said, found = every_way(repo, *args, ways={"json": {"format": "json"}}, **env)
    assert (said.status, found["json"].status) == (status, status), said.text
    report = json.loads(found["json"].out)
    schema().validate(report)
    return Verdict(said.text, report, summary(repo, report))


def every_way(
    repo: Repo, *args: str, ways: Mapping[str, Mapping[str, object]], **env: str
) -> tuple[Result, dict[str, Result]]:
    """Run ``labgate check``; return what it did, and what it would do with other options of a report.

    ``ways`` are fields of ``Reporting`` by the name of each way. One judgement is written in all of them, which takes
    a part of the time; that each is what a run with that option writes is tested of few changes (``cli/test_check``).
    Nothing is returned for them where there is no report, as for an unknown option.
    """
    found: dict[str, Result] = {}
    conclude = Reporting.conclude

    def every_one(reporting: Reporting, report: Report) -> int:
        for name, options in ways.items():
            out, err = StringIO(), StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                status = conclude(reporting.changed(**options), report)
            found[name] = Result(status, out.getvalue(), err.getvalue())
        return conclude(reporting, report)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reporting, "conclude", every_one)
        said = repo.labgate("check", *args, status=None, **env)
    return said, found


def assert_passes(repo: Repo, *args: str, check: str = "research-gate") -> Verdict:
    """Run ``labgate check``, which must find nothing and leave nothing undecided; one check must not be skipped."""
    verdict = judge(repo, *args, status=0)
    assert (verdict.summary, verdict.outcome(check)) == ("", "passed")
    return verdict


@cache
def schema() -> Draft202012Validator:
    """Return the published schema of the report, itself validated."""
    folder = Path(labgate.report.__file__).parent
    text = json.loads((folder / "report.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(text)
    return Draft202012Validator(text)


def summary(repo: Repo, report: dict[str, Any]) -> str:
    """Return what a report finds and what it leaves undecided, as ASCII in wrapped lines; ``""`` where that is nothing.

    Not listed: notices, checks that passed or were skipped, and keys of the report that are not for people. A commit
    is named by its subject, which, unlike its oid, stays the same when the policy of the test project changes.
    """
    lines = (_with_subjects(repo, _ascii(line)) for line in _lines(report))
    return "".join(fill(line, WIDTH, subsequent_indent=" " * 8, break_on_hyphens=False) + "\n" for line in lines)


def _with_subjects(repo: Repo, line: str) -> str:
    return re.sub(r"\b[0-9a-f]{12,64}\b", lambda found: _subject(repo, found[0]), line)


def _subject(repo: Repo, word: str) -> str:
    """Return the subject of a commit, cut short, in angle brackets; the word itself where it names no commit."""
    subject = repo.run("git", "log", "--max-count=1", "--format=%s", word, "--", status=None).out.strip()
    return f"<{shorten(_ascii(subject), 30, placeholder='...')}>" if subject else word


def _ascii(text: str) -> str:
    """Escape what a reader of the source could not see."""
    return text.encode("unicode_escape").decode()


def _lines(report: dict[str, Any]) -> Iterator[str]:
    for problem in report["problems"]:
        yield f"problem: {problem['message']}"
        yield from _help(problem)
    for finding in report["findings"]:
        yield from _finding(finding, report["updates"][finding["update"]])
    for update in report["updates"]:
        if update["outcome"] != "passed":
            yield from _review(update["review"])
        for check in update["checks"]:
            if check["outcome"] == "undecided":
                yield f"undecided {_short(update['ref'])} {check['name']}: {check['reason']}"
                yield from _help(check)


def _finding(finding: dict[str, Any], update: dict[str, Any]) -> Iterator[str]:
    location = finding["location"]
    place = location["path"] or _short(location["ref"] or update["ref"])
    yield f"{finding['rule']} {finding['level']} {place}: {finding['message']}"
    yield from _help(finding)
    for evidence in finding["evidence"]:
        yield f"    evidence: {evidence['method']} {_short(evidence['source_ref'] or 'no live ref')}"


def _help(item: dict[str, Any]) -> Iterator[str]:
    if item["help"] is not None:
        yield f"    help: {item['help']}"


def _review(review: dict[str, Any] | None) -> Iterator[str]:
    """Yield one line about the claims that were made, and nothing where none was."""
    if review is None or not (review["counted"] or review["not_counted"]):
        return
    parts = [f"{review['required']} required", f"{review['reached']} reached"]
    names = {
        "counted": review["counted"],
        "not counted": [item["person"] or "somebody" for item in review["not_counted"]],
        "missing": review["missing"],
    }
    parts += [f"{what}: {', '.join(found)}" for what, found in names.items() if found]
    yield f"review: {'; '.join(parts)}"


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")

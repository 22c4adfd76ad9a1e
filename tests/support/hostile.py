"""Texts that attack whoever shows a report, and reports that have such a text wherever a stranger can put one."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import strategies as st

from labgate.checks.research_gate.assessment import RefusedReview, Reviewer
from labgate.checks.research_gate.protected_refs import WrongTarget
from labgate.values.errors import GitError, PolicyError
from labgate.values.finding import FAILED, SKIPPED, UNDECIDED, Evidence, Finding
from labgate.values.ref_update import RefUpdate
from labgate.values.report import CheckResult, Judged, NotCounted, Report, ReviewState
from support import reports

#: Hypothesis leaves surrogates out of ``text()`` unless asked; paths that are not UTF-8 have them.
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))

TEXTS = {
    "terminal-escapes": "\x1b]0;title\x07\x1b[2J\x9b31m\x08",
    "a-github-command": "::error::x",
    "a-github-command-on-a-line-of-its-own": "fine\n::error file=a,title=b::x\r::add-mask::b\r\n::stop-commands::",
    "an-encoded-newline-and-command": "%0A::error::y%0D%0A::add-mask::z%25",
    "an-old-github-command": "x ##[error]y\n##[set-env name=PATH]z",
    "an-azure-command": "##vso[task.setvariable variable=a]b\n##vso[task.complete result=Succeeded]",
    "a-teamcity-command": "##teamcity[testFailed name='a']\n##teamcity[buildStatus status='SUCCESS']",
    "the-end-of-a-cdata-section": "]]></failure><testcase name='forged'/><![CDATA[",
    "an-xml-entity": '<!DOCTYPE x [<!ENTITY a "b">]>&a;&#0;&#x1b;',
    "nul-and-what-xml-forbids": "\x00\x01\x0b\x1f\ufffe\uffff",
    "lone-surrogates": "\ud800a\udcff\udbff",
    "right-to-left-override": "\u202egnp.exe\u2066\u200b\ufeff",
    "line-and-paragraph-separators": "a\u2028::error::x\u2029b\x85::error::y",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)><!-- </code></details>",
    "markdown": "](https://evil.org) ![x](https://evil.org/x.png) [y]: z\n# h\n> q\n- l\n1. n\n```\n| a | b |\n***\n",
    "markdown-links": "[click](https://evil.org) <https://evil.org> https://evil.org www.evil.org a@evil.org",
    "emphasis-code-and-tables": "**b** _i_ ~~s~~ `c` ``d`` \\| | || $x$ $$y$$",
    "mentions-and-references": "@everyone #1 !2 GH-3 owner/repo#4 fixes #5",
    "json": '"},{"rule":"LG000","a":"\\',
    "a-heredoc": "x\nEOF\noutcome=passed\noutcome<<EOF\npassed",
    "a-traversing-path": "../../../etc/passwd",
    "a-url": "https://evil.example/a?b#c",
    "blanks": " \t\u3000 ::error::x ",
    "a-hundred-kilobytes": "x" * 100_000,
    "a-hundred-kilobytes-of-commands": "\n::error::x" * 10_000,
}

#: Every text as a parameter of a test.
each = pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))

#: What a runner or an agent obeys in a log, at the start of a line.
_COMMAND = re.compile(r"::|##vso\[|##teamcity\[|##\[")


def commands(log: str) -> list[str]:
    """Return the lines of a log that a CI runner obeys; it may end them where any runner does."""
    return [line for line in re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", log) if _COMMAND.match(line.lstrip())]


def visible(text: str) -> bool:
    """Say whether a text has nothing that a terminal obeys or hides but line breaks; blanks of any width are seen."""
    return all(char.isprintable() or char == "\n" or unicodedata.category(char) == "Zs" for char in text)


def findings(text: str) -> tuple[Finding, ...]:
    """Four findings, three levels: hostile source, subjects, evidence, path and ref."""
    evidence = Evidence(
        "similarity",
        decisive=True,
        source_ref=f"refs/heads/{text}",
        commits=reports.COMMITS[:1],
        source_commits=reports.COMMITS[1:2],
        score=7.0,
        matched_lines=3,
        paths=(text, "model.py"),
        terms=((text, 7.0),),
        shared=(text,),
        hint=text,
    )
    foreign: dict[str, Any] = {
        "source": f"refs/heads/{text}",
        "subjects": (text,),
        "reviewers": (Reviewer(text, text),),
        "not_counted": (RefusedReview(None, text, text, text, None),),
    }
    found = reports.squashed(reports.COMMITS[:1], evidence=(evidence,), rivals=(f"refs/heads/{text}",), **foreign)
    misplaced = WrongTarget(
        source=text,
        source_kind=text,
        target=f"refs/heads/{text}",
        targets=(text,),
        stated_level="note",
        ref=f"refs/heads/{text}",
    )
    return (
        misplaced,
        found,
        reports.suspected(evidence, **foreign),
        found.changed(oids=reports.COMMITS[:2], ref=None, path=text or "a"),
    )


def report(text: str, *, problems: bool = False) -> Report:
    """A report with this text wherever one can come from outside; with ``problems`` the run was stopped as well."""
    review = ReviewState("trailer", "none", (text,), (NotCounted(None, text), NotCounted(text, text)), (text, "total"))
    found = findings(text)
    checks = (
        CheckResult("branch-name", SKIPPED, text, text),
        CheckResult("research-gate", FAILED, codes=reports.codes(found), undecidable=reports.COMMITS[:2]),
        CheckResult("commit-size", UNDECIDED, text, text),
    )
    update = RefUpdate(f"refs/heads/{text}", reports.OLD, reports.NEW, source=text)
    judged = Judged(update, text, checks, found, review)
    whole = reports.report(judged, reports.judged(), notices=(text,))
    stopped = (GitError(text, text), PolicyError((text, "two"), text))
    return whole.changed(problems=stopped, skipped=text) if problems else whole

"""Reports for tests of renderers: one where much is wrong, and small ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from labgate.checks.registry import all_rules
from labgate.checks.research_gate.assessment import Reviewer
from labgate.checks.research_gate.protected_refs import WrongTarget
from labgate.checks.research_gate.research import SuspectedResearch, UnreviewedResearch
from labgate.report.site import Site
from labgate.values.finding import FAILED, PASSED, SKIPPED, UNDECIDED, Evidence, Finding, Rule
from labgate.values.ref_update import RefUpdate, View
from labgate.values.report import CheckResult, Judged, NotCounted, PolicyOrigin, Report, ReviewState

#: Where pages of labgate could be.
SITE = Site("https://github.com/acme/labgate", f"https://github.com/acme/labgate/blob/{'3d' * 20}/docs/rules")
OLD, NEW = "0a" * 20, "1b" * 20
COMMITS = tuple(f"{number:x}" * 40 for number in range(2, 9))
FULL_VIEW = View(refs_seen=1, refs_total=1, source_refs=12, sources_complete=True)
TRUNK = PolicyOrigin("trunk", OLD, "2c" * 20)
MAIN = RefUpdate("refs/heads/main", OLD, NEW, source="research/attention")


def rule(code: str) -> Rule:
    return next(rule for rule in all_rules() if rule.code == code)


def squashed(commits: tuple[str, ...] = COMMITS[:2], **changes: Any) -> UnreviewedResearch:
    """LG201: these commits hold research in a squash, and ada could review it."""
    evidence = Evidence(
        "squash",
        decisive=True,
        source_ref="refs/remotes/origin/research/attention",
        commits=commits,
        source_commits=COMMITS,
        matched_lines=120,
        paths=("model.py",),
    )
    fields: dict[str, Any] = {
        "assurance": "trailer",
        "target": "refs/heads/main",
        "source": "refs/remotes/origin/research/attention",
        "subjects": tuple(f"Try {number} heads" for number in range(len(commits))),
        "remote": "origin",
        "rivals": (),
        "holder": None,
        "move": None,
        "fork": None,
        "reviewers": (Reviewer("ada", "ada@example.org"),),
        "change": None,
        "strangers": (),
        "branch": "research/attention",
        "head": commits[0],
        "not_counted": (),
        "landed": None,
        "tag": None,
    }
    place: dict[str, Any] = {"oids": commits, "ref": "refs/heads/main", "evidence": (evidence,)}
    return UnreviewedResearch(**fields | place | changes)


SIMILAR = Evidence(
    "similarity",
    decisive=True,
    source_ref="refs/remotes/origin/research/attention",
    commits=COMMITS[:1],
    source_commits=COMMITS[5:6],
    score=11.23,
    matched_lines=9,
    paths=("model.py",),
    terms=(("T", 6.12), ("X", 3.0), ("V", 0.0), ("I", 2.11)),
    shared=("heads = split(query, window)", "return softmax(heads)"),
)


def suspected(*evidence: Evidence, **changes: Any) -> SuspectedResearch:
    """LG202: the first commit looks like research, by this evidence; an alarm without any."""
    strongest = (evidence or (SIMILAR,))[0]
    data = squashed(COMMITS[:1]).data
    del data["move"], data["fork"], data["disputed"]
    shown = {"alarm": strongest.decisive, "score": strongest.score, "terms": dict(strongest.terms)}
    level = None if strongest.decisive else "note"
    place: dict[str, Any] = {"stated_level": level, "oids": COMMITS[:1], "ref": "refs/heads/main"}
    return SuspectedResearch(**data | shown | place | {"evidence": evidence or (SIMILAR,)} | changes)


def mistargeted(level: str = "note") -> Finding:
    """LG212: research that says it lands on research only."""
    return WrongTarget(
        source="research/attention",
        source_kind="research",
        target="refs/heads/main",
        targets=("research",),
        stated_level=level,
        ref="refs/heads/main",
    )


def codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.rule.code for finding in findings))


def judged(
    *findings: Finding, update: RefUpdate = MAIN, review: ReviewState | None = None, undecidable: tuple[str, ...] = ()
) -> Judged:
    """One update on which research-gate found this, commit-size was not asked and branch-name passed."""
    failed = any(finding.level == "error" for finding in findings)
    checks = (
        CheckResult("branch-name", PASSED),
        CheckResult("research-gate", FAILED if failed else PASSED, codes=codes(findings), undecidable=undecidable),
        CheckResult("commit-size", SKIPPED, "no size limits for protected"),
    )
    return Judged(update, "protected", checks, findings, review)


def report(*items: Judged, view: View = FULL_VIEW, policy: PolicyOrigin = TRUNK, **others: Any) -> Report:
    return Report("check", policy, view, items, **others)


def passed() -> Report:
    return report(judged())


def refused() -> Report:
    """An error, a note, an undecided check, and a second ref that passes; one ref of the push was not seen."""
    review = ReviewState(
        "trailer", "none", (), (NotCounted("ada", "self-review"), NotCounted(None, "stranger")), ("core",)
    )
    first = judged(squashed(), mistargeted(), review=review)
    undecided = CheckResult("experiment-hash", UNDECIDED, "this clone is shallow", "git fetch --unshallow origin")
    first = Judged(first.update, first.kind, (*first.checks, undecided), first.findings, review)
    second = judged(update=RefUpdate("refs/heads/research/attention", None, NEW))
    view = View(refs_seen=2, refs_total=3, source_refs=12, sources_complete=False)
    return report(first, second, view=view, notices=("labgate's native hook is of another version",))

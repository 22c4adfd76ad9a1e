"""The result of one run, for a renderer to show and for the exit status."""

from __future__ import annotations

from collections.abc import Iterable

from labgate.values.errors import LabgateError
from labgate.values.finding import FAILED, PASSED, SKIPPED, UNDECIDED, Finding
from labgate.values.ref_update import RefUpdate, View
from labgate.values.value import Value


class PolicyOrigin(Value):
    """Where the judging policy came from: trunk, worktree, bootstrap or none; oids are ``None`` if there is none."""

    origin: str
    commit: str | None = None
    blob: str | None = None


class NotCounted(Value):
    """A review marker that did not count, and why. ``person`` is ``None`` for somebody who is not listed."""

    person: str | None
    reason: str


class ReviewState(Value):
    """The state of one update's review. ``required`` and ``reached`` are assurance levels.

    ``late`` are those of ``counted`` who reviewed it when it had landed.
    """

    required: str
    reached: str
    counted: tuple[str, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()
    missing: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


class CheckResult(Value):
    """The outcome of one check on one update.

    ``reason`` and ``help`` say why it was skipped or is undecided. ``codes`` are the rules that were violated.
    ``undecidable`` are the commits (full oids) that have too little text to compare; exact methods found nothing.
    ``unseen`` has a line for each thing that it did not look into.
    """

    name: str
    outcome: str
    reason: str | None = None
    help: str | None = None
    codes: tuple[str, ...] = ()
    undecidable: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


class Judged(Value):
    """One ref update with its results. ``kind`` is the policy's class of the ref, if any."""

    update: RefUpdate
    kind: str | None
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    review: ReviewState | None = None

    @property
    def undecidable(self) -> tuple[str, ...]:
        """The commits (full oids) that some check could not compare."""
        return tuple(oid for check in self.checks for oid in check.undecidable)

    @property
    def unseen(self) -> tuple[str, ...]:
        """A line for each thing that some check did not look into."""
        return tuple(line for check in self.checks for line in check.unseen)

    @property
    def outcome(self) -> str:
        return worst(check.outcome for check in self.checks)


class Report(Value):
    """The result of one run.

    ``skipped`` is the reason when there was nothing to judge, else ``None``. ``problems`` are errors that stopped the
    run, or what none of its parts could take into account: a report that has some is undecided, unless it failed.
    """

    stage: str
    policy: PolicyOrigin
    view: View
    judged: tuple[Judged, ...] = ()
    skipped: str | None = None
    notices: tuple[str, ...] = ()
    problems: tuple[LabgateError, ...] = ()

    @property
    def findings(self) -> tuple[tuple[int, Finding], ...]:
        """Every finding with the index of its update."""
        return tuple((index, finding) for index, item in enumerate(self.judged) for finding in item.findings)

    @property
    def undecided(self) -> tuple[tuple[Judged, CheckResult], ...]:
        """Every check that is undecided, with its update."""
        return tuple((item, check) for item in self.judged for check in item.checks if check.outcome == UNDECIDED)

    @property
    def outcome(self) -> str:
        if self.problems:
            return worst((UNDECIDED, *(item.outcome for item in self.judged)))
        return SKIPPED if self.skipped is not None else worst(item.outcome for item in self.judged)

    @property
    def is_silent(self) -> bool:
        """Whether people who ask for no details read nothing of it."""
        hidden = self.view.complete or self.view.said
        return (
            hidden and self.skipped is None and not (self.problems or self.notices or self.findings or self.undecided)
        )

    @property
    def exit_status(self) -> int:
        """The exit status: 0 nothing at level error, 1 findings at level error, 2 could not judge."""
        return {FAILED: 1, UNDECIDED: 2}.get(self.outcome, 0)


def worst(outcomes: Iterable[str]) -> str:
    """Return the outcome that stands for several: failed, undecided, passed, and skipped only when all are skipped."""
    seen = set(outcomes)
    return next((outcome for outcome in (FAILED, UNDECIDED, PASSED) if outcome in seen), SKIPPED)

"""branch-drift: a branch is not far behind the trunk, and merging it would meet no conflict."""

from __future__ import annotations

from collections.abc import Iterator

from labgate.checks.branch_drift.rules import BehindBase, ConflictAhead
from labgate.checks.branch_drift.section import BranchDrift
from labgate.policy.model import Policy
from labgate.values.conflicted_file import ConflictedFile
from labgate.values.finding import Finding
from labgate.values.value import Value


class Facts(Value):
    """A branch and its base, by their short names.

    ``commits`` of the base are not on the branch, and ``days`` lie between the newest shared commit and the base's tip.
    ``conflicts`` are what a merge would meet. ``way`` is the command that goes to the branch first, or empty, and
    ``fetch`` the one that fetches the base, empty where it has no branch here.
    """

    kind: str
    branch: str
    base: str
    head: str
    commits: int
    days: int
    conflicts: tuple[ConflictedFile, ...] = ()
    way: str = ""
    fetch: str = ""


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield a finding if the branch is over a limit, and one if there are conflicts ahead."""
    limits = policy.section(BranchDrift).limits[facts.kind]
    limited = (("commits", facts.commits, limits.commits), ("days", facts.days, limits.days))
    over = tuple(name for name, actual, limit in limited if limit is not None and actual > limit)
    if over:
        yield BehindBase(
            branch=facts.branch,
            base=facts.base,
            way=facts.way,
            fetch=facts.fetch,
            commits=facts.commits,
            days=facts.days,
            over=over,
            limit_commits=limits.commits,
            limit_days=limits.days,
            oids=(facts.head,),
            stated_level="error" if limits.refuse_push else None,
        )
    if facts.conflicts:
        yield ConflictAhead(
            branch=facts.branch,
            base=facts.base,
            way=facts.way,
            fetch=facts.fetch,
            files=facts.conflicts,
            oids=(facts.head,),
            path=facts.conflicts[0].path if len(facts.conflicts) == 1 else None,
        )

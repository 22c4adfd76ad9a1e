"""The rules of branch-drift and their findings."""

from __future__ import annotations

from labgate.values.conflicted_file import ConflictedFile
from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid

_MOST_NAMED = 3


class DriftFinding(Finding):
    """``branch`` and ``base`` are short names, a base without one is an oid.

    ``way`` is the command that goes to the branch first, ``fetch`` the one that fetches the base; both may be empty.
    """

    branch: str
    base: str
    way: str
    fetch: str

    def help(self) -> str:
        return f"{self.fetch}{' && ' * bool(self.fetch)}{self.way}git merge {quote(self.base)}"


class BehindBase(DriftFinding):
    """``commits`` of the base are not on the branch; ``days`` have passed there since the newest shared commit.

    ``over`` names the limits that are exceeded: ``commits``, ``days``.
    """

    rule = Rule(
        "LG601",
        "behind-base",
        "warning",
        "the branch lacks more commits of the trunk, or is further behind in days, than its kind's limits allow",
        "Main moves on without a branch that nobody updates. A small merge a week then becomes one large merge, with "
        "conflicts whose reasons nobody remembers. Without `[branch-drift.limits.KIND]` nothing is reported.",
        "Merge the trunk with the command of the finding. With `refuse-push = true` it is an error.",
    )

    commits: int
    days: int
    over: tuple[str, ...]
    limit_commits: int | None
    limit_days: int | None

    def message(self) -> str:
        parts = []
        if "commits" in self.over:
            parts.append(f"{count(self.commits, 'commit')} (limit {self.limit_commits:,})")
        if "days" in self.over:
            parts.append(f"{count(self.days, 'day')} (limit {self.limit_days:,})")
        return f"{self.branch} is {' and '.join(parts)} behind {self.base}"


class ConflictAhead(DriftFinding):
    """``files`` are what merging the base would leave in conflict now."""

    rule = Rule(
        "LG602",
        "conflict-ahead",
        "warning",
        "merging the trunk into the branch would meet conflicts now",
        "A conflict is resolved best by those who still remember both sides of it. git makes the merge in memory "
        "(`git merge-tree`, git 2.38) and touches nothing; at push it may take 200 ms.",
        "Merge the trunk with the command of the finding, and resolve the files that it names.",
    )

    files: tuple[ConflictedFile, ...]

    def message(self) -> str:
        named = "; ".join(_named(file) for file in self.files[:_MOST_NAMED])
        more = f"; and {len(self.files) - _MOST_NAMED:,} more" if len(self.files) > _MOST_NAMED else ""
        conflicts = count(len(self.files), "file")
        return f"merging {self.base} into {self.branch} would leave {conflicts} in conflict: {named}{more}"


def _named(file: ConflictedFile) -> str:
    ours, theirs = (", ".join(map(short_oid, side)) or "no commit" for side in (file.ours, file.theirs))
    if not file.ours and not file.theirs:
        return file.path
    return f"{file.path} ({ours} against {theirs})"


FINDINGS = (BehindBase, ConflictAhead)

"""What ``labgate status`` shows: where one branch stands, and the table of all research and experiment branches."""

from __future__ import annotations

from labgate.values.errors import LabgateError
from labgate.values.report import Report
from labgate.values.value import Value


class Share(Value):
    """How many commits of a branch: ``commits`` of ``of``. Both are ``None`` if that is not known: ``reason``."""

    commits: int | None = None
    of: int | None = None
    reason: str | None = None


class Conflicts(Value):
    """The files that merging the base would conflict in now, ``None`` if that is not known: ``reason``."""

    files: tuple[str, ...] | None = None
    reason: str | None = None


class BranchStatus(Value):
    """Where a branch stands. ``ref`` is its full name here.

    ``owner`` is who wrote most of its commits, a person of the policy by name; ``None`` if no commit is here. ``first``
    and ``last`` are the committer times of its first own commit and of its tip, in seconds since the epoch; ``None`` if
    they are not known. ``ahead`` and ``behind`` count commits against ``base``, the trunk (full name here); ``None`` if
    they are not known. ``landed`` and ``reviewed`` count its own commits that change something and merge nothing.
    ``outcome`` is that of a closed experiment, ``description`` one line; ``None`` if there is none.
    """

    ref: str
    kind: str | None
    owner: str | None
    first: int | None
    last: int | None
    ahead: int | None
    behind: int | None
    conflicts: Conflicts
    landed: Share
    reviewed: Share
    outcome: str | None
    description: str | None


class Budget(Value):
    """What a series uses of the limits of its target: lines and commits; a limit is ``None`` where there is none.

    ``lines`` is ``None`` if it is not known: ``reason``, which may also say that some lines were counted whole.
    """

    lines: int | None
    lines_limit: int | None
    commits: int
    commits_limit: int | None
    reason: str | None = None


class LastRecord(Value):
    """The newest record of an experiment: its path, the commit (full oid) of its code, and whether that is exact."""

    path: str
    commit: str
    exact: bool


class CurrentStatus(Value):
    """Where the checked-out branch stands.

    ``ref`` is its full name, ``None`` for a detached HEAD. ``base`` is the ref that it starts from, ``target`` the
    branch (short name) where it is to land; ``None`` if they are not known. ``since`` is the committer time of the
    merge base, in seconds since the epoch. ``report`` is what the gate says of a push to the target now, ``None`` if it
    was not asked: ``problem``. ``missing`` are the parts of the quorum that are not met, and ``reviewers`` those who
    could complete it. ``experiment`` is ``service/handle``, ``None`` if the branch is none. ``readme`` is where the
    merge rules of its kind stand. ``landed`` and ``reviewed`` are as in ``BranchStatus``, ``None`` if the branch is
    neither research nor an experiment.
    """

    ref: str | None
    kind: str | None
    base: str | None
    target: str | None
    ahead: int | None
    behind: int | None
    since: int | None
    conflicts: Conflicts
    report: Report | None
    problem: LabgateError | None
    missing: tuple[str, ...]
    reviewers: tuple[str, ...]
    budget: Budget | None
    experiment: str | None
    record: LastRecord | None
    readme: str | None
    landed: Share | None = None
    reviewed: Share | None = None


class Status(Value):
    """``now`` is in seconds since the epoch. ``current`` and ``branches`` are ``None`` if they were not asked for.

    ``readmes`` are where the merge rules of the kinds stand, by kind. ``notices`` say what was left out. ``gap`` is why
    ``branches`` may lack some that the remote has, ``None`` if they do not.
    """

    now: int
    current: CurrentStatus | None
    branches: tuple[BranchStatus, ...] | None
    readmes: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    gap: LabgateError | None = None

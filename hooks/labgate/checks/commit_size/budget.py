"""How much of its series' limits a branch has used, at commit. On the commit hook's path: one git process.

The number is kept for HEAD. It counts whole diffs, so it is never the smaller one; from half of a limit on, ``facts``
counts what a reader reads.
"""

from __future__ import annotations

import os

from labgate import FOLDER
from labgate.git.runner import BOUNDED
from labgate.scene.workplace import read_text
from labgate.values.files import read_own, write_own
from labgate.values.refnames import HEADS, REMOTES
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.commit_size.check import Facts
    from labgate.policy.model import Table
    from labgate.scene.proposed_commit import ProposedCommit
    from labgate.values.batch import FileChange

#: Below the git common directory: what was counted last, in one line.
FILE = os.path.join(FOLDER, "series-budget")
#: The most commits of a branch that are counted.
MOST = 200
_MOST_BYTES = 2**12


class Used(Value):
    """What a branch has used: ``oids`` are its commits, empty if they were not read again. ``exact``: as read."""

    lines: int
    commits: int
    exact: bool
    oids: tuple[str, ...] = ()


def limits_of(commit: ProposedCommit) -> Table | None:
    """Return the limits with those of a series that a commit will be held to, ``None`` if nobody is told of them."""
    limits: Table = commit.policy.table["commit-size"]["limits"].get("protected", {})
    if limits.get("series-lines") is None and limits.get("series-commits") is None:
        return None
    research = commit.policy.table["research-gate"]["sources"]
    told = commit.is_plain and commit.branch is not None and commit.kind not in research
    return limits if told and not commit.place.environ.get("CI") else None


def is_near(used: Used, limits: Table) -> bool:
    """Return whether half of a limit is used."""
    return any(
        limit is not None and 2 * amount >= limit
        for amount, limit in ((used.lines, limits["series-lines"]), (used.commits, limits["series-commits"]))
    )


def line(used: Used, limits: Table) -> str:
    """Return the line about a budget."""
    more = used.commits > MOST
    parts = [
        _part(used.lines, limits["series-lines"], "lines"),
        _part(min(used.commits, MOST), limits["series-commits"], "commits", "more than " * more),
    ]
    return f"{', '.join(part for part in parts if part)} of this branch used"


def _part(amount: int, limit: int | None, noun: str, more: str = "") -> str:
    """Return how much of a limit is used, empty without one."""
    if limit is None:
        return ""
    within = f"{amount:,} of {limit:,} {noun}"
    return within if amount <= limit and not more else f"{more}{amount:,} {noun} (limit {limit:,})"


def may_be_near(commit: ProposedCommit, lines: int, commits: int) -> bool:
    """Return whether half of a limit may be used with a staged change of so many lines.

    ``commits`` is 0 if nothing of it counts: then it uses nothing.
    """
    limits = limits_of(commit)
    used = None if limits is None or not commits else used_before(commit)
    if limits is None or used is None:
        return False
    return is_near(used.changed(lines=used.lines + lines, commits=used.commits + commits), limits)


def plus(used: Used, staged: Facts, commit: ProposedCommit) -> Used:
    """Return what is used with a staged change."""
    from labgate.checks.commit_size.check import series_size

    lines, commits = series_size(staged, commit.policy)
    return used.changed(lines=used.lines + lines, commits=used.commits + commits)


def used_before(commit: ProposedCommit) -> Used | None:
    """Return what the branch has used before this commit; ``None`` if it is not known where the branch starts."""
    key = _key(commit)
    kept = _kept(commit, key)
    if kept is not None:
        return kept
    found = counted(commit)
    if found is not None:
        keep(commit, found)
    return found


def keep(commit: ProposedCommit, used: Used) -> None:
    """Keep what was counted, for as long as HEAD and the remote's branches stay."""
    key = _key(commit)
    if key is None:
        return
    try:
        text = f"{key} {used.lines} {used.commits} {int(used.exact)}\n"
        write_own(os.path.join(commit.place.common_dir, FILE), text.encode("ascii", "replace"))
    except OSError:
        return


def _kept(commit: ProposedCommit, key: str | None) -> Used | None:
    try:
        text = read_own(os.path.join(commit.place.common_dir, FILE), _MOST_BYTES).decode("ascii", "replace")
    except OSError:
        return None
    words = text.split()
    if key is None or len(words) != 4 or words[0] != key or not all(word.isdecimal() for word in words[1:]):
        return None
    lines, commits, exact = map(int, words[1:])
    return Used(lines, commits, bool(exact))


def _key(commit: ProposedCommit) -> str | None:
    """Return what the count depends on: HEAD, the remote's branches and the policy; ``None`` if HEAD is packed."""
    place = commit.place
    head = read_text(os.path.join(place.common_dir, commit.branch or "HEAD"))
    if head is None:
        return None
    table = commit.policy.table["commit-size"]
    watched = [os.path.join(place.common_dir, "packed-refs"), *(folder for _, folder in _remotes(commit))]
    return f"{head}:{':'.join(map(_stamp, watched))}:{len(table['ignore'])}:{len(table['tests'])}"


def _stamp(path: str) -> str:
    try:
        return str(os.stat(path).st_mtime_ns)
    except OSError:
        return "-"


def _remotes(commit: ProposedCommit) -> list[tuple[str, str]]:
    """Return the prefix and the folder of each remote's branches."""
    top = os.path.join(commit.place.common_dir, *REMOTES.strip("/").split("/"))
    try:
        names = sorted(os.listdir(top))
    except OSError:
        return []
    return [(f"{REMOTES}{name}/", os.path.join(top, name)) for name in names]


def counted(commit: ProposedCommit) -> Used | None:
    """Count the commits that the trunk does not have, by their diffs."""
    from labgate.values.batch import Batch, FileChange

    prefixes = [prefix for prefix, _ in _remotes(commit)] or [HEADS]
    trunks = [f"{prefix}{name}" for prefix in prefixes for name in commit.policy.trunks]
    trunks = [ref for ref in trunks if ref != commit.branch]
    options = (
        "--ignore-missing",
        "--boundary",
        "--numstat",
        "--no-renames",
        "--diff-merges=off",
        "--no-show-signature",
    )
    plain = ("--no-ext-diff", "--no-textconv", "--no-color", f"--max-count={MOST + 1}")
    output = commit.place.git().run(
        *BOUNDED, "log", *options, *plain, "-z", "--format=%m%H", "HEAD", "--not", *trunks, "--"
    )
    files: dict[str, list[FileChange]] = {}
    oid, bounded = "", False
    for token in os.fsdecode(output).split("\0"):
        words = token.strip("\n").split("\t", 2)
        if len(words) == 3:
            added, deleted = (0 if word == "-" else int(word) for word in words[:2])
            files.setdefault(oid, []).append(FileChange(words[2], "M", added, deleted, 0))
        elif words[0].startswith("-"):
            bounded, oid = True, ""
        elif words[0]:
            oid = words[0][1:]
            files.setdefault(oid, [])
    files.pop("", None)
    if files and not bounded and len(files) <= MOST:
        return None  # nothing of the trunk is known here
    from labgate.checks.commit_size.check import Facts, series_size

    batches = tuple(Batch(oid, "", tuple(changed)) for oid, changed in files.items())
    return Used(*series_size(Facts(batches, None), commit.policy), exact=False, oids=tuple(files))

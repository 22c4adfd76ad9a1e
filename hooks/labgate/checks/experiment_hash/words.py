"""The words of experiment-hash's finding."""

from __future__ import annotations

from shlex import quote

from labgate.values.phrases import count, short_oid
from labgate.values.refnames import HEADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.checks.experiment_hash.rules import MissingTrailer

_MOST_NAMED = 3


def missing_trailer(finding: MissingTrailer) -> str:
    """LG301."""
    commits = finding.commits
    named = ", ".join(f"{short_oid(commit.oid)} ({commit.subject})" for commit in commits[:_MOST_NAMED])
    more = f" and {len(commits) - _MOST_NAMED} more" if len(commits) > _MOST_NAMED else ""
    do_not = "does not say" if len(commits) == 1 else "do not say"
    return f"{count(len(commits), 'commit')} {do_not} `Experiment: {finding.experiment}`: {named}{more}"


def add_line(finding: MissingTrailer) -> str:
    """Return the command that adds the line to the commits without it.

    The line stands in a variable: both commands need it inside of quotes, where a second level of quotes is hard to
    read.
    """
    line = f"LINE={quote(f'Experiment: {finding.experiment}')}"
    return f"{line} {_rebase(finding) if finding.linear else _filter(finding)}"


def _rebase(finding: MissingTrailer) -> str:
    """Return the command that goes through the commits and amends those without the line.

    The whole message is searched first, without case as git compares trailers: ``commit --trailer`` looks only at the
    last line of git's trailer block, and in a rebase labgate's own hook may have written the line by then. Amending an
    empty commit needs ``--allow-empty``.
    """
    amend = 'git commit --amend --no-edit --allow-empty --trailer "$LINE"'
    step = f'git log -1 --format=%B | grep -qixF "$LINE" || {amend}'
    start = "--root" if finding.parent is None else _below_oldest(finding)
    return f"git rebase {start} --exec {quote(step)} {_branch(finding.branch)}"


def _filter(finding: MissingTrailer) -> str:
    """Return the command that rewrites only these commits and keeps the merges among them.

    A rebase would copy the commits that a merge brought in, or give them the line too; filter-branch leaves alone
    what it is not asked to change. Without ``-f`` it refuses to run a second time.
    """
    oids = "|".join(f"{short_oid(commit.oid)}*" for commit in finding.commits)
    script = f'case $GIT_COMMIT in {oids}) git interpret-trailers --trailer "$LINE";; *) cat;; esac'
    since = "" if finding.parent is None else f"{_below_oldest(finding)}.."
    revisions = f"{since}{_branch(finding.branch)}"
    return f"FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --msg-filter {quote(script)} -- {revisions}"


def _below_oldest(finding: MissingTrailer) -> str:
    return f"{short_oid(finding.commits[0].oid)}^"


def _branch(name: str) -> str:
    return quote(HEADS + name) if name.startswith("-") else quote(name)

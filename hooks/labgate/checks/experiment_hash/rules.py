"""The rule of experiment-hash, and what a violation of it says."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid
from labgate.values.refnames import HEADS
from labgate.values.value import Value

_MOST_NAMED = 3


class Unstamped(Value):
    """A commit without the line that names its experiment."""

    oid: str
    subject: str


class MissingTrailer(Finding):
    """Commits of one experiment branch that do not name the experiment.

    ``experiment`` is ``service`` and ``handle`` with a slash between, ``branch`` a short name. ``commits`` are in
    order, oldest first; ``parent`` is the revision just below the oldest, ``None`` where that is a root commit.
    ``linear`` says that no merge lies among the new commits of the branch.
    """

    rule = Rule(
        "LG301",
        "missing-experiment-trailer",
        "warning",
        "a commit on an experiment branch does not name its experiment in an `Experiment: SERVICE/HANDLE` line",
        "Branches are deleted, renamed and squashed; the message of a commit goes with it. The line is how a commit "
        "that landed long ago is traced back to its experiment and to the artifacts that its code made. Commits that "
        "only merge, and those that the trunk already has, need none.",
        "Run the command that the finding gives, before anybody builds on these commits: it adds the line to all of "
        "them and gives them new hashes. From then on let the hook write the line: `labgate install`.",
    )

    service: str
    handle: str
    experiment: str
    branch: str
    commits: tuple[Unstamped, ...]
    parent: str | None
    linear: bool

    def message(self) -> str:
        number = len(self.commits)
        named = ", ".join(f"{short_oid(commit.oid)} ({commit.subject})" for commit in self.commits[:_MOST_NAMED])
        more = f" and {number - _MOST_NAMED} more" if number > _MOST_NAMED else ""
        do_not = "does not say" if number == 1 else "do not say"
        return f"{count(number, 'commit')} {do_not} `Experiment: {self.experiment}`: {named}{more}"

    def help(self) -> str:
        # A variable, because both commands need the line inside of quotes, where a second level is hard to read.
        line = f"LINE={quote(f'Experiment: {self.experiment}')}"
        branch = quote(HEADS + self.branch) if self.branch.startswith("-") else quote(self.branch)
        below_oldest = None if self.parent is None else f"{short_oid(self.commits[0].oid)}^"
        return f"{line} {_rebase(below_oldest, branch) if self.linear else _filter(self.commits, below_oldest, branch)}"


def _rebase(below_oldest: str | None, branch: str) -> str:
    """Return the command that goes through the commits and amends those without the line.

    The whole message is searched first, without case as git compares trailers: ``commit --trailer`` looks only at the
    last line of git's trailer block, and in a rebase labgate's own hook may have written the line by then. Amending an
    empty commit needs ``--allow-empty``.
    """
    amend = 'git commit --amend --no-edit --allow-empty --trailer "$LINE"'
    step = f'git log -1 --format=%B | grep -qixF "$LINE" || {amend}'
    return f"git rebase {below_oldest or '--root'} --exec {quote(step)} {branch}"


def _filter(commits: tuple[Unstamped, ...], below_oldest: str | None, branch: str) -> str:
    """Return the command that rewrites only these commits and keeps the merges among them.

    A rebase would copy the commits that a merge brought in, or give them the line too; filter-branch leaves alone
    what it is not asked to change. Without ``-f`` it refuses to run a second time.
    """
    oids = "|".join(f"{short_oid(commit.oid)}*" for commit in commits)
    script = f'case $GIT_COMMIT in {oids}) git interpret-trailers --trailer "$LINE";; *) cat;; esac'
    revisions = branch if below_oldest is None else f"{below_oldest}..{branch}"
    return f"FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --msg-filter {quote(script)} -- {revisions}"


FINDINGS = (MissingTrailer,)

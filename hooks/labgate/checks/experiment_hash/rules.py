"""The rule of experiment-hash and its finding."""

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
    order, oldest first; ``parent`` is the parent of the oldest, ``None`` if that is a root commit. ``linear``: no merge
    lies among the new commits of the branch. ``local`` is the short name of the branch that has them in this clone,
    ``None``: HEAD, once ``way``, the start of a command line, has run.
    """

    rule = Rule(
        "LG301",
        "missing-experiment-trailer",
        "warning",
        "a commit on an experiment branch does not name its experiment in an `Experiment: SERVICE/HANDLE` line",
        "Branches are deleted, renamed and squashed; the message stays with the commit. The line leads from a commit "
        "that landed long ago back to its experiment and to the artifacts of its code. Merge commits, and commits that "
        "the trunk already has, do not need it.",
        "Run the command of the finding before anybody builds on these commits: it adds the line to all of them and "
        "gives them new hashes. Then run `labgate install`, so that the hook writes the line.",
    )

    service: str
    handle: str
    experiment: str
    branch: str
    commits: tuple[Unstamped, ...]
    parent: str | None
    linear: bool
    local: str | None
    way: str

    def message(self) -> str:
        number = len(self.commits)
        named = ", ".join(f"{short_oid(commit.oid)} ({commit.subject})" for commit in self.commits[:_MOST_NAMED])
        more = f" and {number - _MOST_NAMED} more" if number > _MOST_NAMED else ""
        do_not = "does not say" if number == 1 else "do not say"
        return f"{count(number, 'commit')} {do_not} `Experiment: {self.experiment}`: {named}{more}"

    def help(self) -> str:
        return " ".join(self.help_lines())

    def help_lines(self) -> tuple[str, ...]:
        branch = "" if self.local is None else quote(self.local)
        if self.local is not None and self.local.startswith("-"):
            branch = quote(HEADS + self.local)
        below_oldest = None if self.parent is None else f"{short_oid(self.commits[0].oid)}^"
        # Variables, because the commands need the line inside of quotes, where a second level is hard to read.
        line = f"{self.way}LINE={quote(f'Experiment: {self.experiment}')}"
        return line, *(_rebase(below_oldest, branch) if self.linear else _filter(self.commits, below_oldest, branch))


def _rebase(below_oldest: str | None, branch: str) -> tuple[str, ...]:
    """Return the lines of the command that amends every commit without the line.

    The whole message is searched first, ignoring case as git does for trailers: ``commit --trailer`` only looks at the
    last line of git's trailer block, and labgate's own hook may have written the line during the rebase. Amending an
    empty commit needs ``--allow-empty``.
    """
    add = "ADD='git commit --amend --no-edit --allow-empty --trailer \"$LINE\"'"
    step = 'git log -1 --format=%B | grep -qixF "$LINE" || eval "$ADD"'
    return add, f"git rebase {below_oldest or '--root'} {branch}".rstrip(), f"--exec {quote(step)}"


def _filter(commits: tuple[Unstamped, ...], below_oldest: str | None, branch: str) -> tuple[str, ...]:
    """Return the lines of the command that rewrites only these commits and keeps the merges among them.

    A rebase would copy the commits that a merge brought in, or add the line to them; filter-branch only changes these
    commits. Without ``-f`` it refuses to run a second time.
    """
    oids = "|".join(f"{short_oid(commit.oid)}*" for commit in commits)
    script = f'case $GIT_COMMIT in {oids}) git interpret-trailers --trailer "$LINE";; *) cat;; esac'
    revisions = branch or "HEAD"
    if below_oldest is not None:
        revisions = f"{below_oldest}..{revisions}"
    return "FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f", f"--msg-filter {quote(script)}", f"-- {revisions}"


FINDINGS = (MissingTrailer,)

"""The rule of experiment-hash, and what a violation of it says."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.value import Value


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
        from labgate.checks.experiment_hash import words

        return words.missing_trailer(self)

    def help(self) -> str:
        from labgate.checks.experiment_hash import words

        return words.add_line(self)


FINDINGS = (MissingTrailer,)

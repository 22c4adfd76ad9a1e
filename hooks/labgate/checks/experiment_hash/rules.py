"""The rules of experiment-hash and their findings."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid
from labgate.values.refnames import HEADS
from labgate.values.splitting import pathspec
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
    ``None``: HEAD, once ``way``, the start of a command line, has run. ``push`` is the command that pushes them again,
    empty if none is needed.
    """

    rule = Rule(
        "LG301",
        "missing-experiment-trailer",
        "warning",
        "a commit on an experiment branch does not name its experiment in an `Experiment: SERVICE/HANDLE` line",
        "Branches are deleted, renamed and squashed; the message stays with the commit. The line leads from a commit "
        "that landed long ago back to its experiment and to the artifacts of its code. Merge commits, and commits that "
        "the trunk already has, do not need it.",
        "Run the command of the finding before anybody builds on these commits: it adds the line to all of them, which "
        "gives them new hashes, and pushes them again where the remote has them. Then run `labgate install`: the hook "
        "writes the line.",
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
    push: str = ""

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
        steps = _rebase(below_oldest, branch) if self.linear else _filter(self.commits, below_oldest, branch)
        return line, *steps, *([f"&& {self.push}"] if self.push else [])


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


class OfArtifact(Finding):
    """What is wrong with one artifact or its record; ``path`` is the artifact's.

    ``staged``: it is in a commit in progress. ``way`` is the start of a command line that switches to its branch.
    """

    staged: bool
    way: str

    @property
    def artifact(self) -> str:
        """The artifact's path, relative to the top of the work tree."""
        return self.path or ""

    @property
    def operand(self) -> str:
        """The artifact in a command line of ``labgate experiment record``, which finds it from any folder."""
        return quote(f"./{self.artifact}" if self.artifact.startswith("-") else self.artifact)

    @property
    def record(self) -> str:
        """The path of its record."""
        return f"{self.artifact}.labgate.json"

    def kept(self, command: str) -> str:
        """Return the command line that makes a record by a command and commits it."""
        line = f"{self.way}{command} && git add --force -- {quote(pathspec(self.record))}"
        return line if self.staged else f"{line} && git commit --message {quote(f'Record {self.artifact}')}"


class WithoutRecord(OfArtifact):
    """An artifact without a record."""

    rule = Rule(
        "LG302",
        "artifact-without-record",
        "error",
        'an artifact has no record beside it, where the policy has `records = "required"`',
        "Without a record nobody knows which code made an artifact, except that it was committed with it.",
        "Make the artifact with `labgate experiment run`, or state its code with `labgate experiment record`.",
    )

    def message(self) -> str:
        return f"{self.artifact} has no record of the code that made it"

    def help(self) -> str:
        return self.kept(f"labgate experiment record {self.operand}")


class RecordMismatch(OfArtifact):
    """A record that is not true of its artifact or of its code, or that cannot be used; ``reason`` says which.

    ``present``: the artifact itself is there.
    """

    rule = Rule(
        "LG303",
        "record-mismatch",
        "error",
        "a record is not that of the artifact beside it, names another tree than its commit has, or cannot be read",
        "The usual case is a training that ran again without `labgate experiment run`: the record then names code that "
        "made another file. It is a warning on research and experiment branches, and an error elsewhere.",
        "Record the artifact again, or remove the record: then the commit that brings the artifact is its code.",
    )

    reason: str
    present: bool

    def message(self) -> str:
        return f"{self.record} is not true of {self.artifact}: {self.reason}"

    def help(self) -> str:
        remove = f"git rm --cached --quiet -- {quote(pathspec(self.record))}"
        if not self.staged:
            remove = f"{self.way}{remove} && git commit --message 'Remove a record'"
        if not self.present:
            return remove
        return f"{self.kept(f'labgate experiment record {self.operand}')}  # or: {remove}"


class NotPinned(Finding):
    """A commit that no pin keeps alive on the remote.

    ``commit`` is a full oid, ``artifacts`` are the paths that it is the code of: empty for a snapshot that the push
    itself brings. ``remote`` is the remote's name. ``refused`` is why the remote refuses pins, ``None`` if it is not
    known to. ``withdrawn`` is the reason why the pin was taken back, ``None`` if it was not.
    """

    rule = Rule(
        "LG304",
        "commit-not-pinned",
        "error",
        "the code of an artifact has no pin on the remote, or a push brings a snapshot that nobody has published",
        "Without a pin the code is lost with its branch. A push pins commits that it brings, but never a snapshot: it "
        "has files which nobody has committed, and only `labgate experiment publish` shows them first.",
        'Run the command of the finding. Where the remote refuses the ref, set `pins = "refs/tags/experiment"`.',
    )

    commit: str
    artifacts: tuple[str, ...]
    remote: str
    refused: str | None
    withdrawn: str | None

    def message(self) -> str:
        short = short_oid(self.commit)
        if not self.artifacts:
            return f"this push brings the snapshot {short}, which nobody has published"
        more = f" and {len(self.artifacts) - 1} more" if len(self.artifacts) > 1 else ""
        text = f"{short}, the code of {self.artifacts[0]}{more}, is not pinned on {self.remote}"
        if self.withdrawn is not None:
            return f"{text}: its pin was taken back ({self.withdrawn})"
        return text if self.refused is None else f"{text}, which refuses it: {self.refused}"

    def help(self) -> str | None:
        if self.withdrawn is not None:
            return None
        publish = f"labgate experiment publish {short_oid(self.commit)}"
        if self.refused is None:
            return publish
        return f'{publish}  # once the policy has pins = "refs/tags/experiment" in [experiment-hash]'


class DirtyCode(OfArtifact):
    """A record whose code cannot be had back exactly."""

    rule = Rule(
        "LG305",
        "dirty-code",
        "error",
        "a record says that its commit does not have all of the code that made the artifact",
        "A large untracked file, a nested repository or an edited submodule was there when the artifact was made, and "
        "is not in the snapshot. It is a warning on research and experiment branches, and an error elsewhere.",
        "Commit the code, or let git ignore what is not code, and run the command again. Or name the commit that has "
        "all of it: `labgate experiment record --commit REV`.",
    )

    commit: str

    def message(self) -> str:
        return f"{short_oid(self.commit)} does not have all of the code that made {self.artifact}"

    def help(self) -> str:
        command = f"labgate experiment record --commit HEAD {self.operand}"
        return f"{self.kept(command)}  # once HEAD has all of the code"


class SubmoduleUnpushed(OfArtifact):
    """A submodule of recorded code whose commit is on no remote.

    ``submodule`` is its path, ``commit`` its full oid, ``remote`` the remote of the submodule's repository.
    """

    rule = Rule(
        "LG306",
        "submodule-unpushed",
        "error",
        "recorded code has a submodule at a commit that is on no remote",
        "A pin keeps the commit of the repository, but of a submodule only its hash, so a checkout of the pin cannot "
        "get the submodule's files. It is a warning on research and experiment branches, and an error elsewhere.",
        "Push the submodule's commit to a branch of its own remote.",
    )

    submodule: str
    commit: str
    remote: str

    def message(self) -> str:
        commit = short_oid(self.commit)
        return f"the code of {self.artifact} has the submodule {self.submodule} at {commit}, which is on no remote"

    def help(self) -> str:
        branch = f"refs/heads/labgate-{short_oid(self.commit)}"
        place = f'"$(git rev-parse --show-toplevel)"/{quote(self.submodule)}'
        return f"git -C {place} push {quote(self.remote)} {self.commit}:{branch}"


FINDINGS = (MissingTrailer, WithoutRecord, RecordMismatch, NotPinned, DirtyCode, SubmoduleUnpushed)

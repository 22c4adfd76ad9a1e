"""The rules of commit-hygiene and their findings."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid
from labgate.values.refnames import short_ref
from labgate.values.splitting import edited_list
from labgate.values.statements import ASK_REASON, REASON_ASKED
from labgate.values.value import Value

_MOST_NAMED = 3
#: Why a commit is unfinished: to be squashed into another, by its subject, by its content, and because it has none.
AUTOSQUASH, SUBJECT, CONFLICT, EMPTY = "autosquash", "subject", "conflict", "empty"


class Unfinished(Value):
    """An unfinished commit. ``reason`` is ``AUTOSQUASH``, ``SUBJECT``, ``CONFLICT`` or ``EMPTY``.

    ``path`` is the file with conflict markers, ``None`` for another reason. ``merge``: it is a merge. ``matched``: the
    commit that it is to be squashed into is known to come before it in the change.
    """

    oid: str
    subject: str
    reason: str
    path: str | None = None
    merge: bool = False
    matched: bool = False


class Way(Value):
    """How the commits of a change can be rewritten.

    ``onto`` is the word for the target's tip, ``None`` where the target has none; ``oldest`` is the full oid of the
    oldest commit, ``root``: it has no parent. ``merges``: there is a merge among them. ``switch`` is the command that
    goes to the commits, to start a command line with, and ``first`` the part of it that is needed where the branch is
    named; ``branch`` is the word for their branch, ``None`` for HEAD.
    ``push`` is the command that pushes their branch afterwards, empty if a plain push will do.
    ``head`` is the last commit (full oid) where HEAD is it, ``None`` elsewhere.
    """

    onto: str | None
    oldest: str
    root: bool = False
    merges: bool = False
    switch: str = ""
    branch: str | None = None
    push: str = ""
    head: str | None = None
    first: str = ""


class UnfinishedCommit(Finding):
    """``commits`` are the unfinished ones, oldest first; ``landed`` is the head of the landing, ``None`` before."""

    rule = Rule(
        "LG501",
        "unfinished-commit",
        "error",
        "a commit is to be squashed (`fixup!`), its subject says nothing (WIP), or it has conflict markers",
        "What lands stays: a subject that says nothing does not explain the change later, and a file with conflict "
        "markers does not even run. Research and experiment branches are not checked. On a pull request it is a "
        "warning, because most teams squash. An empty commit that is no review marker is a note.",
        "Run the command of the finding: it squashes what is marked with `fixup!`, asks for a subject where the commit "
        "to squash into is not in the change, folds commits whose subject says nothing into the one before, and stops "
        "where there are conflict markers. Where the remote has the branch already, the finding has the push that "
        "follows.",
    )

    commits: tuple[Unfinished, ...]
    target: str
    way: Way
    landed: str | None = None

    def message(self) -> str:
        named = ", ".join(_named(commit) for commit in self.commits[:_MOST_NAMED])
        more = len(self.commits) - _MOST_NAMED
        others = f" and {more} more" if more > 0 else ""
        what = "unfinished" if self.commits[0].reason != EMPTY else "empty and no review marker"
        are = "is" if len(self.commits) == 1 else "are"
        return f"{count(len(self.commits), 'commit')} {are} {what}: {named}{others}"

    def help(self) -> str:
        if self.landed is not None:
            since = f"--since {short_oid(self.landed)}"
            return f"labgate audit {quote(short_ref(self.target))} {since}  # it stays; this judges what landed later"
        # The command may stop for a person, and only then the push is right.
        afterwards = f"  # then: {self.way.push}" if self.way.push else ""
        return f"{self._alone() or self._rebase()}{afterwards}"

    def _alone(self) -> str | None:
        """Return the short command for a single commit, ``None`` where it takes a list of steps."""
        way, commit = self.way, self.commits[0]
        if len(self.commits) > 1 or way.merges:
            return None
        first, last = commit.oid == way.oldest, commit.oid == way.head
        if commit.reason == EMPTY and not (first and way.root):
            named = short_oid(commit.oid)
            branch = "" if way.branch is None else f" {way.branch}"
            switch = way.switch if way.branch is None else way.first
            return "git reset --soft HEAD^" if last else f"{switch}git rebase --onto {named}^ {named}{branch}"
        if first and last and commit.reason in (SUBJECT, AUTOSQUASH):
            return "git commit --amend --only"
        return None

    def _rebase(self) -> str:
        """Return the command that rewrites the commits as a list of steps says."""
        way = self.way
        options = ["--rebase-merges"] * way.merges + ["--interactive", "--autosquash"]
        if way.root:
            options.append("--root")
        elif way.onto is None:
            options.append(f"{way.oldest}^")
        else:
            options += ["--keep-base", way.onto]
        if way.branch is not None:
            options.append(way.branch)
        switch = way.switch if way.branch is None else way.first
        return f"{switch}{self._editor()} rebase {' '.join(options)}"

    def _editor(self) -> str:
        """Return git with the settings by which a rebase makes its own list of what to do, if git's will not do."""
        steps = [step for commit in self.commits if (step := self._step(commit)) is not None]
        if not steps:
            return "git"
        return edited_list(";".join(steps))

    def _step(self, commit: Unfinished) -> str | None:
        # A rebase that keeps merges may list a commit before the one that it is to be squashed into.
        if commit.reason == AUTOSQUASH and commit.matched and not self.way.merges:
            return None
        named = short_oid(commit.oid)
        if commit.reason == EMPTY:
            return f"s/^p[a-z]* {named}/drop {named}/"
        if commit.merge:
            return f"s/^m[a-z]* -C {named}/merge -c {named}/"
        if commit.reason == AUTOSQUASH:
            # Where git finds the commit nevertheless, the line does not begin with "pick".
            return f"s/^p[a-z]* {named}/reword {named}/"
        if commit.reason == CONFLICT:
            return f"s/^p[a-z]* {named}/edit {named}/"
        folded = "reword" if commit.oid == self.way.oldest else "fixup"
        return f"s/^p[a-z]* {named}/{folded} {named}/"


class ShortLivedArtifact(Finding):
    """``paths`` are files that a CI job committed and that would land; ``authors`` are the jobs' emails.

    ``target`` is a full refname. ``restore`` are the paths that the target has in another version, from ``onto``.
    ``keepers`` are the emails of those who keep them, empty if nobody does.
    """

    rule = Rule(
        "LG502",
        "short-lived-artifact",
        "error",
        "a file of `[commit-hygiene] short-lived` that one of `ci-authors` committed would land",
        "A CI job commits the results of each run to its branch; nobody wants all of them in main's history. To keep "
        "one, a person adds a `Keep-Artifact: PATH` line to a commit message; `labgate audit` lists such files.",
        "Remove the file with the command of the finding, or keep it: "
        "`git commit --allow-empty -m 'Keep the model' --trailer 'Keep-Artifact: PATH'`.",
    )

    paths: tuple[str, ...]
    authors: tuple[str, ...]
    target: str
    restore: tuple[str, ...]
    onto: str
    switch: str
    keepers: tuple[str, ...] = ()

    def message(self) -> str:
        named = ", ".join(self.paths[:_MOST_NAMED])
        more = f" and {len(self.paths) - _MOST_NAMED} more" if len(self.paths) > _MOST_NAMED else ""
        if self.keepers:
            return f"{', '.join(self.keepers)} kept what {', '.join(self.authors)} committed: {named}{more}"
        files = "a short-lived file" if len(self.paths) == 1 else f"{len(self.paths)} short-lived files"
        return f"{files} of {', '.join(self.authors)} would land: {named}{more}"

    def help(self) -> str | None:
        if self.keepers:
            return None
        removed = [path for path in self.paths if path not in self.restore]
        steps = [f"git rm -q -- {_pathspecs(removed)}"] if removed else []
        if self.restore:
            steps.append(f"git checkout -q {self.onto} -- {_pathspecs(self.restore)}")
        steps.append("git commit -m 'Leave out what CI committed'")
        return self.switch + " && ".join(steps)


class TestsMissing(Finding):
    """``paths`` is changed source whose tests (``tests``, globs) did not change; ``target`` is a full refname.

    ``excuse`` is why there are none, ``None`` if no commit says so.
    """

    #: Not a test case, whatever pytest makes of its name.
    __test__ = False

    rule = Rule(
        "LG503",
        "tests-missing",
        "error",
        "a series from research changes source of `[[commit-hygiene.tests]]` and none of its tests",
        "Research code becomes everybody's code when it lands; without a test the next change breaks it unnoticed. "
        "Source that is deleted, moved or changed only in comments needs no test.",
        "Add a test, or say why none is needed: a commit with a `Tests-Not-Needed: REASON` line makes this a note, "
        "which `labgate audit` lists.",
    )

    paths: tuple[str, ...]
    tests: tuple[str, ...]
    target: str
    excuse: str | None
    switch: str

    def message(self) -> str:
        named = ", ".join(self.paths[:_MOST_NAMED])
        more = f" and {len(self.paths) - _MOST_NAMED} more" if len(self.paths) > _MOST_NAMED else ""
        said = "" if self.excuse is None else f": {self.excuse}"
        return f"{named}{more} changed without a test in {', '.join(self.tests)}{said}"

    def help(self) -> str | None:
        if self.excuse is not None:
            return None
        message = f'-m "Say why there is no test" --trailer "Tests-Not-Needed: {REASON_ASKED}"'
        return f"{self.switch}{ASK_REASON}git commit --allow-empty {message}  # or add a test"


def _named(commit: Unfinished) -> str:
    where = "" if commit.path is None else f", conflict markers in {commit.path}"
    return f"{short_oid(commit.oid)} ({commit.subject}{where})"


def _pathspecs(paths: tuple[str, ...] | list[str]) -> str:
    return " ".join(quote(f":(top,literal){path}") for path in paths)


FINDINGS = (UnfinishedCommit, ShortLivedArtifact, TestsMissing)

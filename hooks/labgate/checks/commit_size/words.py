"""The words of commit-size's findings."""

from __future__ import annotations

from shlex import quote

from labgate.values.phrases import count, short_oid, size
from labgate.values.refnames import short_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from labgate.checks.commit_size.rules import CommitFinding, SeriesTooLarge, SizeFinding, TooManyBytes

_GLOB_CHARACTERS = frozenset("*?[\\")
_SEVERAL_PARENTS = 2


def too_many(finding: CommitFinding, does: str, noun: str) -> str:
    """LG401 and LG402: ``does`` is the verb, ``noun`` what there is too much of."""
    return (
        f"{_subject(finding)} {does} {count(finding.actual, noun)}, {finding.over:,} over the limit of "
        f"{finding.limit:,} {_whose(finding)}; heaviest: {_heaviest(finding, in_bytes=False)}"
    )


def too_many_bytes(finding: TooManyBytes) -> str:
    """LG403."""
    actual, over, limit = size(finding.actual), size(finding.over), size(finding.limit)
    if not finding.oversized:
        return (
            f"{_subject(finding)} adds {actual}, {over} over the limit of {limit} {_whose(finding)}; "
            f"heaviest: {_heaviest(finding, in_bytes=True)}"
        )
    more = len(finding.oversized) - 1
    others = f" (and {count(more, 'other file')} over the limit)" if more else ""
    return (
        f"{_subject(finding)} adds {finding.files[0].path} with {actual}, {over} over the limit of {limit} a file "
        f"{_whose(finding)}{others}"
    )


def series_too_large(finding: SeriesTooLarge) -> str:
    """LG404."""
    noun = finding.unit.removeprefix("series-").removesuffix("s")
    heaviest = ", ".join(
        f"{_commit(commit.oid, commit.subject)} {count(commit.lines, 'line')}" for commit in finding.commits
    )
    return (
        f"the series has {count(finding.actual, noun)}, {finding.over:,} over the limit of {finding.limit:,} "
        f"{_whose(finding)}; heaviest: {heaviest}"
    )


def land_first_part(finding: SeriesTooLarge) -> str:
    """Return the command that makes a branch of the first part, or the step where there is no command."""
    part = finding.part
    if part is None or part.oid is None:
        return "split the first commit: alone it is too large for a series"
    if finding.branch is not None:
        return f"git branch {quote(finding.branch)} {part.oid}"
    first = f"the first {count(part.commits, 'commit')}" if part.commits > 1 else "the first commit"
    return f"land {first} ({count(part.lines, 'line')}) alone, up to {part.oid}"


def make_smaller(finding: CommitFinding) -> str:
    """Return the command that splits the commit, or that leaves out the files which are too large."""
    return _leave_out(finding) if finding.oversized else _split(finding)


def _subject(finding: CommitFinding) -> str:
    return "this commit" if finding.oid is None else f"commit {_commit(finding.oid, finding.subject)}"


def _commit(oid: str | None, subject: str) -> str:
    return f"({subject})" if oid is None else f"{short_oid(oid)} ({subject})"


def _whose(finding: SizeFinding) -> str:
    """Say whose limit it is: that of the target where it is known."""
    return f"for {finding.kind} branches" if finding.target is None else f"for {short_ref(finding.target)}"


def _heaviest(finding: CommitFinding, *, in_bytes: bool) -> str:
    return ", ".join(
        f"{file.path} {size(file.bytes) if in_bytes else count(file.lines, 'line')}" for file in finding.files
    )


def _split(finding: CommitFinding) -> str:
    """Return the command that commits the first group alone and leaves the rest in the work tree."""
    if finding.parents >= _SEVERAL_PARENTS:
        return "keep only the resolution of conflicts in the merge, and make the other edits in commits after it"
    if not finding.split:
        return _by_hunks(finding)
    first, *others = finding.split
    rest = [_pathspec(path) for group in others for path in group.paths]
    everything_else = [":/", *(_pathspec(path, "exclude") for path in first.paths)]
    if finding.temporary_index:
        # The index of `git commit -a` is gone by now: these changes are only in the work tree.
        return f"git commit -- {_join([_pathspec(path) for path in first.paths])}"
    return _take_out(finding, rest if len(rest) < len(everything_else) else everything_else)


def _leave_out(finding: CommitFinding) -> str:
    """Return the command that leaves out the files which are too large."""
    if finding.parents >= _SEVERAL_PARENTS:
        return "keep only the resolution of conflicts in the merge, without these files"
    large = [_pathspec(path) for path in finding.oversized]
    if finding.others == 0:
        return _drop(finding, large)
    if finding.temporary_index:
        return f"git commit -- :/ {_join([_pathspec(path, 'exclude') for path in finding.oversized])}"
    return _take_out(finding, large)


def _drop(finding: CommitFinding, large: Sequence[str]) -> str:
    """Return the command that drops the whole commit: nothing but the large files is in it."""
    if finding.staged:
        return f"git reset -q -- {_join(large)}"
    if finding.parents == 0:
        return "start the history again without these files: its first commit holds nothing else"
    return f"git rebase --rebase-merges --onto {finding.oid}^ {finding.oid}"


def _take_out(finding: CommitFinding, pathspecs: Sequence[str]) -> str:
    """Return the command that takes paths out of the commit; they stay in the work tree.

    A staged change is reset to HEAD, which also works before the first commit (``git restore --staged`` does not). A
    commit is stopped at in a rebase and amended; with ``-N`` new files stay known to git, so ``rebase --continue``
    does not forget them.
    """
    if finding.staged:
        return f"git reset -q -- {_join(pathspecs)} && git commit"
    if finding.parents == 0:
        return f"{_stop_at(finding)} && git rm -r -q --cached -- {_join(pathspecs)} && git commit --amend"
    return f"{_stop_at(finding)} && git reset -q -N HEAD^ -- {_join(pathspecs)} && git commit --amend"


def _by_hunks(finding: CommitFinding) -> str:
    """Return the command that asks hunk by hunk, where directories do not help."""
    if finding.staged:
        return "git reset -q -N && git add -p && git commit"
    if finding.parents == 0:
        empty = "git rm -r -q --cached -- :/ && git add -N -- :/"
        return f"{_stop_at(finding)} && {empty} && git add -p && git commit --amend"
    return f"{_stop_at(finding)} && git reset -q -N HEAD^ && git add -p && git commit -c {finding.oid}"


def _stop_at(finding: CommitFinding) -> str:
    """Return the command that starts a rebase and stops right after the commit, with the branch checked out.

    The list of steps is edited by ``sed -i.bak``, which GNU and BSD know alike; full oids make the commit certain.
    """
    edit = f"sed -i.bak 's/^p[a-z]* {finding.oid}/edit {finding.oid}/'"
    start = "--root" if finding.parents == 0 else f"{finding.oid}^"
    return f"git -c core.abbrev=no -c sequence.editor={quote(edit)} rebase -i --rebase-merges {start}"


def _pathspec(path: str, *magic: str) -> str:
    """Return a pathspec that means this path from anywhere in the work tree (gitglossary, pathspec)."""
    if _GLOB_CHARACTERS.intersection(path):
        magic = (*magic, "literal")
    return f":({','.join(('top', *magic))}){path}" if magic or path[0] in "!^(:/" else f":/{path}"


def _join(pathspecs: Sequence[str]) -> str:
    return " ".join(quote(pathspec) for pathspec in pathspecs)

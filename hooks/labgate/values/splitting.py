"""The commands that split a commit, or leave files out of it."""

from __future__ import annotations

from labgate.values.phrases import quote, short_oid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Part(Protocol):
        """Part of a commit: a path that ends in ``/`` is a whole directory."""

        @property
        def paths(self) -> tuple[str, ...]: ...

    class Divisible(Protocol):
        """A commit to split, or a staged change (``oid`` is then ``None``).

        ``split`` are its parts, to commit one by one. ``oversized`` are the paths to leave out, ``others`` is the
        number of the other files. ``parents`` is the number of parents it has or will have. ``temporary_index``: its
        index is one that git deletes when the hook refuses. ``way`` is the command that goes to its branch first.
        ``at_head``: HEAD is the commit, so that no rebase has to stop at it.
        """

        @property
        def oid(self) -> str | None: ...
        @property
        def parents(self) -> int: ...
        @property
        def staged(self) -> bool: ...
        @property
        def temporary_index(self) -> bool: ...
        @property
        def way(self) -> str: ...
        @property
        def at_head(self) -> bool: ...
        @property
        def split(self) -> Sequence[Part]: ...
        @property
        def oversized(self) -> Sequence[str]: ...
        @property
        def others(self) -> int: ...


_GLOB_CHARACTERS = frozenset("*?[\\")
_SEVERAL_PARENTS = 2


def split_off(finding: Divisible) -> str:
    """Return the command that commits the first group alone and leaves the rest in the work tree."""
    if finding.parents >= _SEVERAL_PARENTS:
        return "keep only the resolution of conflicts in the merge, and make the other edits in commits after it"
    if not finding.split:
        return _by_hunks(finding)
    first, *others = finding.split
    rest = [pathspec(path) for group in others for path in group.paths]
    everything_else = [":/", *(pathspec(path, "exclude") for path in first.paths)]
    if finding.temporary_index:
        # The index of `git commit -a` is gone by now: these changes are only in the work tree.
        return f"git commit -- {_join([pathspec(path) for path in first.paths])}"
    return _take_out(finding, rest if len(rest) < len(everything_else) else everything_else)


def leave_out(finding: Divisible) -> str:
    """Return the command that leaves out the files which are too large."""
    if finding.parents >= _SEVERAL_PARENTS:
        return "keep only the resolution of conflicts in the merge, without these files"
    large = [pathspec(path) for path in finding.oversized]
    if finding.others == 0:
        return _drop(finding, large)
    if finding.temporary_index:
        return f"git commit -- :/ {_join([pathspec(path, 'exclude') for path in finding.oversized])}"
    return _take_out(finding, large)


def _drop(finding: Divisible, large: Sequence[str]) -> str:
    """Return the command that drops the whole commit, as it only has the large files."""
    if finding.staged:
        return f"git reset -q -- {_join(large)}"
    if finding.parents == 0:
        return "start the history again without these files: its first commit has nothing else"
    if finding.at_head:
        return "git reset -q HEAD^"  # the files stay in the work tree
    named = _named(finding)
    return f"{finding.way}git rebase --rebase-merges --onto {named}^ {named}"


def _take_out(finding: Divisible, pathspecs: Sequence[str]) -> str:
    """Return the command that removes paths from the commit; they stay in the work tree.

    A staged change is reset to HEAD, which also works before the first commit (``git restore --staged`` does not). A
    rebase stops at a commit, which is then amended; with ``-N`` git still tracks new files, so that ``rebase
    --continue`` keeps them.
    """
    if finding.staged:
        return f"git reset -q -- {_join(pathspecs)} && git commit"
    if finding.parents == 0:
        return f"{_stop_at(finding)}git rm -r -q --cached -- {_join(pathspecs)} && git commit --amend"
    return f"{_stop_at(finding)}git reset -q -N HEAD^ -- {_join(pathspecs)} && git commit --amend"


def _by_hunks(finding: Divisible) -> str:
    """Return the command that asks hunk by hunk, if directories do not help."""
    if finding.staged:
        return "git reset -q -N && git add -p && git commit"
    if finding.parents == 0:
        empty = "git rm -r -q --cached -- :/ && git add -N -- :/"
        return f"{_stop_at(finding)}{empty} && git add -p && git commit --amend"
    return f"{_stop_at(finding)}git reset -q -N HEAD^ && git add -p && git commit -c {_named(finding)}"


def _stop_at(finding: Divisible) -> str:
    """Return what starts a rebase that stops right after the commit, to put before other commands.

    It is empty where HEAD is the commit.
    """
    if finding.at_head:
        return ""
    named = _named(finding)
    git = edited_list(f"s/^p[a-z]* {named}/edit {named}/")
    start = "--root" if finding.parents == 0 else f"{named}^"
    return f"{finding.way}{git} rebase -i --rebase-merges {start} && "


def edited_list(steps: str) -> str:
    """Return git as a command whose ``rebase -i`` edits its list of what to do by commands of sed.

    ``sed -i.bak`` is common to GNU and BSD. The list has full oids, of which the beginning is enough, and its words may
    be abbreviated (``rebase.abbreviateCommands``). A person's own GIT_SEQUENCE_EDITOR would win over a setting.
    """
    editor = f'sed -i.bak "{steps}"'
    return f"GIT_SEQUENCE_EDITOR={quote(editor)} git -c core.abbrev=no"


def _named(finding: Divisible) -> str:
    """Return the word for a commit in a command."""
    return short_oid(finding.oid or "HEAD")


def pathspec(path: str, *magic: str) -> str:
    """Return a pathspec that means this path from anywhere in the work tree (gitglossary, pathspec)."""
    if _GLOB_CHARACTERS.intersection(path):
        magic = (*magic, "literal")
    return f":({','.join(('top', *magic))}){path}" if magic or path[0] in "!^(:/" else f":/{path}"


def _join(pathspecs: Sequence[str]) -> str:
    return " ".join(quote(pathspec) for pathspec in pathspecs)

"""What people read of commit-size's findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from shlex import quote
from typing import Any

from labgate.values.finding import Finding
from labgate.values.phrases import count, short_oid, short_ref, size

_GLOB_CHARACTERS = frozenset("*?[\\")
_SEVERAL_PARENTS = 2


def _too_many(finding: Finding) -> tuple[str, str | None]:
    """Compose LG401 and LG402."""
    data = finding.data
    noun = data["unit"].removesuffix("s")
    does = {"line": "changes", "file": "touches"}[noun]
    message = (
        f"{_subject(finding)} {does} {count(data['actual'], noun)}, {data['over']:,} over the limit of "
        f"{data['limit']:,} {_whose(finding)}; heaviest: {_files(finding)}"
    )
    return message, _split(finding)


def _too_many_bytes(finding: Finding) -> tuple[str, str | None]:
    data = finding.data
    if not data["oversized"]:
        message = (
            f"{_subject(finding)} adds {size(data['actual'])}, {size(data['over'])} over the limit of "
            f"{size(data['limit'])} {_whose(finding)}; heaviest: {_files(finding)}"
        )
        return message, _split(finding)
    more = len(data["oversized"]) - 1
    others = f" (and {count(more, 'other file')} over the limit)" if more else ""
    message = (
        f"{_subject(finding)} adds {data['files'][0]['path']} with {size(data['actual'])}, {size(data['over'])} over "
        f"the limit of {size(data['limit'])} a file {_whose(finding)}{others}"
    )
    return message, _without(finding)


def _series(finding: Finding) -> tuple[str, str | None]:
    data = finding.data
    noun = data["unit"].removeprefix("series-").removesuffix("s")
    heaviest = ", ".join(
        f"{_commit(commit['oid'], commit['subject'])} {count(commit['lines'], 'line')}" for commit in data["commits"]
    )
    message = (
        f"the series has {count(data['actual'], noun)}, {data['over']:,} over the limit of {data['limit']:,} "
        f"{_whose(finding)}; heaviest: {heaviest}"
    )
    part = data["part"]
    if part is None or part["oid"] is None:
        return message, "split the first commit: alone it is too large for a series"
    if data["branch"] is not None:
        return message, f"git branch {quote(data['branch'])} {part['oid']}"
    first = f"the first {count(part['commits'], 'commit')}" if part["commits"] > 1 else "the first commit"
    return message, f"land {first} ({count(part['lines'], 'line')}) alone, up to {part['oid']}"


def _subject(finding: Finding) -> str:
    data = finding.data
    return "this commit" if data["oid"] is None else f"commit {_commit(data['oid'], data['subject'])}"


def _commit(oid: str | None, subject: str) -> str:
    return f"({subject})" if oid is None else f"{short_oid(oid)} ({subject})"


def _whose(finding: Finding) -> str:
    """Say whose limit it is: that of the target where it is known."""
    data = finding.data
    return f"for {data['kind']} branches" if data["target"] is None else f"for {short_ref(data['target'])}"


def _files(finding: Finding) -> str:
    in_bytes = finding.data["unit"] in ("bytes", "file-bytes")
    return ", ".join(
        f"{file['path']} {size(file['bytes']) if in_bytes else count(file['lines'], 'line')}"
        for file in finding.data["files"]
    )


def _split(finding: Finding) -> str:
    """Return the command that commits the first group alone and leaves the rest in the work tree."""
    data = finding.data
    if data["parents"] >= _SEVERAL_PARENTS:
        return "keep only the resolution of conflicts in the merge, and make the other edits in commits after it"
    if not data["split"]:
        return _by_hunks(finding)
    first = [_pathspec(path) for path in data["split"][0]["paths"]]
    rest = [_pathspec(path) for group in data["split"][1:] for path in group["paths"]]
    everything_else = [":/", *(_pathspec(path, "exclude") for path in data["split"][0]["paths"])]
    if data["temporary_index"]:
        # The index of `git commit -a` is gone by now: these changes are only in the work tree.
        return f"git commit -- {_join(first)}"
    return _take_out(finding, rest if len(rest) < len(everything_else) else everything_else)


def _without(finding: Finding) -> str:
    """Return the command that leaves the files out which are too large."""
    data = finding.data
    if data["parents"] >= _SEVERAL_PARENTS:
        return "keep only the resolution of conflicts in the merge, without these files"
    large = [_pathspec(path) for path in data["oversized"]]
    if data["others"] == 0:
        return _drop(finding, large)
    if data["temporary_index"]:
        return f"git commit -- :/ {_join([_pathspec(path, 'exclude') for path in data['oversized']])}"
    return _take_out(finding, large)


def _drop(finding: Finding, large: Sequence[str]) -> str:
    """Nothing but the large files is in the commit: it goes as a whole."""
    data = finding.data
    if data["staged"]:
        return f"git reset -q -- {_join(large)}"
    if data["parents"] == 0:
        return "start the history again without these files: its first commit holds nothing else"
    return f"git rebase --rebase-merges --onto {data['oid']}^ {data['oid']}"


def _take_out(finding: Finding, pathspecs: Sequence[str]) -> str:
    """Return the command that takes paths out of the commit; they stay in the work tree.

    A staged change is reset to HEAD, which also works before the first commit (``git restore --staged`` does not). A
    commit is stopped at in a rebase and amended; with ``-N`` new files stay known to git, so ``rebase --continue``
    does not forget them.
    """
    data = finding.data
    if data["staged"]:
        return f"git reset -q -- {_join(pathspecs)} && git commit"
    if data["parents"] == 0:
        return f"{_stop_at(finding)} && git rm -r -q --cached -- {_join(pathspecs)} && git commit --amend"
    return f"{_stop_at(finding)} && git reset -q -N HEAD^ -- {_join(pathspecs)} && git commit --amend"


def _by_hunks(finding: Finding) -> str:
    """Directories do not help: choose hunks."""
    data = finding.data
    if data["staged"]:
        return "git reset -q -N && git add -p && git commit"
    if data["parents"] == 0:
        empty = "git rm -r -q --cached -- :/ && git add -N -- :/"
        return f"{_stop_at(finding)} && {empty} && git add -p && git commit --amend"
    return f"{_stop_at(finding)} && git reset -q -N HEAD^ && git add -p && git commit -c {data['oid']}"


def _stop_at(finding: Finding) -> str:
    """Return the command that starts a rebase and stops right after the commit, with the branch checked out.

    The list of steps is edited by ``sed -i.bak``, which GNU and BSD know alike; full oids make the commit certain.
    """
    oid = finding.data["oid"]
    edit = f"sed -i.bak 's/^p[a-z]* {oid}/edit {oid}/'"
    start = "--root" if finding.data["parents"] == 0 else f"{oid}^"
    return f"git -c core.abbrev=no -c sequence.editor={quote(edit)} rebase -i --rebase-merges {start}"


def _pathspec(path: str, *magic: str) -> str:
    """Return a pathspec that means this path from anywhere in the work tree (gitglossary, pathspec)."""
    if _GLOB_CHARACTERS.intersection(path):
        magic = (*magic, "literal")
    return f":({','.join(('top', *magic))}){path}" if magic or path[0] in "!^(:/" else f":/{path}"


def _join(pathspecs: Sequence[Any]) -> str:
    return " ".join(quote(pathspec) for pathspec in pathspecs)


WORDS: dict[str, Callable[[Finding], tuple[str, str | None]]] = {
    "LG401": _too_many,
    "LG402": _too_many,
    "LG403": _too_many_bytes,
    "LG404": _series,
}

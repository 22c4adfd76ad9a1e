"""How much of its series' limits a branch has used, at commit. On the commit hook's path: at most one git process.

What was counted is noted for HEAD, with what is staged: if HEAD is the commit of that next time, it is added up. It
counts whole diffs, so it is never the smaller one; from half of a limit on, ``facts`` counts what a reader reads.
"""

from __future__ import annotations

import os

from labgate import FOLDER
from labgate.git.direct import index_tree, loose_commit
from labgate.git.raw import PLAIN, RENAMES, Entry
from labgate.git.runner import BOUNDED
from labgate.policy.glob import Glob
from labgate.scene.workplace import read_text
from labgate.values.checksum import with_checksum
from labgate.values.files import open_own, read_own, write_own
from labgate.values.refnames import HEADS, REMOTES, is_oid
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labgate.checks.commit_size.check import Facts
    from labgate.policy.model import Table
    from labgate.scene.proposed_commit import ProposedCommit

#: Below the git common directory: what was counted, a line for each HEAD and staged tree, the newest last.
FILE = os.path.join(FOLDER, "series-budget")
#: The most commits of a branch that are counted.
MOST = 200
#: The lines up to which one is appended, those that are kept then, and the bytes of all of them at most.
_MANY, _KEPT, _MOST_BYTES = 16, 8, 2**12
#: In a line instead of a tree that is not known, and of the tip of a branch that has no file of its own.
_NONE = "-"


class Used(Value):
    """What a branch has used: ``lines``, and ``commits`` of which something counts, of so many ``listed`` ones.

    ``oids`` are the listed ones, empty if they were not read again. ``exact``: as read.
    """

    lines: int
    commits: int
    listed: int
    exact: bool
    oids: tuple[str, ...] = ()


class _Key(Value):
    """What a count depends on: HEAD (full oid), the tips of the trunk, and ``rest``, a checksum of these and more."""

    head: str
    tips: tuple[str, ...]
    rest: str


class _Note(Value):
    """A line of the file: what was used at ``head``, and what a commit of ``tree`` on it adds (``None``: unknown)."""

    head: str
    rest: str
    used: Used
    tree: str | None
    lines: int
    commits: int


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
    if key is None:
        return counted(commit)
    notes = _notes(commit)
    known = [note for note in notes if note.rest == key.rest]
    used = next((note.used for note in known if note.head == key.head), None)
    used = used or _extended(commit, key, known) or counted(commit)
    if used is not None:
        _note(commit, key, notes, used)
    return used


def _extended(commit: ProposedCommit, key: _Key, notes: Sequence[_Note]) -> Used | None:
    """Return what is used at HEAD if that is the commit whose change was noted when it was made.

    The trunk must not have it already. It has not where it lacks its parent, or where the parent is its tip.
    """
    folder = commit.place.git().loose
    if not notes or folder is None or os.path.exists(os.path.join(commit.place.common_dir, "shallow")):
        return None
    found = loose_commit(folder, key.head)
    if found is None:
        return None
    tree, parents = found
    for note in notes:
        used = note.used
        new = 0 < used.listed < MOST or (not used.listed and {*key.tips} == {note.head})
        if (note.head,) == parents and note.tree == tree and new:
            return Used(used.lines + note.lines, used.commits + note.commits, used.listed + 1, exact=False)
    return None


def keep(commit: ProposedCommit, used: Used) -> None:
    """Note what was counted, for as long as the trunk and the policy stay, and what the staged change adds."""
    key = _key(commit)
    if key is not None:
        _note(commit, key, _notes(commit), used)


def _note(commit: ProposedCommit, key: _Key, notes: Sequence[_Note], used: Used) -> None:
    records = [] if commit.staged is None else commit.staged.records
    tree = index_tree(commit.place.index, len(key.head)) if records else None
    changed = [(record.path, record.added + record.deleted) for record in records if not isinstance(record, Entry)]
    note = _Note(key.head, key.rest, used.changed(oids=()), tree, *_sum(commit, [changed]))
    if note in notes:
        return
    path = os.path.join(commit.place.common_dir, FILE)
    try:
        if 0 < len(notes) < _MANY:
            # In one write, and a part of a line is none: it is quicker than another file.
            with open_own(path, _MOST_BYTES, append=True) as stream:
                stream.write(_line(note))
        else:
            write_own(path, b"".join(map(_line, [*reversed(notes[:_KEPT]), note])))
    except OSError:
        return


def _line(note: _Note) -> bytes:
    used = note.used
    numbers = (used.lines, used.commits, used.listed, int(used.exact), note.lines, note.commits)
    return f"{note.head} {note.rest} {note.tree or _NONE} {' '.join(map(str, numbers))}\n".encode("ascii")


def _notes(commit: ProposedCommit) -> list[_Note]:
    """Return the lines of the file that labgate can have written, the newest first."""
    try:
        text = read_own(os.path.join(commit.place.common_dir, FILE), _MOST_BYTES).decode("ascii", "replace")
    except OSError:
        return []
    notes = []
    for line in reversed(text.splitlines()):
        words = line.split(" ")
        if len(words) == 9 and all(word.isdecimal() for word in words[3:]):
            lines, commits, listed, exact, *more = map(int, words[3:])
            used = Used(lines, commits, listed, bool(exact))
            notes.append(_Note(words[0], words[1], used, None if words[2] == _NONE else words[2], *more))
    return notes


def _key(commit: ProposedCommit) -> _Key | None:
    """Return what the count depends on; ``None`` if HEAD, or the tip of the trunk, is not a plain file of git's."""
    place = commit.place
    head = read_text(os.path.join(place.common_dir, commit.branch or "HEAD"))
    trunks = _trunks(commit)
    tips = tuple(read_text(os.path.join(place.common_dir, ref)) or _NONE for ref in trunks)
    if head is None or not all(is_oid(oid) for oid in (head, *tips) if oid != _NONE):
        return None
    ignored = commit.policy.table["commit-size"]["ignore"]
    packed = _stamp(os.path.join(place.common_dir, "packed-refs"))
    return _Key(head, tips, with_checksum(b"", trunks, tips, packed, ignored, light=True).hex())


def _stamp(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _trunks(commit: ProposedCommit) -> list[str]:
    """Return the full names that the trunk may have here: on each remote, or without one as a local branch."""
    top = os.path.join(commit.place.common_dir, *REMOTES.strip("/").split("/"))
    try:
        prefixes = [f"{REMOTES}{name}/" for name in sorted(os.listdir(top))]
    except OSError:
        prefixes = []
    trunks = [f"{prefix}{name}" for prefix in prefixes or [HEADS] for name in commit.policy.trunks]
    return [ref for ref in trunks if ref != commit.branch]


def counted(commit: ProposedCommit) -> Used | None:
    """Count the commits that the trunk does not have, by their diffs."""
    # Without --boundary: git would make the diff of the trunk's commit, too.
    options = ("--ignore-missing", "--numstat", "--diff-merges=off", "--no-show-signature", *PLAIN, *RENAMES)
    shown = (*options, f"--max-count={MOST + 1}", "-z", "--format=%H %P")
    output = commit.place.git().run(*BOUNDED, "log", *shown, "HEAD", "--not", *_trunks(commit), "--")
    files: dict[str, list[tuple[str, int]]] = {}
    beyond: set[str] = set()
    changed: list[tuple[str, int]] = []
    tokens = iter(os.fsdecode(output).split("\0"))
    for token in tokens:
        words = token.lstrip("\n").split("\t", 2)
        if len(words) == 3:
            # A renamed file has no path here, but the old and the new one after it.
            path = words[2] or (next(tokens), next(tokens))[1]
            changed.append((path, sum(int(word) for word in words[:2] if word != "-")))
        elif words[0]:
            oid, *parents = words[0].split(" ")
            changed = files.setdefault(oid, [])
            beyond.update(filter(None, parents))
    if files and len(files) <= MOST and beyond <= files.keys():
        return None  # nothing of the trunk is known here
    return Used(*_sum(commit, files.values()), len(files), exact=False, oids=tuple(files))


def _sum(commit: ProposedCommit, commits: Iterable[Sequence[tuple[str, int]]]) -> tuple[int, int]:
    """Return the lines that count, and the commits with a file that does; each has the lines of its files by path."""
    ignored = [Glob(text) for text in commit.policy.table["commit-size"]["ignore"]]
    counting = [
        [lines for path, lines in changed if not any(glob.matches(path) for glob in ignored)] for changed in commits
    ]
    return sum(map(sum, counting)), sum(bool(lines) for lines in counting)

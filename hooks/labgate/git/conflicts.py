"""Conflict markers that commits add (git-merge, "How conflicts are presented")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labgate.git.merges import own_changes
from labgate.git.moved import EDITED_RENAMES
from labgate.git.quoted import unquoted
from labgate.git.raw import PLAIN
from labgate.git.repository import Repository
from labgate.values.refnames import is_oid

#: The lines that stand around the two sides of a conflict, in this order.
_MARKERS = (b"<<<<<<< ", b"=======", b">>>>>>> ")
_PATCH = ("diff-tree", "-r", "--root", "-p", "-U0", "-G^<<<<<<< ", *EDITED_RENAMES, *PLAIN)


def conflicted(repository: Repository, commits: Sequence[str]) -> dict[str, str]:
    """Return a file with conflict markers of each commit that adds them against its only parent, by its oid."""
    if not commits:
        return {}
    found: dict[str, str] = {}
    oid, path, stage, in_hunk = "", "", 0, False
    for line in repository.objects.stream(*_PATCH, "--stdin", stdin="".join(f"{oid}\n" for oid in commits).encode()):
        if in_hunk and line.startswith((b"+", b"-", b"\\")):
            stage = _next(stage, line[1:]) if line.startswith(b"+") else stage
            if stage == len(_MARKERS):
                found.setdefault(oid, path)
            continue
        in_hunk = line.startswith(b"@@ ")
        if line.startswith(b"diff --git "):
            stage = 0
        elif line.startswith(b"+++ "):
            path = unquoted(line[4:]).removeprefix("b/")
        elif is_oid(line.decode("ascii", "replace")):
            oid = line.decode()
    return found


def conflicted_merges(repository: Repository, merges: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each merge, with a file to which it adds conflict markers that no parent has."""
    for oid in merges:
        for path, change in own_changes(repository, oid).items():
            stage = 0
            for line in change.added:
                stage = _next(stage, line)
            if stage == len(_MARKERS):
                yield oid, path
                break


def _next(stage: int, line: bytes) -> int:
    """Return how many markers were found in their order, after one more added line."""
    if stage == len(_MARKERS):
        return stage
    wanted = _MARKERS[stage]
    fits = line.rstrip(b"\r") == wanted if stage == 1 else line.startswith(wanted)
    return stage + fits

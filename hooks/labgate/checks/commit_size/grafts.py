"""Grafted commits of a range: another project's history that a merge adds (``git subtree``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from labgate.values.ref_update import Commit


def grafted(commits: Sequence[Commit], reaches: Callable[[str], bool]) -> frozenset[str]:
    """Return the commits of a range, parents before children, that share no history with the target.

    They have their own paths, and the merge that adds them moves them: they are below its second parent, never its
    first. ``reaches`` returns whether a commit outside of the range shares the target's root; it is only called if a
    merge may graft commits.
    """
    inside = {commit.oid: commit for commit in commits}
    if not any(len(commit.parents) > 1 for commit in commits):
        return frozenset()
    foreign: set[str] = set()
    for commit in commits:
        if not any(parent not in foreign if parent in inside else reaches(parent) for parent in commit.parents):
            foreign.add(commit.oid)
    brought = (parent for commit in commits if commit.oid not in foreign for parent in commit.parents[1:])
    own = [commit.parents[0] for commit in commits if commit.oid not in foreign and commit.parents]
    own.append(commits[-1].oid)
    return _below(brought, foreign, inside) - _below(own, foreign, inside)


def grafts(commit: Commit, foreign: frozenset[str]) -> bool:
    """Return whether a merge brings grafted commits."""
    return not foreign.isdisjoint(commit.parents[1:])


def _below(tips: Iterable[str], foreign: set[str], inside: dict[str, Commit]) -> frozenset[str]:
    """Return the foreign commits that some commits are, or reach."""
    found: set[str] = set()
    stack = [oid for oid in tips if oid in foreign]
    while stack:
        oid = stack.pop()
        if oid not in found:
            found.add(oid)
            stack += [parent for parent in inside[oid].parents if parent in foreign]
    return frozenset(found)

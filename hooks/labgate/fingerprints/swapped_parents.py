"""Merges with swapped parents ("foxtrots"): the main line is the second parent, and the first is somebody's work.

``git pull`` on a local branch makes one, and so does a topic that merges main and is then fast-forwarded.
"""

from __future__ import annotations

from collections.abc import Sequence

from labgate.git.commits import read_commits, rev_list
from labgate.git.repository import Repository
from labgate.values.regexes import regex

#: What git writes by itself (git-fmt-merge-msg): which branch is merged, from where, and into which one.
_MERGED = regex(r"Merge (?:remote-tracking )?branch '([^']+)'(?: of \S+)?(?: into (\S+))?\s*")
#: What a trunk is called, whatever the policy says: what is stored must depend on commits alone.
_TRUNKS = frozenset({"main", "master", "trunk", "develop", "development", "dev", "devel", "default", "mainline"})
#: Where git does not write into which branch it merged, it was one of these (git-fmt-merge-msg, "merge.suppressDest").
_UNNAMED = frozenset({"main", "master", "trunk"})


def swapped_on(repository: Repository, chain: Sequence[str]) -> dict[str, str]:
    """Return the merges with swapped parents in a first-parent chain, oldest first, each with its second parent.

    Raises: ``MissingObjectError`` when history is missing here.
    """
    options = ("--first-parent", "--min-parents=2", "--grep=^Merge .*branch '")
    merges = rev_list(repository, chain[-1:], [f"{chain[0]}^@"], *options)
    return swapped_parents(repository, merges[::-1])


def swapped_parents(repository: Repository, merges: Sequence[str]) -> dict[str, str]:
    """Return those of some merges that have swapped parents, each with its second parent.

    Only the message shows which parent was main.
    """
    return {commit.oid: commit.parents[1] for commit in read_commits(repository, merges) if _is_swap(commit.subject)}


def _is_swap(subject: str) -> bool:
    """Return whether a subject says that a trunk was merged into another branch, or a branch into a local one of it."""
    merged = _MERGED.fullmatch(subject)
    if merged is None:
        return False
    branch, into = merged[1], merged[2] or ""
    name = branch.rpartition("/")[2]
    if not into:
        return name in _UNNAMED
    pulled = f"/{branch}".endswith(f"/{into}")
    return pulled or (name in _TRUNKS and into.rpartition("/")[2] not in _TRUNKS)

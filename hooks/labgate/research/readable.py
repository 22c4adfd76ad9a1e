"""The branches that can be read in a clone with missing objects: an unreadable one must not hide the others."""

from __future__ import annotations

from labgate.git.commits import rev_list
from labgate.git.repository import Repository
from labgate.research.source_refs import RefClasses
from labgate.values.errors import GitError


def readable(repository: Repository, classes: RefClasses) -> tuple[RefClasses, tuple[str, ...]]:
    """Return the refs whose unlanded history is here, and the full names of the other research refs.

    Raises: ``GitError`` when the history of protected refs cannot be read.
    """
    protected = tuple(dict.fromkeys(ref.oid for ref in classes.protected))
    if _is_here(repository, [*(ref.oid for ref in classes.sources), *(ref.oid for ref in classes.others)], protected):
        return classes, ()
    rev_list(repository, protected, (), "-n", "1")
    sources = tuple(ref for ref in classes.sources if _is_here(repository, [ref.oid], protected))
    others = tuple(ref for ref in classes.others if _is_here(repository, [ref.oid], protected))
    broken = tuple(ref.ref for ref in classes.sources if ref not in sources)
    return classes.changed(sources=sources, others=others), broken


def _is_here(repository: Repository, tips: list[str], landed: tuple[str, ...]) -> bool:
    try:
        rev_list(repository, tips, landed, "--count")
    except GitError:
        return False
    return True

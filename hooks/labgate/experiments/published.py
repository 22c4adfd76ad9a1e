"""Which commits a remote has, as far as this clone knows: a pin must not publish what nobody has pushed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labgate.git.commits import present, rev_list
from labgate.git.refs import TrackingRef
from labgate.git.repository import Repository
from labgate.values.ref_update import RefUpdate


def remote_tips(
    tracking: Iterable[TrackingRef], remote: str | None, updates: Iterable[RefUpdate] = ()
) -> tuple[str, ...]:
    """Return the tips of a remote's branches: those that a push names as the remote has them, the others as fetched."""
    named = {update.ref: update.old for update in updates}
    known = {ref.remote_ref: ref.oid for ref in tracking if ref.remote == remote} | named
    return tuple(dict.fromkeys(oid for oid in known.values() if oid is not None))


def reached(repository: Repository, commits: Sequence[str], tips: Iterable[str]) -> tuple[str, ...]:
    """Return those of some commits that the tips reach; a tip that is not here reaches nothing."""
    here = present(repository, tips)
    if not here or not commits:
        return ()
    missing = frozenset(rev_list(repository, commits, here))
    return tuple(oid for oid in commits if oid not in missing)

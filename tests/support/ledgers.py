"""Looks at two refs, and all that a ledger says of them, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1

from labgate.research.ledger import Ledger

YEAR = 365 * 24 * 3600
X, Y = "refs/remotes/origin/research/x", "refs/remotes/origin/research/y"


def oid(name: object) -> str:
    return sha1(str(name).encode()).hexdigest()  # noqa: S324  (git's own)


A, B, C, D = (oid(name) for name in "ABCD")


def look(ledger: Ledger, now: int, /, *covered: str, **refs: Sequence[str]) -> None:
    """Observe the refs ``x`` and ``y``, each given as its commits, newest first; ``covered`` has landed."""
    commits = {{"x": X, "y": Y}[name]: oids for name, oids in refs.items()}
    tips = {ref: oids[0] for ref, oids in commits.items()}
    ledger.observe(tips, commits, now, continues=lambda old, _: old in covered)


def answers(ledger: Ledger, oids: Sequence[str], now: int = 0) -> object:
    return [ledger.first_seen(oid) for oid in oids], ledger.tips(), ledger.deleted(now, YEAR), ledger.size()

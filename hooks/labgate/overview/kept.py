"""What was found of each branch at its tip, kept for the next run: a cache below the common git directory.

If it is missing, damaged, of another version, policy or mailmap, or anything in it is unusual, all is found again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any

from labgate import FOLDER, __version__
from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.values.checksum import verified, with_checksum
from labgate.values.files import read_own, write_own
from labgate.values.refnames import is_oid
from labgate.values.value import Value

_FORMAT = "labgate-status 2"
#: Some 20,000 branches. More are found again in each run.
_MOST_BYTES = 2**23


class Kept(Value):
    """What was found of a tip when the trunk was at ``trunk`` (full oid).

    ``own`` is the number of its own commits. ``landed`` has a row for each commit of the trunk (full oid, the first of
    the row) that has some of them as other ones, and ``empty`` are those that change nothing. ``reviewed`` counts the
    reviewed ones; ``marked``: there is a review marker on the branch, so that number may change with the trunk.
    ``readme`` is the first line of its README. ``conflicts`` are the files that merging the trunk meets, ``None`` if
    that is not known.
    """

    trunk: str
    own: int
    landed: tuple[tuple[str, ...], ...]
    owner: str | None
    empty: tuple[str, ...]
    reviewed: int
    marked: bool
    readme: str | None
    conflicts: tuple[str, ...] | None

    @property
    def copies(self) -> dict[str, frozenset[str]]:
        """The own commits that the trunk has as other ones: each with those."""
        found: dict[str, frozenset[str]] = {}
        for landing, *oids in self.landed:
            for oid in oids:
                found[oid] = found.get(oid, frozenset()) | {landing}
        return found


def load(repository: Repository, policy: Policy, mailmap: str | None) -> dict[str, Kept]:
    """Return what is kept, by tip (full oid); empty if nothing is. ``mailmap`` is the trunk's (full oid of a blob)."""
    try:
        content = verified(read_own(_path(repository), _MOST_BYTES), *_title(policy, mailmap))
        rows = {} if content is None else json.loads(bytes(content))
        return {oid: _kept(row) for oid, row in rows.items() if is_oid(oid)}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def save(repository: Repository, policy: Policy, mailmap: str | None, kept: Mapping[str, Kept]) -> None:
    """Keep this for the next run, if possible."""
    rows = {oid: list(one.as_dict().values()) for oid, one in kept.items()}
    content = with_checksum(json.dumps(rows, separators=(",", ":")).encode("ascii"), *_title(policy, mailmap))
    if len(content) <= _MOST_BYTES:
        with contextlib.suppress(OSError):
            write_own(_path(repository), content)


def _path(repository: Repository) -> str:
    return os.path.join(repository.common_dir, FOLDER, "status")


def _title(policy: Policy, mailmap: str | None) -> tuple[str, ...]:
    """Return what the checksum covers besides the content: what was found by another policy does not count."""
    return _FORMAT, __version__, json.dumps(policy.table, sort_keys=True), mailmap or ""


def _kept(row: Any) -> Kept:
    """Return the value of a row. Raises: ``ValueError``, ``TypeError`` when no run wrote it so."""
    trunk, own, landed, owner, empty, reviewed, marked, readme, conflicts = row
    paths = () if conflicts is None else conflicts
    good = (
        all(map(is_oid, (trunk, *(oid for oids in landed for oid in oids), *empty)))
        and all(len(oids) > 1 for oids in landed)
        and all(text is None or isinstance(text, str) for text in (owner, readme, *paths))
        and all(type(number) is int and number >= 0 for number in (own, reviewed))
        and isinstance(marked, bool)
        and None not in paths
    )
    if not good:
        message = "no row of this format"
        raise ValueError(message)
    met = None if conflicts is None else tuple(conflicts)
    return Kept(trunk, own, tuple(map(tuple, landed)), owner, tuple(empty), reviewed, marked, readme, met)

"""Unlanded history: read from git once, and then only what is new since the last run (docs/adr/0015)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence

from labgate import FOLDER
from labgate.git.commits import parents_of
from labgate.git.repository import Repository
from labgate.research.commit_graph import CommitGraph
from labgate.values.checksum import verified, with_checksum
from labgate.values.errors import GitError
from labgate.values.files import read_own, write_own

#: Commits, each with its parents.
Parents = Mapping[str, tuple[str, ...]]

#: It changes with the file's format or content.
_FORMAT = "labgate-unlanded 2"
#: In the place of the first parent of a commit that has none.
_NONE = "-"
#: Largest file that is written and read: some 800,000 commits.
_MOST_BYTES = 2**26


def unlanded_path(common_dir: str) -> str:
    """Return the path of the cache of unlanded history."""
    return os.path.join(common_dir, FOLDER, "unlanded")


def read_unlanded(repository: Repository, tips: Sequence[str], landed: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the commits that the tips reach and ``landed`` does not, each with its parents, in order.

    Raises: ``MissingObjectError`` when history is missing here.
    """
    return in_order(parents_of(repository, tips, landed), tips) if tips else {}


def in_order(parents: Parents, tips: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the commits of a history that the tips reach: children before parents, one line after the other.

    It is the order of ``git rev-list --topo-order``, but ties follow the order of the tips: it must not depend on when
    a part of the history was read.
    """
    children: dict[str, int] = {}
    stack = [tip for tip in dict.fromkeys(tips) if tip in parents]
    seen = set(stack)
    while stack:
        for parent in parents[stack.pop()]:
            if parent in parents:
                children[parent] = children.get(parent, 0) + 1
                if parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
    found: dict[str, tuple[str, ...]] = {}
    stack = [tip for tip in reversed(dict.fromkeys(tips)) if tip in seen and tip not in children]
    while stack:
        oid = stack.pop()
        found[oid] = parents[oid]
        for parent in parents[oid]:
            if parent in seen:
                children[parent] -= 1
                if not children[parent]:
                    stack.append(parent)
    return found


class Unlanded:
    """The commits that the refs held at the last run, from a file, and those that they hold now.

    The file is a cache: if it is unusual, or the refs have moved in an unusual way, everything is read from git. If it
    cannot be written, the next run starts from an older one.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._path = unlanded_path(repository.common_dir)
        self._known: _Known | None = None
        self._asked: dict[str, None] = {}

    def parents(self, tips: Sequence[str], landed: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the same as ``read_unlanded``, and raise the same."""
        if not tips or self._repository.shallow:
            # In a shallow clone a commit's parents may change.
            return read_unlanded(self._repository, tips, landed)
        wanted = tuple(dict.fromkeys(tips))
        known = self._known or self._load()
        self._asked.update(dict.fromkeys(wanted))
        if known is None or not known.has(wanted, landed):
            known = None if known is None else self._advanced(known, wanted, landed)
            known = known or _Known(wanted, frozenset(landed), read_unlanded(self._repository, wanted, landed))
            asked = tuple(self._asked)
            self._save(_Known(asked, known.landed, in_order(known.parents, asked)))
        self._known = known
        return known.parents if known.tips == wanted else in_order(known.parents, wanted)

    def _advanced(self, known: _Known, tips: tuple[str, ...], landed: Sequence[str]) -> _Known | None:
        """Return the updated history, ``None`` if everything must be read again.

        Landed commits must still be landed, or everything is read again. So a commit is unlanded now if it was unlanded
        or is new, a tip reaches it through such commits only, and the landed tips do not.
        """
        new = [oid for oid in dict.fromkeys((*tips, *landed)) if oid not in known.landed and oid not in known.ends]
        left = known.ends.difference(tips)
        try:
            fresh = parents_of(self._repository, new, [*known.landed, *left]) if new else {}
        except GitError:
            # The object of an old tip may be deleted.
            return None
        parents = {**known.parents, **fresh}
        landing = CommitGraph(parents).ancestors(landed)
        below = {parent for oid in landing for parent in parents[oid]}
        if not all(oid in below for oid in known.landed.difference(landed)):
            return None
        rest = {oid: mine for oid, mine in parents.items() if oid not in landing}
        ends = tuple(dict.fromkeys((*tips, *known.tips)))
        return _Known(ends, frozenset(landed), in_order(rest, ends))

    def _load(self) -> _Known | None:
        try:
            content = verified(read_own(self._path, _MOST_BYTES), _FORMAT)
        except OSError:
            return None
        return None if content is None else _Known.of(str(content, "ascii"))

    def _save(self, known: _Known) -> None:
        """Write this for the next run, if possible."""
        content = with_checksum(known.text().encode("ascii"), _FORMAT)
        if len(content) <= _MOST_BYTES:
            with contextlib.suppress(OSError):
                write_own(self._path, content)


class _Known:
    """The commits that some tips reached and ``landed`` did not, in order."""

    def __init__(self, tips: tuple[str, ...], landed: frozenset[str], parents: dict[str, tuple[str, ...]]) -> None:
        self.tips = tips
        self.ends = frozenset(tips)
        self.landed = landed
        self.parents = parents

    def has(self, tips: Iterable[str], landed: Iterable[str]) -> bool:
        """Return whether this has at least the requested history."""
        return self.landed == frozenset(landed) and self.ends.issuperset(tips)

    def text(self) -> str:
        """Return this as text.

        A line of tips, one of what had landed, one of commits, and one of their first parents; then a line for each
        commit that has no parent or several. So all of it is split at once.
        """
        firsts = " ".join([mine[0] if mine else _NONE for mine in self.parents.values()])
        rows = [" ".join((oid, *mine)) for oid, mine in self.parents.items() if len(mine) != 1]
        return "\n".join((" ".join(self.tips), " ".join(sorted(self.landed)), " ".join(self.parents), firsts, *rows))

    @classmethod
    def of(cls, text: str) -> _Known:
        """Return the history in the result of ``text``."""
        tips, landed, oids, firsts, *rows = text.split("\n")
        parents: dict[str, tuple[str, ...]] = dict(zip(oids.split(), zip(firsts.split(), strict=True), strict=True))
        for oid, *mine in (row.split(" ") for row in rows):
            parents[oid] = tuple(mine)
        return cls(tuple(tips.split()), frozenset(landed.split()), parents)

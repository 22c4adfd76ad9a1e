"""A proposal as values: ref updates, the commits they bring, and how much of it this run could see."""

from __future__ import annotations

from labgate.values.refnames import branch_of
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Identity(Value):
    """A name and an email address as a commit has them; emails compare by ``key`` (without case)."""

    name: str
    email: str

    @property
    def key(self) -> str:
        return self.email.casefold()


class Commit(Value):
    """A commit. ``message`` is decoded with its own encoding; ``trailers`` is git's trailer block.

    ``trailers`` holds the lines of the block that git itself recognises (git-interpret-trailers), still folded.
    ``authored`` is the author's time in seconds since the epoch, ``""`` where it was not read.
    """

    oid: str
    parents: tuple[str, ...]
    tree: str
    author: Identity
    committer: Identity
    message: str
    trailers: tuple[str, ...]
    authored: str = ""

    @property
    def subject(self) -> str:
        return self.message.split("\n", 1)[0]

    def changes_nothing(self, trees: Mapping[str, str]) -> bool:
        """Return whether it has one parent and that parent's tree; ``trees`` has the trees of commits (oids)."""
        return len(self.parents) == 1 and trees.get(self.parents[0]) == self.tree


class RefUpdate(Value):
    """The update that a push proposes for one ref of a remote, or a change for its target.

    ``ref`` is a full refname on the remote. ``old`` is the tip before, ``None`` when the ref is created; ``new`` the
    tip after, ``None`` when it is deleted. ``source`` is the branch the commits come from (short name), ``None`` if
    it is not known; ``source_stated`` is true when the caller named it (``--source``, CI), false when it was only
    inferred.
    """

    ref: str
    old: str | None
    new: str | None
    source: str | None = None
    source_stated: bool = False

    @property
    def branch(self) -> str | None:
        """The short branch name, or ``None`` for tags and every other namespace."""
        return branch_of(self.ref)


class View(Value):
    """How much of the proposal and of the research refs this run could see.

    ``refs_total`` is ``None`` when the caller does not know how many refs the push has. ``sources_complete`` is true
    when every research ref of the remote is known here. ``said``: people were told recently that it is not complete.
    """

    refs_seen: int
    refs_total: int | None
    source_refs: int
    sources_complete: bool
    said: bool = False

    @property
    def complete(self) -> bool:
        return self.refs_total is not None and self.refs_seen >= self.refs_total

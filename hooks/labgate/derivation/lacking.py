"""Research and commits that a comparison left out, because objects are not in this clone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labgate.git.repository import Repository
from labgate.values.errors import MissingObjectError
from labgate.values.finding import Evidence
from labgate.values.phrases import count
from labgate.values.refnames import short_ref
from labgate.values.value import Value

#: The most branches that are named.
_NAMED = 3


class Lacking(Value):
    """``sources`` are research refs (full names), ``commits`` commits of the change (oids), that were not compared.

    ``landed`` is the number of unknown commits on the target's line: their features look new.
    """

    sources: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    landed: int = 0

    def error(self, repository: Repository) -> MissingObjectError | None:
        """Return why a pass may be wrong, with the command that fixes it; ``None`` if nothing is missing."""
        named = [short_ref(ref) for ref in self.sources]
        parts = [*named[:_NAMED], *([f"{len(named) - _NAMED} more branches"] if len(named) > _NAMED else [])]
        parts += [count(len(self.commits), "commit")] if self.commits else []
        parts += [count(self.landed, "landed commit")] if self.landed else []
        if not parts:
            return None
        message = f"not compared, as this clone lacks its objects: {', '.join(parts)}"
        return MissingObjectError(message, repository.completing())


class Cut(Value):
    """What is over a limit, and compared in part.

    Files of code are compared by their ids, and in part by their text: ``files`` is the number of those of a change,
    ``research`` are the full names of the refs that have some, with their numbers. Many commits are compared each, and
    not as one: ``commits`` is the number of those of a change (0: they are compared as one), ``long`` are the refs.
    ``landed`` is the number of landed commits with files over a limit, where a similarity decides: what is shared may
    be their text.
    """

    files: int = 0
    research: tuple[tuple[str, int], ...] = ()
    commits: int = 0
    long: tuple[str, ...] = ()
    landed: int = 0

    def lines(self) -> Iterator[str]:
        """Yield a line for each side that was not compared as a whole."""
        if self.files:
            yield f"not compared to their ends: {count(self.files, 'file')} over the limit"
        for ref, files in self.research[:_NAMED]:
            yield f"not compared to their ends: {count(files, 'file')} of {short_ref(ref)} over the limit"
        if len(self.research) > _NAMED:
            yield f"not compared to their ends: files of {len(self.research) - _NAMED} more branches over the limit"
        if self.landed:
            yield f"what landed is not known to its end: {count(self.landed, 'commit')} over the limit"
        parts = [f"this change of {self.commits} commits"] if self.commits else []
        parts += [short_ref(ref) for ref in self.long[:_NAMED]]
        parts += [f"{len(self.long) - _NAMED} more branches"] if len(self.long) > _NAMED else []
        if parts:
            yield f"compared commit by commit, not as a whole: {', '.join(parts)}"


class Traces(Value):
    """The evidence in the text of commits, those with too little text to compare, and what was left out."""

    evidence: Sequence[Evidence]
    small: frozenset[str]
    lacking: Lacking = Lacking()
    cut: Cut = Cut()

"""What a comparison had to leave out, for objects of it are not in this clone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from labgate.git.repository import Repository
from labgate.values.errors import MissingObjectError
from labgate.values.finding import Evidence
from labgate.values.phrases import count
from labgate.values.refnames import short_ref
from labgate.values.value import Value

#: How many branches are named.
_NAMED = 3


class Lacking(Value):
    """``sources`` are research refs (full names), ``commits`` commits of the change (oids), that were not compared.

    ``landed`` counts the commits on the way of the target that are unknown: what they brought looks new.
    """

    sources: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    landed: int = 0

    def error(self, repository: Repository) -> MissingObjectError | None:
        """Return why silence does not mean that all is well, with what mends it; ``None`` if nothing is lacking."""
        named = [short_ref(ref) for ref in self.sources]
        parts = [*named[:_NAMED], *([f"{len(named) - _NAMED} more branches"] if len(named) > _NAMED else [])]
        parts += [count(len(self.commits), "commit")] if self.commits else []
        parts += [count(self.landed, "landed commit")] if self.landed else []
        if not parts:
            return None
        message = f"not compared, for this clone lacks objects of it: {', '.join(parts)}"
        return MissingObjectError(message, repository.completing())


class Traces(NamedTuple):
    """What the text of commits shows, which of them are too small to be compared by it, and what was left out."""

    evidence: Sequence[Evidence]
    small: frozenset[str]
    lacking: Lacking = Lacking()

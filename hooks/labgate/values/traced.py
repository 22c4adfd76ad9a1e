"""The origin of one commit's code."""

from __future__ import annotations

from labgate.values.finding import Evidence
from labgate.values.value import Value


class Traced(Value):
    """Where one commit comes from: evidence, strongest first. ``undecidable``: too small to judge by its text.

    ``lacking``: it is not all in this clone, so it is undecidable. ``cut`` is the number of its files of code that were
    compared in part, as they are over a limit.
    """

    commit: str
    evidence: tuple[Evidence, ...]
    undecidable: bool
    lacking: bool = False
    cut: int = 0

    @property
    def derived(self) -> bool:
        return any(item.decisive for item in self.evidence)


class SharedLine(Value):
    """A line of a commit and the line of research that it comes from; numbers count from 1, in the new files.

    ``deleted``: both delete it; the numbers are then those of the lines in its place.
    """

    path: str
    number: int
    text: str
    source_commit: str
    source_path: str
    source_number: int
    source_text: str
    deleted: bool = False

"""Figures to compare with: other methods on the same labels, and what labgate is to reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Recall, and false alarms per 1000 negatives (``None``: not measured, or no bound)."""

    recall: float
    false: float | None = None


@dataclass(frozen=True)
class Reference:
    """What is known of one set; ``None`` where nothing is.

    ``cherry``: ``git cherry``. ``a1``: at least three novel lines in the same file, half of either side (for backports
    the best of fuzzy line matching). ``six``, ``four``: a scorecard of five features at its two thresholds.
    ``reach`` and ``goal`` are bars for labgate.
    """

    reach: Figure | None
    goal: Figure | None
    cherry: Figure | None = None
    a1: Figure | None = None
    six: Figure | None = None
    four: Figure | None = None


#: Measured once on these labels and this index, outside this project, by methods that it does not contain.
#: For the fused sets "at most 3 false alarms per 1000" is the bound that goes with their targets.
SETS: Mapping[tuple[str, str], Reference] = {
    ("black", "full"): Reference(
        Figure(0.999, 0), Figure(1, 0), Figure(0.52), Figure(0.993, 0), Figure(0.999, 0), Figure(1, 0)
    ),
    ("distributed", "full"): Reference(
        Figure(0.999, 0), Figure(1, 0), Figure(0.39), Figure(0.999, 0), Figure(1, 0), Figure(1, 0.8)
    ),
    ("black", "half"): Reference(
        Figure(0.95, 1.5), Figure(0.985, 1), Figure(0), Figure(0.729, 0.7), Figure(0.955, 1.4), Figure(0.981, 2.9)
    ),
    ("distributed", "half"): Reference(
        Figure(0.94, 1.5), Figure(0.97, 1), Figure(0), Figure(0.823, 2.3), Figure(0.939, 0.8), Figure(0.962, 3)
    ),
    ("black", "first"): Reference(
        Figure(0.88, 1.5), Figure(0.95, 1), Figure(0), Figure(0.611, 0), Figure(0.886, 0.7), Figure(0.936, 2.1)
    ),
    ("distributed", "first"): Reference(
        Figure(0.79, 1.5), Figure(0.9, 1), Figure(0), Figure(0.656, 1.5), Figure(0.793, 0.8), Figure(0.864, 3.8)
    ),
    ("black", "fused-half"): Reference(
        Figure(0.92, 3), Figure(0.95, 3), None, Figure(0.672, 0), Figure(0.876, 0.7), Figure(0.948, 0.7)
    ),
    ("distributed", "fused-half"): Reference(
        Figure(0.92, 3), Figure(0.95, 3), None, Figure(0.72, 2.3), Figure(0.787, 0), Figure(0.904, 2.3)
    ),
    ("black", "fused-first"): Reference(
        Figure(0.8, 3), Figure(0.88, 3), None, Figure(0.512, 0), Figure(0.744, 0.7), Figure(0.853, 0.7)
    ),
    ("distributed", "fused-first"): Reference(
        Figure(0.8, 3), Figure(0.88, 3), None, Figure(0.487, 0.8), Figure(0.618, 0.8), Figure(0.736, 2.3)
    ),
    ("pytest", "picks"): Reference(Figure(0.98), Figure(1), Figure(0.859), Figure(0.993)),
}

#: The bars for a repository that no constant was chosen on.
UNSEEN: Mapping[str, Reference] = {
    "full": Reference(Figure(0.985, 3), Figure(0.995, 1), Figure(0)),
    "half": Reference(Figure(0.9, 3), Figure(0.96, 1), Figure(0)),
    "first": Reference(Figure(0.75, 3), Figure(0.9, 1), Figure(0)),
}

NOTHING = Reference(None, None)

#: Recall at threshold 4, at 6 and of A1, for main commits of each size (``BUCKETS``), of the set half.
HALF_BY_SIZE: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    "black": ((0.75, 0.5, 0), (0.93, 0.87, 0), (1, 0.88, 0.41), (0.96, 0.95, 0.8), (1, 1, 0.95), (1, 1, 0.94)),
    "distributed": (
        (0.56, 0.22, 0),
        (0.69, 0.48, 0.07),
        (0.82, 0.8, 0.42),
        (0.99, 0.96, 0.76),
        (0.99, 0.99, 0.88),
        (1, 1, 0.95),
    ),
}
#: Recall at threshold 4 by size, of the set first.
FIRST_BY_SIZE: Mapping[str, tuple[float, ...]] = {
    "black": (0.75, 0.85, 0.96, 0.94, 0.99, 0.89),
    "distributed": (0.5, 0.63, 0.76, 0.91, 0.86, 0.91),
}
#: Distinct lines that a main commit adds: the lowest of each bucket.
BUCKETS = (0, 1, 3, 6, 16, 51)


@dataclass(frozen=True)
class Evasion:
    """Recall on copies made by one edit: A1 and the scorecard at its two thresholds; ``goal`` is labgate's."""

    a1: float
    four: float
    six: float
    goal: float = 0.95

    @property
    def reach(self) -> float:
        """Return what labgate is to reach: the scorecard's lower threshold."""
        return self.four


#: On black, set full, 300 main commits that add at least three lines; by the edits' names.
EVASION: Mapping[str, Evasion] = {
    "none": Evasion(0.97, 1, 1),
    "quotes": Evasion(0.97, 1, 1),
    "rewrap-48": Evasion(0.14, 0.993, 0.993),
    "rename-3": Evasion(0.463, 0.97, 0.97),
    "rename-8": Evasion(0.21, 0.957, 0.957),
    "rewrap-rename-3-no-comments": Evasion(0.017, 0.97, 0.97),
    "other-context": Evasion(0.97, 0.993, 0.987),
    "half-of-lines": Evasion(0.8, 0.993, 0.98),
    "quarter-of-runs": Evasion(0.5, 0.93, 0.88),
    "other-paths": Evasion(0, 0.737, 0.567),
    "rename-8-other-context": Evasion(0.21, 0.8, 0.63),
    "quarter-rename-3-other-context": Evasion(0.17, 0.443, 0.247, goal=0.75),
}


def reference(repository: str, name: str) -> Reference:
    """Return what is known of a set of a repository."""
    known = SETS.get((repository, name))
    return known or UNSEEN.get(name, NOTHING)


def meets(recall: float, false: float, bar: Figure | None) -> bool | None:
    """Return whether figures keep a bar, to the digits that it is given in; ``None`` without a bar."""
    if bar is None:
        return None
    return round(recall, 3) >= bar.recall and (bar.false is None or round(false, 1) <= bar.false)

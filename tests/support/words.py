"""What people read of a finding, as one value to compare."""

from __future__ import annotations

from typing import NamedTuple

from labgate.values.finding import Finding


class Words(NamedTuple):
    """A finding's message and its help."""

    message: str
    help: str | None


def words(finding: Finding) -> Words:
    return Words(finding.message(), finding.help())

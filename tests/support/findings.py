"""Findings as tests look at them: the one of its type, and what it says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from labgate.values.finding import Finding

F = TypeVar("F", bound=Finding)


class Words(NamedTuple):
    message: str
    help: str | None


def only(kind: type[F], findings: Iterable[Finding]) -> F:
    """Return the one finding, which is of this type."""
    (finding,) = findings
    assert type(finding) is kind
    return finding


def words(finding: Finding) -> Words:
    """Return what a finding says, which is one line each."""
    said = Words(finding.message(), finding.help())
    assert "\n" not in said.message + (said.help or "")
    return said

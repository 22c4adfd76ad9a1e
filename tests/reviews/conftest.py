"""Fixtures for what a review is bound to."""

from __future__ import annotations

from support.carrying import approved
from support.repo import Repo
from support.templates import prepared


@prepared
def team(repo: Repo) -> Repo:
    """``topic`` was cut from ``main`` and approved as it is; ``main`` is checked out."""
    return approved(repo)

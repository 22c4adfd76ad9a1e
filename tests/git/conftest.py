"""Fixtures for the git layer: repositories of either object format, and the layer's own view of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.repo import Repo


@pytest.fixture(params=["sha1", "sha256"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    """An empty repository on an unborn ``main``, once with SHA-1 and once with SHA-256."""
    return Repo.init(tmp_path / "work", f"--object-format={request.param}")

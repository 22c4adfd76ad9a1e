"""Fixtures of the acceptance tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lab import Lab, build


@pytest.fixture(scope="session")
def lab_template(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The generated project, built once."""
    return build(tmp_path_factory.mktemp("lab"))


@pytest.fixture
def lab(lab_template: Lab, tmp_path: Path) -> Lab:
    """The generated project: research on the remote, and ``main`` checked out, which has moved on since."""
    return lab_template.copy(tmp_path / "lab")

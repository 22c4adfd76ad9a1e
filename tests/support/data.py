"""Real repositories for tests: git bundles that are not part of this project, found by an environment variable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "LABGATE_TEST_DATA"
ROOT = Path(__file__).parents[2]


def bundle(name: str) -> Path:
    """Return a bundle's path; without it the test is skipped, and fails where ``CI=true``."""
    folder = Path(os.environ.get(VARIABLE, ROOT.parent / "shared" / "data"))
    path = folder / name
    if not path.is_file():
        reason = f"{name} is not in {folder}; set {VARIABLE} to the folder that has it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path

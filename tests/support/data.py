"""Real repositories for tests: git bundles that are not part of this project, found by an environment variable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.thorough import tried

VARIABLE = "LABGATE_TEST_DATA"
ROOT = Path(__file__).parents[2]
#: Histories to compare with git, the smaller ones first: git takes some seconds to unpack each of the others.
HISTORIES = ("sdg", "black", "distributed", "pytest")[: tried(2, 4)]


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

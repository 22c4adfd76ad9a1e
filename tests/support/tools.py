"""Tools that `labgate experiment` works with, which the extra ``tools`` installs, and git-lfs."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest


def require_tool(name: str) -> None:
    """Skip the test where a module or a program of this name is not installed; with ``CI=true`` it fails."""
    if find_spec(name.replace("-", "_")) is not None or shutil.which(name) is not None:
        return
    reason = f"{name} is not installed: pip install 'labgate[tools]'; git-lfs comes from the system"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)

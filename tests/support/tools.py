"""Tools that tests need: those of the extras ``tools`` and ``test``, git-lfs and shells.

What is absent skips the test and is named; with ``CI=true`` the test fails.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from importlib.util import find_spec
from typing import NoReturn

import pytest


def require_tool(name: str) -> None:
    """Skip the test where a module or a program of this name is not installed; with ``CI=true`` it fails."""
    if find_spec(name.replace("-", "_")) is None and shutil.which(name) is None:
        _absent(f"{name} is not installed: pip install 'labgate[tools]'; git-lfs comes from the system")


def require_program(name: str, source: str) -> str:
    """Return the path of a program, preferably of this environment; ``source`` says how to install it."""
    found = shutil.which(name, path=os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", ""))))
    if found is None:
        _absent(f"{name} is not installed: {source}")
    return found


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)

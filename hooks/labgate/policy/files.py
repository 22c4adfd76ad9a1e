"""Where a policy may stand: ``labgate.toml``, or ``[tool.labgate]`` of ``pyproject.toml``, never both."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.policy.model import Policy
from labgate.policy.parse import PYPROJECT_TABLE, holds_policy, parse_policy
from labgate.values.errors import PolicyError

OWN_FILE = "labgate.toml"
PYPROJECT = "pyproject.toml"
FILES = (OWN_FILE, PYPROJECT)


def read_policy(texts: Mapping[str, bytes]) -> tuple[Policy, str] | None:
    """Return the policy among a tree's top-level files (by name), and the name of its file; ``None`` without one.

    Raised: ``PolicyError`` when it has mistakes, or when both files hold one.
    """
    in_pyproject = PYPROJECT in texts and holds_policy(texts[PYPROJECT], PYPROJECT)
    if OWN_FILE in texts and in_pyproject:
        problem = f"{PYPROJECT}: [tool.labgate]: the policy stands in {OWN_FILE} too; keep one of them"
        raise PolicyError((problem,))
    if OWN_FILE in texts:
        return parse_policy(texts[OWN_FILE], OWN_FILE), OWN_FILE
    if in_pyproject:
        return parse_policy(texts[PYPROJECT], PYPROJECT, table=PYPROJECT_TABLE), PYPROJECT
    return None

"""The JSON Schema of a policy, for editors that complete and check ``labgate.toml``."""

from __future__ import annotations

from typing import Any

from labgate.policy.schema import POLICY


def schema() -> dict[str, Any]:
    """Return a schema (draft 2020-12) of the policy as TOML or JSON has it, with every default and description.

    It knows shapes only: that a kind exists or a pattern is well formed is for ``parse_policy`` to say.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "labgate policy",
        "description": "labgate.toml, or the table [tool.labgate] of pyproject.toml.",
        **POLICY.json(),
    }

"""docs/policy.md has every key of the policy, as the schema declares it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from labgate.policy.schema import every_key
from labgate.policy.shape import Record, TableOf, quoted
from support.data import ROOT
from support.policies import READER
from support.tables import hold_table


def rows() -> Iterator[tuple[str, ...]]:
    yield ("key", "value", "default", "meaning")
    for path, key in every_key(READER.record):
        is_table = isinstance(key.shape, Record | TableOf)
        if is_table and not key.required and not key.default and isinstance(key.shape, Record):
            default = ""
        elif key.required:
            default = "required"
        else:
            default = "" if key.default is None else f"`{toml(key.default)}`"
        yield (f"`{'.'.join((*path, key.name))}`", key.shape.expected, default, key.doc)


def toml(value: object) -> str:
    """Return a default as a policy would write it; JSON is TOML but for tables."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{quoted(name)} = {toml(item)}" for name, item in value.items()) + " }" if value else "{}"
        )
    return json.dumps(value)


def test_the_table_is_the_schema() -> None:
    hold_table(ROOT / "docs" / "policy.md", "keys", rows())

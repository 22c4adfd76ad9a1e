"""docs/policy.md has every key of the policy, as the schema declares it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from labgate.checks.registry import ROWS
from labgate.policy.schema import every_key
from labgate.policy.shape import Record, TableOf, quoted
from support.data import ROOT
from support.policies import READER, parse_policy
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


def test_the_page_on_small_batches_has_a_policy_that_is_one() -> None:
    text = (ROOT / "docs" / "small-batches.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    kinds = '[kinds.protected]\nnames = ["main"]\n[kinds.research]\nnames = ["research/{topic}"]\n'
    found = parse_policy(f'version = 1\ntrunk = "main"\n{kinds}[kinds.topic]\nnames = ["{{type}}/{{slug}}"]\n{snippet}')
    assert {row.name for row in ROWS[3:]} <= found.table.keys()


def test_the_table_is_the_schema() -> None:
    hold_table(ROOT / "docs" / "policy.md", "keys", rows())

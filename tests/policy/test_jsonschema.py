"""The JSON Schema accepts what the parser accepts, and has every key's description and default."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from labgate.policy.reader import read_toml
from labgate.policy.schema import every_key
from labgate.values.errors import PolicyError
from support.policies import READER

DATA = Path(__file__).parent.parent / "data" / "policy"
VALIDATOR = Draft7Validator(READER.schema())


def example() -> dict[str, Any]:
    return read_toml((DATA / "contract.toml").read_bytes(), "labgate.toml")


def test_the_schema_is_one_that_schemastore_takes() -> None:
    """Its name is the same in every clone and version, and editors know the draft."""
    schema = READER.schema()
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["$id"] == "https://json.schemastore.org/labgate.json"
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert not {"$defs", "dependentRequired", "prefixItems", "unevaluatedProperties"} & set(keywords(schema))


def keywords(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema
        for part in schema.values():
            yield from keywords(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from keywords(part)


@pytest.mark.parametrize(
    "name", ["contract", "minimal", *(f"lint/{case.stem}" for case in (DATA / "lint").glob("*.toml"))]
)
def test_a_good_policy_is_valid(name: str) -> None:
    VALIDATOR.validate(read_toml((DATA / f"{name}.toml").read_bytes(), "labgate.toml"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("comit-size",), {}, id="unknown-section"),
        pytest.param(("commit-size", "limits", "protected", "line"), 1, id="unknown-key"),
        pytest.param(("commit-size", "limits", "protected", "lines"), "20", id="number-as-text"),
        pytest.param(("commit-size", "limits", "protected", "lines"), 0, id="number-too-small"),
        pytest.param(("commit-size", "limits", "protected", "bytes"), "2 MB", id="size"),
        pytest.param(("reviews", "expires"), "14", id="duration"),
        pytest.param(("reviews", "assurance"), "none", id="choice"),
        pytest.param(("reviews", "quorum", "total"), 0, id="quorum"),
        pytest.param(("kinds", "protected"), {}, id="kind-without-names"),
        pytest.param(("kinds", "my topic"), {"names": ["x"]}, id="name-of-a-kind"),
        pytest.param(("kinds", "topic", "fields", "type"), [], id="no-words"),
        pytest.param(("levels", "LG202"), "warn", id="level"),
        pytest.param(("levels", "research", "lines"), "off", id="code"),
        pytest.param(("version",), 2, id="version"),
        pytest.param(("trunk",), "", id="empty-text"),
    ],
)
def test_a_mistake_of_shape_is_invalid_to_both(path: tuple[str, ...], value: object) -> None:
    wrong = copy.deepcopy(example())
    table = wrong
    for name in path[:-1]:
        table = table[name]
    table[path[-1]] = value
    assert not VALIDATOR.is_valid(wrong)
    with pytest.raises(PolicyError):
        READER.checked(wrong, "labgate.toml")


@pytest.mark.parametrize("key", ["version", "trunk", "kinds"])
def test_what_is_required_is_required_by_both(key: str) -> None:
    wrong = example()
    del wrong[key]
    assert not VALIDATOR.is_valid(wrong)
    with pytest.raises(PolicyError):
        READER.checked(wrong, "labgate.toml")


def test_every_key_has_a_sentence_and_a_default_that_holds() -> None:
    keys = list(every_key(READER.record))
    assert (("reviews", "people", "NAME"), "emails") in [(path, key.name) for path, key in keys]
    for _, key in keys:
        assert key.doc.endswith(".")
        assert "\n" not in key.doc
        if key.default is not None:
            Draft7Validator(key.shape.json()).validate(key.default)


def test_descriptions_and_defaults_are_in_the_schema() -> None:
    gate = READER.schema()["properties"]["research-gate"]["properties"]
    assert gate["keep-deleted"]["default"] == "180d"
    assert gate["keep-deleted"]["description"] == "How long deleted research refs are recognised."

"""Whether a record is one for others' tools: our JSON schema, and in-toto's own library."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import labgate.experiments
from support.tools import require_tool


@cache
def record_schema() -> Draft202012Validator:
    """Return the validator of the schema of records."""
    path = Path(labgate.experiments.__file__).with_name("record.schema.json")
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def require_valid(document: dict[str, Any]) -> None:
    """Check a record, or the record of a run, with the schema and, where it is installed, with in-toto's library."""
    record_schema().validate(document)
    require_tool("in-toto-attestation")
    # A field that protobuf does not know is an error.
    parse = import_module("google.protobuf.json_format").Parse
    message = import_module("in_toto_attestation.v1.statement_pb2").Statement()
    statement = import_module("in_toto_attestation.v1.statement").Statement
    statement.copy_from_pb(parse(json.dumps(document), message)).validate()
    provenance = import_module("in_toto_attestation.predicates.provenance.v1.provenance_pb2").Provenance()
    parse(json.dumps(document["predicate"]), provenance)
    assert provenance.build_definition.build_type == "urn:labgate:experiment:v1"

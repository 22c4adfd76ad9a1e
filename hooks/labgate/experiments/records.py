"""Records: which code made an artifact, in ``<artifact>.labgate.json`` beside it.

A record is an in-toto Statement (in-toto/attestation, spec/v1/statement.md) with the SLSA provenance predicate
(slsa.dev/provenance/v1). ``record.schema.json`` beside this module is its JSON schema.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NoReturn
from unicodedata import category

from labgate.experiments.artifacts import RECORD
from labgate.experiments.naming import legal
from labgate.values.errors import LabgateError
from labgate.values.files import read_bounded
from labgate.values.refnames import is_oid
from labgate.values.value import Value
from labgate.values.whole_files import write_whole

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:labgate:experiment:v1"
#: How labgate knows the code: it started the command; somebody states it; a variable said so, without a repository.
RAN, STATED, TOLD = "run", "stated", "told"
#: Largest record in bytes.
MOST_BYTES = 2**22
#: The name of the code among the dependencies.
CODE = "code"
_SHA256_DIGITS = 64
#: Longest name of a file in bytes (NAME_MAX).
_LONGEST = 255
_HEX = frozenset("0123456789abcdef")
#: Longest integer in a record; none of labgate's has more than those of a 64-bit number.
_MOST_DIGITS = 100


class RecordError(LabgateError):
    """Raised when a record cannot be used; the message is the reason, in one line."""


class Record(Value):
    """What a record says.

    ``name`` is the last part of the artifact's path, ``digests`` are hexadecimal by algorithm, always with ``sha256``.
    ``commit`` and ``tree`` are full oids of the code; ``tree`` is ``None`` where there was no repository.
    ``withdrawn`` is the reason why its pin was taken back, ``None`` if it was not. ``run`` is the id of the run,
    ``None`` without one that is the name of a folder. ``document`` is the whole JSON.
    """

    name: str
    digests: Mapping[str, str]
    commit: str
    tree: str | None
    experiment: str
    exact: bool
    snapshot: bool
    how: str
    withdrawn: str | None
    run: str | None
    document: Mapping[str, Any]


def record_path(artifact: str) -> str:
    """Return the path of an artifact's record."""
    return artifact + RECORD


def artifact_path(record: str) -> str:
    """Return the path of a record's artifact."""
    return record.removesuffix(RECORD)


def recorded_name(path: str) -> str:
    """Return an artifact's name for a record: the last part of its path, as UTF-8 text."""
    return os.fsencode(os.path.basename(path)).decode("utf-8", "backslashreplace")


def why_unnamed(artifact: str) -> str | None:
    """Return why an artifact at a path cannot have a record, ``None`` if it can: the names of both files must do."""
    try:
        _name(recorded_name(artifact))
    except RecordError:
        return "its name has control characters"
    return "its name is too long" if len(os.fsencode(os.path.basename(record_path(artifact)))) > _LONGEST else None


def read_record(path: str) -> Record:
    """Return the record in a file. Raises: ``RecordError`` when it cannot be used, ``FileNotFoundError``."""
    try:
        return parse_record(read_bounded(path, MOST_BYTES))
    except FileNotFoundError:
        raise
    except OSError as error:
        message = f"it cannot be read: {error.strerror}"
        raise RecordError(message) from None


def parse_record(content: bytes) -> Record:
    """Return the record that these bytes are. Raises: ``RecordError`` with the reason."""
    if len(content) > MOST_BYTES:
        message = f"it has more than {MOST_BYTES} bytes"
        raise RecordError(message)
    try:
        document = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_number,
            parse_int=_integer,
        )
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError):
        message = "it is not JSON"
        raise RecordError(message) from None
    return _record(document)


def format_record(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of a record: the same for the same content."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def write_record(path: str, document: Mapping[str, Any]) -> bool:
    """Write a record whole, and return whether it was written.

    One of the same artifact and the same code stays as it is. Raises: ``RecordError`` when the document is no record,
    ``OSError``.
    """
    content = format_record(document)
    new = parse_record(content)
    try:
        old = read_record(path)
    except (RecordError, FileNotFoundError):
        old = None
    if old is not None and _same(old, new):
        return False
    write_whole(path, content, durable=True)
    return True


def _same(old: Record, new: Record) -> bool:
    return (old.name, old.digests["sha256"], old.commit, old.tree, old.exact, old.withdrawn) == (
        *(new.name, new.digests["sha256"], new.commit, new.tree, new.exact, new.withdrawn),
    )


def _refuse(reason: str) -> NoReturn:
    raise RecordError(reason)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse("a key stands in it twice")
    return found


def _integer(text: str) -> int:
    """Return a number; very long ones take Python very long, or are an error (sys.set_int_max_str_digits)."""
    if len(text) > _MOST_DIGITS:
        _refuse(f"it has a number with {len(text)} digits")
    return int(text)


def _no_number(text: str) -> None:
    _refuse(f"it has the number {text}, which JSON does not have")


def _record(document: object) -> Record:
    """Return the record that a JSON document is. Raises: ``RecordError``."""
    whole = _table(document, "it")
    _expect(whole, "_type", STATEMENT)
    _expect(whole, "predicateType", PREDICATE)
    subjects = whole.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1:
        _refuse("it has not exactly one subject")
    subject = _table(subjects[0], "subject")
    build = _table(_table(whole.get("predicate"), "predicate").get("buildDefinition"), "buildDefinition")
    _expect(build, "buildType", BUILD)
    outside = _table(build.get("externalParameters"), "externalParameters")
    inside = _table(build.get("internalParameters"), "internalParameters")
    code = _code(build.get("resolvedDependencies"))
    digest = _table(code.get("digest"), "the digest of the code")
    if inside.get("how") not in (RAN, STATED, TOLD):
        _refuse("how is none of run, stated and told")
    return Record(
        _name(subject.get("name")),
        _digests(subject.get("digest")),
        _oid(digest.get("gitCommit"), "gitCommit"),
        None if "gitTree" not in digest else _oid(digest["gitTree"], "gitTree"),
        _experiment(outside.get("experiment")),
        _truth(inside.get("exact"), "exact"),
        _truth(inside.get("snapshot"), "snapshot"),
        inside["how"],
        _withdrawn(subject, code),
        _run(whole["predicate"].get("runDetails")),
        whole,
    )


def _table(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(f"{what} is not a JSON object")
    return value


def _expect(table: Mapping[str, Any], key: str, value: str) -> None:
    if table.get(key) != value:
        _refuse(f"its {key} is not {value}")


def _code(dependencies: object) -> dict[str, Any]:
    """Return the one dependency that is the code; the names of all of them are checked."""
    if not isinstance(dependencies, list):
        _refuse("resolvedDependencies is not a list")
    found = []
    for item in dependencies:
        dependency = _table(item, "a dependency")
        if _line(dependency.get("name"), "the name of a dependency") == CODE:
            found.append(dependency)
    if len(found) != 1:
        _refuse(f"it has not exactly one dependency named {CODE}")
    return found[0]


def _name(value: object) -> str:
    name = _line(value, "the subject's name")
    if "/" in name or name in (".", ".."):
        _refuse("the subject's name is a path")
    return name


def _experiment(value: object) -> str:
    """Return the name of an experiment, of which the name of a ref is made."""
    name = _line(value, "the experiment")
    parts = name.split("/")
    if len(parts) != 2 or any(legal(part) != part for part in parts):
        _refuse("the experiment is not of the form SERVICE/HANDLE")
    return name


def _line(value: object, what: str) -> str:
    """Return a text on one line, without control characters and without ``..`` as a part of a path."""
    if not isinstance(value, str) or not value:
        _refuse(f"{what} is not a text")
    if any(category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        _refuse(f"{what} has control characters")
    if ".." in value.partition(":")[2].split("/") or ".." in value.split("/"):
        _refuse(f"{what} has .. in it")
    return value


def _digests(value: object) -> dict[str, str]:
    digests = _table(value, "the subject's digest")
    for digest in digests.values():
        if not isinstance(digest, str) or not digest or not _HEX.issuperset(digest):
            _refuse("a digest is not hexadecimal")
    if len(digests.get("sha256", "")) != _SHA256_DIGITS:
        _refuse("the subject has no sha256")
    return digests


def _oid(value: object, what: str) -> str:
    if not isinstance(value, str) or not is_oid(value):
        _refuse(f"{what} is not a full object id")
    return value


def _truth(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        _refuse(f"{what} is neither true nor false")
    return value


def _run(details: object) -> str | None:
    metadata = details.get("metadata") if isinstance(details, dict) else None
    run = metadata.get("invocationId") if isinstance(metadata, dict) else None
    named = isinstance(run, str) and os.path.basename(run) == run and run.strip(".") and "\0" not in run
    return run if isinstance(run, str) and named else None


def _withdrawn(*descriptors: Mapping[str, Any]) -> str | None:
    """Return the reason in the annotations of the artifact or of its code why the pin was taken back."""
    for descriptor in descriptors:
        annotations = descriptor.get("annotations")
        reason = annotations.get("withdrawn") if isinstance(annotations, dict) else None
        if isinstance(reason, str) and reason:
            return reason
    return None

"""Inputs of a run: data and checkpoints by their digests, each with the code that made it, where a record says so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from labgate.experiments.digests import digests_of
from labgate.experiments.made import Place, matching
from labgate.experiments.records import RecordError, read_record, record_path
from labgate.values.value import Value

#: The beginning of an input's name among the dependencies.
INPUT = "input:"
#: Most files that one glob lists; more are one dependency, with the digest of their list.
_MOST = 1000


class Inputs(Value):
    """The inputs as resource descriptors of in-toto, the globs without a match, and a line for each doubt."""

    dependencies: tuple[Mapping[str, Any], ...]
    unmatched: tuple[str, ...]
    warnings: tuple[str, ...]


def digest_inputs(places: Iterable[Place], top: str) -> Inputs:
    """Return the inputs as they are now; names are relative to ``top`` for files in it. Raises: ``OSError``."""
    found: dict[str, Mapping[str, Any]] = {}
    unmatched, warnings = [], list[str]()
    for place in places:
        paths = sorted(matching([place]))
        if not paths:
            unmatched.append(place.text)
        elif len(paths) > _MOST:
            found[place.text] = _listed(place, paths, top)
        else:
            found |= {path: _input(path, top, warnings) for path in paths if path not in found}
    return Inputs(tuple(found.values()), tuple(unmatched), tuple(warnings))


def shown_path(path: str, top: str) -> str:
    """Return a path for a record: relative to ``top`` if it is below it, as UTF-8 without control characters."""
    inside = path.startswith(top.rstrip("/") + "/")
    text = os.fsencode(os.path.relpath(path, top) if inside else path).decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _input(path: str, top: str, warnings: list[str]) -> dict[str, Any]:
    digest = digests_of(path)
    name = shown_path(path, top)
    try:
        record = read_record(record_path(path))
    except FileNotFoundError:
        record = None
    except RecordError as error:
        warnings.append(f"the record of {name} is not used: {error.message}")
        record = None
    if record is not None and record.digests["sha256"] != digest["sha256"]:
        warnings.append(f"the record of {name} is not used: it is of another file")
        record = None
    commit = {} if record is None else {"gitCommit": record.commit}
    return {"name": INPUT + name, "digest": digest | commit}


def _listed(place: Place, paths: list[str], top: str) -> dict[str, Any]:
    """Return one descriptor of many files: the digest of what ``sha256sum`` prints for them, sorted by path."""
    total = sha256()
    for path in paths:
        total.update(f"{digests_of(path)['sha256']}  {shown_path(path, top)}\n".encode("utf-8", "backslashreplace"))
    annotations = {"files": len(paths)}
    return {"name": INPUT + place.text, "digest": {"sha256": total.hexdigest()}, "annotations": annotations}

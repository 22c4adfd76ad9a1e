"""Records: what can be read, what cannot and why, and when one is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labgate.experiments.code import Code
from labgate.experiments.records import (
    MOST_BYTES,
    STATED,
    RecordError,
    format_record,
    parse_record,
    read_record,
    recorded_name,
    write_record,
)
from labgate.experiments.statements import Origin, Run, Subject, statement

COMMIT, TREE, SHA256 = "1" * 40, "2" * 40, "3" * 64
CODE = Code(COMMIT, TREE, COMMIT, False, True, 0, 0, ())


def document(sha256: str = SHA256, code: Code = CODE) -> dict[str, Any]:
    origin = Origin(code, "ranker/wide", "experiment--ranker--wide", STATED, "git+https://host/org/repo")
    return statement([Subject("metrics.json", {"sha256": sha256})], origin, Run("run-1", ("python", "train.py")))


def test_a_record_says_what_was_written() -> None:
    found = parse_record(format_record(document()))
    assert (found.name, found.digests, found.commit, found.tree) == ("metrics.json", {"sha256": SHA256}, COMMIT, TREE)
    assert (found.experiment, found.exact, found.snapshot, found.how) == ("ranker/wide", True, False, STATED)
    assert found.withdrawn is None


def edited(*path: str | int, to: object) -> Callable[[dict[str, Any]], object]:
    def edit(whole: dict[str, Any]) -> object:
        at: Any = whole
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to
        return whole

    return edit


BUILD = ("predicate", "buildDefinition")
CODE_AT = (*BUILD, "resolvedDependencies", 0)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda _: [], "not a JSON object"),
        (edited("_type", to="https://in-toto.io/Statement/v0.1"), "_type"),
        (edited("predicateType", to="https://slsa.dev/provenance/v0.2"), "predicateType"),
        (edited(*BUILD, "buildType", to="https://actions.github.io/buildtypes/workflow/v1"), "buildType"),
        (edited("subject", to=[]), "one subject"),
        (edited("subject", 0, "name", to="../metrics.json"), r"\.\."),
        (edited("subject", 0, "name", to="a/b"), "path"),
        (edited("subject", 0, "name", to=".."), r"\.\."),
        (edited("subject", 0, "name", to="a\nb"), "control"),
        (edited("subject", 0, "name", to="a\x1b[31m"), "control"),
        (edited("subject", 0, "name", to=3), "not a text"),
        (edited("subject", 0, "digest", to={}), "sha256"),
        (edited("subject", 0, "digest", "sha256", to="xyz"), "hexadecimal"),
        (edited("subject", 0, "digest", "sha256", to=SHA256.upper().replace("3", "A")), "hexadecimal"),
        (edited(*CODE_AT, "digest", "gitCommit", to="1234567"), "gitCommit"),
        (edited(*CODE_AT, "digest", "gitTree", to="HEAD"), "gitTree"),
        (edited(*CODE_AT, "name", to="source"), "named code"),
        (edited(*BUILD, "resolvedDependencies", to={}), "not a list"),
        (edited(*BUILD, "externalParameters", "experiment", to="a\x00b"), "control"),
        (edited(*BUILD, "externalParameters", "experiment", to="../../x"), r"\.\."),
        *(
            (edited(*BUILD, "externalParameters", "experiment", to=name), "SERVICE/HANDLE")
            for name in ("ranker", "a/b/c", "a/b:refs", "a/*", "-a/b", "a b/c", "a/b.lock")
        ),
        (edited(*BUILD, "internalParameters", "exact", to="yes"), "exact"),
        (edited(*BUILD, "internalParameters", "snapshot", to=None), "snapshot"),
        (edited(*BUILD, "internalParameters", "how", to="guessed"), "how"),
        (edited("predicate", to=None), "predicate"),
    ],
)
def test_what_is_no_record_has_a_reason(edit: Callable[[dict[str, Any]], object], reason: str) -> None:
    whole = edit(copy.deepcopy(document()))
    with pytest.raises(RecordError, match=reason):
        parse_record(json.dumps(whole).encode())


def with_input(name: str) -> dict[str, Any]:
    whole = document()
    whole["predicate"]["buildDefinition"]["resolvedDependencies"].append({"name": name, "digest": {"sha256": SHA256}})
    return whole


@pytest.mark.parametrize("name", ["input:../../etc/passwd", "input:/a/../b", "submodule:a\x07"])
def test_names_of_inputs_are_checked_too(name: str) -> None:
    with pytest.raises(RecordError):
        parse_record(json.dumps(with_input(name)).encode())
    parse_record(json.dumps(with_input("input:data/a..b.csv")).encode())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"_type": 1, "_type": 2}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": ' + b"1" * 5000 + b"}", "a number with 5000 digits"),
        (b" " * (MOST_BYTES + 1), "more than"),
        (b"x" * 10_000_000, "more than"),
    ],
)
def test_bytes_that_are_no_record_have_a_reason(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=reason):
        parse_record(content)
    (tmp_path / "a.labgate.json").write_bytes(content)
    with pytest.raises(RecordError):
        read_record(str(tmp_path / "a.labgate.json"))


def test_a_duplicate_key_deep_inside_is_seen() -> None:
    text = format_record(document()).decode().replace('"how":', '"how": "run", "how":')
    with pytest.raises(RecordError, match="twice"):
        parse_record(text.encode())


def test_the_record_of_the_same_artifact_and_code_stays(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json.labgate.json"
    assert write_record(str(path), document())
    before = path.read_bytes()
    later = document()
    later["predicate"]["runDetails"]["metadata"]["invocationId"] = "run-2"
    assert not write_record(str(path), later)
    assert path.read_bytes() == before
    other = CODE.changed(commit="4" * 40, tree="5" * 40)
    for new in (document("6" * 64), document(code=other), document(code=CODE.changed(exact=False))):
        assert write_record(str(path), new)
    path.write_text("{broken")
    assert write_record(str(path), document())


def test_a_record_that_would_be_none_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.labgate.json"
    with pytest.raises(RecordError):
        write_record(str(path), document("none"))
    assert list(tmp_path.iterdir()) == []


def test_a_pin_that_was_taken_back_is_read() -> None:
    for place in (("subject", 0), CODE_AT):
        whole = edited(*place, "annotations", to={"withdrawn": "a secret"})(document())
        assert parse_record(json.dumps(whole).encode()).withdrawn == "a secret"


def test_a_name_of_any_bytes_is_text() -> None:
    assert recorded_name("a/b.json") == "b.json"
    assert recorded_name("a/b\udce9.json") == "b\\xe9.json"

"""The line of every value, for every way in which TOML can be written."""

from __future__ import annotations

import sys

import pytest

from labgate.cli.policy import line_numbers
from labgate.policy.shape import Path as Keys
from support.data import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("a = 1\nb = 2", {("a",): 1, ("b",): 2}, id="keys-at-the-top"),
        pytest.param("# x\n\na = 1  # y\n", {("a",): 3}, id="comments-and-blank-lines"),
        pytest.param(
            "[t]\na = 1\n[t.u]\nb = 2", {("t",): 1, ("t", "a"): 2, ("t", "u"): 3, ("t", "u", "b"): 4}, id="tables"
        ),
        pytest.param("a.b.c = 1", {("a",): 1, ("a", "b"): 1, ("a", "b", "c"): 1}, id="a-dotted-key"),
        pytest.param("[t]\na = { b = 1 }", {("t",): 1, ("t", "a"): 2, ("t", "a", "b"): 2}, id="an-inline-table"),
        pytest.param("a = [\n  1,\n  # b = 3\n]\nb = 2", {("a",): 1, ("b",): 5}, id="an-array-of-many-lines"),
        pytest.param('a = """\n[t]\nb = 1\n"""\nc = 2', {("a",): 1, ("c",): 5}, id="a-string-that-looks-like-toml"),
        pytest.param("a = '''\n'\n'''\nb = 1", {("a",): 1, ("b",): 4}, id="a-literal-string-with-a-quote"),
        pytest.param('["t u"]\n"a.b" = 1', {("t u",): 1, ("t u", "a.b"): 2}, id="quoted-keys"),
        pytest.param("a = 1\r\nb = 2\r\n", {("a",): 1, ("b",): 2}, id="carriage-returns"),
        pytest.param("a = '\u2028'\nb = 1", {("a",): 1, ("b",): 2}, id="a-separator-that-ends-no-line-in-toml"),
        pytest.param("\ufeffa = 1", {("a",): 1}, id="a-byte-order-mark"),
        pytest.param(
            "[[x]]\na = 1\n[[x]]\na = 2\n[y]\nb = 3",
            {("x",): 1, ("x", "a"): 2, ("y",): 5, ("y", "b"): 6},
            id="an-array-of-tables-of-another-tool",
        ),
    ],
)
def test_lines(text: str, places: dict[Keys, int]) -> None:
    assert line_numbers(text) == places


@pytest.mark.parametrize("file", ["pyproject.toml", "tests/data/policy/contract.toml"])
def test_every_value_of_a_real_file_stands_where_it_says(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    lines = text.splitlines()
    places = line_numbers(text)
    for path, value in leaves(tomllib.loads(text)):
        line = lines[places[path] - 1]
        assert path[-1] in line or path[-2] in line, (path, value, line)


def leaves(table: dict[str, object], above: Keys = ()) -> list[tuple[Keys, object]]:
    found: list[tuple[Keys, object]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += leaves(value, (*above, key))
        else:
            found.append(((*above, key), value))
    return found


def test_a_long_file_takes_no_longer_than_its_length() -> None:
    text = "".join(f"[t{number}]\na = 1\nb = [\n  1,\n]\n" for number in range(4_000))
    assert len(line_numbers(text)) == 12_000

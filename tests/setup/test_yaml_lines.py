"""Lines of YAML are told apart: which are structure, and which continue something that began before."""

from __future__ import annotations

import pytest

from labgate.setup.yaml_lines import COMMENT, CONTENT, INSIDE, read_lines


def roles(text: str) -> str:
    """Return one letter a line: what each line is."""
    lines = read_lines(text)
    assert lines is not None
    return "".join(line.role[0] if line.role != CONTENT else "X" for line in lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n\n# b\n  # c\n- d", "XbccX"),
        ("a: |\n  # no comment\n  'open\nb: 1", "XiiX"),
        ("a: |-  # two\n   x\n\n   y\nb: 1", "XibiX"),
        ("- >\n x\n- b", "XiX"),
        ("- id: |\n    x\n  name: y", "XiX"),
        ("- id: |\n  name: y", "XX"),
        ("a: [1,\n2,\n]\nb: 1", "XiiX"),
        ("a: {b: '}',\n # [\n c: d}\ne: 1", "XiiX"),
        ("a: 'it''s\n  on'\nb: 1", "XiX"),
        ('a: "x\\"\n  y"\nb: 1', "XiX"),
        ("a: don't\nb: x[1\nc: a#b", "XXX"),
        ("a: x # '[\nb: 1", "XX"),
        ("a: [don't, x]  # [\nb: 1", "XX"),
        ('"a b": [1]\n&x b: !t [1,\n 2]', "XXi"),
        ("- - a: [\n  ]\n- b", "XiX"),
        ("exclude: ^(a|b)[c]{2}$\nb: 1", "XX"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_a_line_is(text: str, expected: str) -> None:
    assert roles(text) == expected


@pytest.mark.parametrize("text", ["a: [1", "a: 'x", 'a: "x\\"', "a:\n\t- b"])
def test_what_is_not_understood_is_not_guessed_at(text: str) -> None:
    assert read_lines(text) is None


def test_ends_of_lines_and_a_byte_order_mark_are_no_text() -> None:
    lines = read_lines("\ufeffa: 1\r\n# b\r\n")
    assert lines is not None
    assert [(line.role, line.indent, line.text) for line in lines[:2]] == [(CONTENT, 0, "a: 1"), (COMMENT, 0, "# b")]
    assert INSIDE not in {line.role for line in lines}

"""Where each value of a TOML text stands: the line on which its statement begins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str, ...]


def line_numbers(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, of every key by its path from the root. ``text`` is TOML that parses.

    TOML readers do not keep places. But a statement ends at the first line up to which it parses on its own, so they
    are found by asking the reader, and no second grammar of TOML has to agree with the first.
    """
    places: dict[Path, int] = {}
    table: Path = ()
    for line, statement, value in _statements(text):
        if statement.lstrip().startswith("["):
            table = _innermost(value)
            places.setdefault(table, line)
        else:
            for path in _paths(value):
                places.setdefault((*table, *path), line)
    return places


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield each table header and each key with its value: its first line, its text, and what it says on its own."""
    statement, first = "", 1
    # Not splitlines: that also ends a line at characters which TOML takes as part of a string.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not statement:
            first = number
        statement += f"{line}\n"
        try:
            value = tomllib.loads(statement)
        except ValueError:
            continue
        if value:
            yield first, statement, value
        statement = ""


def _innermost(value: dict[str, Any]) -> Path:
    """Return the path that a table header names."""
    path: Path = ()
    found: Any = value
    while found:
        if isinstance(found, list):  # [[header]]
            [found] = found
            continue
        [(key, found)] = found.items()
        path = (*path, key)
    return path


def _paths(value: dict[str, Any]) -> Iterator[Path]:
    """Yield the path of every key, those of inner tables too."""
    for key, inner in value.items():
        yield (key,)
        if isinstance(inner, dict):
            yield from ((key, *path) for path in _paths(inner))

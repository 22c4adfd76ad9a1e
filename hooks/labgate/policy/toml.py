"""TOML to plain values, within limits that keep a hostile file from taking time."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

from labgate.values.errors import PolicyError

# The same code under two names: Python has it since 3.11.
_toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

#: Largest file that is read, in bytes.
MAX_BYTES = 2**20
#: Most dots in one line: the time that tomllib takes for a dotted key grows with the square of its parts.
MAX_DOTS = 200

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(text: str | bytes, file: str) -> dict[str, Any]:
    """Return a TOML text as plain values. Raises ``PolicyError`` naming the line and column of a mistake."""
    size = len(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else len(text)
    if size > MAX_BYTES:
        raise PolicyError((f"{file}: expected at most {MAX_BYTES} bytes, found {size}",))
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8")
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(b"\n") + 1
        raise PolicyError((f"{file}: line {number}: not UTF-8 text",)) from error
    for number, line in enumerate(decoded.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise PolicyError((f"{file}: line {number}: expected at most {MAX_DOTS} dots, found {line.count('.')}",))
    try:
        values: dict[str, Any] = _toml.loads(decoded.removeprefix("\ufeff"))
    except RecursionError as error:
        raise PolicyError((f"{file}: tables and lists nest too deeply",)) from error
    except ValueError as error:
        # Not only TOMLDecodeError: an integer of too many digits, or a date out of range, is a bare ValueError.
        raise PolicyError((_syntax_problem(file, str(error)),)) from error
    return values


def _syntax_problem(file: str, complaint: str) -> str:
    place = _PLACE.search(complaint)
    if place is None:
        return f"{file}: not TOML: {complaint}"
    where = f"line {place[1]}, column {place[2]}" if place[1] else "at its end"
    return f"{file}: {where}: not TOML: {complaint[: place.start()]}"

"""A policy file to a ``Policy``, or every mistake in it at once. A passing commit hook reads its cache instead."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Collection
from typing import Any

from labgate.policy import consistency
from labgate.policy.model import Policy
from labgate.policy.schema import POLICY
from labgate.policy.shape import Path, Problems, shown
from labgate.values.errors import PolicyError

# The same code under two names: Python has it since 3.11.
_toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

#: The table that holds a policy in ``pyproject.toml``.
PYPROJECT_TABLE: Path = ("tool", "labgate")
#: Largest policy that is read, in bytes.
MAX_BYTES = 2**20
#: Most dots in one line: the time that tomllib takes for a dotted key grows with the square of its parts.
MAX_DOTS = 200
#: The sources where ``[research-gate] sources`` says nothing, as far as the policy has them.
DEFAULT_SOURCES = ("research", "experiment")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse_policy(text: str | bytes, file: str, *, table: Path = (), codes: Collection[str] | None = None) -> Policy:
    """Return the policy in a TOML text. ``file`` is only its name in messages.

    ``table`` is where the policy stands: the root, or ``PYPROJECT_TABLE``. ``codes`` are the rules that ``[levels]``
    may name; ``None`` means all rules of labgate. Raises ``PolicyError`` with one line for each mistake.
    """
    return Policy(checked_table(read_toml(text, file), file, table=table, codes=codes))


def holds_policy(text: str | bytes, file: str) -> bool:
    """Say whether a ``pyproject.toml`` has a table ``[tool.labgate]``. Raises ``PolicyError`` if nobody can know."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    # A project that never names labgate is none of our business, however broken its file is.
    if b"labgate" not in raw:
        return False
    tool = read_toml(text, file).get("tool")
    return isinstance(tool, dict) and "labgate" in tool


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


def checked_table(
    data: dict[str, Any], file: str, *, table: Path = (), codes: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the plain table of a policy: every key present, every default filled in, fit for ``marshal``.

    Takes a whole file as ``read_toml`` returns it. Raises ``PolicyError`` with one line for each mistake.
    """
    found: object = data
    for name in table:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        what = "nothing" if found is None else shown(found)
        raise PolicyError((f"{file}: [{'.'.join(table)}]: expected a table, found {what}",))
    problems = Problems(file, table)
    checked = POLICY.check(found, (), problems)
    gate = checked["research-gate"]
    if gate["sources"] is None:
        gate["sources"] = [name for name in DEFAULT_SOURCES if name in checked["kinds"]]
    consistency.check(checked, known_codes() if codes is None else codes, problems)
    if problems.lines:
        raise PolicyError(problems.lines)
    return checked


def known_codes() -> frozenset[str]:
    """Return the code of every rule that a policy may name."""
    # Late: the checks know the policy's values, so only this question goes the other way.
    from labgate.checks.registry import known_codes as codes

    return codes()


def _syntax_problem(file: str, complaint: str) -> str:
    place = _PLACE.search(complaint)
    if place is None:
        return f"{file}: not TOML: {complaint}"
    where = f"line {place[1]}, column {place[2]}" if place[1] else "at its end"
    return f"{file}: {where}: not TOML: {complaint[: place.start()]}"

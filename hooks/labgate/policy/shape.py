"""The shapes of a policy's values: each checks a value, converts it to a plain one, and describes itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from labgate.values.errors import PolicyError
from labgate.values.regexes import regex
from labgate.values.value import Value

Path = tuple[str, ...]

_BARE_KEY = regex(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 60
#: The least similarity of a key and its misspelling.
_MISSPELT = 0.75
#: Most mistakes that are reported; more would let a hostile file take too long.
_MOST_PROBLEMS = 100
#: Most entries of a list or of a table whose keys are free.
_MOST_ENTRIES = 500
#: TOML only guarantees 64-bit integers; a larger one is not a sensible count.
_LARGEST = 2**63 - 1


class Problems:
    """The mistakes in one policy file, one line each.

    ``prefix`` is the table of the policy: empty for ``labgate.toml``, ``tool.labgate`` in ``pyproject.toml``.
    """

    def __init__(self, file: str, prefix: Path = ()) -> None:
        self._file = file
        self._prefix = prefix
        self._found: list[tuple[Path, str]] = []

    def add(self, path: Path, message: str) -> None:
        """Report a mistake at a key, given as its path from the policy's root.

        Raises: ``PolicyError`` with all mistakes so far when there are too many.
        """
        if len(self._found) == _MOST_PROBLEMS:
            raise PolicyError((*self.lines, f"{self._file}: there are more mistakes than these {_MOST_PROBLEMS}"))
        table = ".".join(quoted(name) for name in (*self._prefix, *path[:-1]))
        place = f"[{table}] {quoted(path[-1])}" if table else quoted(path[-1])
        self._found.append((path, f"{self._file}: {place}: {message}"))

    def under(self, *path: str) -> bool:
        """Return whether there is a mistake at this path or below it."""
        return any(found[: len(path)] == path for found, _ in self._found)

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for _, line in self._found)


class Shape(Protocol):
    """The shape of a value. ``expected`` describes it in words, ``blank`` replaces a value of another shape."""

    @property
    def expected(self) -> str: ...

    @property
    def blank(self) -> Any: ...

    def check(self, value: object, path: Path, problems: Problems) -> Any:
        """Return the plain value; report mistakes and return a replacement if it has another shape."""

    def json(self) -> dict[str, Any]:
        """Return the JSON Schema of the value."""


def quoted(key: str) -> str:
    """Return a key in TOML: bare, or in quotes if necessary."""
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    if _BARE_KEY.fullmatch(text):
        return f'"{text}"'
    import json  # few texts need escapes

    return json.dumps(text, ensure_ascii=False)


def shown(value: object) -> str:
    """Return a value for a message, on one line and shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        short = value if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 3] + "..."
        return _quoted(short)
    if isinstance(value, int):
        return str(value) if abs(value) <= _LARGEST else "a number beyond 64 bits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return "a table"
    return "a list" if isinstance(value, list) else "a date or time"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean "x"?)`` for the nearest known word, or nothing."""
    from labgate.values.spelling import nearest  # most policies have no mistakes

    return "".join(f" (did you mean {shown(near)}?)" for near in nearest(word, known))


def misspelling(word: str, found: Iterable[str]) -> str:
    """Return `` (misspelt as "x"?)`` for the nearest word that is there instead, or nothing."""
    from labgate.values.spelling import nearest

    return "".join(f" (misspelt as {shown(near)}?)" for near in nearest(word, found, least=_MISSPELT))


def _newer(key: str, known: Iterable[str]) -> str:
    """Return who may know a key, where it is hardly a known one misspelt."""
    from labgate import __version__
    from labgate.values.spelling import nearest

    misspelt = nearest(key, known, least=_MISSPELT)
    return "" if misspelt else f", perhaps written for a newer labgate (this is {__version__})"


def one_of(words: Iterable[object]) -> str:
    """Return ``"a", "b" or "c"``."""
    *most, last = [shown(word) for word in words]
    return f"{', '.join(most)} or {last}" if most else last


class Text(Value):
    """A string. ``objection`` returns what is wrong with it: a reason, ``""`` for "not as expected", or ``None``."""

    expected: str
    objection: Callable[[str], str | None]
    blank: None = None

    def check(self, value: object, path: Path, problems: Problems) -> str | None:
        reason = self.objection(value) if isinstance(value, str) else ""
        if reason is None:
            return str(value)
        problems.add(path, reason or f"expected {self.expected}, found {shown(value)}")
        return None

    def json(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}


class Choice(Value):
    """One of a few values."""

    words: tuple[str | int, ...]
    blank: None = None

    @property
    def expected(self) -> str:
        return one_of(self.words)

    def check(self, value: object, path: Path, problems: Problems) -> Any:
        # By type too: 1, 1.0 and true are equal to Python.
        if any(type(word) is type(value) and word == value for word in self.words):
            return value
        hint = suggestion(value, [str(word) for word in self.words]) if isinstance(value, str) else ""
        problems.add(path, f"expected {self.expected}, found {shown(value)}{hint}")
        return None

    def json(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


class Whole(Value):
    """A whole number, ``minimum`` at least."""

    minimum: int
    blank: None = None

    @property
    def expected(self) -> str:
        return f"a whole number >= {self.minimum}"

    def check(self, value: object, path: Path, problems: Problems) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= _LARGEST:
            return value
        problems.add(path, f"expected {self.expected}, found {shown(value)}")
        return None

    def json(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum}


class Measure(Value):
    """A number with a unit, such as ``14d``; it becomes a whole number of the smallest unit.

    ``digits`` is how many the number has at most; ``plain`` says whether a bare whole number of the smallest unit will
    do too.
    """

    expected: str
    units: Mapping[str, int]
    digits: int
    plain: bool
    blank: None = None

    @property
    def _pattern(self) -> str:
        return f"^[1-9][0-9]{{0,{self.digits - 1}}}({'|'.join(self.units)})$"

    def check(self, value: object, path: Path, problems: Problems) -> int | None:
        if self.plain and isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST:
            return value
        number, unit = self._parts(value) if isinstance(value, str) else ("", "")
        if unit not in self.units or not 1 <= len(number) <= self.digits or number.startswith("0"):
            problems.add(path, f"expected {self.expected}, found {shown(value)}")
            return None
        return int(number) * self.units[unit]

    @staticmethod
    def _parts(text: str) -> tuple[str, str]:
        """Return the ASCII digits at the start of a text, and the rest."""
        unit = text.lstrip("0123456789")
        return text[: len(text) - len(unit)], unit

    def json(self) -> dict[str, Any]:
        text = {"type": "string", "pattern": self._pattern}
        return {"anyOf": [text, {"type": "integer", "minimum": 1}]} if self.plain else text


class ListOf(Value):
    """A list without repetitions, ``minimum`` items at least."""

    item: Shape
    expected: str
    minimum: int = 0

    @property
    def blank(self) -> list[Any]:
        return []

    def check(self, value: object, path: Path, problems: Problems) -> list[Any]:
        if not isinstance(value, list):
            problems.add(path, f"expected {self.expected}, found {shown(value)}")
            return []
        if len(value) < self.minimum:
            problems.add(path, f"expected {self.expected}, at least one, found an empty list")
        if len(value) > _MOST_ENTRIES:
            problems.add(path, f"expected at most {_MOST_ENTRIES} entries, found {len(value)}")
        good: list[Any] = []
        for item in value[:_MOST_ENTRIES]:
            checked = self.item.check(item, path, problems)
            if checked is not None and checked in good:
                problems.add(path, f"{shown(item)} stands here twice")
            elif checked is not None:
                good.append(checked)
        return good

    def json(self) -> dict[str, Any]:
        least = {"minItems": self.minimum} if self.minimum else {}
        return {"type": "array", "items": self.item.json(), "uniqueItems": True, **least}


class OneOrList(Value):
    """One value, or a list of some; it becomes a list either way. ``several`` is what is expected in a list."""

    item: Shape
    several: str

    @property
    def expected(self) -> str:
        return self.item.expected

    @property
    def blank(self) -> list[Any]:
        return []

    def check(self, value: object, path: Path, problems: Problems) -> list[Any]:
        if isinstance(value, list):
            return ListOf(self.item, self.several, 1).check(value, path, problems)
        one = self.item.check(value, path, problems)
        return [] if one is None else [one]

    def json(self) -> dict[str, Any]:
        return {"anyOf": [self.item.json(), ListOf(self.item, self.several, 1).json()]}


class TableOf(Value):
    """A table whose keys are names that the policy's author chooses; ``required`` ones must be there."""

    item: Shape
    expected: str
    names: str
    required: Path = ()

    @property
    def blank(self) -> dict[str, Any]:
        return {}

    def check(self, value: object, path: Path, problems: Problems) -> dict[str, Any]:
        if not isinstance(value, dict):
            problems.add(path, f"expected {self.expected}, found {shown(value)}")
            return {}
        if len(value) > _MOST_ENTRIES:
            problems.add(path, f"expected at most {_MOST_ENTRIES} entries, found {len(value)}")
            return {}
        good = {}
        for name, item in value.items():
            if not re.fullmatch(self.names, name):
                problems.add((*path, name), f"this name does not match {self.names}")
            good[name] = self.item.check(item, (*path, name), problems)
        for name in self.required:
            if name not in value:
                hint = misspelling(name, value)
                problems.add((*path, name), f"expected {self.item.expected}, found nothing{hint}")
        return good

    def json(self) -> dict[str, Any]:
        needed = {"required": list(self.required)} if self.required else {}
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^{self.names}$"},
            "additionalProperties": self.item.json(),
        } | needed


class Key(Value):
    """One key of a table: its name, the shape of its value, and its documentation in one sentence.

    ``default`` is written as a user would write it; ``None`` means that the key may be left out and then says nothing.
    """

    name: str
    shape: Shape
    doc: str
    default: object = None
    required: bool = False

    def absent(self, path: Path, problems: Problems) -> Any:
        """Return the plain value that stands where the key is left out."""
        if self.required:
            problems.add(path, f"expected {self.shape.expected}, found nothing")
            return self.shape.blank
        return None if self.default is None else self.shape.check(self.default, path, problems)


class Record(Value):
    """A table with known keys; any other key is a mistake."""

    keys: tuple[Key, ...]
    expected: str = "a table"

    @property
    def blank(self) -> dict[str, Any]:
        # The file is of no interest: what is found here is thrown away with these problems.
        return self._filled({}, (), Problems(""))

    def check(self, value: object, path: Path, problems: Problems) -> dict[str, Any]:
        if not isinstance(value, dict):
            problems.add(path, f"expected {self.expected}, found {shown(value)}")
            return self.blank
        return self._filled(value, path, problems)

    def _filled(self, value: dict[str, Any], path: Path, problems: Problems) -> dict[str, Any]:
        known = {key.name: key for key in self.keys}
        good: dict[str, Any] = {}
        for name, item in value.items():
            if name not in known:
                problems.add((*path, name), f"unknown key{suggestion(name, known)}{_newer(name, known)}")
            else:
                checked = known[name].shape.check(item, (*path, name), problems)
                good[name] = known[name].shape.blank if checked is None else checked
        return {
            key.name: good[key.name] if key.name in good else key.absent((*path, key.name), problems)
            for key in self.keys
        }

    def json(self) -> dict[str, Any]:
        properties = {}
        for key in self.keys:
            default = {} if key.default is None else {"default": key.default}
            properties[key.name] = {**key.shape.json(), "description": key.doc, **default}
        needed = [key.name for key in self.keys if key.required]
        required = {"required": needed} if needed else {}
        return {"type": "object", "properties": properties, "additionalProperties": False, **required}

"""The policy in force as TOML: what the file says and every default, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labgate.policy.shape import Key, Path, Record, Shape, TableOf, quoted
from labgate.report.escape import safe


def policy_lines(
    record: Record, raw: Mapping[str, Any], sources: tuple[str, ...], file: str, places: Mapping[Path, int] | None
) -> Iterator[str]:
    """Yield a TOML text that means the same as the policy it was made from, with every default written out.

    ``record`` is the shape of a policy. ``raw`` is the policy's table as the file has it, already found free of
    mistakes. ``sources`` are the kinds whose code needs a review: the one default that depends on the rest. With
    ``places``, lines of ``file`` by key, each value says where it comes from. What says nothing when it is left out is
    left out here too.
    """
    filled = {**raw, "research-gate": {"sources": sources, **raw.get("research-gate", {})}}
    for path, keys in _tables(record, filled, ()):
        if path:
            yield ""
            yield f"[{'.'.join(quoted(name) for name in path)}]"
        for name, value in keys.items():
            text = f"{quoted(name)} = {toml(value)}"
            yield text if places is None else f"{text}  # {_origin((*path, name), raw, file, places)}"


def _tables(shape: Shape, value: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the tables of a value as TOML has them: each its path, and the keys that stand in it directly."""
    items = list(_items(shape, value))
    direct = {name: item for inner, name, item in items if not _is_table(inner, item)}
    below = [(inner, name, item) for inner, name, item in items if _is_table(inner, item)]
    # An empty table still counts in [kinds] and [reviews.people], where the name alone says something.
    if direct or not below:
        yield path, direct
    for inner, name, item in below:
        yield from _tables(inner, item, (*path, name))


def _items(shape: Shape, value: Mapping[str, Any]) -> Iterator[tuple[Shape, str, Any]]:
    """Yield shape, name and value of everything in a table, defaults included."""
    if isinstance(shape, Record):
        for key in shape.keys:
            item = value.get(key.name, key.default)
            if item is not None and not _is_silent(key, item):
                yield key.shape, key.name, item
    else:
        inner = shape.item if isinstance(shape, TableOf) else shape
        for name, item in value.items():
            yield inner, name, item


def _is_silent(key: Key, item: object) -> bool:
    """Say whether a table is left out: one without entries, whose shape has no defaults of its own."""
    return item == {} and not isinstance(key.shape, Record)


def _is_table(shape: Shape, value: object) -> bool:
    """Say whether a value gets a ``[header]``; small tables without inner ones stand on one line."""
    small = isinstance(shape, TableOf) and not isinstance(shape.item, Record)
    return isinstance(value, Mapping) and not small


def _origin(path: Path, raw: Mapping[str, Any], file: str, places: Mapping[Path, int]) -> str:
    found: Any = raw
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return "default"
        found = found[name]
    # A table whose keys stand below a header of their own has no line, but they have.
    lines = [line for place, line in places.items() if place[: len(path)] == path]
    return f"{file}:{min(lines)}"


def toml(value: object) -> str:
    """Return a value as TOML on one line. Text that a terminal would obey or hide is escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        items = ", ".join(f"{_key(name)} = {toml(item)}" for name, item in value.items())
        return f"{{ {items} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml(item) for item in value)}]"
    return str(value)


def _key(name: str) -> str:
    return name if quoted(name) == name else _string(name)


def _string(text: str) -> str:
    """Return a TOML basic string. Not JSON's: TOML has no surrogate pairs."""
    return f'"{"".join(_char(char) for char in text)}"'


def _char(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if safe(char) == char:
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"

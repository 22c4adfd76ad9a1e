"""Changes of a YAML text that a parser verifies: lines are added, and everything else keeps its meaning.

ruamel.yaml only reads (docs/adr/0016): it finds the places, and checks the meaning of the changed text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import StreamMark
    from ruamel.yaml.nodes import MappingNode, Node

#: The events of a document without layout: kind, value, anchor and tag of each.
Events = list[tuple[str, ...]]


def reader(kind: str = "base") -> YAML:
    """Return a YAML reader: every value as text (``base``), or with its type (``safe``).

    It does not warn of an anchor that is set twice (YAML 1.2.2, 3.2.2.2).
    """
    from ruamel.yaml import YAML

    yaml = YAML(typ=kind, pure=True)
    yaml.composer.warn_double_anchors = False
    return yaml


def attempt(change: Callable[[YAML], str | None]) -> str | None:
    """Return the changed text, ``None`` if it is not YAML that can be changed."""
    from ruamel.yaml.error import YAMLError

    try:
        return change(reader())
    except (YAMLError, RecursionError, ValueError, OverflowError):
        # The last three: too deep for Python's stack, or an escape of a character that does not exist.
        return None


def events(yaml: YAML, text: str) -> Events:
    """Return the events of a text. An alias is one event, though its value may have any size."""
    return [
        (type(event).__name__, *(str(getattr(event, name, None)) for name in ("value", "anchor", "ctag")))
        for event in yaml.parse(text)
        if not type(event).__name__.startswith(("Stream", "Document"))
    ]


def adds_only(yaml: YAML, before: str, after: str, added: Events) -> bool:
    """Return whether a parser reads the new text as the old one with these events in one place."""
    old, new = events(yaml, before), events(yaml, after)
    at = next((at for at, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), len(old))
    # If the new events start like the old ones continue, the first difference is a little after the place.
    return any(new == [*old[:start], *added, *old[start:]] for start in range(max(0, at - len(added)), at + 1))


def joined(text: str, at: int, added: Sequence[str]) -> str:
    """Return the text with lines added before line ``at``, with the same newlines as the others."""
    raw = text.split("\n")
    end = "\r" if raw[0].endswith("\r") else ""
    new = [line + end for line in added]
    if at < len(raw) and (at > 0 or text):
        return "\n".join([*raw[:at], *new, *raw[at:]])
    # At the end of the file, whose last line may lack a newline.
    head = raw[:-1] if raw[-1] == "" else [*raw[:-1], raw[-1] + end]
    return "\n".join([*head, *new, ""])


def line_of(text: str, mark: StreamMark) -> int:
    """Return the line number of a mark, from 0."""
    return text.count("\n", 0, mark.index)


def value_of(root: Node | None, key: str) -> Node | None:
    """Return the value of a key of a mapping, ``None`` if it has none, or more than one."""
    from ruamel.yaml.nodes import MappingNode

    found = [value for name, value in root.value if name.value == key] if isinstance(root, MappingNode) else []
    return found[0] if len(found) == 1 else None


def before_the_first_key(text: str, mapping: MappingNode, lines: Sequence[str]) -> str | None:
    """Return the text with lines before a mapping's first key, with its indentation; ``None``: not a block."""
    if mapping.flow_style or not mapping.value:
        return None
    mark = mapping.value[0][0].start_mark
    return joined(text, line_of(text, mark), [" " * mark.column + line for line in lines])

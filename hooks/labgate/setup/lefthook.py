"""labgate in the configuration of lefthook: the stages that start it, and how to add it without duplicate keys."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Sequence

from labgate.checks.registry import STAGES
from labgate.native.config_hooks import starts_labgate
from labgate.policy.reader import read_toml
from labgate.setup.yaml_text import adds_only, attempt, before_the_first_key, events, joined, reader, value_of
from labgate.values.errors import PolicyError
from labgate.values.files import read_bounded
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ruamel.yaml import YAML

#: Where lefthook looks, in this order (https://lefthook.dev/configuration).
_STEMS, _ENDINGS = ("lefthook", ".lefthook", ".config/lefthook"), ("yml", "yaml", "toml", "json", "jsonc")


#: Largest configuration that is read.
_MOST_BYTES = 2**18


class Lefthook(Value):
    """lefthook's configuration: its name below the work tree's root, and the stages at which it starts labgate."""

    file: str
    stages: tuple[str, ...]


def find_lefthook(top: str) -> Lefthook | None:
    """Return lefthook's configuration in a work tree, ``None`` if there is none. Raises: ``OSError``."""
    names = [f"{stem}.{ending}" for stem in _STEMS for ending in _ENDINGS]
    name = next((name for name in names if os.path.lexists(os.path.join(top, name))), None)
    if name is None:
        return None
    local = (f"{name.rpartition('.')[0]}-local.{ending}" for ending in _ENDINGS)
    read = [said for each in (name, *local) for said in _read(top, each)]
    return Lefthook(name, tuple(stage for stage in STAGES if any(_starts(said.get(stage)) for said in read)))


def into_lefthook(text: str, hooks: Sequence[tuple[str, Sequence[str]]]) -> str | None:
    """Return ``lefthook.yml`` with labgate's command at each stage; ``None`` if it must be edited by hand.

    ``hooks`` are stages with the lines of the command, without indentation.
    """

    def change(yaml: YAML) -> str | None:
        after: str | None = text
        for stage, lines in hooks:
            if after is None:
                return None
            after = _with_stage(yaml, after, stage, lines)
        return after

    return attempt(change)


def nested(key: str, lines: Sequence[str]) -> list[str]:
    """Return lines below a key."""
    return [f"{key}:", *(f"  {line}" for line in lines)]


def _with_stage(yaml: YAML, text: str, stage: str, lines: Sequence[str]) -> str | None:
    """Return the text with a command at one stage, below the keys that exist already."""
    from ruamel.yaml.nodes import MappingNode

    root = yaml.compose(text)
    there = value_of(root, stage)
    commands = value_of(there, "commands")
    if isinstance(commands, MappingNode):
        added, after = list(lines), before_the_first_key(text, commands, lines)
    elif isinstance(there, MappingNode):
        added = nested("commands", lines)
        after = before_the_first_key(text, there, added)
    else:
        added = nested(stage, nested("commands", lines))
        after = joined(text, text.count("\n") + 1, added)
    return after if after is not None and adds_only(yaml, text, after, events(yaml, "\n".join(added))[1:-1]) else None


def _read(top: str, name: str) -> Iterator[dict[str, object]]:
    """Yield a configuration, and then those that it includes; unreadable ones are skipped."""
    found = _parsed(os.path.join(top, name))
    yield found
    more = found.get("extends")
    for pattern in more if isinstance(more, list) else [more]:
        for path in glob.glob(str(pattern), root_dir=top) if pattern else ():
            yield _parsed(os.path.join(top, path))


def _parsed(path: str) -> dict[str, object]:
    from ruamel.yaml.error import YAMLError

    try:
        text = read_bounded(path, _MOST_BYTES).decode("utf-8").replace("\r\n", "\n")
        if path.endswith(".toml"):
            found = read_toml(text, path)
        else:
            found = json.loads(text) if path.endswith(".json") else reader("safe").load(text)
    except (OSError, PolicyError, YAMLError, RecursionError, ValueError, OverflowError):
        return {}
    return found if isinstance(found, dict) else {}


def _starts(value: object) -> bool:
    """Return whether something in a stage's configuration starts labgate."""
    if isinstance(value, dict):
        return any(map(_starts, value.values()))
    if isinstance(value, list):
        return any(map(_starts, value))
    return isinstance(value, str) and starts_labgate(value)

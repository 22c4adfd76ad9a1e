"""The stages for which pre-commit and prek write hooks: ``default_install_hook_types`` of a configuration.

Without it both only write a hook for pre-commit, and hooks of other stages never run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from labgate.checks.registry import COMMIT, STAGES
from labgate.policy.reader import read_toml
from labgate.setup.yaml_text import (
    adds_only,
    attempt,
    before_the_first_key,
    events,
    joined,
    line_of,
    value_of,
)
from labgate.values.errors import PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import SequenceNode

KEY = "default_install_hook_types"
_TOML_LIST = re.compile(rf"^{KEY}[ \t]*=[ \t]*\[([^\[\]#\n]*)\]", re.MULTILINE)


def line(name: str, stages: Sequence[str]) -> str:
    """Return the line to add by hand to the file of this name."""
    wanted = _ordered(stages)
    return f"{KEY} = {json.dumps(wanted)}" if name.endswith(".toml") else f"{KEY}: [{', '.join(wanted)}]"


def lacks(name: str, text: str, stages: Sequence[str]) -> bool:
    """Return whether a configuration certainly lacks one of these stages."""
    typed = (in_toml if name.endswith(".toml") else in_yaml)(text, stages)
    return KEY not in text if typed is None else typed != text


def in_yaml(text: str, stages: Sequence[str]) -> str | None:
    """Return ``.pre-commit-config.yaml`` with at least these stages; ``None``: it must be edited by hand."""
    return attempt(lambda yaml: _in_yaml(yaml, text, stages))


def in_toml(text: str, stages: Sequence[str]) -> str | None:
    """Return the same for ``prek.toml``."""
    try:
        before = read_toml(text, "")
    except PolicyError:
        return None
    there = before.get(KEY)
    if there is None and set(stages) <= {COMMIT}:
        return text
    if there is None:
        wanted = _ordered(stages)
        after = joined(text, _first_table(text), [line(".toml", stages)])
    elif isinstance(there, list) and len(_TOML_LIST.findall(text)) == 1:
        wanted = [*there, *(stage for stage in STAGES if stage in stages and stage not in there)]
        after = _TOML_LIST.sub(f"{KEY} = {json.dumps(wanted)}", text) if wanted != there else text
    else:
        return None
    try:
        return after if read_toml(after, "") == {**before, KEY: wanted} else None
    except PolicyError:
        return None


def _ordered(stages: Sequence[str]) -> list[str]:
    """Return the stages to write: these, and the default one without the key."""
    return [stage for stage in STAGES if stage in stages or stage == COMMIT]


def _first_table(text: str) -> int:
    """Return the number of the first line that starts a table, which ends the top-level keys."""
    lines = text.split("\n")
    return next((at for at, each in enumerate(lines) if each.lstrip().startswith("[")), len(lines))


def _in_yaml(yaml: YAML, text: str, stages: Sequence[str]) -> str | None:
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    root = yaml.compose(text)
    if not isinstance(root, MappingNode):
        return None
    if KEY not in [name.value for name, _ in root.value]:
        if set(stages) <= {COMMIT}:
            return text
        added = line("", stages)
        after = before_the_first_key(text, root, [added])
        return after if after is not None and adds_only(yaml, text, after, events(yaml, added)[1:-1]) else None
    there = value_of(root, KEY)
    if not isinstance(there, SequenceNode) or not all(isinstance(item, ScalarNode) for item in there.value):
        return None
    known = [item.value for item in there.value]
    missing = [stage for stage in STAGES if stage in stages and stage not in known]
    if not missing:
        return text
    after = _longer(text, there, missing)
    return after if adds_only(yaml, text, after, events(yaml, f"[{', '.join(missing)}]")[1:-1]) else None


def _longer(text: str, there: SequenceNode, missing: Sequence[str]) -> str:
    """Return the text with more items at the end of a list; the caller checks the result with a parser."""
    if there.flow_style:
        end = there.end_mark.index - 1
        kept = text[:end].rstrip(" ")
        comma = "" if kept.endswith(("[", ",")) else ","
        return f"{kept}{comma}{' ' if there.value else ''}{', '.join(missing)}{text[end:]}"
    last = there.value[-1]
    pad = " " * there.start_mark.column
    gap = " " * (last.start_mark.column - there.start_mark.column - 1)
    return joined(text, line_of(text, last.end_mark) + 1, [f"{pad}-{gap}{stage}" for stage in missing])

"""The stages for which pre-commit and prek write hooks: ``default_install_hook_types`` of a configuration.

Without it both only write a hook for pre-commit, and hooks of other stages never run. With it a hook without ``stages``
runs at each of them, unless ``default_stages`` names others: a team's linters would then run at every push as well.
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
    from ruamel.yaml.nodes import MappingNode, SequenceNode

KEY, RUNS = "default_install_hook_types", "default_stages"
_TOML_LIST = re.compile(rf"^{KEY}[ \t]*=[ \t]*\[([^\[\]#\n]*)\]", re.MULTILINE)


def lines(name: str, text: str, stages: Sequence[str], started: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the lines to add by hand to the file of this name and text; ``started`` is as for ``in_yaml``."""
    runs = () if RUNS in text else (_line(name, RUNS, _as_before((), started)),)
    return (_line(name, KEY, _ordered(stages)), *runs)


def _line(name: str, key: str, values: Sequence[str]) -> str:
    return f"{key} = {json.dumps([*values])}" if name.endswith(".toml") else f"{key}: [{', '.join(values)}]"


def _as_before(known: Sequence[str], started: Sequence[str]) -> list[str]:
    """Return the stages at which hooks without ``stages`` run so far: of the list ``known``, and ``started`` ones."""
    return [*dict.fromkeys((*(known or (COMMIT,)), *started)), "manual"]


def lacks(name: str, text: str, stages: Sequence[str]) -> bool:
    """Return whether a configuration certainly lacks one of these stages."""
    typed = (in_toml if name.endswith(".toml") else in_yaml)(text, stages)
    return KEY not in text if typed is None else typed != text


def in_yaml(text: str, stages: Sequence[str], started: Sequence[str] = ()) -> str | None:
    """Return ``.pre-commit-config.yaml`` with at least these stages; ``None``: it must be edited by hand.

    Hooks without ``stages`` go on running where they did: at the stages of the list so far and of the hooks in this
    clone that the framework has ``started``, and when they are run by hand.
    """
    return attempt(lambda yaml: _in_yaml(yaml, text, stages, started))


def in_toml(text: str, stages: Sequence[str], started: Sequence[str] = ()) -> str | None:
    """Return the same for ``prek.toml``."""
    try:
        before = read_toml(text, "")
    except PolicyError:
        return None
    there, known = before.get(KEY), before.get(KEY, [])
    if there is None and set(stages) <= {COMMIT}:
        return text
    if there is None:
        wanted = _ordered(stages)
        after = joined(text, _first_table(text), [_line(".toml", KEY, wanted)])
    elif isinstance(there, list) and len(_TOML_LIST.findall(text)) == 1:
        wanted = [*there, *(stage for stage in STAGES if stage in stages and stage not in there)]
        after = _TOML_LIST.sub(f"{KEY} = {json.dumps(wanted)}", text)
    else:
        return None
    if wanted == there:
        return text
    expected = {**before, KEY: wanted}
    if RUNS not in before:
        expected[RUNS] = _as_before(known, started)
        after = joined(after, _first_table(after), [_line(".toml", RUNS, expected[RUNS])])
    try:
        return after if read_toml(after, "") == expected else None
    except PolicyError:
        return None


def _ordered(stages: Sequence[str]) -> list[str]:
    """Return the stages to write: these, and the default one without the key."""
    return [stage for stage in STAGES if stage in stages or stage == COMMIT]


def _first_table(text: str) -> int:
    """Return the number of the first line that starts a table, which ends the top-level keys."""
    lines = text.split("\n")
    return next((at for at, each in enumerate(lines) if each.lstrip().startswith("[")), len(lines))


def _in_yaml(yaml: YAML, text: str, stages: Sequence[str], started: Sequence[str]) -> str | None:
    from ruamel.yaml.nodes import MappingNode

    root = yaml.compose(text)
    if not isinstance(root, MappingNode):
        return None
    keys = [name.value for name, _ in root.value]
    runs = RUNS in keys
    if KEY in keys:
        return _in_list(yaml, text, root, stages, None if runs else started)
    if set(stages) <= {COMMIT}:
        return text
    added = [] if runs else [_line("", RUNS, _as_before((), started))]
    return _above(yaml, text, root, [_line("", KEY, _ordered(stages)), *added])


def _in_list(
    yaml: YAML, text: str, root: MappingNode, stages: Sequence[str], started: Sequence[str] | None
) -> str | None:
    """Return the text with the stages that its list lacks; with ``default_stages`` unless ``started`` is ``None``."""
    from ruamel.yaml.nodes import ScalarNode, SequenceNode

    there = value_of(root, KEY)
    if not isinstance(there, SequenceNode) or not all(isinstance(item, ScalarNode) for item in there.value):
        return None
    known = [item.value for item in there.value]
    missing = [stage for stage in STAGES if stage in stages and stage not in known]
    if not missing:
        return text
    after = _longer(text, there, missing)
    if not adds_only(yaml, text, after, events(yaml, f"[{', '.join(missing)}]")[1:-1]):
        return None
    return after if started is None else _above(yaml, after, root, [_line("", RUNS, _as_before(known, started))])


def _above(yaml: YAML, text: str, root: MappingNode, added: Sequence[str]) -> str | None:
    """Return the text with lines above its first key, ``None`` if a parser reads more than these into it."""
    after = before_the_first_key(text, root, added)
    return after if after is not None and adds_only(yaml, text, after, events(yaml, "\n".join(added))[1:-1]) else None


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

"""Put labgate's hooks into the configuration of pre-commit or prek, and keep every byte that stands there.

ruamel.yaml only reads (docs/adr/0016): it says where things stand, and whether the changed text means what it should.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from labgate.policy.toml import read_toml
from labgate.setup.snippet import HOOKS, Source, Style, pre_commit_lines, prek_lines
from labgate.values.errors import PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import StreamMark
    from ruamel.yaml.nodes import Node, SequenceNode

_OURS = re.compile(
    r"""labgate-hook\b|\bid\s*[:=]\s*["']?labgate-|\brepo\s*[:=]\s*["']?\S*/labgate(?:\.git)?["']?(?:\s|$)"""
)

#: Takes a configuration and where labgate is found; returns the changed text, ``None`` where it cannot be changed.
Insertion = Callable[[str, Source], "str | None"]

#: The stages for which `pre-commit install` and `prek install` then write hooks; without it, for pre-commit alone.
#: Hooks that the team adds later and that say nothing of stages stay at commit.
_HEADER = ("default_install_hook_types:", *(f"  - {hook.stage}" for hook in HOOKS), "default_stages: [pre-commit]")


def is_there(text: str) -> bool:
    """Say whether a configuration has hooks of labgate already; what is commented out does not count."""
    return any(_OURS.search(line.partition("#")[0]) for line in text.split("\n"))


def new_pre_commit_config(source: Source) -> str:
    """Return a whole ``.pre-commit-config.yaml``."""
    return "".join(f"{line}\n" for line in (*_HEADER, "repos:", *pre_commit_lines(source, Style())))


def into_pre_commit_config(text: str, source: Source) -> str | None:
    """Return ``.pre-commit-config.yaml`` with labgate's hooks behind the others.

    ``None`` where the place for them cannot be told for sure: somebody has to do it by hand.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="base", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        added = _with_entry(text, yaml.compose(text), source)
        return added if added is not None and _adds_only_ours(yaml, text, added, source) else None
    except (YAMLError, RecursionError, ValueError, OverflowError):
        # The last three: too deep for Python's stack, or an escape for a character that does not exist.
        return None


def into_prek_config(text: str, source: Source) -> str | None:
    """Return ``prek.toml`` with labgate's hooks at its end; ``None`` where they cannot be added there."""
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else end
    added = text + gap + (end if text.strip() else "") + "".join(f"{line}{end}" for line in prek_lines(source))
    try:
        before = read_toml(text, "").get("repos", [])
        after = read_toml(added, "")["repos"]
    except PolicyError:
        return None  # not TOML, or `repos` is a list on one line, which nothing can be added to from outside
    return added if after[:-1] == before else None


def _with_entry(text: str, root: Node | None, source: Source) -> str | None:
    """Return the text with labgate's entry where it belongs, ``None`` where there is no such place.

    Whether a parser then finds the entry there has still to be checked.
    """
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    entry = list(pre_commit_lines(source, Style()))
    keys = root.value if isinstance(root, MappingNode) else []
    values = [value for key, value in keys if key.value == "repos"]
    if not values and (keys or root is None or _is_null(root)):
        return _joined(text, text.count("\n") + 1, ["repos:", *entry])
    if len(values) != 1:
        return None
    (value,) = values
    if not isinstance(value, SequenceNode):
        return _instead_of(text, value, entry) if _is_null(value) else None
    if not value.value:
        return _instead_of(text, value, entry)
    return None if value.flow_style else _behind_the_last(text, value, source)


def _is_null(node: Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _instead_of(text: str, nothing: Node, entry: Sequence[str]) -> str | None:
    """``repos: []``: the brackets go, since a list cannot be written both ways.

    ``None`` where a comment in them would go as well.
    """
    start, end = nothing.start_mark.index, nothing.end_mark.index
    if "#" in text[start:end]:
        return None
    kept = text[:start].rstrip(" \t") if start < end else text[:start]
    return _joined(kept + text[end:], _line(kept, nothing.start_mark) + 1, entry)


def _behind_the_last(text: str, repos: SequenceNode, source: Source) -> str:
    lines = text.split("\n")
    at = len(lines) if repos.end_mark.index == len(text) else _line(text, repos.end_mark)
    while not _belongs(lines[at - 1], repos.start_mark.column):
        at -= 1
    entry = list(pre_commit_lines(source, _style(repos)))
    spaced = len(repos.value) > 1 and not lines[_line(text, repos.value[-1].start_mark) - 1].strip()
    return _joined(text, at, ["", *entry] if spaced else entry)


def _line(text: str, mark: StreamMark) -> int:
    return text.count("\n", 0, mark.index)


def _belongs(line: str, column: int) -> bool:
    """Say whether a line is part of the list: a blank one is not, and a comment further left is about what follows."""
    bare = line.lstrip(" ")
    return bool(bare.strip()) and (not bare.startswith("#") or len(line) - len(bare) > column)


def _style(repos: SequenceNode) -> Style:
    """Return how the file indents, as its first entry shows; what that does not show is taken from its first half."""
    column = repos.start_mark.column
    key = repos.value[0].start_mark.column - column
    for repo in repos.value:
        for name, hooks in repo.value if repo.id == "mapping" else ():
            if name.value == "hooks" and hooks.id == "sequence" and hooks.value and not hooks.flow_style:
                inner = hooks.start_mark.column
                return Style(column, key, inner - column - key, hooks.value[0].start_mark.column - inner)
    return Style(column, key, 0 if column == 0 else 2, key)


def _adds_only_ours(yaml: YAML, before: str, after: str, source: Source) -> bool:
    """Say whether a parser reads the new text as the old one with labgate's entry at the end of ``repos``."""
    old, new = _events(yaml, before), _events(yaml, after)
    alone = _events(yaml, "\n".join(["repos:", *pre_commit_lines(source, Style())]))
    keyed, listed, entry = alone[1:-1], alone[2:-1], alone[3:-2]
    at = next((at for at, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), len(old))
    head, tail = old[:at], old[at:]
    # Behind other entries or in `[]`; instead of null; as a new key; in a file without content.
    expected = ([*head, *entry, *tail], [*head, *listed, *tail[1:]], [*head, *keyed, *tail])
    return new in expected or (len(old) <= 1 and new == alone)


def _events(yaml: YAML, text: str) -> list[tuple[str, ...]]:
    """Return what a parser reads, without layout: kind, value, anchor and tag of each event within the document.

    An alias is one event, while the value that it repeats may be of any size.
    """
    return [
        (type(event).__name__, *(str(getattr(event, name, None)) for name in ("value", "anchor", "ctag")))
        for event in yaml.parse(text)
        if not type(event).__name__.startswith(("Stream", "Document"))
    ]


def _joined(text: str, at: int, added: Sequence[str]) -> str:
    """Return the text with lines added before line ``at``, ended as the others are."""
    raw = text.split("\n")
    end = "\r" if raw[0].endswith("\r") else ""
    new = [line + end for line in added]
    if at < len(raw) and (at > 0 or text):
        return "\n".join([*raw[:at], *new, *raw[at:]])
    # At the end of the file; its last line may lack an end.
    head = raw[:-1] if raw[-1] == "" else [*raw[:-1], raw[-1] + end]
    return "\n".join([*head, *new, ""])

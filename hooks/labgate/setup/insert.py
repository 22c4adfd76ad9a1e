"""Add labgate's hooks to the configuration of pre-commit or prek, and keep all of its bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from labgate.policy.reader import read_toml
from labgate.setup import hook_types
from labgate.setup.source import Source, named_source
from labgate.setup.survey import PRE_COMMIT_CONFIG, PREK_CONFIG
from labgate.setup.yaml_text import attempt, events, joined, line_of, reader
from labgate.values.errors import PolicyError, UsageError
from labgate.values.value import Value

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import Node, SequenceNode


class Hook(Value):
    """One hook of the manifest ``.pre-commit-hooks.yaml``: the one that runs every check of a stage."""

    id: str
    stage: str
    name: str
    takes_message_file: bool = False
    verbose: bool = False


HOOKS = (
    Hook("labgate-commit", "pre-commit", "labgate (commit)", verbose=True),
    Hook("labgate-merge", "pre-merge-commit", "labgate (merge)"),
    Hook("labgate-prepare-message", "prepare-commit-msg", "labgate (prepare message)", takes_message_file=True),
    Hook("labgate-message", "commit-msg", "labgate (message)", takes_message_file=True),
    Hook("labgate-push", "pre-push", "labgate (push)", verbose=True),
)


class Style(Value):
    """The indentation of a file: the columns of ``- repo`` and its key, and the same for hooks, below ``hooks:``."""

    item: int = 2
    key: int = 2
    hook: int = 2
    hook_key: int = 2


def pre_commit_lines(source: Source, style: Style) -> Iterator[str]:
    """Yield the lines of the entry of ``repos:`` in ``.pre-commit-config.yaml``, without newlines."""
    dash, key = " " * style.item + "-" + " " * (style.key - 1), " " * (style.item + style.key)
    yield f"{dash}repo: {source.url or 'local'}"
    if source.url is not None:
        yield f"{key}rev: {source.rev}{source.comment}"
    yield f"{key}hooks:"
    for hook in HOOKS:
        first = key + " " * style.hook + "-" + " " * (style.hook_key - 1)
        others = key + " " * (style.hook + style.hook_key)
        yield f"{first}id: {hook.id}"
        for name, value in () if source.url is not None else _settings(hook, source):
            yield f"{others}{name}: {_yaml(value)}"


def prek_lines(source: Source) -> Iterator[str]:
    """Yield the same for ``prek.toml``."""
    yield "[[repos]]"
    yield f"repo = {_toml(source.url or 'local')}"
    if source.url is not None:
        yield f"rev = {_toml(source.rev)}{source.comment}"
    for hook in HOOKS:
        yield ""
        yield "[[repos.hooks]]"
        yield f"id = {_toml(hook.id)}"
        for name, value in () if source.url is not None else _settings(hook, source):
            yield f"{name} = {_toml(value)}"


def guarded(stage: str, arguments: str) -> str:
    """Return the command for a hook that a whole team shares: without labgate it prints a line and continues.

    It only ends the script if labgate refuses, as other commands may follow.
    """
    start = f"labgate-hook {stage} --native{arguments}"
    skipped = f"labgate: {stage} skipped: labgate-hook is not on the PATH"
    return f'if command -v labgate-hook >/dev/null; then {start} || exit; else echo "{skipped}" >&2; fi'


def lefthook_commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each stage of ``lefthook.yml`` and the lines of its command.

    ``{0}`` is replaced by git's arguments; standard input has the refs of a push.
    """
    for hook in HOOKS:
        arguments = "" if hook.stage in ("pre-commit", "pre-merge-commit") else " {0}"
        refs = ["  use_stdin: true"] if hook.stage == "pre-push" else []
        yield hook.stage, ["labgate:", *refs, f"  run: '{guarded(hook.stage, arguments)}'"]


def husky_lines() -> Iterator[tuple[str, str]]:
    """Yield each file of husky and the line to add to it."""
    for hook in HOOKS:
        yield f".husky/{hook.stage}", guarded(hook.stage, ' "$@"')


def _settings(hook: Hook, source: Source) -> Iterator[tuple[str, object]]:
    """Yield the manifest's keys of a hook, which ``repo: local`` needs here."""
    yield "name", hook.name
    yield "entry", f"labgate-hook {hook.stage}"
    yield "language", "python"
    yield "additional_dependencies", [source.requirement]
    yield "stages", [hook.stage]
    yield "always_run", True
    yield "pass_filenames", hook.takes_message_file
    yield "require_serial", True
    if hook.verbose:
        yield "verbose", True


def _yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _toml(value: object) -> str:
    return json.dumps(value)


_OURS = re.compile(
    r"""labgate-hook\b|\bid\s*[:=]\s*["']?labgate-|\brepo\s*[:=]\s*["']?\S{0,300}/labgate(?:\.git)?["']?(?:\s|$)"""
)

#: The configurations that can name the repository of labgate.
NAMES_SOURCE = (PRE_COMMIT_CONFIG, PREK_CONFIG)

#: Takes a configuration and the source of labgate; returns the changed text, ``None`` if it cannot be changed.
Insertion = Callable[[str, Source], "str | None"]

#: The stages for which `pre-commit install` and `prek install` write hooks; the default is only pre-commit.
#: Hooks that the team adds later without stages run at commit.
_HEADER = (f"{hook_types.KEY}:", *(f"  - {hook.stage}" for hook in HOOKS), "default_stages: [pre-commit]")


def is_there(text: str) -> bool:
    """Return whether a configuration has hooks of labgate already; comments do not count."""
    return any(_OURS.search(line.partition("#")[0]) for line in text.split("\n"))


def source_in(name: str, text: str) -> Source | None:
    """Return the source of labgate's hooks in a configuration, ``name``; ``None`` if it is not clear."""
    for entry in _repositories(name, text):
        url, rev, hooks = (entry.get(key) for key in ("repo", "rev", "hooks"))
        ids = [str(hook.get("id")) for hook in hooks if isinstance(hook, dict)] if isinstance(hooks, list) else []
        if isinstance(url, str) and isinstance(rev, str) and any(hook.id in ids for hook in HOOKS):
            try:
                return named_source(url, rev)
            except UsageError:
                continue
    return None


def _repositories(name: str, text: str) -> list[dict[str, object]]:
    """Return the entries of ``repos``; empty if the text cannot be read."""
    from ruamel.yaml.error import YAMLError

    yaml = reader("safe")
    try:
        read = read_toml(text, name) if name == PREK_CONFIG else yaml.load(text)
    except (PolicyError, YAMLError, RecursionError, ValueError, OverflowError):
        return []
    found = read.get("repos") if isinstance(read, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def new_pre_commit_config(source: Source) -> str:
    """Return a whole ``.pre-commit-config.yaml``."""
    return "".join(f"{line}\n" for line in (*_HEADER, "repos:", *pre_commit_lines(source, Style())))


def into_pre_commit_config(text: str, source: Source) -> str | None:
    """Return ``.pre-commit-config.yaml`` with labgate's hooks after the others.

    ``None`` if their place is not certain: it must be edited by hand.
    """

    def change(yaml: YAML) -> str | None:
        added = _with_entry(text, yaml.compose(text), source)
        return added if added is not None and _adds_only_ours(yaml, text, added, source) else None

    return attempt(change)


def into_prek_config(text: str, source: Source) -> str | None:
    """Return ``prek.toml`` with labgate's hooks at its end; ``None`` if they cannot be added there."""
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else end
    added = text + gap + (end if text.strip() else "") + "".join(f"{line}{end}" for line in prek_lines(source))
    try:
        before = read_toml(text, "").get("repos", [])
        after = read_toml(added, "")["repos"]
    except PolicyError:
        return None  # not TOML, or `repos` is an inline list, to which a table cannot be added
    return added if after[:-1] == before else None


def _with_entry(text: str, root: Node | None, source: Source) -> str | None:
    """Return the text with labgate's entry in its place, ``None`` if there is no such place.

    The caller checks the result with a parser.
    """
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    entry = list(pre_commit_lines(source, Style()))
    keys = root.value if isinstance(root, MappingNode) else []
    values = [value for key, value in keys if key.value == "repos"]
    if not values and (keys or root is None or _is_null(root)):
        return joined(text, text.count("\n") + 1, ["repos:", *entry])
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
    """Add to ``repos: []``: the brackets are removed, as a list cannot have both forms.

    ``None`` if a comment in them would be removed too.
    """
    start, end = nothing.start_mark.index, nothing.end_mark.index
    if "#" in text[start:end]:
        return None
    kept = text[:start].rstrip(" \t") if start < end else text[:start]
    return joined(kept + text[end:], line_of(kept, nothing.start_mark) + 1, entry)


def _behind_the_last(text: str, repos: SequenceNode, source: Source) -> str:
    lines = text.split("\n")
    at = len(lines) if repos.end_mark.index == len(text) else line_of(text, repos.end_mark)
    while not _belongs(lines[at - 1], repos.start_mark.column):
        at -= 1
    entry = list(pre_commit_lines(source, _style(repos)))
    spaced = len(repos.value) > 1 and not lines[line_of(text, repos.value[-1].start_mark) - 1].strip()
    return joined(text, at, ["", *entry] if spaced else entry)


def _belongs(line: str, column: int) -> bool:
    """Return whether a line is part of the list: not a blank one, nor a comment further left."""
    bare = line.lstrip(" ")
    return bool(bare.strip()) and (not bare.startswith("#") or len(line) - len(bare) > column)


def _style(repos: SequenceNode) -> Style:
    """Return the indentation of the file's first entry; missing parts follow from the others."""
    column = repos.start_mark.column
    key = repos.value[0].start_mark.column - column
    for repo in repos.value:
        for name, hooks in repo.value if repo.id == "mapping" else ():
            if name.value == "hooks" and hooks.id == "sequence" and hooks.value and not hooks.flow_style:
                inner = hooks.start_mark.column
                return Style(column, key, inner - column - key, hooks.value[0].start_mark.column - inner)
    return Style(column, key, 0 if column == 0 else 2, key)


def _adds_only_ours(yaml: YAML, before: str, after: str, source: Source) -> bool:
    """Return whether a parser reads the new text as the old one with labgate's entry at the end of ``repos``."""
    old, new = events(yaml, before), events(yaml, after)
    alone = events(yaml, "\n".join(["repos:", *pre_commit_lines(source, Style())]))
    keyed, listed, entry = alone[1:-1], alone[2:-1], alone[3:-2]
    at = next((at for at, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), len(old))
    head, tail = old[:at], old[at:]
    # After other entries or in `[]`; instead of null; as a new key; in a file without content.
    expected = ([*head, *entry, *tail], [*head, *listed, *tail[1:]], [*head, *keyed, *tail])
    return new in expected or (len(old) <= 1 and new == alone)

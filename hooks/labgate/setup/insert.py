"""Put labgate's hooks into the configuration of pre-commit or prek, and keep every byte that stands there.

ruamel.yaml only reads (docs/adr/0016): it says where things stand, and whether the changed text means what it should.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from labgate import __version__
from labgate.policy.reader import read_toml
from labgate.values.errors import PolicyError
from labgate.values.value import Value

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import StreamMark
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


class Source(Value):
    """Where a hook manager finds labgate: a git repository at a commit, or with ``url`` ``None`` the package index."""

    url: str | None = None
    rev: str | None = None

    @property
    def requirement(self) -> str:
        return f"labgate=={__version__}"


class Style(Value):
    """How a file indents: the column of ``- repo``, that of its key, and both again for hooks, below ``hooks:``."""

    item: int = 2
    key: int = 2
    hook: int = 2
    hook_key: int = 2


def installed_from() -> Source:
    """Return where this labgate was installed from (PEP 610): its repository and commit, if it came from git.

    A folder on this machine is of no use to the team, and neither is an address with a password in it.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution("labgate").read_text("direct_url.json")
        record = json.loads(text) if text else {}
        info = record.get("vcs_info", {})
        url, rev = str(record.get("url", "")), str(info.get("commit_id", ""))
    except (PackageNotFoundError, ValueError, AttributeError):
        return Source()
    plain = url.startswith(("https://", "ssh://")) and not set(url) & set(" \"'\\#") and url.isprintable()
    secret = ":" in url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    known = info.get("vcs") == "git" and rev.isalnum()
    return Source(url, rev) if known and plain and not secret else Source()


def pre_commit_lines(source: Source, style: Style) -> Iterator[str]:
    """Yield the entry of ``repos:`` in ``.pre-commit-config.yaml``, without the ends of lines."""
    dash, key = " " * style.item + "-" + " " * (style.key - 1), " " * (style.item + style.key)
    yield f"{dash}repo: {source.url or 'local'}"
    if source.url is not None:
        yield f"{key}rev: {source.rev}  # {__version__}"
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
        yield f"rev = {_toml(source.rev)}  # {__version__}"
    for hook in HOOKS:
        yield ""
        yield "[[repos.hooks]]"
        yield f"id = {_toml(hook.id)}"
        for name, value in () if source.url is not None else _settings(hook, source):
            yield f"{name} = {_toml(value)}"


def lefthook_lines() -> Iterator[str]:
    """Yield what belongs into ``lefthook.yml``. ``{0}`` stands for git's arguments; stdin has the refs of a push."""
    for hook in HOOKS:
        arguments = "" if hook.stage in ("pre-commit", "pre-merge-commit") else " {0}"
        yield f"{hook.stage}:"
        yield "  commands:"
        yield "    labgate:"
        if hook.stage == "pre-push":
            yield "      use_stdin: true"
        yield f"      run: labgate-hook {hook.stage} --native{arguments}"


def husky_lines() -> Iterator[tuple[str, str]]:
    """Yield each file of husky's and the line that belongs into it."""
    for hook in HOOKS:
        yield f".husky/{hook.stage}", f'labgate-hook {hook.stage} --native "$@"'


def _settings(hook: Hook, source: Source) -> Iterator[tuple[str, object]]:
    """Yield what the manifest says of a hook; beside ``repo: local`` it has to be said here."""
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

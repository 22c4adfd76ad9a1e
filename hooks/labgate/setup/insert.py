"""Put labgate's hooks into the configuration of pre-commit or prek, and keep every byte that stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from labgate.policy.parse import read_toml
from labgate.setup.snippet import HOOKS, Source, Style, pre_commit_lines, prek_lines
from labgate.setup.yaml_lines import BLANK, COMMENT, CONTENT, INSIDE, Line, read_lines
from labgate.values.errors import PolicyError

_REPOS = re.compile(r"""(?:repos|"repos"|'repos')[ \t]*:(?:[ \t]+(?P<value>[^#\s][^#]*?))?[ \t]*(?:[ \t]#.*)?""")
_EMPTY = re.compile(r"\[[ \t]*\]")
_HOOKS = re.compile(r"hooks[ \t]*:[ \t]*(?:#.*)?")
_ITEM = re.compile(r"-(?P<gap>[ ]+)(?=[^\s#])")
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
    lines = read_lines(text)
    if lines is None or _is_several_documents(lines):
        return None
    starts = [number for number, line in enumerate(lines) if line.role == CONTENT and line.indent == 0]
    keys = [number for number in starts if _REPOS.fullmatch(lines[number].text)]
    if len(keys) > 1 or any(lines[number].text.startswith(("- ", "[", "{")) for number in starts if not keys):
        return None
    if not keys:
        return _joined(text, len(lines), ["repos:", *pre_commit_lines(source, Style())])
    (key,) = keys
    value = (_REPOS.fullmatch(lines[key].text) or {"value": None})["value"]
    if value is not None:
        return _instead_of_empty_list(text, key, value, source)
    return _behind_the_last(text, lines, key, source)


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


def _is_several_documents(lines: Sequence[Line]) -> bool:
    content = [line.text for line in lines if line.role == CONTENT and not line.text.startswith("%")]
    return any(line.startswith(("---", "...")) for line in content[1:]) or content[:1] == ["..."]


def _instead_of_empty_list(text: str, key: int, value: str, source: Source) -> str | None:
    """``repos: []``: the brackets go, since a list cannot be written both ways."""
    if not _EMPTY.fullmatch(value):
        return None
    raw = text.split("\n")
    raw[key] = re.sub(r"[ \t]*" + re.escape(value), "", raw[key], count=1)
    return _joined("\n".join(raw), key + 1, list(pre_commit_lines(source, Style())))


def _behind_the_last(text: str, lines: Sequence[Line], key: int, source: Source) -> str | None:
    block = list(_block(lines, key))
    items = [number for number in block if lines[number].role == CONTENT]
    if not items:
        return _joined(text, key + 1, list(pre_commit_lines(source, Style())))
    column = lines[items[0]].indent
    starts = [number for number in items if lines[number].indent == column]
    if any(lines[number].indent < column for number in items) or not all(_is_item(lines[number]) for number in starts):
        return None
    last = max(number for number in block if _belongs(lines[number], column))
    entry = list(pre_commit_lines(source, _style(lines, items, column)))
    spaced = len(starts) > 1 and lines[starts[-1] - 1].role == BLANK
    return _joined(text, last + 1, ["", *entry] if spaced else entry)


def _block(lines: Sequence[Line], key: int) -> Iterator[int]:
    """Yield the numbers of the lines below ``repos:``, up to the next key."""
    for number in range(key + 1, len(lines)):
        line = lines[number]
        if line.role == CONTENT and line.indent == 0 and not _is_item(line):
            return
        yield number


def _is_item(line: Line) -> bool:
    return line.text.lstrip(" ").startswith("- ")


def _belongs(line: Line, column: int) -> bool:
    """Say whether a line is part of the list: a comment further left is about what follows."""
    return line.role in (CONTENT, INSIDE) or (line.role == COMMENT and line.indent > column)


def _style(lines: Sequence[Line], items: Sequence[int], column: int) -> Style:
    """Return how the file indents, as its first entry shows; what that does not show is taken from its first half."""
    key = _gap(lines[items[0]])
    for number, following in pairwise(items):
        if lines[number].indent == column + key and _HOOKS.fullmatch(lines[number].text.lstrip(" ")):
            hook = lines[following].indent - column - key
            if _is_item(lines[following]) and hook >= 0:
                return Style(column, key, hook, _gap(lines[following]))
    return Style(column, key, 0 if column == 0 else 2, key)


def _gap(line: Line) -> int:
    """Return how far the key stands behind its dash."""
    found = _ITEM.match(line.text.lstrip(" "))
    return 2 if found is None else 1 + len(found["gap"])


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

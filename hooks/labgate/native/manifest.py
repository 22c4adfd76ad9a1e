"""labgate's hook ids in a team's pre-commit or prek configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

from labgate.native.folder import Slot
from labgate.policy.reader import read_toml
from labgate.values.errors import PolicyError
from labgate.values.files import read_bounded
from labgate.values.value import Value

#: The configuration files of each framework; the first that exists is read (prek: workspace.rs; pre-commit: main.py).
FILES: Mapping[str, tuple[str, ...]] = {
    "pre-commit": (".pre-commit-config.yaml",),
    "prek": ("prek.toml", ".pre-commit-config.yaml", ".pre-commit-config.yml"),
}

#: Largest configuration that is read.
_MOST = 2**22
_COMMENT = re.compile(r"(^|\s)#.*")
_REPO = re.compile(r"(?<![\w-])repo\s*:\s*")
_ID = re.compile(r"""(?<![\w-])["']?id["']?\s*[:=]\s*["']?([\w-]+)""")


class Configured(Value):
    """A framework's configuration: its file's name, and labgate's ids in it with their stages, in order.

    ``others``: it has hooks of others, too.
    """

    file: str
    ids: Mapping[str, str]
    others: bool = False

    def at(self, stage: str) -> tuple[str, ...]:
        """Return the ids of one stage."""
        return tuple(name for name, known in self.ids.items() if known == stage)


def configured(top: str, framework: str, stages: Mapping[str, str], projects: Sequence[str] = ()) -> Configured | None:
    """Return a framework's configuration in a work tree, ``None`` if there is none.

    ``stages`` is the stage of each of labgate's hook ids. ``projects`` are folders below ``top`` with their own
    configuration, which prek starts too (a workspace), and pre-commit does not. Raises: ``OSError`` when a file
    cannot be read.
    """
    found = [_read(top, folder, framework, stages) for folder in ("", *(projects if framework == "prek" else ()))]
    there = [each for each in found if each is not None]
    if not there:
        return None
    ids = {name: stage for each in reversed(there) for name, stage in each.ids.items()}
    file = next((each.file for each in there if each.ids), there[0].file)
    return Configured(file, ids, any(each.others for each in there))


def idle_framework(slots: Sequence[Slot], asked: Mapping[str, Configured | None]) -> tuple[str, Configured] | None:
    """Return a framework that is configured (``asked``) and its configuration, if none is installed at any stage."""
    if any(slot.top.is_framework or slot.legacy.is_framework for slot in slots):
        return None
    return next(((name, found) for name, found in asked.items() if found is not None), None)


def _read(top: str, folder: str, framework: str, stages: Mapping[str, str]) -> Configured | None:
    for name in FILES[framework]:
        path = os.path.join(top, folder, name)
        if os.path.isfile(path):
            text = read_bounded(path, _MOST).decode("utf-8", "replace")
            return configured_in(text, os.path.join(folder, name), stages)
    return None


def configured_in(text: str, name: str, stages: Mapping[str, str]) -> Configured:
    """Return the hook ids in the text of a configuration, ``name``."""
    found = list(_toml_ids(text, name) if name.endswith(".toml") else _yaml_ids(text))
    ids = {each: stages[each] for each in found if each in stages}
    return Configured(name, ids, others=not ids.keys() >= set(_ID.findall(_without_comments(text))))


def _yaml_ids(text: str) -> Iterator[str]:
    """Yield hook ids by reading lines: a YAML parser would need a package.

    The ids of single checks are words that other packs may use too: they only count if labgate is named between one
    ``repo:`` and the next.
    """
    for section in _REPO.split(_without_comments(text))[1:]:
        yield from _ID.findall(section) if "labgate" in section else ()


def _without_comments(text: str) -> str:
    return "\n".join(_COMMENT.sub("", line) for line in text.splitlines())


def _toml_ids(text: str, name: str) -> Iterator[str]:
    try:
        repositories = read_toml(text, name).get("repos", [])
    except PolicyError:
        return
    for repository in repositories if isinstance(repositories, list) else []:
        hooks = repository.get("hooks", []) if isinstance(repository, dict) else []
        ids = [str(hook.get("id")) for hook in hooks if isinstance(hook, dict)]
        yield from ids if "labgate" in str(repository) else ()

"""What a branch is about: ``branch.<name>.description``, or the first line of its README, if that is its own."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.git.repository import Repository
from labgate.git.small_files import small_files
from labgate.values.refnames import HEADS

#: The names of a README, the first one that a branch has counts.
_READMES = ("README.md", "README.rst", "README.txt", "README")
#: A larger README is not read.
_MOST_BYTES = 1 << 18
_MARKS = "#=*-_ \t"


def described(repository: Repository, branch: str) -> str | None:
    """Return the first line of ``branch.<name>.description`` (git-branch, ``--edit-description``) of a full name."""
    text = repository.setting(f"branch.{branch.removeprefix(HEADS)}.description")
    return None if text is None else first_line(text)


def own_readmes(repository: Repository, tips: Mapping[str, str | None], trunk: str) -> Mapping[str, str | None]:
    """Return for each tip (full oid) the first line of its README, ``None`` if it is not its own or there is none.

    The value of a tip is the commit of the trunk that it starts from, if any: what the trunk had is not its own.
    """
    roots = dict.fromkeys(oid for oid in (*tips, *tips.values(), trunk) if oid is not None)
    files = small_files(repository, [f"{root}:{name}" for root in roots for name in _READMES], _MOST_BYTES)
    lines: dict[str, str | None] = {}
    for root in roots:
        texts = (files.get(f"{root}:{name}") for name in _READMES)
        text = next((text for text in texts if text is not None), None)
        lines[root] = None if text is None else first_line(text.decode("utf-8", "replace"))
    theirs = {tip: {lines[trunk], lines[trunk if start is None else start]} for tip, start in tips.items()}
    return {tip: None if lines[tip] in theirs[tip] else lines[tip] for tip in tips}


def first_line(text: str) -> str | None:
    """Return the first line with a letter or digit, without the marks of a heading; ``None`` if there is none."""
    for line in text.splitlines():
        plain = line.strip(_MARKS)
        if any(map(str.isalnum, plain)) and not plain.startswith(("<!--", "[![", "![")):
            return plain
    return None

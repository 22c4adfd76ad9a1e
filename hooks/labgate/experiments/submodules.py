"""The submodules of a commit as dependencies of a record."""

from __future__ import annotations

import os
from typing import Any

from labgate.experiments.inputs import shown_path
from labgate.experiments.redaction import without_credentials
from labgate.git.repository import Repository
from labgate.git.work_tree import SUBMODULE
from labgate.values.errors import GitError

_UP = "../"


def submodule_dependencies(repository: Repository, commit: str, uri: str | None) -> tuple[dict[str, Any], ...]:
    """Return a resource descriptor for each submodule in a commit's tree.

    ``uri`` is that of the repository itself, ``None`` if it has none. Raises: ``GitError``.
    """
    listing = os.fsdecode(repository.objects.run("ls-tree", "-r", "-z", "--full-tree", commit)).split("\0")[:-1]
    entries = (entry.partition("\t") for entry in listing)
    links = {path: head.split(" ")[2] for head, _, path in entries if head.startswith(SUBMODULE)}
    urls = _urls(repository, commit) if links else {}
    found = []
    for path, oid in links.items():
        place = _absolute(urls.get(path, ""), uri)
        named = {} if place is None else {"uri": place}
        found.append({"name": f"submodule:{shown_path(path, '')}", **named, "digest": {"gitCommit": oid}})
    return tuple(found)


def _urls(repository: Repository, commit: str) -> dict[str, str]:
    """Return the URL of each submodule by its path, as ``.gitmodules`` has them (gitmodules(5))."""
    words = ("config", f"--blob={commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.(path|url)$")
    try:
        listing = repository.objects.run(*words, accept=(0, 1))
    except GitError:
        return {}
    by_name: dict[str, dict[str, str]] = {}
    for entry in os.fsdecode(listing).split("\0")[:-1]:
        key, _, value = entry.partition("\n")
        name, _, what = key.rpartition(".")
        by_name.setdefault(name, {})[what] = value
    return {both["path"]: both["url"] for both in by_name.values() if {"path", "url"} <= both.keys()}


def _absolute(url: str, uri: str | None) -> str | None:
    """Return a submodule's URL without credentials; a relative one starts at the repository's own (git-submodule)."""
    if not url.startswith(("./", _UP)):
        return without_credentials(url) if url else None
    base, rest = uri, url.removeprefix("./")
    while base is not None and rest.startswith(_UP):
        base, rest = base.rpartition("/")[0], rest.removeprefix(_UP)
    return None if base is None else f"{base}/{rest}".removesuffix(".git")

"""Submodules that are checked out: their repositories, and whether another clone can have their commits."""

from __future__ import annotations

import os

from labgate.git.borrowed import MOST_SHALLOW
from labgate.git.repository import Repository, discover
from labgate.git.work_tree import SUBMODULE, Tracked, WorkTree, own_index
from labgate.values.errors import GitError
from labgate.values.files import read_bounded
from labgate.values.refnames import REMOTES, TAGS


def submodule_at(repository: Repository, path: str) -> Repository | None:
    """Return the repository of the submodule at a path of the work tree, ``None`` if it is not checked out."""
    folder = os.path.join(repository.top or "", path)
    if not os.path.lexists(os.path.join(folder, ".git")):
        return None
    # The variables for the outer repository's place would lead back to it.
    environ = {name: value for name, value in repository.environ.items() if not name.startswith("GIT_")}
    try:
        return discover(environ, folder)
    except GitError:
        return None


def is_published(submodule: Repository, commit: str) -> bool:
    """Return whether a remote of the submodule has a commit, as far as is known here: by its branches and tags.

    A commit that a shallow clone begins with came from a remote. Raises: ``GitError``.
    """
    if submodule.git.status("cat-file", "-e", f"{commit}^{{commit}}", accept=(0, 1, 128))[0]:
        return False
    listing = ("for-each-ref", "--count=1", "--format=%(refname)", f"--contains={commit}", REMOTES, TAGS)
    return bool(submodule.git.run(*listing)) or commit in shallow_commits(submodule)


def unpublished(repository: Repository, links: dict[str, str]) -> tuple[str, ...]:
    """Return those of some submodules (commits by path) whose commit no remote has; with submodules of their own.

    Those that are not checked out are left out: nobody could have run their code. Raises: ``GitError``.
    """
    found: list[str] = []
    for path, commit in links.items():
        submodule = submodule_at(repository, path)
        if submodule is None:
            continue
        if not is_published(submodule, commit):
            found.append(path)
        inner = {entry.path: entry.oid for entry in _entries(submodule) if entry.mode == SUBMODULE}
        found += [f"{path}/{deeper}" for deeper in unpublished(submodule, inner)]
    return tuple(found)


def _entries(submodule: Repository) -> list[Tracked]:
    return [] if submodule.top is None else list(WorkTree(submodule, own_index(submodule)).notable())


def shallow_commits(repository: Repository) -> frozenset[str]:
    """Return the commits with which a shallow clone begins, empty if it is complete."""
    try:
        text = read_bounded(os.path.join(repository.common_dir, "shallow"), MOST_SHALLOW)
        return frozenset(text.decode("ascii", "replace").split())
    except OSError:
        return frozenset()

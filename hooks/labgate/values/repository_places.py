"""The names by which a rule may mean a repository, also one in a folder of this machine."""

from __future__ import annotations

import os

from labgate.values.repository_name import GIT, decoded, repository_name, without_git


def places_of(url: str, folder: str) -> tuple[str, ...]:
    """Return the casefolded names by which a rule may mean a repository: ``host/owner/name``, or its path.

    A path is meant as it is written, as it is from the root, and where a link leads; ``folder`` is what it is relative
    to. The ``.git`` at its end may be left out where that is no other folder.
    """
    name = repository_name(url)
    if name is not None:
        return name.casefold(), f"{name.casefold()}{GIT}"
    scheme, _, rest = url.rpartition("://")
    written = (decoded(rest) if scheme else rest).rstrip("/")
    path = os.path.abspath(os.path.join(folder, written))
    end = GIT if not os.path.isdir(path) and os.path.isdir(path + GIT) else ""
    names = [written, written + end, path, path + end, os.path.realpath(path + end)]
    plain = [without_git(name) for name in names]
    names += [name for name in plain if not os.path.isdir(os.path.join(folder, name))]
    return tuple(dict.fromkeys(name.strip("/").casefold() for name in names))

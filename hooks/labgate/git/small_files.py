"""Small files of many commits, read in two processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from labgate.git.repository import Repository
from labgate.git.snapshots import read_objects


def small_files(repository: Repository, names: Iterable[str], most: int) -> Mapping[str, bytes]:
    """Return the content of files, each named as ``COMMIT:PATH``, without those that are not here or not files.

    A file of more than ``most`` bytes is left out. Raises: ``GitError``.
    """
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        return {}
    asked = os.fsencode("".join(f"{name}\n" for name in wanted))
    answers = repository.objects.run("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=asked)
    oids: dict[str, str] = {}
    for name, line in zip(wanted, answers.decode("ascii", "replace").splitlines(), strict=True):
        oid, kind, size = (*line.split(" "), "", "")[:3]
        if kind == "blob" and size.isdigit() and int(size) <= most:
            oids[name] = oid
    contents = {oid: content for oid, _, content in read_objects(repository, oids.values())}
    return {name: contents[oid] for name, oid in oids.items() if oid in contents}

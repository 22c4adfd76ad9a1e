"""Small files of many commits, read in two processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labgate.git.blobs import read_sized, weigh_named
from labgate.git.repository import Repository


def small_files(repository: Repository, names: Iterable[str], most: int) -> Mapping[str, bytes]:
    """Return the content of files, each named as ``COMMIT:PATH``, without those that are not here or not files.

    A file of more than ``most`` bytes is left out. Raises: ``GitError``.
    """
    found = weigh_named(repository.objects, names, "blob", most)
    contents = dict(read_sized(repository.objects, dict(found.values())))
    return {name: contents[oid] for name, (oid, _) in found.items() if oid in contents}

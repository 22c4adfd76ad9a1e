"""Files of git-lfs: a commit that was pushed without hooks needs their content pushed as well."""

from __future__ import annotations

import os
from collections.abc import Sequence

from labgate.git.network import run_network
from labgate.git.repository import Repository
from labgate.git.runner import first_line

_ATTRIBUTES = ".gitattributes"
_FILTER = b"filter=lfs"
#: Most files in one call: an argument list has a limit (execve(2)).
_MOST = 1000


def lfs_commits(repository: Repository, commits: Sequence[str]) -> tuple[str, ...]:
    """Return those of some commits whose attributes name the filter of git-lfs. Raises: ``GitError``.

    None where this clone has no files of git-lfs, which is seen without a look at each commit.
    """
    if not os.path.isdir(_storage(repository)):
        return ()
    return tuple(commit for commit in commits if _uses_lfs(repository, commit))


def push_lfs(repository: Repository, remote: str, commits: Sequence[str]) -> str | None:
    """Push the files of git-lfs in the trees of some commits. Return why that failed, ``None`` if it did not.

    ``git lfs push REMOTE COMMIT`` takes for sent what a remote-tracking ref reaches, also where no hook of git-lfs ran;
    so each file is named by its oid. One that is not here is left out: it came from a server.
    """
    oids: dict[str, None] = {}
    for commit in commits:
        status, listing, errors = run_network(repository, "lfs", "ls-files", "--long", commit)
        if status:
            return first_line(errors)
        oids |= dict.fromkeys(line.split(b" ")[0].decode("ascii", "replace") for line in listing.splitlines())
    storage = os.path.join(_storage(repository), "objects")
    here = [oid for oid in oids if os.path.isfile(os.path.join(storage, oid[:2], oid[2:4], oid))]
    for start in range(0, len(here), _MOST):
        status, _, errors = run_network(repository, "lfs", "push", "--object-id", remote, *here[start : start + _MOST])
        if status:
            return first_line(errors)
    return None


def _storage(repository: Repository) -> str:
    """Return the folder with the files of git-lfs in this clone (git-lfs-config(5), ``lfs.storage``)."""
    named = repository.config.get("lfs.storage", ("lfs",))[-1]
    return os.path.join(repository.common_dir, named)


def _uses_lfs(repository: Repository, commit: str) -> bool:
    listing = os.fsdecode(repository.objects.run("ls-tree", "-r", "-z", "--full-tree", commit)).split("\0")[:-1]
    entries = (entry.partition("\t") for entry in listing)
    blobs = [head.split(" ")[2] for head, _, path in entries if path.rpartition("/")[2] == _ATTRIBUTES]
    if not blobs:
        return False
    asked = "".join(f"{oid}\n" for oid in blobs).encode()
    return any(_FILTER in line for line in repository.objects.stream("cat-file", "--batch", "--buffer", stdin=asked))

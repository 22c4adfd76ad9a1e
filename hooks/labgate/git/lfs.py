"""Files of git-lfs: a commit that was pushed without hooks needs their content pushed as well."""

from __future__ import annotations

import os
from collections.abc import Sequence

from labgate.git.network import run_network
from labgate.git.repository import Repository
from labgate.git.runner import first_line

_ATTRIBUTES = ".gitattributes"
_FILTER = b"filter=lfs"


def lfs_commits(repository: Repository, commits: Sequence[str]) -> tuple[str, ...]:
    """Return those of some commits whose attributes name the filter of git-lfs. Raises: ``GitError``.

    None where this clone has no files of git-lfs, which is seen without a look at each commit.
    """
    if not os.path.isdir(os.path.join(repository.common_dir, "lfs")) and "lfs.storage" not in repository.config:
        return ()
    return tuple(commit for commit in commits if _uses_lfs(repository, commit))


def push_lfs(repository: Repository, remote: str, commits: Sequence[str]) -> str | None:
    """Push the files of git-lfs of some commits. Return why that failed, ``None`` if it did not."""
    status, _, errors = run_network(repository, "lfs", "push", remote, *commits)
    return None if status == 0 else first_line(errors)


def _uses_lfs(repository: Repository, commit: str) -> bool:
    listing = os.fsdecode(repository.objects.run("ls-tree", "-r", "-z", "--full-tree", commit)).split("\0")[:-1]
    entries = (entry.partition("\t") for entry in listing)
    blobs = [head.split(" ")[2] for head, _, path in entries if path.rpartition("/")[2] == _ATTRIBUTES]
    if not blobs:
        return False
    asked = "".join(f"{oid}\n" for oid in blobs).encode()
    return _FILTER in repository.objects.run("cat-file", "--batch", "--buffer", stdin=asked)

"""Whether an artifact is the one that was recorded, or that was committed: by its content, or what stands for it."""

from __future__ import annotations

import os
import re

from labgate.experiments.artifacts import POINTER
from labgate.experiments.digests import digests_of
from labgate.experiments.records import Record, recorded_name
from labgate.git.index_copy import copied_index
from labgate.git.repository import Repository
from labgate.values.files import read_bounded

#: The states of an artifact: as recorded, other content, or not there.
OK, DIFFERS, ABSENT = "ok", "differs", "absent"
#: Largest pointer of git-lfs (docs/spec.md: less than 1024 bytes), and of DVC.
_MOST_LFS, _MOST_POINTER = 1023, 1 << 16
_LFS = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]+\n)*oid sha256:([0-9a-f]{64})\nsize [0-9]+\n"
)
_MD5 = re.compile(rb"^[ \t]*-?[ \t]*md5:[ \t]*['\"]?([0-9a-f]{32}(?:\.dir)?)['\"]?[ \t\r]*$", re.MULTILINE)


def artifact_state(path: str, record: Record) -> str:
    """Return the state of the artifact at an absolute path: ``OK``, ``DIFFERS`` or ``ABSENT``.

    Where the file itself is not there, DVC's pointer beside it stands for it, by MD5. Raises: ``OSError``.
    """
    if recorded_name(path) != record.name:
        return DIFFERS
    if os.path.isfile(path):
        return OK if content_digest(path) == record.digests["sha256"] else DIFFERS
    pointed = dvc_md5(path + POINTER)
    if pointed is None or "md5" not in record.digests:
        return ABSENT
    return OK if pointed == record.digests["md5"] else DIFFERS


def content_digest(path: str) -> str:
    """Return the sha256 of a file; of a pointer of git-lfs that of what it stands for. Raises: ``OSError``."""
    if os.stat(path).st_size <= _MOST_LFS:
        found = lfs_oid(read_bounded(path, _MOST_LFS))
        if found is not None:
            return found
    return digests_of(path)["sha256"]


def lfs_oid(content: bytes) -> str | None:
    """Return the sha256 that a pointer of git-lfs names, ``None`` for other content (git-lfs, docs/spec.md)."""
    found = _LFS.fullmatch(content)
    return None if found is None else found[1].decode()


def dvc_md5(path: str) -> str | None:
    """Return the MD5 in a pointer file of DVC, ``None`` if there is none."""
    try:
        return pointed_md5(read_bounded(path, _MOST_POINTER))
    except OSError:
        return None


def pointed_md5(content: bytes) -> str | None:
    """Return the MD5 that a pointer of DVC names, ``None`` for other content."""
    found = _MD5.search(content)
    return None if found is None else found[1].decode()


def committed_state(repository: Repository, path: str) -> str:
    """Return the state of a file (absolute path) without a record, against HEAD. Raises: ``GitError``, ``OSError``."""
    if not os.path.lexists(path):
        return ABSENT
    top = os.path.realpath(repository.top or os.sep)
    inside = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    name = os.path.relpath(inside, top)
    with copied_index(repository) as tree:
        return OK if tree.is_unchanged(name) else DIFFERS

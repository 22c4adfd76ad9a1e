"""The work tree's policy, parsed once: its checked table is kept under the common git directory.

Only commit stages read this cache; what judges a push, a range or a server reads the policy itself.
"""

from __future__ import annotations

import marshal
import os

from labgate import FOLDER, __version__
from labgate.policy.model import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    #: Of each file in which a policy may stand: path, size, mtime_ns, ctime_ns, inode; ``None`` for one that is absent.
    Key = tuple[str, tuple[tuple[str, int, int, int, int] | None, ...]]

#: Where a policy may stand, as in ``policy.files``, whose import brings the parser along.
FILES = ("labgate.toml", "pyproject.toml")
#: A file this young may change again without a change of its time stamps (git: "racily clean"), in nanoseconds.
RACY = 2 * 10**9

_MAGIC = b"labgate policy 1\n"
#: What a cache holds, read as one number, is divided by this, the largest prime of 64 bits: damage shows.
_PRIME = 2**64 - 59
_DIGEST_BYTES = 8


def cached_policy(top: str, git_dir: str, common_dir: str) -> Policy | None:
    """Return the policy of the work tree at ``top``, ``None`` where it holds none.

    Raised: ``PolicyError`` when it has mistakes or stands in both files, ``OSError`` when a file cannot be read.
    """
    paths = tuple(os.path.join(top, name) for name in FILES)
    key: Key = (__version__, tuple(_stamp(path) for path in paths))
    if not any(key[1]):
        return None
    cache = _cache_path(git_dir, common_dir)
    table = _load(cache, key)
    if table is None:
        found = _parse(paths)
        table = {} if found is None else found.table
        _store(cache, key, table)
        if found is not None:
            from labgate.native.branches import write_experiment_branches

            write_experiment_branches(common_dir, found)
    return Policy(table) if table else None


def _stamp(path: str) -> tuple[str, int, int, int, int] | None:
    try:
        stat = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


def _cache_path(git_dir: str, common_dir: str) -> str:
    """Return the cache's file: every linked work tree has its own, since each may have another policy checked out."""
    name = "policy" if git_dir == common_dir else f"policy-{os.path.basename(git_dir)}"
    return os.path.join(common_dir, FOLDER, f"{name}.cache")


def _parse(paths: tuple[str, ...]) -> Policy | None:
    from labgate.policy.files import read_policy

    texts = {}
    for name, path in zip(FILES, paths, strict=True):
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                texts[name] = stream.read()
    found = read_policy(texts)
    return None if found is None else found[0]


def _load(cache: str, key: Key) -> dict[str, Any] | None:
    """Return the cached table, the empty one where the files hold no policy; ``None`` where the cache cannot tell."""
    try:
        with open(cache, "rb") as stream:
            written = os.fstat(stream.fileno()).st_mtime_ns
            content = stream.read()
    except OSError:
        return None
    start = len(_MAGIC) + _DIGEST_BYTES
    payload = content[start:]
    if content[:start] != _MAGIC + _digest(payload):
        return None
    stored, table = marshal.loads(payload)  # noqa: S302  (our own file, whole by its digest)
    if stored != key or any(stamp is not None and max(stamp[2:4]) > written - RACY for stamp in key[1]):
        return None
    found: dict[str, Any] = table
    return found


def _store(cache: str, key: Key, table: dict[str, Any]) -> None:
    """Write the cache in one step; where that cannot be (read-only, full disk) there is none."""
    # Version 4 of the format is the one that every supported Python reads.
    payload = marshal.dumps((key, table), 4)
    temporary = f"{cache}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(cache), exist_ok=True)
        with open(temporary, "wb") as stream:
            stream.write(_MAGIC + _digest(payload) + payload)
        os.replace(temporary, cache)
    except OSError:
        _remove(temporary)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _digest(payload: bytes) -> bytes:
    # With the first line before it, zeros have a digest too.
    return (int.from_bytes(_MAGIC + payload, "big") % _PRIME).to_bytes(_DIGEST_BYTES, "big")

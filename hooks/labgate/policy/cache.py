"""The cache of the work tree's policy: its checked table is stored in the common git directory.

Only commit stages read this cache; a push, a range and a server read the policy itself.
"""

from __future__ import annotations

import os

from labgate import FOLDER, __version__
from labgate.policy.model import FILES, Policy
from labgate.values.checksum import verified, with_checksum
from labgate.values.files import read_own, read_start, stat_own, write_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    #: For this installation and each possible file of a policy: path, size, mtime_ns, ctime_ns, inode; ``None`` for a
    #: missing file.
    Key = tuple[str, tuple[tuple[str, int, int, int, int] | None, ...]]
    #: Reads the policy among a work tree's files (by name); ``None`` if they hold none.
    Parse = Callable[[Mapping[str, bytes]], Policy | None]

#: A file this young may change again without a change of its time stamps (git: "racily clean"), in nanoseconds.
RACY = 2 * 10**9

#: It changes with the format or the content of a cache.
_FORMAT = "labgate-policy 7"
#: Largest policy that is read, as ``policy.reader`` reads it, and largest cache: such a policy with all defaults.
_MOST_POLICY, _MOST_BYTES = 2**20, 2**23


def cached_policy(top: str, git_dir: str, common_dir: str, parse: Parse) -> Policy | None:
    """Return the policy of the work tree at ``top``, ``None`` if it holds none.

    ``parse`` is called if the cache does not have it. Raises: what ``parse`` raises, ``OSError`` when a file cannot be
    read.
    """
    paths = tuple(os.path.join(top, name) for name in FILES)
    stamps = tuple(_stamp(path) for path in paths)
    if not any(stamps):
        return None
    # Another installation of the same version may know other keys: teams install from a branch, too.
    own = _stamp(__file__)
    key: Key = (__version__, (own, *stamps))
    cache = _cache_path(git_dir, common_dir, 0 if own is None else own[4])
    table = _load(cache, key)
    if table is None:
        found = parse(_read(paths))
        table = {} if found is None else found.table
        _store(cache, key, table)
    return Policy(table) if table else None


def _stamp(path: str) -> tuple[str, int, int, int, int] | None:
    try:
        stat = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


def _cache_path(git_dir: str, common_dir: str, installation: int) -> str:
    """Return the path of the cache: one for every linked work tree and every installation of labgate.

    Each work tree may have another policy, and a framework and a native hook may start different installations.
    """
    name = "policy" if git_dir == common_dir else f"policy-{os.path.basename(git_dir)}"
    return os.path.join(common_dir, FOLDER, f"{name}.{installation:x}.cache")


def _read(paths: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files that exist, by their names."""
    texts = {}
    for name, path in zip(FILES, paths, strict=True):
        if os.path.isfile(path):
            texts[name] = read_start(path, _MOST_POLICY + 1)
    return texts


def _load(cache: str, key: Key) -> dict[str, Any] | None:
    """Return the cached table, empty if the files have no policy; ``None`` if the cache does not match."""
    try:
        # It is checked before it is read: a cache that is replaced meanwhile counts as older than it is.
        stat = stat_own(cache)
        if stat is None or any(stamp and max(stamp[2:4]) > stat.st_mtime_ns - RACY for stamp in key[1]):
            return None
        content = verified(read_own(cache, _MOST_BYTES), _title(key), light=True)
    except OSError:
        return None
    return None if content is None else _decoded(str(content, "ascii", "replace"))


def _title(key: Key) -> str:
    """Return what the checksum of a cache covers besides its content: one for other files does not match."""
    return f"{_FORMAT} {key!r}"


def _decoded(text: str) -> dict[str, Any] | None:
    """Return the table in a cache, ``None`` if it has none.

    It is JSON, which no text turns into anything but values: whoever can write here may have made it. Of the standard
    library's reader only the part in C is loaded.
    """
    try:
        from _json import make_scanner

        table, end = make_scanner(_Plain())(text, 0)  # type: ignore[arg-type]
    except (ValueError, RecursionError, StopIteration):
        return None
    return table if isinstance(table, dict) and end == len(text) else None


class _Plain:
    """What JSON's scanner is to make of a text: plain values (cpython, Lib/json/decoder.py)."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_float, parse_int, parse_constant = float, int, float


def _store(cache: str, key: Key, table: dict[str, Any]) -> None:
    """Write the cache if possible; on a read-only or full disk there is none."""
    import json

    try:
        write_own(cache, with_checksum(json.dumps(table).encode("ascii"), _title(key), light=True))
    except OSError:
        return

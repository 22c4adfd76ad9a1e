"""A private repository without settings that borrows another one's objects, so that no setting changes the result.

Many files in a git directory change what git shows: ``info/attributes``, ``diff.default.binary``, ``core.worktree``
(which each submodule has, and which enables in-tree attributes), ``core.bigFileThreshold``, ``trailer.*``, a promisor
remote whose URL is a program. The private repository has none of them. Objects that git writes, such as the tree of a
trial merge, are deleted with it and do not stay in the user's repository.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from labgate.values.endings import undo_at_end, undone
from labgate.values.files import read_bounded
from labgate.values.refnames import HEADS
from labgate.values.whole_files import write_whole

_CONFIG = """\
[core]
\trepositoryformatversion = 1
\tbare = true
[extensions]
\tobjectformat = {object_format}
"""
#: Largest list of commits without their parents: some 1.6 million.
MOST_SHALLOW = 2**26
#: The finalizers of the folders that are not deleted yet.
_BORROWED: dict[str, Callable[[], object]] = {}


def borrow(common_dir: str, object_format: str, environ: Mapping[str, str], attributes: str = "") -> str:
    """Return the absolute path of a new git directory; ``environ`` may name the quarantine of an incoming push.

    ``attributes`` are the lines of its ``info/attributes``.
    """
    folder = os.path.realpath(_new_folder())
    _BORROWED[folder] = partial(_delete, folder)
    undo_at_end(_BORROWED[folder])
    os.makedirs(os.path.join(folder, "objects", "info"))
    os.mkdir(os.path.join(folder, "refs"))
    if attributes:
        os.mkdir(os.path.join(folder, "info"))
        _write(folder, "info/attributes", attributes)
    _write(folder, "HEAD", f"ref: {HEADS}none\n")
    _write(folder, "config", _CONFIG.format(object_format=object_format))
    _write(folder, "objects/info/alternates", "".join(f"{line}\n" for line in _lenders(common_dir, environ)))
    shallow = os.path.join(common_dir, "shallow")
    if os.path.exists(shallow):
        write_whole(os.path.join(folder, "shallow"), read_bounded(shallow, MOST_SHALLOW))
    return folder


def give_back_with(owner: object, folder: str) -> None:
    """Delete the folder when its owner is collected, or when Python ends."""
    weakref.finalize(owner, _give_back, folder)


def give_back_all() -> None:
    """Delete all folders now: for a process that ends without Python's clean-up."""
    for folder in tuple(_BORROWED):
        _give_back(folder)


def _give_back(folder: str) -> None:
    delete = _BORROWED.pop(folder, None)
    if delete is not None:
        delete()
        undone(delete)


def _new_folder() -> str:
    """Return a new folder for temporary files that nobody else can read, as ``tempfile.mkdtemp`` does."""
    named = (os.environ.get(variable) for variable in ("TMPDIR", "TEMP", "TMP"))
    for parent in (*filter(None, named), "/tmp"):  # noqa: S108
        path = os.path.join(parent, f"labgate-{os.urandom(8).hex()}")
        try:
            os.mkdir(path, 0o700)
        except OSError:
            continue
        return path
    # Slow to import; it knows more places, and its error names them.
    import tempfile

    return tempfile.mkdtemp(prefix="labgate-")


def _delete(folder: str) -> None:
    """Delete a folder with everything in it as far as possible; nothing is followed out of it."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            _try(os.unlink, os.path.join(path, name))
        for name in folders:
            _try(os.rmdir, os.path.join(path, name))
    _try(os.rmdir, folder)


def _try(delete: Callable[[str], None], path: str) -> None:
    try:
        delete(path)
    except OSError:
        return


def _lenders(common_dir: str, environ: Mapping[str, str]) -> Iterable[str]:
    """Return lines for ``info/alternates``, quoted as git reads them there (gitrepository-layout)."""
    named = [environ["GIT_OBJECT_DIRECTORY"]] if environ.get("GIT_OBJECT_DIRECTORY") else []
    named.append(os.path.join(common_dir, "objects"))
    for path in dict.fromkeys(os.path.realpath(path) for path in named):
        escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        yield f'"{escaped}"'
    # Already a list in git's own quoting, except for the separator (git, GIT_ALTERNATE_OBJECT_DIRECTORIES).
    others = environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", "")
    yield from (entry for entry in others.split(os.pathsep) if entry)


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "x", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        stream.write(text)

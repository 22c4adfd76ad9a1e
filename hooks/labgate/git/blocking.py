"""Find files of git's own that would hold it up: git opens a pipe in the place of one, and waits for ever."""

from __future__ import annotations

# The module below ``threading``, which takes long to import.
import _thread
import os
import time
from collections.abc import Callable, Iterator

from labgate.values.endings import CHILDREN, ENDED
from labgate.values.errors import GitError
from labgate.values.files import read_bounded
from labgate.values.phrases import quote
from labgate.values.refnames import HEADS

#: What git opens in a git directory for whatever it is asked (gitrepository-layout).
_FILES = (
    *("HEAD", "config", "config.worktree", "packed-refs", "shallow", "reftable/tables.list"),
    *("objects/info/alternates", "objects/info/commit-graph", "objects/info/commit-graphs/commit-graph-chain"),
    "objects/pack/multi-pack-index",
)
#: Largest sizes in bytes: git reads a configuration each time, and follows every path of the other.
_MOST = {"config": 2**22, "config.worktree": 2**22, "objects/info/alternates": 2**16}
#: Largest file of a loose ref: the name of another ref.
_MOST_REF = 2**12
#: The bits of ``st_mode`` that are the kind of a file, and two values (inode(7)); ``stat`` takes long to import.
_KIND, _REGULAR, _DIRECTORY = 0o170000, 0o100000, 0o040000
#: Seconds that git may run before labgate looks for what holds it up, and the share of the time that looking may take.
_PATIENCE, _SHARE = 0.5, 0.05
#: The git directories to look in, the last ones used, with the top folders of their work trees.
_WATCHED: dict[str, str | None] = {}
_MOST_WATCHED = 8
#: Held while the thread that looks is to go on, and while it is there.
_STOPPED, _GONE = _thread.allocate_lock(), _thread.allocate_lock()
#: The end of the name of what was moved aside.
_ASIDE = ".refused"
#: SIGKILL.
_KILL = 9
#: The most configuration files and folders of objects that are looked at: git follows includes and alternates, too.
_MOST_FOLLOWED = 50
#: The most folders of a work tree that are looked at.
_MOST_FOLDERS = 1_000


def refuse_blocking(folder: str) -> None:
    """Look at the files of a git directory (absolute path) that git opens each time.

    Raises: ``GitError`` when one is a pipe, a socket or a device, or is much larger than git ever makes it.
    """
    for name in _FILES:
        _refuse(os.path.join(folder, name), _MOST.get(name))


def watch(git_dir: str, top: str | None = None) -> None:
    """Look for a file that holds git up while it runs: among its objects, and what its settings include.

    ``top`` is the top folder of the work tree, ``None`` if there is none, or it is not known yet. There may be too many
    of them to look at each beforehand. A git that waits is ended, and whoever waits for it gets an error that names the
    file.
    """
    if not _WATCHED:
        # A thread, as an alarm of the process may be somebody else's. A fork has no threads but the one that forks.
        os.register_at_fork(before=_stop, after_in_parent=_start, after_in_child=_start)
        _start()
    known = _WATCHED.pop(git_dir, None)
    _WATCHED[git_dir] = top or known
    if len(_WATCHED) > _MOST_WATCHED:
        del _WATCHED[next(iter(_WATCHED))]


def _start() -> None:
    _STOPPED.acquire()
    _GONE.acquire()
    try:
        _thread.start_new_thread(_keep_looking, ())
    except RuntimeError:  # the system allows no more threads
        _GONE.release()


def _stop() -> None:
    _STOPPED.release()
    with _GONE:
        return


def _keep_looking() -> None:
    pause = _PATIENCE
    try:
        while not _STOPPED.acquire(timeout=pause):
            start = time.monotonic()
            _end_waiting()
            pause = max(_PATIENCE, (time.monotonic() - start) / _SHARE)
        _STOPPED.release()
    finally:
        _GONE.release()


def _end_waiting() -> None:
    """End the programs of this process that a file holds up."""
    me = os.getpid()
    children = [child for child, parent in tuple(CHILDREN.items()) if parent == me]
    if not children:
        return
    try:
        for folder, top in tuple(_WATCHED.items()):
            refuse_waiting(folder)
            if top is not None:
                _refuse_patterns(top)
    except GitError as error:
        for child in children:
            ENDED[child] = error
            try:
                os.kill(child, _KILL)
            except ProcessLookupError:  # it has ended meanwhile, by itself
                ENDED.pop(child, None)


def refuse_waiting(git_dir: str) -> None:
    """Look at the objects of a git directory and at the files that its configuration includes.

    Raises: ``GitError`` as ``refuse_blocking``.
    """
    files = [os.path.join(git_dir, name) for name in ("config", "config.worktree")]
    for file in _followed(files, _included):
        _refuse(file, _MOST["config"])
        for path in _excluding(file):
            _refuse(path, None)
    for name in ("index", "commondir", "info/exclude", "info/attributes", "info/sparse-checkout"):
        _refuse(os.path.join(git_dir, name), None)
    for folder in _followed([os.path.join(git_dir, "objects")], _alternates):
        for place in (folder, *_folders(folder)):
            for path in _irregular(place):
                if not path.endswith(_ASIDE):  # git opens none of this name
                    _refuse(path, None)


def _refuse_patterns(top: str) -> None:
    """Look at the files with patterns in a work tree. Raises: ``GitError`` as ``refuse_blocking``."""
    for folder in _followed([top], _below, _MOST_FOLDERS):
        for name in (".gitignore", ".gitattributes", ".gitmodules"):
            _refuse(os.path.join(folder, name), None)


def _followed(start: list[str], following: Callable[[str], Iterator[str]], most: int = _MOST_FOLLOWED) -> Iterator[str]:
    seen: dict[str, None] = {}
    while start and len(seen) < most:
        path = start.pop(0)
        if path not in seen:
            seen[path] = None
            yield path
            start += following(path)


def _included(file: str) -> Iterator[str]:
    """Yield the files that a configuration includes, on whatever condition (git-config, "Includes")."""
    yield from (path for key, path in _paths(file) if key == "include")


def _excluding(file: str) -> Iterator[str]:
    """Yield the files with patterns that a configuration names."""
    yield from (path for key, path in _paths(file) if key in ("excludesfile", "attributesfile"))


def _paths(file: str) -> Iterator[tuple[str, str]]:
    """Yield each setting of a configuration that names a file, as an absolute path; ``include`` for each include."""
    inside = False
    for line in "\n".join(_lines(file)).replace("\\\n", "").split("\n"):
        text = line.strip()
        if text.startswith("["):
            inside = text.casefold().startswith("[include")
            text = text.partition("]")[2].strip()
        name, _, value = text.partition("=")
        key = name.strip().casefold()
        if inside and key == "path":
            key = "include"
        yield key, os.path.join(os.path.dirname(file), os.path.expanduser(_value(value)))


def _value(text: str) -> str:
    """Return a value as git reads it: without comments, quotes and surrounding blanks (git-config, "Values")."""
    found, quoted, escaped = "", False, False
    for letter in text.strip():
        if escaped:
            found += {"n": "\n", "t": "\t", "b": "\b"}.get(letter, letter)
        elif letter == '"':
            quoted = not quoted
        elif letter in "#;" and not quoted:
            return found.rstrip()
        elif letter != "\\":
            found += letter
        escaped = letter == "\\" and not escaped
    return found


def _alternates(folder: str) -> Iterator[str]:
    for line in _lines(os.path.join(folder, "info", "alternates")):
        if line and not line.startswith("#"):
            yield os.path.join(folder, line.strip('"'))


def _lines(path: str) -> list[str]:
    try:
        return os.fsdecode(read_bounded(path, _MOST["config"])).splitlines()
    except OSError:
        return []


def _folders(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from [entry.path for entry in entries if entry.is_dir()]
    except OSError:
        return


def _below(folder: str) -> Iterator[str]:
    """Yield the folders in one of a work tree."""
    yield from (path for path in _folders(folder) if not (os.path.islink(path) or path.endswith(f"{os.sep}.git")))


def _irregular(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from [entry.path for entry in entries if not (entry.is_file() or entry.is_dir())]
    except OSError:
        return


def git_directory(environ_git_dir: str | None, here: str) -> str:
    """Return the git directory that git will most likely find from a folder, before git is asked.

    It may be one that is not there; a file ``.git``, which git only reads if it is one, names another.
    """
    if environ_git_dir:
        return os.path.join(here, environ_git_dir)
    while not os.path.isdir(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here or os.path.isdir(os.path.join(here, "objects")):
            return here
        here = above
    return os.path.join(here, ".git")


def odd_refs(common_dir: str, sizes: tuple[int, ...]) -> Iterator[tuple[str, bool]]:
    """Yield each loose ref whose file has none of some sizes in bytes, and whether it is a link.

    Raises: ``GitError`` as ``refuse_blocking``. Files are only measured: there may be thousands of them.
    """
    folders = [os.path.join(common_dir, "refs")]
    while folders:
        try:
            entries = [*os.scandir(folders.pop())]
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
                continue
            link = entry.is_symlink()
            plain = entry.is_file(follow_symlinks=False)
            if plain and (entry.name.endswith(".lock") or entry.stat(follow_symlinks=False).st_size in sizes):
                continue
            _refuse(entry.path, _MOST_REF)
            yield os.path.relpath(entry.path, common_dir).replace(os.sep, "/"), link


def _refuse(path: str, most: int | None) -> None:
    try:
        state = os.stat(path)
    except OSError:
        return  # git says what is wrong
    kind = state.st_mode & _KIND
    if kind == _DIRECTORY or (kind != _REGULAR and os.path.realpath(path) == os.devnull):
        return  # git says what is wrong, or there is nothing to read
    if kind == _REGULAR:
        if most is None or state.st_size <= most:
            return
        reason = f"has more than {most} bytes"
    else:
        reason = "is not a regular file"
    aside = f"mv {quote(path)} {quote(path + _ASIDE)}"
    if f"{os.sep}refs{os.sep}" in path:  # under another name it would be another ref
        aside = f"rm {quote(path)}"
    if os.path.basename(path) == "HEAD":  # without it there is no repository
        aside += f" && echo 'ref: {HEADS}main' >{quote(path)}"
    message = f"{path} {reason}, and git would not get past it"
    raise GitError(message, aside)

"""Files that labgate reads and writes: never through a link where they are its own, and up to a limit.

Its own files are those in the folder ``labgate`` of a git directory. Somebody else may have made that directory (an
archive, a shared machine), so a file is only used if labgate could have written it: a regular file with one name, in
a folder that is no link, of an owner whom git trusts here. Any other is refused, and counts as missing for the run.

On the commit hook's path: a commit that passes only reads. How a file is written stands in ``whole_files``.
"""

from __future__ import annotations

import os

from labgate import FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import FileIO

#: Neither a pipe without a writer nor a terminal may hold labgate up.
_CALM = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: The bits of ``st_mode`` that are the kind of a file, and their values (inode(7)); ``stat`` takes long to import.
_KIND, _REGULAR, _LINK, _DIRECTORY = 0o170000, 0o100000, 0o120000, 0o040000
#: The folder of labgate's files in a git directory, in a path.
_OWN = f"{os.sep}{FOLDER}{os.sep}"
#: Bytes that one call reads of a file whose size is not known, as under /proc.
_CHUNK = 2**16

#: Why a file is refused: what is written to it would be seen under its other name.
SECOND_NAME = "has a second name (a hard link)"

#: What this run refused to use, by its path: why.
REFUSED: dict[str, str] = {}


class RefusedFileError(OSError):
    """Raised for a file (``filename``) that labgate does not use; ``strerror`` is why not."""

    def __init__(self, path: str, reason: str) -> None:
        from errno import EPERM

        super().__init__(EPERM, reason, path)


def read_bounded(path: str, limit: int) -> bytes:
    """Return the content of somebody else's file; links are followed.

    Raises: ``OSError`` when it cannot be read, is not a regular file, or has more than ``limit`` bytes.
    """
    return _content(os.open(path, os.O_RDONLY | _CALM), path, limit)


def read_start(path: str, most: int) -> bytes:
    """Return the first ``most`` bytes of somebody else's file. Raises: as ``read_bounded``, but for its size."""
    return _content(os.open(path, os.O_RDONLY | _CALM), path, most, whole=False)


def read_end(path: str, most: int) -> bytes:
    """Return the last ``most`` bytes of somebody else's file. Raises: as ``read_start``."""
    descriptor = os.open(path, os.O_RDONLY | _CALM)
    return _content(descriptor, path, most, whole=False, start=max(0, os.fstat(descriptor).st_size - most))


def read_own(path: str, limit: int) -> bytes:
    """Return the content of a file of labgate's own.

    Raises: ``OSError`` when there is none, ``RefusedFileError`` when it is not labgate's or has more than ``limit``
    bytes.
    """
    return _content(_open_own(path, os.O_RDONLY, limit), path, limit)


def open_own(path: str, limit: int | None, *, append: bool = False) -> FileIO:
    """Open a file of labgate's own to read, or to ``append`` to; it is then made if it is missing.

    ``limit`` is ``None`` where any size is right. Raises: as ``read_own``.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT if append else os.O_RDONLY
    return open(_open_own(path, flags, limit), "a+b" if append else "rb", buffering=0)


def write_own(path: str, content: bytes) -> None:
    """Write a file of labgate's own in one step, and make its folder if it is missing.

    Raises: ``RefusedFileError`` when something else has its name or the folder's, ``OSError``.
    """
    from labgate.values.whole_files import write_whole

    folder = open_folder(path, make=True)
    try:
        _look(path, folder)
        write_whole(os.path.basename(path), content, folder=folder)
    finally:
        os.close(folder)


def touch_own(path: str) -> None:
    """Give a file of labgate's own the current time. Raises: as ``write_own``; ``OSError`` when there is none."""
    folder = open_folder(path)
    try:
        _look(path, folder)
        os.utime(os.path.basename(path), dir_fd=folder, follow_symlinks=False)
    finally:
        os.close(folder)


def remove_own(path: str) -> None:
    """Remove a file of labgate's own. Raises: as ``write_own``; ``OSError`` when there is none."""
    folder = open_folder(path)
    try:
        _look(path, folder)
        os.unlink(os.path.basename(path), dir_fd=folder)
    finally:
        os.close(folder)


def stat_own(path: str, limit: int | None = None) -> os.stat_result | None:
    """Return the state of a file of labgate's own, ``None`` if there is none. The file is not opened.

    Raises: ``RefusedFileError`` when it is not labgate's or has more than ``limit`` bytes, ``OSError``.
    """
    try:
        folder = open_folder(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return _look(path, folder, limit)
    finally:
        os.close(folder)


def make_own(path: str) -> None:
    """Make a file of labgate's own, empty, if it is missing. Raises: as ``write_own``."""
    os.close(_open_own(path, os.O_RDWR | os.O_CREAT, None))


def write_below(top: str, name: str, content: bytes, *, new: bool) -> None:
    """Write a file of a work tree in one step, ``name`` below its root ``top``, and make its folders.

    ``new`` never replaces a file. Raises: ``RefusedFileError`` when the file or a folder on the way is a link or
    anything else that is not what it should be, ``FileExistsError``, ``OSError``.
    """
    from labgate.values.whole_files import write_whole

    *folders, last = name.split("/")
    opened = [os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for depth, part in enumerate(folders, 1):
            opened.append(_entered(opened[-1], part, os.path.join(top, *folders[:depth])))
        found = _stat(last, opened[-1])
        reason = None if found is None else _obstacle(found, _REGULAR)
        if reason is not None:
            raise RefusedFileError(os.path.join(top, name), reason)
        write_whole(last, content, folder=opened[-1], new=new)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _entered(folder: int, name: str, path: str) -> int:
    """Return a descriptor of a folder in another one, made if it is missing; ``path`` is only for the error."""
    _make(name, folder)
    found = _stat(name, folder)
    reason = None if found is None else _obstacle(found, _DIRECTORY)
    if reason is not None:
        raise RefusedFileError(path, reason)
    return os.open(name, _FOLDER, dir_fd=folder)


def _make(name: str, folder: int | None) -> None:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return


# How files are opened, read and written.


def open_folder(path: str, *, make: bool = False) -> int:
    """Return a descriptor of the folder of a file of labgate's own, which the caller closes.

    Each folder from labgate's own in a git directory on is opened in the one before it.
    """
    folder = os.path.dirname(path)
    start = f"{folder}{os.sep}".rfind(_OWN)
    top = folder if start < 0 else folder[: start + len(_OWN) - 1]
    opened = _open_one(top, top, None, make=make)
    for name in folder[len(top) :].split(os.sep):
        if name:
            top = os.path.join(top, name)
            above, opened = opened, -1
            try:
                opened = _open_one(name, top, above, make=make)
            finally:
                os.close(above)
    return opened


def _open_one(name: str, path: str, above: int | None, *, make: bool) -> int:
    """Return a descriptor of one folder, ``name`` in the folder ``above``; ``path`` is all of it, for people."""
    if make:
        _make(name, above)
    try:
        folder = os.open(name, _FOLDER, dir_fd=above)
    except OSError as error:
        found = _stat(name, above)
        reason = None if found is None else _obstacle(found, _DIRECTORY)
        raise (error if reason is None else _refuse(path, reason)) from None
    reason = _distrust(os.fstat(folder), path)
    if reason is None:
        return folder
    os.close(folder)
    raise _refuse(path, reason)


def _open_own(path: str, flags: int, limit: int | None) -> int:
    """Return a descriptor of a file of labgate's own, which the caller closes."""
    folder = open_folder(path, make=bool(flags & os.O_CREAT))
    try:
        descriptor = os.open(os.path.basename(path), flags | os.O_NOFOLLOW | _CALM, 0o666, dir_fd=folder)
    except OSError:
        # A link, for instance, cannot be opened: that is the better reason.
        _look(path, folder)
        raise
    finally:
        os.close(folder)
    reason = _flaw(os.fstat(descriptor), os.path.dirname(path), limit)
    if reason is None:
        return descriptor
    os.close(descriptor)
    raise _refuse(path, reason)


def _look(path: str, folder: int, limit: int | None = None) -> os.stat_result | None:
    """Return the state of a file of labgate's own. Raises: ``RefusedFileError`` when it is not labgate's."""
    found = _stat(os.path.basename(path), folder)
    reason = None if found is None else _flaw(found, os.path.dirname(path), limit)
    if reason is not None:
        raise _refuse(path, reason)
    return found


def _stat(name: str, folder: int | None) -> os.stat_result | None:
    """Return the state of what has a name, even of a link; ``None``: nothing has it."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _flaw(found: os.stat_result, folder: str, limit: int | None) -> str | None:
    """Return why a file in labgate's folder is not its own, ``None`` if it may be."""
    reason = _obstacle(found, _REGULAR) or _distrust(found, folder)
    if reason is None and found.st_nlink > 1:
        return SECOND_NAME
    return _too_large(limit) if reason is None and limit is not None and found.st_size > limit else reason


def _obstacle(found: os.stat_result, wanted: int) -> str | None:
    """Return why something is not a folder or a regular file, ``None`` if it is."""
    kind = found.st_mode & _KIND
    if kind == wanted:
        return None
    if kind == _LINK:
        return "is a symbolic link"
    return "is not a folder" if wanted == _DIRECTORY else "is not a regular file"


def _distrust(found: os.stat_result, folder: str) -> str | None:
    """Return why the owner of a file or of labgate's folder is not trusted, ``None`` if it is.

    git itself decided about the git directory above it: somebody else's is used because ``safe.directory`` names it,
    and one in which a group may write is shared (git-config, ``core.sharedRepository``).
    """
    me = os.geteuid()
    if found.st_uid in (me, 0) or me == 0:
        return None
    above = os.stat(os.path.dirname(folder))
    if above.st_uid != me or (above.st_mode & 0o020 and above.st_gid == found.st_gid):
        return None
    return f"belongs to user {found.st_uid}"


def _refuse(path: str, reason: str) -> RefusedFileError:
    REFUSED.setdefault(path, reason)
    return RefusedFileError(path, reason)


def _too_large(limit: int) -> str:
    return f"has more than {limit} bytes"


def _content(descriptor: int, path: str, limit: int, *, whole: bool = True, start: int = 0) -> bytes:
    """Return the content of an open file, or (not ``whole``) ``limit`` bytes of it from ``start`` on, and close it."""
    try:
        found = os.fstat(descriptor)
        reason = _obstacle(found, _REGULAR)
        if reason is None and whole and found.st_size > limit:
            reason = _too_large(limit)
        if reason is not None:
            raise RefusedFileError(path, reason)
        if start:
            os.lseek(descriptor, start, os.SEEK_SET)
        chunks = []
        left = limit + whole
        # One call may return less than the file has, and the file may grow meanwhile.
        while left > 0 and (chunk := os.read(descriptor, min(left, max(found.st_size, _CHUNK)))):
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(descriptor)
    if whole and not left:
        raise RefusedFileError(path, _too_large(limit))
    return b"".join(chunks)

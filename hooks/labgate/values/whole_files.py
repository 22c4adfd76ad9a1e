"""Files that are written whole or not at all: under another name first, which is then moved (rename(2))."""

from __future__ import annotations

import os

from labgate.values.endings import undo_at_end, undone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Longest name of a file in bytes, on every file system in use (NAME_MAX).
_LONGEST_NAME = 255


def write_whole(
    path: str,
    content: bytes,
    *,
    mode: int | None = None,
    durable: bool = False,
    put: Callable[[str, str], None] | None = None,
    folder: int | None = None,
    new: bool = False,
) -> None:
    """Write a file in one step: others see the old or the new content, never half (rename(2)).

    ``mode`` is its permissions, less the umask; ``None`` means those of the file that it replaces, or 0o666 for a new
    one. ``durable`` waits until the content is on the disk. ``put`` moves the complete file from its temporary name to
    ``path``; ``None`` is ``os.replace``. ``path`` is only a name if there is an open ``folder``. ``new`` never replaces
    a file.

    Raises: ``FileExistsError`` when a ``new`` file is none, ``OSError``, or what ``put`` raises; the old file is then
    unchanged.
    """
    temporary = temporary_beside(path)

    def duty() -> None:
        os.unlink(temporary, dir_fd=folder)

    def move(source: str, target: str) -> None:
        if new:
            _claim(source, target, folder)
        else:
            os.replace(source, target, src_dir_fd=folder, dst_dir_fd=folder)

    undo_at_end(duty)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o666 if mode is None else mode, dir_fd=folder)
        try:
            _fill(descriptor, content, durable=durable)
            if mode is None:
                _keep_mode(temporary, path, folder)
            (put or move)(temporary, path)
        except BaseException:
            duty()
            raise
    finally:
        undone(duty)


def temporary_beside(path: str) -> str:
    """Return a new name beside a file: its own and an ending, without its start where that would be too long."""
    ending = f".{os.urandom(8).hex()}.tmp"
    folder, slash, name = path.rpartition("/")
    if len(os.fsencode(name)) + len(ending) > _LONGEST_NAME:
        name = os.fsencode(name)[len(ending) - _LONGEST_NAME :].decode("utf-8", "ignore")
    return f"{folder}{slash}{name}{ending}"


def _claim(temporary: str, name: str, folder: int | None) -> None:
    """Move a file to an unused name. Raises: ``FileExistsError``."""
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: another process could create the file in between.
        if _is_used(name, folder):
            from errno import EEXIST

            raise FileExistsError(EEXIST, os.strerror(EEXIST), name) from None
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(temporary, dir_fd=folder)


def _fill(descriptor: int, content: bytes, *, durable: bool) -> None:
    with open(descriptor, "wb") as stream:
        stream.write(content)
        if durable:
            stream.flush()
            os.fsync(descriptor)


def _keep_mode(temporary: str, name: str, folder: int | None) -> None:
    """Give a new file the permissions of the one that it replaces."""
    try:
        os.chmod(temporary, os.stat(name, dir_fd=folder).st_mode & 0o7777, dir_fd=folder)
    except FileNotFoundError:
        return


def _is_used(name: str, folder: int | None) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True

"""A folder that is held open while its files change: what somebody puts in its place meanwhile is not touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labgate.values.files import RefusedFileError
from labgate.values.whole_files import write_whole

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class OpenedFolder:
    """A folder of somebody else's, such as git's folder of hooks; names are those of files in it.

    ``folder`` is its descriptor.
    """

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def write(self, name: str, content: bytes, mode: int, before_it_stands: Callable[[], None] | None = None) -> None:
        """Write a file in one step; ``mode`` is its permissions, less the umask.

        ``before_it_stands`` runs when the new file is complete, just before it takes its place. Raises: ``OSError``;
        an existing file is then unchanged.
        """

        def put(temporary: str, name: str) -> None:
            if before_it_stands is not None:
                before_it_stands()
            self.move(temporary, name)

        write_whole(name, content, mode=mode, durable=True, put=put, folder=self._folder)

    def move(self, name: str, new: str) -> None:
        """Give a file another name; a file that has it already is replaced. Raises: ``OSError``."""
        os.replace(name, new, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def link(self, name: str, new: str) -> None:
        """Give a file a second name; a link stays one. Raises: ``FileExistsError``, ``OSError``."""
        options = {"src_dir_fd": self._folder, "dst_dir_fd": self._folder}
        os.link(name, new, follow_symlinks=False, **options)

    def remove(self, name: str) -> None:
        """Remove a file. Raises: ``OSError``."""
        os.unlink(name, dir_fd=self._folder)

    def state(self, name: str) -> os.stat_result | None:
        """Return the state of a file, even of a link; ``None``: there is none."""
        try:
            return os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None


@contextmanager
def opened_folder(path: str, *, make: bool = False) -> Iterator[OpenedFolder]:
    """Open a folder, which is made if it is missing (``make``).

    Raises: ``RefusedFileError`` when it is a link or no folder, ``OSError`` when it cannot be opened or made.
    """
    if make:
        os.makedirs(path, exist_ok=True)
    try:
        folder = os.open(path, _FOLDER)
    except NotADirectoryError:
        raise RefusedFileError(path, "is not a folder, or a symbolic link to one") from None
    try:
        yield OpenedFolder(folder)
    finally:
        os.close(folder)


def remove_below(top: str, name: str) -> None:
    """Remove a regular file, ``name`` below a folder ``top``, with ``/`` between folders.

    Raises: ``RefusedFileError`` when it is anything else, ``OSError`` also when a link is on the way.
    """
    *folders, last = name.split("/")
    opened = [os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for folder in folders:
            opened.append(os.open(folder, _FOLDER, dir_fd=opened[-1]))
        if not stat.S_ISREG(os.stat(last, dir_fd=opened[-1], follow_symlinks=False).st_mode):
            raise RefusedFileError(os.path.join(top, name), "is not a regular file")
        os.unlink(last, dir_fd=opened[-1])
    finally:
        for descriptor in opened:
            os.close(descriptor)

"""Files that labgate keeps: written whole or not at all, read up to a limit, and locked against other processes.

On the commit hook's path: a commit that passes only reads.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

#: How long to wait between two attempts to lock a file, in seconds.
_TURN = 0.005


def read_bounded(path: str, limit: int) -> bytes:
    """Return the content of a file. Raises: ``OSError`` when it cannot be read or has more than ``limit`` bytes."""
    with open(path, "rb", buffering=0) as stream:
        content = stream.read(limit + 1)
        # One call may return less than the file has.
        while more := stream.read(limit + 1 - len(content)):
            content += more
    if len(content) > limit:
        from errno import EFBIG

        raise OSError(EFBIG, os.strerror(EFBIG), path)
    return content


def write_whole(
    path: str,
    content: bytes,
    *,
    mode: int | None = None,
    durable: bool = False,
    folder: bool = False,
    put: Callable[[str, str], None] | None = None,
) -> None:
    """Write a file in one step: another process sees the old or the new content, never half (rename(2)).

    ``mode`` is its permissions, less the umask; ``None`` means those of the file that it replaces, or 0o666 for a new
    one. ``durable`` waits until the content is on the disk. ``folder`` makes the folder if it is missing. ``put``
    moves the complete file from its temporary name to ``path``; ``None`` is ``os.replace``.

    Raises: ``OSError``, or what ``put`` raises; the old file is then unchanged.
    """
    if folder:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    from labgate.values.endings import undo_at_end, undone

    temporary = f"{path}.{os.urandom(8).hex()}.tmp"

    def duty() -> None:
        os.unlink(temporary)

    undo_at_end(duty)
    try:
        _write(temporary, path, content, mode, durable=durable, put=put or os.replace)
    finally:
        undone(duty)


def _write(
    temporary: str, path: str, content: bytes, mode: int | None, *, durable: bool, put: Callable[[str, str], None]
) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(descriptor)
        if mode is None and os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        put(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def append(path: str, content: bytes) -> None:
    """Append to a file in one write, and create it if it is missing. Raises: ``OSError``."""
    with open(path, "ab", buffering=0) as stream:
        append_to(stream, content)


def append_to(stream: FileIO, content: bytes) -> None:
    """Append to an open file in one write. Raises: ``OSError`` when not all of it could be written."""
    if stream.write(content) < len(content):
        from errno import ENOSPC

        raise OSError(ENOSPC, os.strerror(ENOSPC), stream.name)


def locked(path: str, patience: float) -> FileIO:
    """Lock a file and return it, open to read and append. The file is created if it is missing.

    The lock is released when the file is closed or the process is killed (flock(2)). Raises: ``OSError``;
    ``TimeoutError`` when another process kept the lock for ``patience`` seconds.
    """
    os.makedirs(os.path.dirname(path) or os.curdir, exist_ok=True)
    stream = open(path, "a+b", buffering=0)  # noqa: SIM115  (the caller closes it)
    try:
        _wait(stream, patience)
    except BaseException:
        stream.close()
        raise
    return stream


def _wait(stream: FileIO, patience: float) -> None:
    import time

    end = time.monotonic() + patience
    while not _locks(stream):
        if time.monotonic() > end:
            from errno import ETIMEDOUT

            raise TimeoutError(ETIMEDOUT, os.strerror(ETIMEDOUT), stream.name)
        time.sleep(_TURN)


def _locks(stream: FileIO) -> bool:
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

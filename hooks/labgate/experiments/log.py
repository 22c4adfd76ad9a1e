"""The file with all output of a run, and its digest."""

from __future__ import annotations

import hashlib
import os


class Log:
    """A new file that output is appended to. ``problem`` is why it lacks something, ``None`` while it is whole.

    Raises: ``OSError`` when it cannot be created.
    """

    __slots__ = ("_descriptor", "_digest", "path", "problem")

    def __init__(self, path: str) -> None:
        self.path = path
        self.problem: OSError | None = None
        self._digest = hashlib.sha256()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)

    def write(self, content: bytes) -> None:
        """Append bytes. After a problem nothing more is written: a log with a hole in it would say less."""
        view = memoryview(content)
        while view and self.problem is None:
            try:
                done = os.write(self._descriptor, view)
            except OSError as error:
                self.problem = error
                return
            self._digest.update(view[:done])
            view = view[done:]

    @property
    def sha256(self) -> str:
        """The digest of what the file has, in hex."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

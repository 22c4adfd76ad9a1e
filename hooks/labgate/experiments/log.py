"""The file with all output of a run, and its digest."""

from __future__ import annotations

import hashlib
import os

from labgate.values.folders import new_own


class Log:
    """A new file that output is appended to. ``problem`` is why it lacks something, ``None`` while it is whole.

    Raises: ``OSError`` when it cannot be created.
    """

    __slots__ = ("_descriptor", "_digest", "path", "problem")

    def __init__(self, path: str) -> None:
        self.path = path
        self.problem: OSError | None = None
        self._digest = hashlib.sha256()
        self._descriptor = new_own(path, append=True)

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

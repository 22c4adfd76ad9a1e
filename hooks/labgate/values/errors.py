"""The ways in which labgate can fail to judge, by kind; each carries the command that fixes it.

No module here writes to a terminal: ``cli`` and ``hook`` turn an error into one line and an exit status. This module is
on the commit hook's path and imports nothing.
"""

from __future__ import annotations


class LabgateError(Exception):
    """Raised when labgate could not judge.

    ``help`` is the command or step that fixes it, or ``None`` if there is none. ``status`` is the exit status of a
    command that ends with it.
    """

    status = 2

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(LabgateError):
    """Raised when a command line asks for something that makes no sense."""


class PolicyError(LabgateError):
    """Raised when a policy exists but cannot be used; ``problems`` has one line for each mistake."""

    def __init__(self, problems: tuple[str, ...], help: str | None = None) -> None:
        super().__init__("\n".join(problems), help)
        self.problems = problems


class NoPolicyError(LabgateError):
    """Raised when there is no policy anywhere: not on the trunk, not in the proposed tree, not in the work tree."""


class GitError(LabgateError):
    """Raised when git refused a command; ``message`` has the first line of git's own message."""


class MissingObjectError(GitError):
    """Raised when an object that the verdict needs is not in this clone (partial or damaged clone)."""


class UndecidedError(LabgateError):
    """Raised when the facts for one check cannot be collected here; the other checks go on."""


class AnswerError(UndecidedError):
    """Raised when what a code host says of one change is no use; of others it may be."""


def known_error(error: Exception) -> LabgateError | None:
    """Return an error as a ``LabgateError``; ``None`` for one that only a bug can cause."""
    if isinstance(error, LabgateError):
        return error
    if isinstance(error, OSError) and error.strerror is not None:
        name = error.filename
        shown = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
        return LabgateError(error.strerror if name is None else f"{shown}: {error.strerror}")
    return None

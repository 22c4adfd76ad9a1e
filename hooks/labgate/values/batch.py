"""The size of a commit or a staged change: the values that commit-size judges. On the commit hook's path."""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.values.size_exception import SizeException


class FileChange(Value):
    """One path of a change against its first parent.

    ``status`` is git's raw letter: A, M, D, T, or R for an exact (100 %) rename. ``added`` and ``deleted`` are lines,
    0 for a binary file. ``size`` is the new blob's size in bytes; 0 when the content is not new (deleted, exact
    rename, submodule). ``excluded`` is true when the trunk's attributes mark it as generated or vendored.
    ``large``: it is text and too large for git's diff; lines that only moved in it do not count.
    """

    path: str
    status: str
    added: int
    deleted: int
    size: int
    excluded: bool = False
    large: bool = False


class Batch(Value):
    """A commit, or the staged change about to become one (``oid`` is then ``None``), as its changed files.

    For a merge the files are what differs from the clean merge of its parents. ``reverts`` is the oid of the commit on
    the target that this one exactly reverts, or ``None``. ``parents`` is the number of parents it has or will have: 0
    for a first commit, 2 or more for a merge; how it can be split depends on that. ``squash`` says that it is a whole
    change in one commit, to which only the limits of a series apply; ``landing`` is what it landed with, by the oid of
    the commit on the target that stands for that, or ``None``. ``exception`` is ``None`` if none is asked for or
    possible.
    """

    oid: str | None
    subject: str
    files: tuple[FileChange, ...]
    reverts: str | None = None
    parents: int = 1
    squash: bool = False
    landing: str | None = None
    exception: SizeException | None = None

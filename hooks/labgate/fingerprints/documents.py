"""Documents: what the index stores of a patch, and their rows."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Sequence
from typing import Any

from labgate.values.checksum import verified, with_checksum
from labgate.values.value import Value


class Document(Value):
    """A patch as the index stores it: ``key`` is an oid or ``OLD..NEW``, ``features`` are packed and sorted.

    ``substance`` is the number of its lines that are somebody's own work, up to ``patch_ids.SUBSTANCE``. ``lacking``
    are the oids of objects that were missing when it was made: then it has nothing else. ``cut`` is the number of its
    files of code that are compared in part, as they are over a limit. ``had`` are sorted features that only count as
    had (``Features.had``), of a judged document; the index does not give them back.
    """

    key: str
    exact: bytes | None
    inverse: bytes | None
    core: bytes | None
    substance: int
    lines: int
    paths: tuple[str, ...]
    features: Sequence[int]
    lacking: tuple[str, ...] = ()
    cut: int = 0
    had: Sequence[int] = ()

    @property
    def significant(self) -> bool:
        """Whether anything in it is somebody's own work."""
        return self.substance > 0


def checked(blob: bytes, *names: object) -> memoryview:
    """Return the content of a blob. Raises: ``sqlite3.DatabaseError`` when its checksum is wrong."""
    content = verified(blob, *names)
    if content is None:
        message = "the index is damaged"
        raise sqlite3.DatabaseError(message)
    return content


def columns(item: Document, features: Sequence[int], *place: int) -> tuple[object, ...]:
    """Return a document as columns of a table, with a checksum of them and of its place."""
    # Not text: a path can be any bytes.
    paths = "\0".join(item.paths).encode("utf-8", "surrogateescape")
    names = (item.key, item.exact, item.inverse, item.core, item.substance, item.lines, item.cut, paths)
    return *names, with_checksum(array("Q", features).tobytes(), *names, *place)


def document_of(row: Sequence[Any], *place: int) -> Document:
    """Return a document from its columns. Raises: ``sqlite3.DatabaseError`` when its checksum is wrong."""
    *names, features = row
    found = array("Q")
    found.frombytes(checked(features, *names, *place))
    key, exact, inverse, core, substance, lines, cut, paths = names
    split = tuple(paths.decode("utf-8", "surrogateescape").split("\0")) if paths else ()
    return Document(key, exact, inverse, core, substance, lines, split, found, cut=cut)

"""Write the commit of a snapshot, and read commits as their objects are, whatever a shallow clone hides of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from labgate.git.blobs import read_sized, weigh_named
from labgate.git.repository import Repository
from labgate.values.value import Value

#: Not a person's: the same content must give the same hash, whoever runs it and on whichever machine.
_NOBODY = "labgate <labgate@localhost>"
_NO_DATE = "0 +0000"
#: The largest commit or tag that is read, in bytes.
_MOST_BYTES = 2**24
#: The trailers of a snapshot: the commit that was checked out, and the experiment.
OF, EXPERIMENT = "Snapshot-Of", "Experiment"


class Header(Value):
    """What the object of a commit says. ``committed`` is its date in seconds since 1970, 0 if it cannot be read.

    ``snapshot_of`` is the commit that it is a snapshot of, ``None`` if it is no snapshot.
    """

    tree: str
    parents: tuple[str, ...]
    committed: int
    snapshot_of: str | None


def write_snapshot(repository: Repository, head: str, tree: str, experiment: str) -> str:
    """Write the commit of a snapshot on top of ``head`` and return its oid; no ref is moved.

    Its author and committer dates are those of ``head``. Raises: ``GitError``.
    """
    fields = _fields(repository.git.run("cat-file", "commit", head).partition(b"\n\n")[0])
    authored, committed = (_date(fields, role) for role in (b"author", b"committer"))
    message = f"Snapshot of {head}\n\n{OF}: {head}\n{EXPERIMENT}: {experiment}\n"
    header = f"tree {tree}\nparent {head}\nauthor {_NOBODY} {authored}\ncommitter {_NOBODY} {committed}\n"
    text = os.fsencode(f"{header}\n{message}")
    return repository.git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text).decode().strip()


def read_headers(repository: Repository, oids: Iterable[str]) -> dict[str, Header]:
    """Return the headers of those of some objects (full oids) that are commits and are here. Raises: ``GitError``."""
    return {oid: _header(content) for oid, content in _of_kind(repository, oids, "commit")}


def read_tags(repository: Repository, oids: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    """Return the date (seconds since 1970) and the message of those of some objects that are annotated tags."""
    found = {}
    for oid, content in _of_kind(repository, oids, "tag"):
        head, _, message = content.partition(b"\n\n")
        found[oid] = (int(_date(_fields(head), b"tagger").partition(" ")[0]), message)
    return found


def _of_kind(repository: Repository, oids: Iterable[str], kind: str) -> Iterator[tuple[str, bytes]]:
    """Yield oid and content of those of some objects that have a kind: a record may name any object, of any size."""
    return read_sized(repository.objects, dict(weigh_named(repository.objects, oids, kind, _MOST_BYTES).values()))


def _header(content: bytes) -> Header:
    head, _, message = content.partition(b"\n\n")
    fields = _fields(head)
    parents = tuple(oid.decode() for oid in fields.get(b"parent", ()))
    seconds = _date(fields, b"committer").partition(" ")[0]
    # Only a commit that its own parent names so: a message can be copied.
    lines = message.split(b"\n")
    named = len(parents) == 1 and f"{OF}: {parents[0]}".encode() in lines
    snapshot = named and lines[0] == f"Snapshot of {parents[0]}".encode()
    return Header(fields[b"tree"][0].decode(), parents, int(seconds), parents[0] if snapshot else None)


def _fields(header: bytes) -> dict[bytes, list[bytes]]:
    """Return the values of each field of a commit's header; a folded one only with its first line."""
    found: dict[bytes, list[bytes]] = {}
    for line in header.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key:
            found.setdefault(key, []).append(value)
    return found


def _date(fields: dict[bytes, list[bytes]], role: bytes) -> str:
    """Return the date of a person in a commit's header, with its zone, as it stands there."""
    date = fields.get(role, [b""])[0].rpartition(b"> ")[2].decode("ascii", "replace")
    seconds, _, zone = date.partition(" ")
    good = seconds.isascii() and seconds.isdecimal() and len(zone) == 5 and zone[0] in "+-" and zone[1:].isdecimal()
    return date if good else _NO_DATE

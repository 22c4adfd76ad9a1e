"""Write the commit of a snapshot, and read what one was made of."""

from __future__ import annotations

import os

from labgate.git.repository import Repository

#: Not a person's: the same content must give the same hash, whoever runs it and on whichever machine.
_NOBODY = "labgate <labgate@localhost>"
_NO_DATE = "0 +0000"
#: The trailers of a snapshot: the commit that was checked out, and the experiment.
OF, EXPERIMENT = "Snapshot-Of", "Experiment"


def write_snapshot(repository: Repository, head: str, tree: str, experiment: str) -> str:
    """Write the commit of a snapshot on top of ``head`` and return its oid; no ref is moved.

    Its author and committer dates are those of ``head``. Raises: ``GitError``.
    """
    authored, committed = _dates(repository, head)
    message = f"Snapshot of {head}\n\n{OF}: {head}\n{EXPERIMENT}: {experiment}\n"
    header = f"tree {tree}\nparent {head}\nauthor {_NOBODY} {authored}\ncommitter {_NOBODY} {committed}\n"
    text = os.fsencode(f"{header}\n{message}")
    return repository.git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text).decode().strip()


def snapshot_of(trailers: tuple[str, ...], parents: tuple[str, ...]) -> str | None:
    """Return the commit that a snapshot was made on, from its trailers and parents; ``None`` for another commit."""
    named = [line.partition(": ")[2] for line in trailers if line.startswith(f"{OF}: ")]
    return parents[0] if len(parents) == 1 and named == [parents[0]] else None


def _dates(repository: Repository, commit: str) -> tuple[str, str]:
    """Return the author's and the committer's date of a commit, with zone, as its object has them."""
    header = repository.git.run("cat-file", "commit", commit).partition(b"\n\n")[0]
    found: dict[bytes, str] = {}
    for line in header.split(b"\n"):
        key, _, value = line.partition(b" ")
        date = value.rpartition(b"> ")[2].decode("ascii", "replace")
        found.setdefault(key, date if _is_date(date) else _NO_DATE)
    return found.get(b"author", _NO_DATE), found.get(b"committer", _NO_DATE)


def _is_date(text: str) -> bool:
    seconds, _, zone = text.partition(" ")
    return seconds.isdecimal() and len(zone) == 5 and zone[0] in "+-" and zone[1:].isdecimal()

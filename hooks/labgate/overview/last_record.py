"""The newest record of an experiment on its branch."""

from __future__ import annotations

import os

from labgate.experiments.artifacts import RECORD
from labgate.experiments.records import MOST_BYTES, RecordError, parse_record
from labgate.git.diffs import changed_entries
from labgate.git.repository import Repository
from labgate.git.small_files import small_files
from labgate.values.status import LastRecord

#: The most records of a tree, and the most commits with records, that are looked into.
_MOST_RECORDS, _TRIED = 2000, 20


def last_record(repository: Repository, tip: str, experiment: str) -> LastRecord | None:
    """Return the record of an experiment that the newest commit brought to a branch, ``None`` if there is none.

    Only records that the tip still has. Raises: ``GitError``.
    """
    listing = os.fsdecode(repository.objects.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tip))
    records = [path for path in listing.split("\0") if path.endswith(RECORD) and "\n" not in path][-_MOST_RECORDS:]
    if not records:
        return None
    asked = os.fsencode("\n".join((tip, "--", *records)) + "\n")
    options = (f"--max-count={_TRIED}", "--no-merges", "--stdin")
    commits = repository.objects.run("rev-list", *options, stdin=asked).decode().split()
    there = frozenset(records)
    for entries in changed_entries(repository, commits).values():
        paths = [entry.path for entry in entries if entry.path in there]
        files = small_files(repository, [f"{tip}:{path}" for path in paths], MOST_BYTES)
        for path in paths:
            try:
                record = parse_record(files.get(f"{tip}:{path}", b""))
            except RecordError:
                continue
            if record.experiment == experiment and record.withdrawn is None:
                return LastRecord(path, record.commit, record.exact)
    return None

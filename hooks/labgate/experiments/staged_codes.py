"""The code that staged records name, for the message of their commit. On the commit hook's path.

Most repositories have no record: then the index alone shows it, and git is not started.
"""

from __future__ import annotations

from labgate.values.errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.git.runner import Git

_RECORD = ".labgate.json"
#: The extension of an index whose entries are in another file (gitformat-index, "Split index").
_SPLIT = b"link"
#: Most commits that one message names.
MOST = 5


def staged_codes(git: Git, index: str) -> tuple[str, ...]:
    """Return the commits (full oids) that the staged records name, each once, five at most.

    ``git`` uses the index at the path ``index``. A record that cannot be used names none, and is for the check.
    """
    if not _may_have_records(index):
        return ()
    from labgate.git.raw import Entry, staged_records

    try:
        staged = staged_records(git, "HEAD", "--raw", "--no-renames")
    except GitError:
        return ()  # no commit yet, so no code either
    blobs = [
        entry.new
        for entry in staged
        if isinstance(entry, Entry) and entry.path.endswith(_RECORD) and entry.brings_content
    ]
    if not blobs:
        return ()
    from labgate.experiments.records import RecordError, parse_record
    from labgate.git.blobs import read_blobs

    contents = dict(read_blobs(git, blobs))

    def named(oid: str) -> str | None:
        try:
            return parse_record(contents[oid]).commit
        except RecordError:
            return None

    return tuple(dict.fromkeys(code for code in map(named, blobs) if code is not None))[:MOST]


def _may_have_records(index: str) -> bool:
    try:
        with open(index, "rb") as stream:
            content = stream.read()
    except OSError:
        return False
    return _RECORD.encode() in content or _SPLIT in content

"""A runner that merges as git does in a work tree: by the ``.gitattributes`` of one side (gitattributes, "merge").

A bare repository reads only ``info/attributes``. No driver of the configuration is started: git then merges as text.
"""

from __future__ import annotations

from collections.abc import Iterator

from labgate.git.blobs import read_blobs
from labgate.git.repository import Repository
from labgate.git.runner import Git

_NAME = b".gitattributes"
#: The most of these files that are read, and the longest line that git reads (git: attr.h, ATTR_MAX_LINE_LENGTH).
_MOST_FILES, _LONGEST = 1000, 2048
#: The characters of a folder's name that a pattern would take for more than themselves.
_GLOB = (b"\\", b"*", b"?", b"[")


def merging(repository: Repository, tree: str) -> Git:
    """Return a runner for full oids which has the attributes of a tree or commit (full oid).

    Raises: ``MissingObjectError`` when one of the files is not in this clone.
    """
    known = repository.merging
    if tree not in known:
        text = b"".join(_lines(repository, tree)).decode("utf-8", "surrogateescape")
        if text not in known:
            known[text] = repository.with_attributes(text) if text else repository.objects
        known[tree] = known[text]
    return known[tree]


def _lines(repository: Repository, tree: str) -> Iterator[bytes]:
    """Yield the lines of all of these files of a tree, those of the deepest folders last: they win."""
    listing = repository.objects.run("ls-tree", "-r", "-z", "--full-tree", tree)
    if _NAME not in listing:
        return
    files: dict[bytes, str] = {}
    for entry in listing.split(b"\0"):
        fields, _, path = entry.partition(b"\t")
        folder, _, name = path.rpartition(b"/")
        if name == _NAME and fields.startswith(b"100"):
            files[folder] = fields.split(b" ")[2].decode()
    chosen = sorted(files, key=lambda folder: (folder.count(b"/") + bool(folder), folder))[:_MOST_FILES]
    content = dict(read_blobs(repository.objects, (files[folder] for folder in chosen)))
    for folder in chosen:
        for line in content[files[folder]].splitlines():
            if len(line) < _LONGEST:
                yield _from_root(folder, line.strip()) + b"\n"


def _from_root(folder: bytes, line: bytes) -> bytes:
    """Return a line of a folder's file as one of the root's."""
    if not folder or not line or line.startswith((b"#", b"[attr]")):
        return line if not folder else b""
    quoted = line.startswith(b'"')
    pattern, _, values = line[1:].partition(b'" ') if quoted else line.replace(b"\t", b" ", 1).partition(b" ")
    for letter in _GLOB:  # the backslash first
        folder = folder.replace(letter, b"\\" + letter)
    start = _escaped(folder) + (b"/" if b"/" in pattern.rstrip(b"/") else b"/**/")
    return b'"' + start + (pattern if quoted else _escaped(pattern)).lstrip(b"/") + b'" ' + values


def _escaped(text: bytes) -> bytes:
    """Return a text for a pattern in double quotes."""
    return text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')

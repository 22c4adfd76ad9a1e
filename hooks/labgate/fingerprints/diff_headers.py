"""The headers of files in a diff (git-diff, "Generating patch text with -p"): paths, blobs and status."""

from __future__ import annotations

from labgate.values.quoted import unquoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.fingerprints.patches import FilePatch


def moved_file(line: bytes) -> tuple[str, str]:
    """Return the new path and the blob of a file that is only renamed, from a line of git's raw format."""
    fields, _, path = line.rpartition(b"\t")
    return unquoted(path), fields.split(b" ", 4)[3].decode()


def read_header(file: FilePatch, line: bytes) -> None:
    """Read an extended header (git-diff): blobs, paths and the status of the file."""
    word, _, rest = line.partition(b" ")
    if word == b"index":
        file.old_blob, _, file.new_blob = rest.partition(b" ")[0].decode().partition("..")
    elif word in (b"new", b"deleted") and rest.startswith(b"file "):
        file.status = "A" if word == b"new" else "D"
    elif word == b"rename":
        side, _, path = rest.partition(b" ")
        file.status = "R"
        if side == b"from":
            file.old_path = unquoted(path)
        else:
            file.path = unquoted(path)
    elif word == b"Binary":
        file.binary = True


def header_paths(text: bytes) -> tuple[str, str]:
    """Return the path of a ``diff --git`` line twice, as old and new one; other headers have those of a rename."""
    half = len(text) // 2
    if text[2:half] != text[half + 3 :]:
        return "", ""
    path = unquoted(text[:half])[2:]
    return path, path

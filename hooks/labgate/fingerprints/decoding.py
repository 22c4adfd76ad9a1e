"""The text of files that git takes for binary: UTF-16, or code with a NUL in it."""

from __future__ import annotations

from collections.abc import Iterable

from labgate.fingerprints.noise import is_program
from labgate.fingerprints.patches import FILE_LINES, FilePatch, Patch, Run
from labgate.fingerprints.quoted_code import ALL_LINES, quoted_code, quoting_lines
from labgate.fingerprints.text import decoded, normal_lines
from labgate.git.raw import blob_sizes
from labgate.git.repository import Repository

#: Larger files, and more of them in one patch, are compared as a whole: nobody writes so much code.
TEXT_BYTES, PATCH_BYTES = 2_000_000, 16_000_000


def with_texts(repository: Repository, patch: Patch) -> Patch:
    """Return a patch whose binary files have runs if they are text. Programs that are too large for that are cut.

    Raises: ``MissingObjectError`` when a blob is not in this clone.
    """
    binary = [file for file in patch.files if file.binary]
    if not binary:
        return patch
    wanted = {oid for file in binary for oid in (file.old_blob, file.new_blob) if oid.strip("0")}
    texts = _texts(repository, wanted)
    return Patch(patch.key, [_decoded(file, texts) if file.binary else file for file in patch.files])


def _decoded(file: FilePatch, texts: dict[str, bytes | None]) -> FilePatch:
    blobs = [oid for oid in (file.old_blob, file.new_blob) if oid.strip("0")]
    if is_program(file.path) and not all(oid in texts for oid in blobs):
        return file.with_runs([], cut=True)
    sides = [texts.get(oid) if oid.strip("0") else b"" for oid in (file.old_blob, file.new_blob)]
    before, after = (None if side is None else _lines(side) for side in sides)
    # Without a text on one side, all of the other's is new or gone, as it is for a binary file that becomes text.
    if not before and not after:
        return file
    # Few patches have one, and difflib loads slowly.
    from labgate.fingerprints.aligned import aligned_runs, are_cut

    runs = aligned_runs(before or [], after or [])
    found = file.with_runs(runs, binary=False, cut=are_cut(runs))
    if quoting_lines(file.path) == ALL_LINES:
        deleted, added = (quoted_code((side or b"").split(b"\n"))[:FILE_LINES] for side in sides)
        found.quoted = [Run(b"", b"", deleted=deleted, added=added, start=1)] if deleted or added else []
    return found


def _lines(text: bytes) -> list[bytes]:
    """Return the lines of a text as git's patches have them: the end of the last one is none."""
    return [line for raw in text.removesuffix(b"\n").split(b"\n") for line in normal_lines(raw)] if text else []


def _texts(repository: Repository, oids: Iterable[str]) -> dict[str, bytes | None]:
    """Return the text of each blob, as far as the limits allow; ``None`` for one that is no text."""
    git, wanted, left = repository.objects, list[str](), PATCH_BYTES
    for oid, size in sorted(blob_sizes(git, set(oids)).items()):
        if size <= min(TEXT_BYTES, left):
            wanted.append(oid)
            left -= size
    if not wanted:
        return {}
    found: dict[str, bytes | None] = {}
    output = git.run("cat-file", "--batch", "--buffer", stdin="\n".join(wanted).encode() + b"\n")
    at = 0
    for oid in wanted:
        start = output.index(b"\n", at) + 1
        at = start + int(output[at:start].split()[2]) + 1
        found[oid] = decoded(output[start : at - 1])
    return found

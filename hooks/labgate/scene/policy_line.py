"""The policies along a branch's first-parent line: few of its commits change them, and only these are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from labgate.git.blobs import read_sized, weigh_named
from labgate.git.raw import Entry, read_records
from labgate.git.repository import Repository
from labgate.policy.model import FILES, Policy
from labgate.policy.reader import MAX_BYTES, Reader
from labgate.scene.policy_files import REGULAR, files_of, last_readable, require_blobs, require_regular, texts_of
from labgate.values.errors import LabgateError, PolicyError
from labgate.values.value import Value

#: What a commit's tree may have in place of a policy: the error if it cannot be used, ``None`` if there is none.
Standing = Policy | LabgateError | None
#: The mode and blob of each policy file, by name.
_Files = Mapping[str, tuple[str, str]]
#: Versions whose files are read together: few processes, and little memory.
_BATCH = 100


class PolicyLine(Value):
    """The policy of each commit (full oid) of a line, and of the one below it. ``reader`` reads policies.

    Policies that say the same in the same words are one object.
    """

    repository: Repository
    reader: Reader
    policies: Mapping[str, Standing]

    def readable_below(self, oid: str) -> Policy | None:
        """Return the last policy that could be read before a commit of the line, ``None`` if there is none."""
        found = last_readable(self.repository, oid, self.reader)
        if found is None:
            return None
        same = (policy for policy in self.policies.values() if isinstance(policy, Policy) and policy == found.policy)
        return next(same, found.policy)


def changes_of_policy(repository: Repository, tip: str, before: str | None, reader: Reader) -> dict[str, Standing]:
    """Return the policy after each commit that changes its files, on a first-parent line, oldest first.

    The line starts above a commit (``before``; ``None``: at a root) and ends with ``tip``. The first entry is that of
    ``before``. Raises: ``MissingObjectError`` when a version is not in this clone.
    """
    versions = dict(_versions(repository, tip, before))
    require_blobs(repository, {oid for files in versions.values() for mode, oid in files.values() if mode in REGULAR})
    known: dict[tuple[tuple[str, tuple[str, str]], ...], Standing] = {}
    found: dict[str, Standing] = {}
    left = list(versions.items())
    for start in range(0, len(left), _BATCH):
        batch = left[start : start + _BATCH]
        new = {oid for _, files in batch if _key(files) not in known for _, oid in files.values()}
        small = weigh_named(repository.objects, sorted(new), "blob", MAX_BYTES)
        texts = dict(read_sized(repository.objects, dict(small.values())))
        for commit, files in batch:
            key = _key(files)
            if key not in known:
                known[key] = _read(repository, files, texts, commit, reader, known.values())
            found[commit] = known[key]
    return found


def policies_along(changes: Mapping[str, Standing], before: str, line: Sequence[str]) -> dict[str, Standing]:
    """Return the policy of each commit of a line, oldest first, and of the one below it (``before``)."""
    standing = changes.get(before)
    found = {before: standing}
    for oid in line:
        standing = found[oid] = changes.get(oid, standing)
    return found


def _key(files: _Files) -> tuple[tuple[str, tuple[str, str]], ...]:
    return tuple(sorted(files.items()))


def _versions(repository: Repository, tip: str, before: str | None) -> Iterator[tuple[str, _Files]]:
    """Yield the policy files of ``before`` and after each change of them, oldest first."""
    files: dict[str, tuple[str, str]] = {}
    if before is not None:
        files = files_of(repository, before)
        yield before, dict(files)
    limits = [tip] if before is None else [tip, f"^{before}"]
    options = ("--reverse", "--first-parent", "--diff-merges=first-parent", "--root", "--raw", "--no-abbrev")
    listing = repository.objects.run("log", "-z", *options, "--no-renames", "--format=%H", *limits, "--", *FILES)
    commit, changed = "", False
    for record in read_records(listing.replace(b"\n", b"")):
        if isinstance(record, str):
            if changed:
                yield commit, dict(files)
            commit, changed = record, False
        elif isinstance(record, Entry):
            changed = True
            if record.path not in FILES:
                # Something has the name of a policy file for its folder.
                files = files_of(repository, commit)
            elif record.status == "D":
                files.pop(record.path, None)
            else:
                files[record.path] = (record.new_mode, record.new)
    if changed:
        yield commit, dict(files)


def _read(
    repository: Repository,
    files: _Files,
    texts: Mapping[str, bytes],
    commit: str,
    reader: Reader,
    known: Collection[Standing],
) -> Standing:
    """Return the policy in the files of a commit; one of those that are ``known`` if it says the same."""
    shown = commit[:12]
    try:
        require_regular(files, shown)
        found = reader.find(texts_of(repository, files, shown, texts), shown)
    except PolicyError as error:
        return error
    if found is None:
        return None
    # A pyproject.toml also changes for other reasons.
    return next((same for same in known if same == found[0]), found[0])

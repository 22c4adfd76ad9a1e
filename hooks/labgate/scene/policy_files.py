"""Policies in trees: of a commit, of many commits, of the work tree, and the last one that can be read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from labgate.git.commits import is_ancestor, merge, merge_bases
from labgate.git.raw import blob_sizes
from labgate.git.repository import Repository
from labgate.git.runner import LONGEST_LINE
from labgate.policy.model import FILES, OWN_FILE, PYPROJECT, Policy
from labgate.policy.reader import MAX_BYTES, Reader
from labgate.values.errors import LabgateError, PolicyError
from labgate.values.files import read_start
from labgate.values.phrases import count, short_oid
from labgate.values.value import NOTHING, Value

#: The modes of a regular file.
REGULAR = ("100644", "100755")
#: The number of versions of a policy that are read together to find one that can be read.
_BATCH = 100


class Found(Value):
    """A policy in a commit (full oid): the policy, and the oid and name of its file."""

    policy: Policy
    commit: str
    blob: str
    file: str


def policy_at(repository: Repository, commit: str, reader: Reader, place: str | None = None) -> Found | None:
    """Return the policy in a commit's tree, or ``None`` when the tree has none.

    ``place`` is the commit's name in messages, ``None`` for its oid. Raises: ``PolicyError`` when it has one that
    cannot be used.
    """
    shown = commit[:12] if place is None else place
    files, sizes = _sized_files(repository, commit)
    require_regular(files, shown)
    unknown = [oid for _, oid in files.values() if oid not in sizes]
    if unknown:
        from labgate.git.fetch import bring  # most clones lack nothing

        bring(repository, unknown)
    found = reader.find(texts_of(repository, files, shown, sizes=sizes), shown)
    return None if found is None else Found(found[0], commit, files[found[1]][1], found[1])


def files_of(repository: Repository, commit: str) -> dict[str, tuple[str, str]]:
    """Return the mode and the blob of each policy file in a commit's tree, by name."""
    return _sized_files(repository, commit)[0]


def _sized_files(repository: Repository, commit: str) -> tuple[dict[str, tuple[str, str]], dict[str, int]]:
    """Return the same as ``files_of``, and the size in bytes of each blob that is here."""
    listing = os.fsdecode(repository.objects.run("ls-tree", "-z", "-l", "--full-tree", commit, "--", *FILES))
    files, sizes = {}, {}
    for line in listing.split("\0")[:-1]:
        head, _, name = line.partition("\t")
        mode, _, oid, size = head.split()
        if name in files:  # git reads the first one by its path, and checks out the last one
            raise PolicyError((f"{commit[:12]}:{name}: the tree has it twice (git fsck)",))
        files[name] = (mode, oid)
        if size.isdecimal():  # else it is no blob, or git cannot read it
            sizes[oid] = int(size)
    return files, sizes


def require_regular(files: Mapping[str, tuple[str, str]], place: str) -> None:
    """Check that policy files (``files_of``) are regular. Raises: ``PolicyError``, which names their ``place``."""
    for name, (mode, _) in files.items():
        if mode not in REGULAR:
            raise PolicyError((f"{place}:{name}: expected a regular file, found mode {mode}",))


def has_policy(repository: Repository, commit: str) -> bool:
    """Return whether a commit's tree has a policy, valid or not."""
    files = files_of(repository, commit)
    return OWN_FILE in files or (PYPROJECT in files and _has(repository, files[PYPROJECT][1], b"tool.labgate"))


def texts_of(
    repository: Repository,
    files: Mapping[str, tuple[str, str]],
    place: str,
    read: Mapping[str, bytes] = NOTHING,
    sizes: Mapping[str, int] = NOTHING,
) -> dict[str, bytes]:
    """Return the content of policy files (``files_of``); one that is too large is not read.

    ``read`` is the content of blobs that were read already, ``sizes`` are the bytes of blobs where they are known.
    Raises: ``PolicyError`` for a large file, unless it is a project's own that never names labgate.
    """
    unknown = {oid for _, oid in files.values() if oid not in read and oid not in sizes}
    sizes = {**sizes, **blob_sizes(repository.objects, unknown)}
    texts = {}
    for name, (_, oid) in files.items():
        if oid in read:
            texts[name] = read[oid]
        elif sizes[oid] <= MAX_BYTES:
            texts[name] = repository.objects.run("cat-file", "blob", oid)
        elif name == OWN_FILE or _has(repository, oid, b"labgate"):
            raise PolicyError((f"{place}:{name}: expected at most {MAX_BYTES} bytes, found {sizes[oid]}",))
    return texts


def _has(repository: Repository, blob: str, word: bytes) -> bool:
    """Return whether a file may have a word; a part of it is held at a time."""
    lines = repository.objects.stream("cat-file", "blob", blob)
    return any(word in line or len(line) >= LONGEST_LINE for line in lines)


def policy_blobs(repository: Repository, commits: Sequence[str]) -> dict[str, tuple[bytes, ...]]:
    """Return the content of each commit's policy files, in a form that can only be compared."""
    asked = "".join(f"{oid}:{name}\n" for oid in commits for name in FILES).encode()
    answers = repository.objects.run("cat-file", "--batch-check", "--buffer", stdin=asked).split(b"\n")
    # git answers for a missing one with the request, which names the commit: all of these count as equal.
    lines = [b"" if line.endswith(b" missing") else line for line in answers]
    return {oid: tuple(lines[at * len(FILES) :][: len(FILES)]) for at, oid in enumerate(commits)}


def changed_files(repository: Repository, old: str, new: str) -> frozenset[str]:
    """Return the names of the policy files that differ between two commits or trees, in content or mode."""
    output = repository.objects.run("diff-tree", "-z", "--name-only", "--no-renames", old, new, "--", *FILES)
    return frozenset(os.fsdecode(output).split("\0")[:-1])


def landed(repository: Repository, tip: str, head: str) -> str:
    """Return the commit or tree with a branch's policy after a change has landed: a commit, or the tree of their merge.

    If git cannot merge them, that is the change's head if it changes the policy, else the branch's tip.
    """
    if is_ancestor(repository, tip, head):
        return head
    merged = merge(repository, tip, head)
    if merged.tree is not None:
        return merged.tree
    base = next(iter(merge_bases(repository, tip, head)), None)
    if base is None:
        return head
    blobs = policy_blobs(repository, (base, head))
    return tip if blobs[base] == blobs[head] else head


def last_readable(repository: Repository, tip: str, reader: Reader) -> Found | None:
    """Return the newest readable policy on the first-parent chain of a commit; ``None`` if there is none.

    Raises: ``UndecidedError`` when a shallow clone ends the chain before one is found.
    """
    listing = repository.objects.run("rev-list", "--first-parent", tip, "--", *FILES).decode().split()
    for start in range(0, len(listing), _BATCH):
        batch = listing[start : start + _BATCH]
        policies = policies_at(repository, batch, reader)
        readable = next((oid for oid in batch if isinstance(policies[oid], Policy)), None)
        if readable is not None:
            return policy_at(repository, readable, reader)
    repository.require_history()
    return None


def restoring(repository: Repository, broken: str, found: Found) -> str | None:
    """Return the command that restores a policy which a commit (``broken``) has broken; it changes the index too.

    ``None`` if only a part of a project's own file must be removed.
    """
    blobs = policy_blobs(repository, (broken, found.commit))
    own_now, own_then = blobs[broken][0], blobs[found.commit][0]
    if found.file == PYPROJECT and own_now:
        return f"git rm --quiet {OWN_FILE}"
    # If it did not change itself, the other file repeats it.
    file = PYPROJECT if found.file == PYPROJECT or own_now == own_then else OWN_FILE
    if file == PYPROJECT and not blobs[found.commit][1]:
        return None
    return f"git checkout {short_oid(found.commit)} -- {file}"


def policies_at(
    repository: Repository, commits: Sequence[str], reader: Reader
) -> dict[str, Policy | LabgateError | None]:
    """Return the policy of each commit: ``None`` if its tree has none, and the error if it cannot be used.

    Few of many commits change it, so each version is read once.
    """
    _require_line(repository, commits)
    known: dict[tuple[bytes, ...], Policy | LabgateError | None] = {}
    found = {}
    for oid, blobs in policy_blobs(repository, commits).items():
        if blobs not in known:
            read = _policy_or_error(repository, oid, reader) if any(blobs) else None
            # A pyproject.toml also changes for other reasons.
            known[blobs] = next((same for same in known.values() if isinstance(read, Policy) and same == read), read)
        found[oid] = known[blobs]
    return found


def _require_line(repository: Repository, commits: Sequence[str]) -> None:
    """Fetch the policies of some commits, the newest last, in a partial clone: a missing one looks like none.

    Raises: ``MissingObjectError`` when they cannot be fetched.
    """
    if not repository.partial or not commits:
        return
    options = ("--first-parent", "--diff-merges=first-parent", "--raw", "--no-abbrev", "--no-renames", "--format=")
    listing = repository.objects.run("log", *options, commits[-1], "--", *FILES).decode("utf-8", "surrogateescape")
    rows = (line.split(" ") for line in listing.splitlines() if line.startswith(":"))
    require_blobs(repository, {oid for row in rows for oid in row[2:4] if oid.strip("0")})


def require_blobs(repository: Repository, blobs: set[str]) -> None:
    """Fetch versions of policies if a partial clone lacks them. Raises: ``MissingObjectError`` when that fails."""
    from labgate.git.fetch import bring
    from labgate.git.missing import absent

    bring(repository, blobs)
    missing = absent(repository, blobs)
    if missing:
        message = f"this clone lacks policies of {count(len(missing), 'landed commit')}"
        raise repository.objects.missing(message)


def _policy_or_error(repository: Repository, commit: str, reader: Reader) -> Policy | LabgateError | None:
    try:
        found = policy_at(repository, commit, reader)
    except PolicyError as error:
        return error
    return None if found is None else found.policy


def worktree_policy(repository: Repository, reader: Reader) -> tuple[Policy, str] | None:
    """Return the work tree's policy and its file's path, or ``None``. Raises: ``PolicyError``."""
    if repository.top is None:
        return None
    texts = {}
    for name in FILES:
        path = os.path.join(repository.top, name)
        if os.path.isfile(path):
            texts[name] = read_start(path, MAX_BYTES + 1)  # one more than allowed, so that parsing refuses it
    found = reader.find(texts)
    return None if found is None else (found[0], os.path.join(repository.top, found[1]))

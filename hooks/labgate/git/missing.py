"""Objects that are not in this clone: a partial clone leaves some out, a damaged one has lost some.

They are found by asking for them, once for many commits, as git's messages differ between versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from labgate.git.repository import Repository
from labgate.values.errors import GitError

_RAW = (
    *("diff-tree", "-r", "--raw", "--no-renames", "--root", "--no-abbrev", "--always", "--diff-merges=first-parent"),
    *("--ignore-submodules=none", "--no-ext-diff", "--no-textconv", "--no-color", "--stdin"),
)
_SUBMODULE = b"160000"


def absent(repository: Repository, oids: Iterable[str]) -> frozenset[str]:
    """Return which of some objects are not in this clone."""
    wanted = sorted(set(oids))
    if not wanted:
        return frozenset()
    asked = "\n".join(wanted).encode() + b"\n"
    answers = repository.objects.run("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=asked)
    return frozenset(line.partition(" ")[0] for line in answers.decode().splitlines() if line.endswith(" missing"))


def lacking(repository: Repository, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the oids of missing objects in the changes of each commit or range (``OLD..NEW``).

    A commit with missing trees lacks itself, as it is not known which tree is missing. Complete ones are left out.
    """
    changed = list(changed_blobs(repository, keys))
    gone = absent(repository, (oid for _, oids in changed for oid in oids or ()))
    found: dict[str, tuple[str, ...]] = {}
    for key, oids in changed:
        mine = (key.rpartition("..")[2],) if oids is None else tuple(sorted(gone.intersection(oids)))
        if mine:
            found[key] = mine
    return found


def changed_blobs(repository: Repository, keys: Sequence[str]) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield the old and new blobs in the changes of each commit or range; ``None`` without its trees."""
    trees = _trees(repository, keys)
    here = [key for key in keys if trees[key]]
    yield from ((key, None) for key in keys if not trees[key])
    while here:
        found: list[tuple[str, set[str]]] = []
        try:
            _read(repository, [trees[key] or key for key in here], found)
        except GitError:
            # git prints a commit after it has compared its trees: it stopped at the next one.
            yield from ((key, frozenset(oids)) for key, (_, oids) in zip(here, found, strict=False))
            yield from ((key, None) for key in here[len(found) : len(found) + 1])
            here = here[len(found) + 1 :]
            continue
        yield from ((key, frozenset(oids)) for key, (_, oids) in zip(here, found, strict=True))
        return


def _read(repository: Repository, lines: Sequence[str], found: list[tuple[str, set[str]]]) -> None:
    for line in repository.objects.stream(*_RAW, stdin="\n".join(lines).encode() + b"\n"):
        if not line.startswith(b":"):
            found.append((line.decode(), set()))
            continue
        old_mode, new_mode, old, new, _ = line[1:].split(b" ", 4)
        sides = ((old_mode, old), (new_mode, new))
        found[-1][1].update(oid.decode() for mode, oid in sides if mode != _SUBMODULE and oid.strip(b"0"))


def _trees(repository: Repository, keys: Sequence[str]) -> dict[str, str | None]:
    """Return the request to ``diff-tree`` for each key, ``None`` if a root tree is not here."""
    ends = {key: key.split("..") if ".." in key else [key] for key in keys}
    oids = list(dict.fromkeys(oid for mine in ends.values() for oid in mine))
    asked = "".join(f"{oid}^{{tree}}\n" for oid in oids).encode()
    answers = repository.objects.run("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=asked).decode()
    trees = {oid: None if " " in tree else tree for oid, tree in zip(oids, answers.splitlines(), strict=True)}
    found: dict[str, str | None] = {}
    for key, mine in ends.items():
        roots = [trees[oid] for oid in mine]
        found[key] = None if None in roots else key if len(mine) == 1 else " ".join(str(root) for root in roots)
    return found
